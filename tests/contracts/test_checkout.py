"""What git says of two commits, in a real checkout."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from ci_steps.adapters.kit_store import KitStore
from ci_steps.adapters.programs import ChildPrograms
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Code, Manifest
from ci_steps.selftest.specimen import manifest_of, model_files
from ci_steps.trace.checkout import Checkout, MergedTree
from ci_steps.trace.difference import compared
from ci_steps.trace.merging import MergedCode, merged
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.progress import Told

_WHO = {"NAME": "Ada", "EMAIL": "ada@example.org", "DATE": "2026-01-01T00:00:00Z"}


@dataclass(frozen=True)
class Repository:
    folder: Path

    @property
    def checkout(self) -> Checkout:
        return Checkout(self.folder, ChildPrograms(os.environ))

    def git(self, *arguments: str) -> str:
        who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in _WHO.items()}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=os.environ | who,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def commit(self, branch: str, **files: str) -> str:
        """Commit files on a branch, which begins where the last one is."""
        self.git("switch", "-q", "-C", branch)
        for name, text in files.items():
            (self.folder / name).write_text(text, encoding="utf-8")
        self.git("add", "-A")
        self.git("commit", "-q", "--no-gpg-sign", "--allow-empty", "-m", branch)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "checkout")
    made.folder.mkdir()
    made.git("init", "-q", "-b", "main")
    return made


def forked(repository: Repository, a: dict[str, str], b: dict[str, str]) -> tuple[str, str, str]:
    """Commit a base, and two that come from it."""
    base = repository.commit("main", train="1\n2\n3\n4\n5\n6\n7\n")
    one = repository.commit("a", **a)
    repository.git("switch", "-q", "main")
    return base, one, repository.commit("b", **b)


def test_between_two_commits_lie_the_commits_and_files_of_both(repository: Repository) -> None:
    _, a, b = forked(repository, {"träin": "new\n"}, {"train": "other\n"})

    found = repository.checkout.between(a, b)

    assert (found.behind, found.ahead) == (1, 1)
    assert set(found.files) == {"träin", "train"}
    assert found.files["träin"][1] == "0" * 12


def test_a_commit_that_stands_on_the_other_is_the_merge_of_both(repository: Repository) -> None:
    base = repository.commit("main", train="1\n")
    later = repository.commit("main", train="2\n")

    assert repository.checkout.merged(base, later) == MergedTree(commit=later)
    assert repository.checkout.merged(later, base) == MergedTree(commit=later)


def test_two_that_change_different_lines_merge_into_a_tree_and_nothing_moves(repository: Repository) -> None:
    _, a, b = forked(
        repository,
        {"train": "first\n2\n3\n4\n5\n6\n7\n"},
        {"train": "1\n2\n3\n4\n5\n6\nlast\n", "more": "x\n"},
    )
    before = repository.git("status", "--porcelain", "--branch"), repository.git("rev-parse", "HEAD")

    found = repository.checkout.merged(a, b)

    assert repository.git("show", f"{found.tree}:train") == "first\n2\n3\n4\n5\n6\nlast"
    assert not found.commit
    assert not found.conflicts
    assert before == (
        repository.git("status", "--porcelain", "--branch"),
        repository.git("rev-parse", "HEAD"),
    )
    assert repository.checkout.merged(a, b) == found


def test_two_that_change_the_same_line_conflict_in_that_file(repository: Repository) -> None:
    base, a, b = forked(repository, {"train": "A\n", "new": "A\n"}, {"train": "B\n", "new": "B\n"})

    found = repository.checkout.merged(a, b)

    blobs = {
        path: tuple(
            repository.git("rev-parse", f"{commit}:{path}") if there else "" for commit, there in sides
        )
        for path, sides in {
            "train": ((base, True), (a, True), (b, True)),
            "new": ((base, False), (a, True), (b, True)),
        }.items()
    }
    assert found == MergedTree(conflicts=blobs)  # type: ignore[arg-type]  # three of them


def test_a_file_that_one_deletes_and_the_other_changes_is_a_conflict(repository: Repository) -> None:
    base, a, _ = forked(repository, {"train": "A\n"}, {})
    repository.git("switch", "-q", "--detach", base)
    repository.git("rm", "-q", "train")
    gone = repository.commit("gone")

    [(path, blobs)] = repository.checkout.merged(a, gone).conflicts.items()

    assert path == "train"
    assert blobs[1]
    assert blobs[2] == ""


def test_commits_that_are_not_there_are_known_not_to_be(repository: Repository, tmp_path: Path) -> None:
    base = repository.commit("main", train="1\n")

    assert repository.checkout.has(base)
    assert not repository.checkout.has(base, "0" * 40)
    assert not repository.checkout.has("")
    assert not Checkout(tmp_path, ChildPrograms(os.environ)).has(base)
    with pytest.raises(InputError, match="git cannot compare the code"):
        repository.checkout.between(base, "0" * 40)


def test_two_histories_without_a_common_commit_cannot_be_merged_here(repository: Repository) -> None:
    one = repository.commit("main", train="1\n")
    repository.git("switch", "-q", "--orphan", "other")
    other = repository.commit("other", model="2\n")

    with pytest.raises(OutsideError, match="git cannot try the merge") as error:
        repository.checkout.merged(one, other)

    assert "of one history" in error.value.hint


def test_what_the_manifest_calls_a_commit_is_what_git_is_asked_for(repository: Repository) -> None:
    commit = repository.commit("main", train="1\n")
    code = Code(repository="", commit=commit, dirty=False)

    assert repository.checkout.between(code.commit, code.commit).files == {}


# Two models whose code both changed


def of(commit: str) -> Manifest:
    code = Code(repository="https://example.org/specimen.git", commit=commit, dirty=False)
    return msgspec.structs.replace(manifest_of(model_files()), code=code)


def a_store() -> KitStore:
    held = {f"objects/{Digest.of(content).hex}": content for content in model_files().values()}
    return KitStore(MemoryBlobs(held), "the store", Told())


def test_a_diff_names_the_files_between_the_commits_of_two_models(repository: Repository) -> None:
    base, a, b = forked(repository, {"new": "new\n"}, {"train": "other\n"})

    found = compared(of(a), of(b), a_store(), repository.checkout)

    told = {line.what: (line.old, line.new) for line in found}
    assert told["commit"] == (a, b)
    assert told["commits of its own"] == ("1", "1")
    assert told["new"][1] == "-"
    assert told["train"] == tuple(
        repository.git("rev-parse", "--short=12", f"{each}:train") for each in (a, b)
    )
    assert [line.what for line in compared(of(base), of("9" * 40), a_store(), repository.checkout)] == [
        "commit"
    ]


def test_a_merge_of_two_models_has_the_tree_of_both(repository: Repository) -> None:
    base, a, b = forked(repository, {"new": "A\n"}, {"train": "B\n"})

    found = merged(of(base), of(a), of(b), a_store(), repository.checkout)

    assert found.conflicts == ()
    assert not found.code.commit
    assert repository.git("ls-tree", "--name-only", found.code.tree).split() == ["new", "train"]


def test_each_file_that_both_changed_apart_is_a_conflict_of_the_merge(repository: Repository) -> None:
    base, a, b = forked(repository, {"train": "A\n", "new": "A\n"}, {"train": "B\n", "new": "B\n"})

    found = merged(of(base), of(a), of(b), a_store(), repository.checkout)

    assert [(each.kind, each.what, each.base) for each in found.conflicts] == [
        ("code", "new", "-"),
        ("code", "train", repository.git("rev-parse", f"{base}:train")),
    ]
    assert found.code == MergedCode(repository="https://example.org/specimen.git")


def test_a_merge_wants_a_checkout_that_has_both_commits(repository: Repository) -> None:
    base = repository.commit("main", train="1\n")

    with pytest.raises(
        InputError, match=r"both changed the code, and .* has 111111111111 and 222222222222"
    ) as error:
        merged(of(base), of("1" * 40), of("2" * 40), a_store(), repository.checkout)

    assert "--code" in error.value.hint
