"""The same releases through a terminal, Jenkins and GoCD leave the same documents.

The doors go one after the other, with the same service, addresses, folder and commit, so that not even a plan
may differ by a name. What each left is in SIDE_BY_SIDE.md, as `CI_STEPS_SIDE_BY_SIDE=write` had it written.
"""

import os
import re
import secrets
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from ci_steps.documents import InterfaceReport, MetricsReport
from ci_steps.model.verdict import Verdict
from ci_steps.rundir import RunDir
from ci_steps.wiring import GATES, RELEASE
from tests.doors.documents import differences, markdown
from tests.doors.lives import DOORS, TITLES, Life, Place
from tests.e2e.conftest import by_heart, the_engine
from tests.e2e.origin import Origin
from tests.e2e.project import free_port

__all__ = ["by_heart", "the_engine"]

BEFORE_THE_LOAD = RELEASE[: RELEASE.index("load-test")]
WRITTEN = Path(__file__).with_name("SIDE_BY_SIDE.md")
HEAD = """\
# The same releases through three doors

What a terminal, the `Jenkinsfile` and `.gocd/release.gocd.yaml` left of the same four tries, one after the
other: a first release, a refused model, a better one aborted in the middle of its load test, and that one
gone on with. Each cell is a verdict, or how a rollout ended, and the start of a digest of what the document
says. What a first release has nothing to compare with is inconclusive, and waived by name.

The digest is the document's own, as in its `seal`, where all three are the very same. `*`: it is without what
is of one run alone, which `tests/doors/documents.py` lists by field: ids, times and measurements. Digests
change with the kit, whose server is in the image, and with the addresses, which are others at every run.

Written by `CI_STEPS_SIDE_BY_SIDE=write .venv/bin/python -m pytest tests/doors/test_side_by_side.py`, with the
variables that `make test` sets.

"""

# Three releases, two of them twice in part, on a machine that is busy.
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def place(by_heart: Origin, tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("doors")
    service = f"tweets-{secrets.token_hex(4)}"
    return Place(by_heart, folder / "door", folder / "kept", service, free_port(), free_port())


@pytest.fixture(scope="module")
def laptop(place: Place) -> Life:
    return place.life("laptop")


@pytest.fixture(scope="module")
def jenkins(place: Place) -> Life:
    return place.life("jenkins")


@pytest.fixture(scope="module")
def gocd(place: Place) -> Life:
    return place.life("gocd")


@pytest.fixture(params=DOORS)
def life(request: pytest.FixtureRequest) -> Life:
    found: Life = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=["jenkins", "gocd"])
def other(request: pytest.FixtureRequest) -> Life:
    found: Life = request.getfixturevalue(request.param)
    return found


def test_a_model_is_released_another_refused_and_a_third_aborted_and_gone_on_with(life: Life) -> None:
    exits = [left.exits for left in life.left.values()]
    stages = [name for name in RELEASE if name not in GATES]

    assert list(life.left) == list(TITLES)
    assert [max(one.values()) for one in exits] == [0, 4, 0, 0]
    assert exits[1]["check"] == 4
    assert set(exits[0]) == set(exits[3]) == {"check", *stages}
    assert set(exits[2]) == {"check", *stages} - {"load-test", "rollout"}
    assert list(life.live.values()) == [life.shas[name] for name in ("v1", "v1", "v1", "v2")]


def test_an_abort_leaves_whole_documents_and_nothing_that_runs(life: Life) -> None:
    aborted = life.left["v2 aborted"]

    assert life.after_abort == []
    assert tuple(aborted.rows) == BEFORE_THE_LOAD
    assert aborted.ending == "interrupted; what was whole is kept, run it again to go on"


def test_a_resume_does_nothing_again_that_holds(life: Life) -> None:
    before, after = (life.left[title] for title in ("v2 aborted", "v2 resumed"))

    # A plan is made at every try, and says the same.
    assert after.rows["plan"].seal == before.rows["plan"].seal
    again = [name for name, content in before.files.items() if after.files[name] != content]
    assert set(again) <= {"plan.json"}
    assert [*after.rows] == [*RELEASE]


@pytest.mark.parametrize("title", TITLES)
def test_the_documents_are_those_of_the_laptop(title: str, laptop: Life, other: Life) -> None:
    ours, theirs = laptop.left[title], other.left[title]

    found = differences(ours, theirs)

    assert not found, f"{title}\n{found}"
    assert ours.lines == theirs.lines


@pytest.mark.parametrize("title", TITLES)
def test_the_page_the_ending_and_every_finding_as_a_test_case_are_kept(
    title: str, laptop: Life, other: Life
) -> None:
    ours, theirs = laptop.left[title], other.left[title]

    assert theirs.ending == ours.ending
    assert theirs.junit == ours.junit
    assert all((left.folder / "report.html").stat().st_size > 10_000 for left in (ours, theirs))


def test_the_ledgers_tell_the_same(laptop: Life, other: Life) -> None:
    of_one_writing = {"previous", "run", "by", "at", "values"}

    ledgers = [[{k: e[k] for k in e.keys() - of_one_writing} for e in one.ledger] for one in (laptop, other)]

    assert ledgers[0] == ledgers[1]
    assert [entry["ending"] for entry in ledgers[0]] == [None, "live", None, "live"]


def test_a_document_that_says_something_else_is_told_by_its_line(laptop: Life, tmp_path: Path) -> None:
    left = laptop.left["worse refused"]
    other = replace(left, folder=tmp_path / "other" / "worse refused")
    shutil.copytree(left.folder, other.folder)
    run = RunDir(other.folder)
    report = run.read(MetricsReport)
    passed = tuple(structs.replace(finding, verdict=Verdict.PASSED) for finding in report.findings)
    run.write(structs.replace(report, findings=passed))
    run.drop(InterfaceReport)

    found = differences(left, other).splitlines()

    assert any(re.match(r"-check-metrics +refused +exit 4 ", line) for line in found)
    assert any(re.match(r"\+check-metrics +passed +exit 0 ", line) for line in found)
    assert any(line.startswith("-check-interface ") for line in found)
    assert '-      "verdict": "refused",' in found
    assert not any(line.startswith(("-plan", "+plan", "-unit-tests", "+unit-tests")) for line in found)


def test_what_is_written_of_them_is_what_they_leave(laptop: Life, jenkins: Life, gocd: Life) -> None:
    doors = {"laptop": laptop.left, "Jenkins": jenkins.left, "GoCD": gocd.left}
    table = [*markdown(doors)]
    if os.environ.get("CI_STEPS_SIDE_BY_SIDE") == "write":
        WRITTEN.write_text("\n".join([*HEAD.splitlines(), *table, ""]), encoding="utf-8")

    written = WRITTEN.read_text(encoding="utf-8").splitlines()

    assert [_undigested(line) for line in written if line.startswith("|")] == [
        _undigested(line) for line in table
    ]


def _undigested(line: str) -> str:
    """Return a line of the table without digests: they are not the same tomorrow, and compared elsewhere."""
    return re.sub(r" `[0-9a-f]{12}`( \*)?", "", line)
