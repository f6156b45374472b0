"""What picklescan and fickling say of a file: both misjudge honest and evil ones, so it never decides."""

import io
import logging

from ci_steps.steps.scan_model.content import Content
from ci_steps.steps.scan_model.printed import printed

MOST_BYTES = 64 << 20
MOST_OPCODES = 100_000
"""fickling builds a syntax tree of the whole pickle: about 40 µs an opcode."""
_WORTH = "it also says so of plain scikit-learn files; the exact names in scan.allow decide"


def advice(content: Content, opcodes: int) -> tuple[str, ...]:
    """Return one line of each scanner on these (unwrapped) bytes."""
    if len(content.buffer) > MOST_BYTES:
        return (f"picklescan and fickling: not asked, the file is larger than {MOST_BYTES >> 20} MiB",)
    pickled = content.buffer[:]
    fickling = (
        _fickling(pickled) if opcodes <= MOST_OPCODES else f"not asked, more than {MOST_OPCODES} opcodes"
    )
    return (f"picklescan: {_picklescan(pickled)}", f"fickling: {fickling}")


def _picklescan(pickled: bytes) -> str:
    # It warns of each global on standard error; what it found is in its result.
    logging.getLogger("picklescan").setLevel(logging.CRITICAL)
    try:
        from picklescan.scanner import (  # type: ignore[import-untyped]  # has no types
            SafetyLevel,
            scan_bytes,
        )

        result = scan_bytes(io.BytesIO(pickled), "model")
    except Exception as error:  # noqa: BLE001  # the plug-in border: a scanner fed an evil file may raise anything
        return f"could not read it: {_reason(error)}"
    bad = sorted(
        ascii(f"{g.module}.{g.name}")[1:-1] for g in result.globals if g.safety is SafetyLevel.Dangerous
    )
    word = f"dangerous: {', '.join(bad)}"[:300] if bad else "nothing dangerous"
    return f"{word}, but it could not read it to its end" if result.scan_err else word


def _fickling(pickled: bytes) -> str:
    try:
        # Not fickling.load, which would unpickle what it finds safe.
        from fickling.analysis import Severity, check_safety  # type: ignore[import-untyped]  # has no types
        from fickling.fickle import Pickled  # type: ignore[import-untyped]  # as above

        # It does not warn, it prints: into a table that is being drawn, or between lines of JSON.
        with printed() as lines:
            found = Pickled.load(io.BytesIO(pickled), fail_on_decode_error=False)
            severity = check_safety(found).severity
    except Exception as error:  # noqa: BLE001  # the plug-in border: a scanner fed an evil file may raise anything
        return f"could not read it: {_reason(error)}"
    word = severity.name.lower().replace("_", " ")
    if found.has_invalid_opcode:
        word += ", but it could not read it to its end"
    if lines:
        word += f"; it printed: {_one_line(''.join(lines))}"
    return word if severity is Severity.LIKELY_SAFE else f"{word} ({_WORTH})"


def _reason(error: Exception) -> str:
    return _one_line(f"{type(error).__name__} {error}")


def _one_line(text: str) -> str:
    return ascii(" ".join(text.split()))[1:-1][:160]
