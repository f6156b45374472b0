"""What every ledger does, the fake included."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import msgspec
import pytest

from ci_steps.adapters.blob_ledger import BlobLedger
from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.adapters.lease import Lease
from ci_steps.adapters.s3_blobs import S3Blobs
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.ledger import History, LedgerEntry
from ci_steps.ports import Ledger
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.ledger import MemoryLedger
from tests.s3_servers import a_prefix


def in_blobs(folder: Path) -> BlobLedger:
    return BlobLedger(MemoryBlobs(), "tweets", "production", folder / "lock")


def in_folder(folder: Path) -> BlobLedger:
    return BlobLedger(FolderBlobs(folder / "store"), "tweets", "production", folder / "lock")


def in_bucket(folder: Path) -> BlobLedger:
    blobs = S3Blobs(a_prefix())
    lease = Lease(blobs, "ledger/tweets/production.lease", seconds=5, renew_seconds=0.1)
    return BlobLedger(blobs, "tweets", "production", folder / "lock", lease)


LEDGERS: dict[str, Callable[[Path], Ledger]] = {
    "memory": lambda _: MemoryLedger(),
    "blobs": in_blobs,
    "folder": in_folder,
    "bucket": in_bucket,
}


@pytest.fixture(params=LEDGERS)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    return LEDGERS[request.param](tmp_path)


def entry(after: History, **changes: object) -> LedgerEntry:
    """Return an entry that follows."""
    first = LedgerEntry(
        number=len(after.entries) + 1,
        previous=after.head,
        kind="intent",
        action="rollout",
        run="r1",
        service="tweets",
        environment="production",
        release=None,
        before=None,
        planned_at=0,
        by="m.jansen",
        at="2026-03-01T12:00:00.000Z",
    )
    return msgspec.structs.replace(first, **changes)


def test_a_new_ledger_is_empty(ledger: Ledger) -> None:
    assert ledger.history().entries == ()


def test_entries_come_back_as_they_were_in_their_order(ledger: Ledger) -> None:
    for number in range(12):
        assert ledger.append(entry(ledger.history(), run=f"r{number}"))

    assert [e.run for e in ledger.history().entries] == [f"r{number}" for number in range(12)]


@pytest.mark.parametrize(
    "foreign", ["README.txt", ".DS_Store", "", "00000001.json.bak", "old/00000001.json", "1.json"]
)
def test_what_is_no_entry_is_left_alone_and_a_missing_entry_is_still_found(
    tmp_path: Path, foreign: str
) -> None:
    blobs = MemoryBlobs()
    ledger = BlobLedger(blobs, "tweets", "production", tmp_path / "lock")
    for number in range(3):
        ledger.append(entry(ledger.history(), run=f"r{number}"))
    blobs.held[f"ledger/tweets/production/{foreign}"] = b"hello"

    assert [e.run for e in ledger.history().entries] == ["r0", "r1", "r2"]

    del blobs.held["ledger/tweets/production/00000002.json"]
    with pytest.raises(InputError, match="entry 2 does not follow"):
        ledger.history()


def test_a_number_that_is_taken_is_not_taken_again(ledger: Ledger) -> None:
    empty = ledger.history()
    ledger.append(entry(empty, run="first"))

    assert not ledger.append(entry(empty, run="second"))
    assert [e.run for e in ledger.history().entries] == ["first"]


def test_of_many_who_append_the_same_number_one_wins(ledger: Ledger) -> None:
    empty = ledger.history()

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda n: ledger.append(entry(empty, run=f"r{n}")), range(16)))

    assert won.count(True) == 1
    assert [e.run for e in ledger.history().entries] == [f"r{won.index(True)}"]


def test_one_holds_it_and_the_others_are_told(ledger: Ledger) -> None:
    with ledger.held() as first, ledger.held() as second:
        assert (first, second) == (True, False)


def test_it_is_free_again_afterwards_also_after_a_failure(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="a bug"), ledger.held():
        raise ValueError("a bug")

    with ledger.held() as again:
        assert again


def test_entries_can_be_added_while_it_is_held(ledger: Ledger) -> None:
    with ledger.held():
        assert ledger.append(entry(ledger.history(), run="first"))
        assert ledger.append(entry(ledger.history(), run="second"))

    assert [e.run for e in ledger.history().entries] == ["first", "second"]


def test_two_environments_have_two_chains(tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    one = BlobLedger(blobs, "tweets", "production", tmp_path / "one")
    two = BlobLedger(blobs, "tweets", "production-eu", tmp_path / "two")
    one.append(entry(one.history()))

    assert two.history().entries == ()


def test_an_entry_of_another_service_is_refused_on_writing_and_on_reading(tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    ours = BlobLedger(blobs, "tweets", "production", tmp_path / "lock")
    theirs = BlobLedger(blobs, "spam", "production", tmp_path / "lock")
    with pytest.raises(InputError, match="of tweets in production is not of ledger/spam"):
        theirs.append(entry(theirs.history()))
    ours.append(entry(ours.history()))
    blobs.held["ledger/spam/production/00000001.json"] = blobs.held["ledger/tweets/production/00000001.json"]

    with pytest.raises(InputError, match="is an entry of tweets in production"):
        theirs.history()


def test_a_changed_entry_breaks_the_chain(tmp_path: Path) -> None:
    ledger = in_folder(tmp_path)
    ledger.append(entry(ledger.history()))
    ledger.append(entry(ledger.history()))
    first = tmp_path / "store/ledger/tweets/production/00000001.json"
    first.write_text(first.read_text().replace("m.jansen", "nobody"))

    with pytest.raises(InputError, match="entry 2 does not follow"):
        ledger.history()


def test_a_missing_entry_breaks_the_chain(tmp_path: Path) -> None:
    ledger = in_folder(tmp_path)
    ledger.append(entry(ledger.history()))
    ledger.append(entry(ledger.history()))
    (tmp_path / "store/ledger/tweets/production/00000001.json").unlink()

    with pytest.raises(InputError, match="entry 1 does not follow"):
        ledger.history()


def test_an_entry_that_is_no_entry_is_bad_input_that_names_it(tmp_path: Path) -> None:
    ledger = in_folder(tmp_path)
    ledger.blobs.put("ledger/tweets/production/00000001.json", BytesIO(b'{"number": "one"}'))

    with pytest.raises(InputError, match="00000001"):
        ledger.history()


def test_a_lock_that_cannot_be_made_is_an_outside_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ledger = BlobLedger(MemoryBlobs(), "tweets", "production", tmp_path / "file/lock")

    with pytest.raises(OutsideError, match="cannot be locked"), ledger.held():
        pass


def test_what_a_killed_run_held_is_free_again(tmp_path: Path) -> None:
    script = (
        "import sys, pathlib, time\n"
        "from ci_steps.adapters.blob_ledger import BlobLedger\n"
        "from ci_steps.adapters.folder_blobs import FolderBlobs\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "ledger = BlobLedger(FolderBlobs(folder / 'store'), 'tweets', 'production', folder / 'lock')\n"
        "with ledger.held() as ours:\n"
        "    print(ours, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with in_folder(tmp_path).held() as ours_meanwhile:
            assert not ours_meanwhile

        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()

    with in_folder(tmp_path).held() as ours:
        assert ours
