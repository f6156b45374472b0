"""Whether an answer is one to the question."""

from ci_steps.adapters.transfer.answer import Answer
from ci_steps.adapters.transfer.faults import BrokenError, DeniedError, DifferentError
from ci_steps.adapters.transfer.half import Range

_BUSY = (408, 425, 429)
_GONE = {
    404: "is not there any more",
    410: "is not there any more",
    412: "was replaced",
    416: "is shorter now",
}
_WHOLES = 2


def refuse_answer(answer: Answer, part: Range) -> int:
    """Refuse what are not the bytes from ``part.at`` on; return how many come before them."""
    origin, status = answer.connection.origin, answer.status
    if status in {401, 403, 407}:
        raise DeniedError(f"HTTP {status}")
    if status in _GONE:
        raise DifferentError(_GONE[status])
    if status not in {200, 206}:
        busy = " is busy" if status in _BUSY or status == 503 else " failed"
        raise BrokenError(f"{origin}{busy}: HTTP {status}", wait=answer.wait)
    before = _ranged(answer, part) if status == 206 else _whole(answer, part)
    _same_etag(answer, part)
    return before


def _ranged(answer: Answer, part: Range) -> int:
    span, size = answer.span, part.half.file.size
    if span is None:
        raise BrokenError(f"{answer.connection.origin} does not say which range it sends")
    if span.total not in {None, size}:
        raise DifferentError(f"has {span.total:,} bytes now and had {size:,}")
    if span[:2] != (part.at, part.last) or answer.length not in {None, part.last + 1 - part.at}:
        raise BrokenError(f"{answer.connection.origin} sends another range than was asked for")
    return 0


def _whole(answer: Answer, part: Range) -> int:
    """Take the whole in place of a range: what comes before it is read and forgotten."""
    half, size = part.half, part.half.file.size
    if answer.length not in {None, size}:
        raise DifferentError(f"has {answer.length:,} bytes now and had {size:,}")
    if (part.first, part.last) == (0, size - 1):
        return part.at
    half.whole_answers += 1
    if half.whole_answers >= _WHOLES:
        half.stream(part)
    if part.at:
        raise BrokenError(f"{answer.connection.origin} sends the whole in place of a range")
    return 0


def _same_etag(answer: Answer, part: Range) -> None:
    etag, half = answer.headers.get("etag", ""), part.half
    if not etag or etag.startswith("W/"):
        return
    half.etag = half.etag or etag
    if half.etag != etag:
        raise DifferentError("has another ETag now")
