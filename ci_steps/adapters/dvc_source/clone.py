"""A git repository, as far as a commit of it is needed: a bare and shallow clone in the cache."""

import fcntl
import hashlib
import re
import tarfile
import tempfile
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ci_steps.adapters.dvc_source import complaints
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.value import Value
from ci_steps.ports import Ended, Programs

_LINE = re.compile(r"(?P<mode>\d{6}) (?P<kind>blob|commit) (?P<id>[0-9a-f]{40,64})\t(?P<path>.+)")
_REF = re.compile(r"(?P<id>[0-9a-f]{40,64})\t(?P<name>\S+)")
_SMALL = "--filter=blob:limit=1m"
_ATTRIBUTES = "* -export-subst -export-ignore -text -filter -ident -eol -working-tree-encoding\n"
"""Of the highest precedence: what is taken out of the clone is what was committed, to the byte."""
# A repository on this machine leaves large files out, too, and gives a commit by its id.
_UPLOAD_PACK = "git -c uploadpack.allowFilter=true -c uploadpack.allowAnySHA1InWant=true upload-pack"
_NOT_PASSED_ON = re.compile(
    r"GIT_(DIR|WORK_TREE|INDEX_\w+|OBJECT_DIRECTORY|ALTERNATE_\w+|COMMON_DIR|NAMESPACE|PREFIX|TRACE\w*|CURL_VERBOSE|"
    r"QUARANTINE_PATH|SHALLOW_FILE|REPLACE_REF_BASE|GRAFT_FILE|CEILING_DIRECTORIES)"
)
_PASSED_ON = {"SSH_AUTH_SOCK", "SSH_ASKPASS", "XDG_CONFIG_HOME"}
_MINUTES = 10


class Tracked(Value, frozen=True):
    """A file of a commit."""

    path: str
    mode: str
    blob: str


@dataclass(frozen=True, slots=True)
class Clone:
    """What is kept of one repository between calls; git's own credentials are used, and never asked for."""

    url: str
    """What git is given."""
    shown: str
    """What a person called it."""
    cache: Path
    programs: Programs
    variables: Mapping[str, str] = field(repr=False)

    def commit(self, revision: str, *, fixed: bool) -> str:
        """Return the id of the commit that ``revision`` stands for now, once it is here."""
        name, commit = ("", revision) if fixed else self._named(revision)
        with self._locked():
            if not self._has(commit):
                self._fetch(commit, name)
        return commit

    def files(self, commit: str) -> tuple[Tracked, ...]:
        """Return every file that git tracks at ``commit``."""
        found: list[Tracked] = []

        def taken(line: str) -> None:
            if match := _LINE.fullmatch(line):
                found.append(Tracked(match["path"], match["mode"], match["id"]))

        self._git("-c", "core.quotePath=false", "ls-tree", "-r", "--full-tree", commit, on_line=taken)
        return tuple(found)

    def contents(self, files: Sequence[Tracked]) -> dict[str, Path]:
        """Return where the bytes of ``files`` lie on this machine, fetched if need be."""
        missing = sorted({file.blob for file in files if not self.blob(file.blob).is_file()})
        if missing:
            self._made(self.folder / "blobs")
            # A tree of these alone: of a tree that holds more, git would fetch all that it left out before.
            entries = "".join(f"100644 blob {blob}\t{blob}\n" for blob in missing)
            tree = self._git("mktree", "--missing", stdin=entries).output.strip()
            with tempfile.TemporaryDirectory(dir=self.folder) as folder:
                packed = Path(folder) / "files.tar"
                self._git("archive", "--format=tar", "-o", str(packed), tree)
                self._unpacked(packed, Path(folder))
        return {file.path: self.blob(file.blob) for file in files}

    def remote(self, checkout: Path) -> str:
        """Return what a checkout on this machine calls its origin; empty where it has none."""
        asked = ["git", "config", "--get", "remote.origin.url"]
        ended = self.programs.run(asked, cwd=checkout, env=self._environ, timeout=30)
        return ended.output.strip() if ended.code == 0 else ""

    def author(self, commit: str) -> str:
        return self._git("show", "-s", "--no-show-signature", "--format=%an", commit).output.strip()

    @property
    def folder(self) -> Path:
        return self.cache / hashlib.sha256(self.url.encode()).hexdigest()[:32]

    def blob(self, name: str) -> Path:
        return self.folder / "blobs" / name

    def _unpacked(self, packed: Path, folder: Path) -> None:
        with tarfile.open(packed) as archive:
            for member in archive:
                stream = archive.extractfile(member) if member.isfile() else None
                if stream is None:
                    continue
                half = folder / member.name
                with half.open("wb") as copy:
                    while block := stream.read(1 << 20):
                        copy.write(block)
                half.replace(self.blob(half.name))

    def _named(self, revision: str) -> tuple[str, str]:
        """Return the whole name and the commit of a tag or a branch; a tag goes first, as with git."""
        refs: dict[str, str] = {}

        def taken(line: str) -> None:
            if match := _REF.fullmatch(line):
                refs[match["name"]] = match["id"]

        asked = ["HEAD"] if revision == "HEAD" else [revision, f"{revision}^{{}}"]
        self._made(self.cache)
        self._git("ls-remote", "--", self.url, *asked, on_line=taken, cwd=self.cache)
        tag = f"refs/tags/{revision}"
        for name in (f"{tag}^{{}}", tag, f"refs/heads/{revision}", revision):
            if name in refs:
                return name.removesuffix("^{}"), refs[name]
        raise InputError(
            f"{self.shown} has no tag and no branch {revision!r}",
            hint="look with `git ls-remote`; write a commit with all its 40 digits; push what is only here",
        )

    def _has(self, commit: str) -> bool:
        # A ref, because in a partial clone git would ask the other side for an object that is not here.
        asked = ("rev-parse", "--verify", "--quiet", f"refs/kept/{commit}")
        return self._git(*asked, good=(0, 1)).code == 0

    def _fetch(self, commit: str, name: str) -> None:
        """Bring a commit; a server that gives no commit by its id is asked by name, or for all it has."""
        ended = self._asked_for("--depth=1", commit)
        if ended.code and complaints.not_by_id(ended.output):
            every = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*")
            ended = self._asked_for("--depth=1", name) if name else self._asked_for(*every)
            if not ended.code and not self._there(commit):
                raise InputError(
                    f"{self.shown} has no commit {commit} in its branches and tags",
                    hint="push it, or name another",
                )
        if ended.code:
            raise complaints.of_git(ended.output, self.shown)
        self._git("update-ref", f"refs/kept/{commit}", commit)

    def _there(self, commit: str) -> bool:
        return self._git("log", "-1", "--format=%H", commit, good=(0, 128)).code == 0

    def _asked_for(self, *what: str) -> Ended:
        fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", _SMALL, "origin", *what)
        return self._git("-c", "gc.auto=0", "-c", "maintenance.auto=false", *fetch, good=range(256))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep others out while the clone changes, and make it where it is not there."""
        self._made(self.folder)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (self._base / "info" / "attributes").exists():
                self._git("init", "--quiet", "--bare", str(self._base), cwd=self.folder)
                self._git("config", "remote.origin.url", self.url)
                if self.url.startswith("file://"):
                    self._git("config", "remote.origin.uploadpack", _UPLOAD_PACK)
                self._made(self._base / "info")
                (self._base / "info" / "attributes").write_text(_ATTRIBUTES, encoding="utf-8")
            yield

    @staticmethod
    def _made(folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutsideError(
                f"{folder} cannot be written: {error.strerror}", hint="make room, or set CI_STEPS_CACHE"
            ) from error

    @property
    def _base(self) -> Path:
        return self.folder / "git"

    @property
    def _environ(self) -> dict[str, str]:
        given = {
            name: value
            for name, value in self.variables.items()
            if (name.startswith("GIT_") and not _NOT_PASSED_ON.fullmatch(name)) or name in _PASSED_ON
        }
        return (
            {"GIT_SSH_COMMAND": "ssh -o BatchMode=yes"}
            | given
            | {
                "GIT_TERMINAL_PROMPT": "0",
                "GIT_ALLOW_PROTOCOL": "file:http:https:ssh",
                "LC_ALL": "C",
            }
        )

    def _git(
        self,
        *arguments: str,
        good: Container[int] = (0,),
        on_line: Callable[[str], None] = lambda _: None,
        cwd: Path | None = None,
        stdin: str = "",
    ) -> Ended:
        ended = self.programs.run(
            ["git", *arguments],
            cwd=cwd or self._base,
            env=self._environ,
            timeout=_MINUTES * 60,
            on_line=on_line,
            stdin=stdin,
        )
        if ended.timed_out:
            raise OutsideError(f"git did not answer for {self.shown} within {_MINUTES} minutes")
        if ended.code not in good:
            raise complaints.of_git(ended.output, self.shown)
        return ended
