"""`REPO@REV:PATH`, as a person writes it after `dvc:`."""

import re
from pathlib import Path, PurePosixPath
from typing import Self
from urllib.parse import urlsplit

from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.value import Value

_URL = re.compile(r"(?P<repository>[a-z][a-z0-9+]*://(?:[^/@]+@)?[^/@]*(?:/[^@]*)?)@(?P<rest>.+)")
_SCP = re.compile(r"(?P<repository>[\w.+-]+@[\w.-]+:[^@]+)@(?P<rest>[^:]+:.+)")
_REVISION = re.compile(r"(?!-)(?!.*(?:\.\.|@\{))[^\s:~^?*\[\\]+")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_HINT = "write dvc:REPO@REV:PATH, as dvc:https://git.example.org/tweets.git@v1:release; REPO may be a folder"
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class DvcPlace(Value, frozen=True):
    """A folder or a file of a git repository at one revision."""

    repository: str
    """A URL without a password, or a path."""
    revision: str
    """A branch, a tag or a commit; HEAD is the default branch."""
    path: str
    """Relative to the repository's top; empty: all of it."""

    @classmethod
    def parse(cls, text: str, project: Path) -> Self:
        """Return what ``text`` names; ``project`` is the folder that a path of a repository begins in.

        >>> DvcPlace.parse("git@example.org:nlp/tweets.git@tweets@v1:release/", Path())
        DvcPlace(repository='git@example.org:nlp/tweets.git', revision='tweets@v1', path='release')
        """
        repository, rest = cls._split(text, project)
        revision, colon, path = rest.partition(":")
        if not (repository and colon and _REVISION.fullmatch(revision)) or repository.startswith("-"):
            raise InputError("the dvc: address is not one of a repository, a revision and a path", hint=_HINT)
        _refuse_unsafe(repository)
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or "\\" in path:
            raise InputError(f"dvc: {path!r} is not a path inside the repository", hint=_HINT)
        return cls(repository, revision, "" if pure == PurePosixPath() else str(pure))

    @staticmethod
    def _split(text: str, project: Path) -> tuple[str, str]:
        for form in (_URL, _SCP):
            if found := form.fullmatch(text):
                return found["repository"], found["rest"]
        ends = [index for index, letter in enumerate(text) if letter == "@"]
        folders = (end for end in ends if (project / text[:end]).is_dir())
        end = next(folders, ends[0] if ends else 0)
        return text[:end], text[end + 1 :]

    @property
    def is_fixed(self) -> bool:
        """Whether the revision is a whole commit id, which never moves."""
        return bool(_COMMIT.fullmatch(self.revision))

    @property
    def is_url(self) -> bool:
        return "://" in self.repository or bool(_SCP.fullmatch(f"{self.repository}@x:y"))

    def at(self, commit: str) -> Self:
        return type(self)(self.repository, commit, self.path)

    @property
    def text(self) -> str:
        return f"{self.repository}@{self.revision}:{self.path or '.'}"

    @property
    def address(self) -> str:
        return str(Address("dvc", self.text))


def _refuse_unsafe(repository: str) -> None:
    """Refuse a login in a URL, which would be in every manifest, and a way that others can read on."""
    if re.match(r"\w+::", repository):
        raise InputError("git is asked by no helper of transport", hint="write https://, ssh:// or a path")
    scheme, there, _ = repository.partition("://")
    if not there:
        return
    url = urlsplit(repository)
    if scheme in {"http", "https"} and "@" in url.netloc:
        raise InputError(
            "the repository of the dvc: address has a login or a token in it",
            hint="write it without; git asks its own credential helper, or GIT_ASKPASS",
        )
    if scheme == "http" and url.hostname not in _LOOPBACK:
        raise InputError(
            f"{repository} is plain http: git's credentials would be sent in clear",
            hint="write https:// or ssh://",
        )
    if scheme not in {"http", "https", "ssh", "file"}:
        raise InputError(f"git is not asked by {scheme}://", hint="write https://, ssh:// or a path")
