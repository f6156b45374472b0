"""The names that a person may allow, as one line to paste; what other scanners say stays off the terminal."""

import sys
import threading
from collections.abc import Callable
from textwrap import wrap

import pytest
import yaml

from ci_steps.documents import ScanReport
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.selftest.pickles import SYSTEM, importing
from ci_steps.steps.scan_model.printed import printed

Scan = Callable[..., ScanReport]


def several(*names: str) -> bytes:
    """Return a pickle that imports these."""
    pairs = (name.rpartition(".")[::2] for name in names)
    return b"\x80\x04" + b"".join(_text(m) + _text(n) + b"\x930" for m, n in pairs) + b"N."


def _text(text: str) -> bytes:
    return b"\x8c" + bytes([len(text)]) + text.encode()


def pasted(finding: Finding) -> list[str]:
    """Return what `scan.allow` is after the hint's line was pasted into a release.yaml."""
    line = finding.next[finding.next.index("scan: {") :]
    scan = yaml.safe_load(f"model: a\n{line}\nload: {{}}\n")["scan"]
    for width in (40, 72, 100):
        as_a_terminal_breaks_it = "\n  ".join(wrap(line, width, break_on_hyphens=False))
        assert yaml.safe_load(f"model: a\n{as_a_terminal_breaks_it}\nload: {{}}\n")["scan"] == scan
    assert scan["code"] == ["model/predictor.py"]
    return list(scan["allow"])


def test_all_names_that_nobody_allowed_stand_in_one_line_to_paste_which_then_passes(scan: Scan) -> None:
    names = ["sklearn.pipeline.Pipeline", "numpy.ndarray", "numpy.dtype"]
    files: dict[str, bytes | None] = {"model/model.joblib": several(*names)}

    first, *others = scan(files).blocking

    assert first.subject == "scan.allow"
    assert first.observed == "3 globals that nobody allowed, in model/model.joblib"
    assert first.where == "release.yaml:14"
    assert len(others) == 3
    assert pasted(first) == sorted(names)
    assert scan(files, allow=pasted(first)).verdict is Verdict.PASSED


def test_the_line_keeps_what_is_allowed_already_and_takes_the_names_of_all_files(scan: Scan) -> None:
    files: dict[str, bytes | None] = {
        "model/a.pkl": several("numpy.ndarray", "numpy.dtype"),
        "model/b.pkl": several("numpy.ndarray", "sklearn.pipeline.Pipeline"),
    }

    first = scan(files, allow=["scipy.sparse.csr_matrix", "numpy.dtype"]).blocking[0]

    assert first.observed == "2 globals that nobody allowed, in model/a.pkl, model/b.pkl"
    assert pasted(first) == [
        "scipy.sparse.csr_matrix", "numpy.dtype", "numpy.ndarray", "sklearn.pipeline.Pipeline",
    ]  # fmt: skip


def test_many_files_are_counted_and_not_listed(scan: Scan) -> None:
    files = {f"model/{n}.pkl": several("numpy.ndarray", "numpy.dtype") for n in range(4)}

    assert scan(files).blocking[0].observed == "2 globals that nobody allowed, in 4 files"


def test_a_name_with_a_colon_is_pasted_as_it_is_spelled(scan: Scan) -> None:
    content = several("numpy.ndarray")[:-2] + _text("numpy") + _text("ndarray.tofile") + b"\x930N."

    first = scan({"model/a.pkl": content}).blocking[0]

    assert pasted(first) == ["numpy.ndarray", "numpy:ndarray.tofile"]


def test_a_name_that_can_run_any_code_is_never_offered_nor_is_another_of_its_file(scan: Scan) -> None:
    files: dict[str, bytes | None] = {
        "model/a.pkl": several("numpy.ndarray", "numpy.dtype"),
        "model/z.pkl": several("posix.system", "sklearn.svm.SVC", "sklearn.svm.SVR"),
    }

    findings = scan(files, allow=["builtins.eval"]).blocking
    [line] = [finding for finding in findings if finding.subject == "scan.allow"]

    assert findings[0].subject == "posix.system in model/z.pkl"
    assert pasted(line) == ["numpy.dtype", "numpy.ndarray"]


def test_one_name_alone_needs_no_line(scan: Scan) -> None:
    [only] = scan({"model/a.pkl": importing("numpy", "ndarray")}).blocking

    assert only.next.endswith("add it to scan.allow")


def test_a_file_that_nobody_should_load_gets_no_line(scan: Scan) -> None:
    report = scan({"model/a.pkl": SYSTEM, "model/b.pkl": several("pickle.loads", "numpy.dtype")})

    assert all("scan: {" not in finding.next for finding in report.findings)


def test_a_hundred_names_are_too_many_to_allow_unread(scan: Scan) -> None:
    fits = scan({"model/a.pkl": several(*(f"m.n{n}" for n in range(100)))})
    too_many = scan({"model/a.pkl": several(*(f"m.n{n}" for n in range(101)))})

    assert len(pasted(fits.blocking[0])) == 100
    assert all("scan: {" not in finding.next for finding in too_many.findings)


def test_what_another_scanner_prints_stays_off_the_terminal_and_in_its_word(
    scan: Scan, capfd: pytest.CaptureFixture[str]
) -> None:
    nothing_remembered = b"\x80\x04K\x01h\x070."

    report = scan({"model/a.pkl": nothing_remembered})

    words = next(file.advice for file in report.files if file.path == "model/a.pkl")
    assert capfd.readouterr() == ("", "")
    assert "Warning: malformed pickle file" in words[1]


def test_a_bad_word_about_an_allowed_file_says_what_it_is_worth(scan: Scan) -> None:
    """Another scanner knows no scikit-learn: what it cannot place it calls malicious."""
    content = several("sklearn.pipeline.Pipeline")

    report = scan({"model/a.pkl": content}, allow=["sklearn.pipeline.Pipeline"])

    word = next(file.advice[1] for file in report.files if file.path == "model/a.pkl")
    assert report.verdict is Verdict.PASSED
    assert not word.startswith("fickling: likely safe")
    assert "it also says so of plain scikit-learn files" in word
    assert "the exact names in scan.allow decide" in word


def test_a_good_word_needs_no_explanation(scan: Scan) -> None:
    report = scan({"model/a.pkl": b"\x80\x04}."})

    assert next(f.advice for f in report.files if f.path == "model/a.pkl")[1] == "fickling: likely safe"


def test_only_what_this_thread_prints_is_kept_back(capsys: pytest.CaptureFixture[str]) -> None:
    other = threading.Thread(target=lambda: sys.stdout.write("the table is drawn\n"))

    with printed() as lines:
        sys.stdout.write("from the scanner\n")
        sys.stderr.write("and its warning\n")
        other.start()
        other.join()

    assert "".join(lines) == "from the scanner\nand its warning\n"
    assert capsys.readouterr().out == "the table is drawn\n"
