"""A newcomer's first days with a checkout: what is published says whether it can be released, and why not."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ci_steps import kit
from ci_steps.cli.screen import PlainLines
from ci_steps.selftest.specimen import model_files
from ci_steps.wiring.outside import Outside
from tests.e2e.project import Completed, ended

INCONCLUSIVE, REFUSED = 5, 4
SETTINGS = """
service: specimen
store: store
registry: 127.0.0.1:5000/specimen
image: {base: "python:3.11"}
unit_tests: {path: tests}
metrics: [{metric: accuracy, direction: higher, floor: 0.5}]
load: {rate: 20, seconds: 10, p95_ms: 1000}
environments: {production: {target: docker, address: "127.0.0.1:18081"}}
"""
CARD = """
name: specimen
predictor: {python: "predictor:Tweets"}
data: [{uri: data.txt, sha256: "%s"}]
config: {seed: 1}
python: "3.11"
"""
FILES = {
    "release.yaml": SETTINGS,
    "train.py": "seed = 1\n",
    "data.txt": "data\n",
    # pytest must not look for its settings in the folders above
    "pytest.ini": "[pytest]\n",
    "tests/test_it.py": "def test_it() -> None:\n    assert True\n",
    ".gitignore": "/models/\n/.release/\n",
}


@dataclass(frozen=True, slots=True)
class Checkout:
    """A git checkout with a trained model, as someone has it who begins."""

    folder: Path

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text, encoding="utf-8")

    def git(self, *arguments: str) -> str:
        who = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        options = ("-c", "user.name=tests", "-c", "user.email=tests@example.org", "-c", "gc.auto=0")
        done = subprocess.run(
            ["git", *options, *arguments],
            cwd=self.folder,
            env=os.environ | who,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return done.stdout

    def commit(self, message: str = "a change") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD").strip()

    def ci_steps(self, *arguments: str) -> Completed:
        started = subprocess.Popen(
            [sys.executable, "-m", "ci_steps", *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        return ended(started, 120)

    def publish(self, *options: str) -> Completed:
        done = self.ci_steps("models", "publish", "models/v1", "--tag", "candidate", *options)
        assert done.code == 0, done.said
        return done

    def published(self, *options: str) -> dict[str, Any]:
        """Publish, and return what machines are told."""
        return self.publish("--json", *options).objects[-1]

    def unit_tests(self) -> tuple[int, dict[str, Any]]:
        """Plan and run unit-tests; return its exit code and what it says of the commit."""
        planned = self.ci_steps("plan", "--model", "specimen:candidate", "--environment", "production")
        assert planned.code == 0, planned.said
        done = self.ci_steps("unit-tests")
        report = json.loads((self.folder / ".release/unit-tests.json").read_bytes())
        [commit] = [one for one in report["findings"] if one["check"] == "unit-tests.commit"]
        return done.code, commit


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    # The repository is the folder above: pathspecs and a store are not where the repository begins.
    folder = tmp_path / "repository" / "specimen"
    made = Checkout(folder)
    for name, text in FILES.items():
        made.write(name, text)
    for name, content in model_files().items():
        (folder / "models/v1" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "models/v1" / name).write_bytes(content)
    made.write("models/v1/model.yaml", CARD % ("0" * 64))
    made.git("-c", "init.defaultBranch=main", "init", "-q", "..")
    made.commit("the first")
    return made


@pytest.fixture(scope="session", autouse=True)
def _environment() -> None:
    """Make the environment of the tests once: an empty lock and pytest."""
    Outside(PlainLines()).environments().python(b"", version="3.11", extra=kit.pytest_lock().read_bytes())


def test_a_clean_checkout_is_published_without_a_warning_and_its_tests_count(checkout: Checkout) -> None:
    done = checkout.publish()

    assert done.errors == ""
    assert checkout.unit_tests()[0] == 0


def test_what_publishing_leaves_in_the_checkout_is_no_change_even_after_git_add(checkout: Checkout) -> None:
    first = checkout.published()
    checkout.write("README.md", "read me\n")
    checkout.commit()

    assert checkout.git("ls-files", "store") == ""
    assert checkout.git("status", "--porcelain") == ""
    again = checkout.published()
    assert first["warnings"] == again["warnings"] == []


def test_release_yaml_and_a_pointer_may_change_between_training_and_publishing(checkout: Checkout) -> None:
    sha = checkout.published()["sha"]
    checkout.write("release.yaml", SETTINGS.replace("rate: 20", "rate: 21"))
    checkout.write("live.model", "specimen@0123456\n")
    told = checkout.published()

    assert (told["sha"], told["warnings"]) == (sha, [])
    assert checkout.unit_tests()[0] == 0
    checkout.commit("limits and a pointer")
    code, commit = checkout.unit_tests()
    assert code == 0
    assert "differs from" in commit["observed"]
    assert "in release.yaml and live.model alone" in commit["observed"]


def test_a_model_file_that_points_to_no_model_is_a_change_as_any_other(checkout: Checkout) -> None:
    checkout.write("base.model", "weights of a booster\n")
    checkout.commit()
    checkout.write("base.model", "other weights of a booster\n")

    [warning] = checkout.published()["warnings"]

    assert warning.startswith("specimen/base.model has changes that no commit holds")


def test_changes_are_named_and_committing_and_publishing_again_helps_as_it_says(checkout: Checkout) -> None:
    checkout.write("train.py", "seed = 2\n")
    checkout.write("new.py", "x = 1\n")
    checkout.write("notes.txt", "a new file that no test reads\n")
    done = checkout.publish()

    assert len(done.errors.splitlines()) == 1
    assert "specimen/train.py and specimen/new.py have changes that no commit holds" in done.errors
    assert "commit or ignore them, then publish again" in done.errors
    code, commit = checkout.unit_tests()
    assert code == INCONCLUSIVE
    assert "specimen/train.py" in commit["next"]
    assert "specimen/new.py" in commit["next"]
    assert "then publish again" in commit["next"]

    checkout.commit()
    code, commit = checkout.unit_tests()  # of the model that was published with the changes
    assert code == INCONCLUSIVE
    assert "publish it again" in commit["next"]
    checkout.publish()
    assert checkout.unit_tests()[0] == 0


def test_a_change_after_publishing_is_told_with_what_helps(checkout: Checkout) -> None:
    checkout.publish()
    checkout.write("train.py", "seed = 2\n")
    code, commit = checkout.unit_tests()

    assert code == INCONCLUSIVE
    assert "specimen/train.py" in commit["observed"]
    checkout.git("checkout", "-q", "train.py")
    assert checkout.unit_tests()[0] == 0


def test_training_code_elsewhere_is_judged_there(checkout: Checkout, tmp_path: Path) -> None:
    elsewhere = Checkout(tmp_path / "training")
    elsewhere.write("train.py", "seed = 1\n")
    elsewhere.git("init", "-q")
    commit = elsewhere.commit()
    checkout.write("train.py", "changed, and not what trained it\n")

    told = checkout.published("--code", str(elsewhere.folder))

    assert told["warnings"] == []
    manifest = json.loads((checkout.folder / "models/v1/manifest.json").read_bytes())
    assert manifest["code"]["commit"] == commit
    elsewhere.write("release.yaml", "not the one that is asked\n")
    elsewhere.commit()
    elsewhere.write("release.yaml", "changed\n")
    [warning] = checkout.published("--code", str(elsewhere.folder))["warnings"]
    assert warning.startswith("release.yaml has changes")


def test_publish_says_which_commit_it_notes_and_where_it_read_it(checkout: Checkout) -> None:
    head = checkout.git("rev-parse", "HEAD").strip()

    assert f"{head[:12]}, the commit of the checkout now" in checkout.publish().output
    card = f'code: {{repository: "https://example.org/x", commit: "{"1" * 40}"}}\n'
    checkout.write("models/v1/model.yaml", CARD % ("0" * 64) + card)
    assert f"{'1' * 12} https://example.org/x, as model.yaml says" in checkout.publish().output


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda f: (f / "golden.jsonl").write_text('{"id": "1"}\n' * 99), "golden.jsonl has 99 rows"),
        (lambda f: (f / "golden.jsonl").write_text("\n"), "golden.jsonl has no row"),
        (lambda f: (f / "evaluations.jsonl").write_text(""), "evaluations.jsonl has no row"),
        (lambda f: (f / "metrics.json").write_text('{"metrics": []}'), "metrics.json claims nothing"),
        (lambda f: (f / "requirements.lock").write_text("numpy==2.4.6\n"), "numpy has no sha256 hash"),
    ],
)
def test_what_cannot_be_released_is_published_with_a_warning(
    checkout: Checkout, spoil: Callable[[Path], object], told: str
) -> None:
    spoil(checkout.folder / "models/v1")

    done = checkout.publish()

    [line] = done.errors.splitlines()
    assert line.startswith("warning: ")
    assert told in line
    assert [line] == [f"warning: {each}" for each in checkout.published()["warnings"]]


def test_a_test_whose_package_is_not_locked_is_told_where_to_lock_it(checkout: Checkout) -> None:
    checkout.write("tests/test_it.py", "import nothing_of_ours\n\ndef test_it() -> None:\n    pass\n")
    checkout.commit()
    checkout.publish()
    code, _ = checkout.unit_tests()

    assert code == REFUSED
    report = json.loads((checkout.folder / ".release/unit-tests.json").read_bytes())
    assert "No module named 'nothing_of_ours'" in report["findings"][0]["observed"]
    assert "unit_tests.lock in release.yaml" in report["findings"][0]["next"]


def test_before_the_first_release_trace_and_history_say_how_to_release(checkout: Checkout) -> None:
    checkout.publish()

    traced = checkout.ci_steps("trace", "specimen/production")
    history = checkout.ci_steps("history")

    released = "python -m ci_steps release --environment production"
    assert traced.code == 2
    assert f"release one with `{released}`" in traced.errors
    assert released in history.output
