"""Repositories made by git and DVC themselves, with DVC's remote in a folder or in a bucket."""

import atexit
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml

_WHO = {"NAME": "Ada", "EMAIL": "ada@example.org", "DATE": "2026-01-01T00:00:00Z"}


@dataclass(frozen=True, slots=True)
class DvcRepository:
    """A checkout that people work in."""

    folder: Path

    @classmethod
    def begun(cls, folder: Path, remote: str) -> "DvcRepository":
        """Make one in a new folder; ``remote`` is a path or s3://…, where this process' AWS_* let one in."""
        folder.mkdir(parents=True)
        made = cls(folder)
        made.git("init", "-q", "-b", "main")
        made.dvc("init")
        made.point(remote)
        made.commit("begin")
        return made

    def point(self, remote: str, **settings: str) -> None:
        """Let DVC's only remote be this one."""
        lines = [f"    {name} = {value}\n" for name, value in ({"url": remote} | settings).items()]
        text = f"[core]\n    remote = storage\n['remote \"storage\"']\n{''.join(lines)}"
        (self.folder / ".dvc" / "config").write_text(text, encoding="utf-8")

    def write(self, files: Mapping[str, bytes]) -> None:
        for path, content in files.items():
            place = self.folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)

    def add(self, path: str) -> None:
        """Let DVC track a path, and send its bytes to the remote."""
        self.dvc("add", path, push=True)

    def pipeline(self, **stages: Mapping[str, object]) -> None:
        """Write `dvc.yaml`, run it and send what it made to the remote."""
        self.write({"dvc.yaml": yaml.safe_dump({"stages": stages}).encode()})
        self.dvc("reproduce", push=True)

    def commit(self, message: str, tag: str = "") -> str:
        """Commit what git is to have, tag it and return its id."""
        self.git("add", "-A")
        self.git("commit", "-q", "--no-gpg-sign", "--allow-empty", "-m", message)
        if tag:
            self.git("tag", "-f", tag)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={**os.environ, **_environ()},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def dvc(self, verb: str, *arguments: str, push: bool = False) -> None:
        """Let DVC do one thing, as its command of that name does."""
        program = _started()
        assert program.stdin
        assert program.stdout
        asked = {"folder": str(self.folder), "environ": _environ(), "verb": verb, "arguments": arguments}
        program.stdin.write(json.dumps(asked | {"push": push}) + "\n")
        program.stdin.flush()
        said = json.loads(program.stdout.readline() or '"it ended"')
        assert not said, f"dvc {verb}: {said}"


def _environ() -> dict[str, str]:
    who = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in _WHO.items()}
    return {name: value for name, value in os.environ.items() if name.startswith("AWS_")} | who


@cache
def _started() -> "subprocess.Popen[str]":
    """Return DVC, which takes a second to start, once for all repositories of this process."""
    if not os.environ.get("CI_STEPS_DVC"):
        pytest.fail('CI_STEPS_DVC not set: run `make test`, or eval "$(contrib/engine/dvc)"', pytrace=False)
    python = Path(os.environ["CI_STEPS_DVC"]).with_name("python")
    program = subprocess.Popen(
        [python, Path(__file__).with_name("dvc_program.py")],
        env={**os.environ, "DVC_NO_ANALYTICS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    atexit.register(_ended, program)
    return program


def _ended(program: "subprocess.Popen[str]") -> None:
    with program:
        program.terminate()
