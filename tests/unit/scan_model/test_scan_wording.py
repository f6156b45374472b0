"""What the scan says of a file is what its author can act on."""

import json
import pickle
from pathlib import Path

from ci_steps.model.verdict import Verdict
from ci_steps.steps.scan_model.proposing import of_folder
from tests.unit.scan_model.conftest import Scan

EMPTY = b"\x80\x04}."


def test_json_with_something_behind_it_is_said_to_be_that(scan: Scan) -> None:
    behind = pickle.dumps({"a": 1})
    report = scan(
        {"model/x.json": json.dumps({"alpha": "\u00e9t\u00e9", "b": [1, 2]}).encode() + b"\n" + behind}
    )

    [finding] = [f for f in report.blocking if f.subject == "model/x.json"]

    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.observed == (
        f"JSON text with {len(behind)} bytes of something else behind it, which begin as a pickle"
    )


def test_only_what_holds_no_code_is_said_to_hold_none(scan: Scan) -> None:
    report = scan({"model/model.joblib": EMPTY, "model/words.txt": b"cats\n"})

    [told] = [finding for finding in report.findings if finding.check == "scan-model.files"]
    assert "model/words.txt" in told.subject
    assert {"model/model.joblib", "model/predictor.py"}.isdisjoint(told.subject.split(", "))


def test_globals_are_counted_where_a_file_can_have_any(scan: Scan) -> None:
    report = scan({"model/model.joblib": EMPTY, "model/words.txt": b"cats\n"})

    counted = [finding.subject for finding in report.findings if finding.check == "scan-model.global"]
    assert counted == ["model/model.joblib"]


def test_code_that_python_does_not_run_by_itself_may_be_allowed(scan: Scan) -> None:
    [finding] = scan({"model/other.py": b"A = 1\n"}).blocking

    assert finding.next == "read it, and if it may run add model/other.py to scan.code"


def test_nobody_is_told_to_allow_a_pth_file(scan: Scan) -> None:
    [finding] = scan({"model/evil.pth": b"import os; os.getcwd()\n"}).blocking

    assert finding.check == "scan-model.code"
    assert finding.verdict is Verdict.REFUSED
    assert finding.next.startswith("take it out")


def test_a_pth_file_is_never_proposed(tmp_path: Path) -> None:
    (tmp_path / "evil.pth").write_bytes(b"import os; os.getcwd()\n")
    (tmp_path / "predictor.py").write_bytes(b"X = 1\n")

    proposal = of_folder(tmp_path)

    assert proposal.code == ("predictor.py",)
    assert [finding.subject for finding in proposal.blocking] == ["evil.pth"]
