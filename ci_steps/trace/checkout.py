"""What git knows of the code of two models, in a checkout that has both commits."""

import re
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from ci_steps.errors import InputError, OutsideError
from ci_steps.model.checkout import ENVIRON
from ci_steps.model.value import Value
from ci_steps.ports import Ended, Programs

_CHANGED = re.compile(r":\d{6} \d{6} (?P<old>[0-9a-f]+) (?P<new>[0-9a-f]+) [A-Z]\d*\t(?P<path>.+)")
_STAGED = re.compile(r"\d{6} (?P<blob>[0-9a-f]+) (?P<stage>[123])\t(?P<path>.+)")
_TREE = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_OPTIONS = ("-c", "core.quotePath=false")


class CodeRange(Value, frozen=True):
    """What lies between two commits."""

    behind: int
    """Commits that only the old one stands on."""
    ahead: int
    """Commits that only the new one stands on."""
    files: dict[str, tuple[str, str]]
    """The start of the blobs' ids on both sides, by path; zeros where there is none."""


class MergedTree(Value, frozen=True):
    """What git makes of two commits."""

    commit: str = ""
    """The one that stands on the other, where one does."""
    tree: str = ""
    """What a merge of both would hold, where they merge cleanly."""
    conflicts: dict[str, tuple[str, str, str]] = {}
    """The blobs of the merge base, of one and of the other, by path; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Checkout:
    """A git checkout, which is read; a merge that is tried leaves objects in it, and nothing else."""

    folder: Path
    programs: Programs

    def has(self, *commits: str) -> bool:
        """Return whether it is a checkout that has every one of them."""
        return all(
            commit and self._git("cat-file", "-e", f"{commit}^{{commit}}", good=range(256)).code == 0
            for commit in commits
        )

    def between(self, old: str, new: str) -> CodeRange:
        """Return what lies between two commits that it has."""
        counts = self._git("rev-list", "--left-right", "--count", f"{old}...{new}").output.split()
        files = {}
        for line in self._git("diff", "--raw", "--abbrev=12", "--no-renames", old, new).output.splitlines():
            if found := _CHANGED.fullmatch(line):
                files[found["path"]] = (found["old"], found["new"])
        return CodeRange(int(counts[0]), int(counts[1]), files)

    def merged(self, one: str, other: str) -> MergedTree:
        """Return what a merge of two commits that it has would be."""
        for older, newer in ((one, other), (other, one)):
            if self._git("merge-base", "--is-ancestor", older, newer, good=(0, 1)).code == 0:
                return MergedTree(commit=newer)
        asked = ("merge-tree", "--write-tree", "--no-messages", one, other)
        ended = self._git(*asked, good=(0, 1, 128, 129))
        tree, *lines = ended.output.splitlines() or [""]
        if ended.code in {128, 129} or not _TREE.fullmatch(tree):
            raise OutsideError(
                f"git cannot try the merge of {one[:12]} and {other[:12]}: {tree[:200]}",
                hint="it needs git 2.38 or newer, and two commits of one history; else merge them by hand",
            )
        if ended.code == 0:
            return MergedTree(tree=tree)
        conflicts: dict[str, tuple[str, str, str]] = {}
        for found in filter(None, map(_STAGED.fullmatch, lines)):
            sides = list(conflicts.get(found["path"], ("", "", "")))
            sides[int(found["stage"]) - 1] = found["blob"]
            conflicts[found["path"]] = (sides[0], sides[1], sides[2])
        return MergedTree(conflicts=conflicts)

    def _git(self, *arguments: str, good: Container[int] = (0,)) -> Ended:
        ended = self.programs.run(["git", *_OPTIONS, *arguments], cwd=self.folder, env=ENVIRON, timeout=60)
        if ended.timed_out or ended.code not in good:
            said = (ended.output.strip().splitlines() or ["nothing"])[-1][:200]
            raise InputError(
                f"git cannot compare the code in {self.folder}: {said}",
                hint="name a checkout that has both commits with --code",
            )
        return ended
