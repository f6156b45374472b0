"""What a process that is killed, interrupted or not alone leaves behind, and how much memory it takes."""

import hashlib
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ci_steps.adapters.transfer import ContentCache, Transfer
from ci_steps.model.sourced import SourceFile
from tests.contracts.byte_server import Asked, Bytes, Given, Plain, serving
from tests.fakes.progress import Told

SEGMENT = 1 << 20
LARGE = random.Random(6).randbytes(24 * SEGMENT)
ZEROS = 300 << 20
SHA256 = hashlib.sha256(LARGE).hexdigest()
_CHILD = """
import sys
from pathlib import Path
from ci_steps.adapters.transfer import ContentCache, Limits, Transfer
from ci_steps.model.sourced import SourceFile
from tests.contracts.byte_server import Plain
from tests.fakes.progress import Told
base, cache, sha256, size, segment = sys.argv[1:]
transfer = Transfer(ContentCache(Path(cache)), Told(), Limits(segment=int(segment), connections=4))
checksums = {"sha256": sha256} if sha256 else {}
file = SourceFile(path="it", size=int(size), locator="it", checksums=checksums, mark="1")
print(transfer.bring(Plain(base), [file])["it"].sha256)
[peak] = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
print(peak.split()[1])
"""


@contextmanager
def a_child(
    base: str, cache: Path, *, sha256: str = SHA256, size: int = len(LARGE), segment: int = SEGMENT
) -> Iterator[subprocess.Popen[str]]:
    arguments = [sys.executable, "-c", _CHILD, base, str(cache), sha256, str(size), str(segment)]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def some_then_silence(asked: Asked, given: Given) -> Given:
    """Answer some ranges and leave all others in the middle."""
    return given if asked.number < 12 else Given(given.status, given.headers, given.body, 1000, "silence")


@pytest.mark.parametrize("sha256", [SHA256, ""])
def test_after_a_kill_only_the_rest_is_fetched(tmp_path: Path, sha256: str) -> None:
    served = Bytes({"/it": LARGE}, some_then_silence, etag='"1"')
    with serving(served) as base:
        with a_child(base, tmp_path, sha256=sha256) as child:
            served.until_asked(16)
            child.send_signal(signal.SIGKILL)
            child.wait()
        assert list(tmp_path.glob("objects/*/*")) == []
        # Four ranges were on their way, and a range that nothing vouches for was read once or twice by then.
        there = len((tmp_path / "half" / f"{_half(tmp_path)}.ranges").read_text().splitlines())
        assert there >= (8 if sha256 else 2)
        served.fault, before = lambda _, given: given, served.sent

        with a_child(base, tmp_path, sha256=sha256) as child:
            said, complaint = child.communicate(timeout=60)

    assert said.split()[0] == SHA256, complaint
    # Of the four that were left in the middle some may have sent their first bytes only after the count.
    assert 0 <= served.sent - before - (24 - there) * SEGMENT * (1 if sha256 else 2) <= 4000
    assert list(tmp_path.glob("half/*")) == []


def _half(cache: Path) -> str:
    [half] = [path.name for path in cache.glob("half/*") if not path.suffix]
    return half


def test_ctrl_c_ends_it_at_once_and_leaves_nothing_under_a_name(tmp_path: Path) -> None:
    served = Bytes({"/it": LARGE}, some_then_silence)
    with serving(served) as base, a_child(base, tmp_path) as child:
        served.until_asked(16)
        child.send_signal(signal.SIGINT)
        # All four connections are silent, and would be waited for for 20 seconds.
        _, complaint = child.communicate(timeout=5)

    assert child.returncode == -signal.SIGINT
    assert "KeyboardInterrupt" in complaint
    assert list(tmp_path.glob("objects/*/*")) == []


def test_of_two_processes_at_the_same_file_both_get_it(tmp_path: Path) -> None:
    served = Bytes({"/it": LARGE})
    with serving(served) as base, a_child(base, tmp_path) as one, a_child(base, tmp_path) as two:
        said = [each.communicate(timeout=60)[0].split()[0] for each in (one, two)]

    assert said == [SHA256, SHA256]
    assert [path.name for path in tmp_path.glob("objects/*/*")] == [SHA256]
    assert list(tmp_path.glob("half/*")) == []


def test_three_hundred_megabytes_take_less_than_a_hundred_in_memory(tmp_path: Path) -> None:
    hasher = hashlib.sha256()
    for _ in range(ZEROS // (1 << 20)):
        hasher.update(bytes(1 << 20))
    served, known = Bytes({}, _zeros), hasher.hexdigest()
    with (
        serving(served) as base,
        a_child(base, tmp_path, sha256=known, size=ZEROS, segment=32 << 20) as child,
    ):
        said, complaint = child.communicate(timeout=60)

    sha256, peak = said.split()
    assert sha256 == known, complaint
    assert int(peak) * 1024 < 100_000_000


def _zeros(asked: Asked, _: Given) -> Given:
    assert asked.span
    first, last = asked.span
    return Given(206, {"Content-Range": f"bytes {first}-{last}/{ZEROS}"}, bytes(last + 1 - first))


def test_what_other_processes_use_is_not_dropped_to_make_room(tmp_path: Path) -> None:
    contents = [bytes([number]) * 1000 for number in range(4)]
    files = [
        SourceFile(
            path=str(n), size=1000, locator=str(n), checksums={"sha256": hashlib.sha256(c).hexdigest()}
        )
        for n, c in enumerate(contents)
    ]
    with serving(Bytes({f"/{n}": content for n, content in enumerate(contents)})) as base:
        user = Transfer(ContentCache(tmp_path, limit=2000), Told())
        [used] = user.bring(Plain(base), files[:1]).values()
        for file in files[1:]:
            Transfer(ContentCache(tmp_path, limit=2000), Told()).bring(Plain(base), [file])

    assert user.put(used, tmp_path / "out")
    there = {path.name for path in tmp_path.glob("objects/*/*")}
    assert used.sha256 in there
    assert files[3].checksums["sha256"] in there
    assert files[1].checksums["sha256"] not in there
