"""A project that is watched, and a watcher as a program."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import yaml

from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.adapters.kit_store import KitStore
from ci_steps.model.wire import digest_of
from ci_steps.selftest.specimen import manifest_of, model_files
from tests.fakes.platforms import until
from tests.fakes.progress import Told

TOKEN = "an-api-token-that-nobody-may-see"
GOCD_TOKEN = "a-personal-token-that-nobody-may-see"
WEBHOOK_SECRET = "a-webhook-secret-that-nobody-may-see"
SECRETS = {
    "JENKINS_USER": "watcher",
    "JENKINS_TOKEN": TOKEN,
    "GOCD_TOKEN": GOCD_TOKEN,
    "MLFLOW_WEBHOOK_SECRET": WEBHOOK_SECRET,
}
_SETTINGS = {
    "service": "tweets",
    "model": "specimen:candidate",
    "registry": "127.0.0.1:5000/tweets",
    "image": {"base": "127.0.0.1:5000/base/python:3.11-slim-bookworm"},
    "metrics": [],
    "load": {"rate": 10, "seconds": 1, "p50_ms": 100, "errors": 0, "achieved": 0.9},
    "environments": {"staging": {"target": "docker", "address": "127.0.0.1:8080"}},
}


@dataclass(frozen=True, slots=True)
class Watched:
    """A folder with a release.yaml and a store whose tag `specimen:candidate` moves."""

    folder: Path

    @classmethod
    def in_(cls, folder: Path, *, store: str = "./store") -> "Watched":
        (folder / "release.yaml").write_text(yaml.safe_dump(_SETTINGS | {"store": store}), encoding="utf-8")
        return cls(folder)

    @property
    def store(self) -> KitStore:
        return KitStore(FolderBlobs(self.folder / "store"), "the store", Told())

    def publish(self, seed: int) -> str:
        """Publish a model that no other seed gives, let the tag stand for it, and return its name and SHA."""
        files = model_files()
        values = {"seed": seed}
        config = msgspec.structs.replace(
            manifest_of(files).config, values=values, sha256=digest_of(values).hex
        )
        manifest = msgspec.structs.replace(manifest_of(files), config=config)
        for path, content in files.items():
            (self.folder / "model" / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / "model" / path).write_bytes(content)
        self.store.publish(manifest, self.folder / "model")
        self.store.tag("specimen", "candidate", manifest.sha, by="a test")
        return f"specimen@{manifest.sha.hex}"

    @contextmanager
    def watcher(
        self, *arguments: str, what: str = "specimen:candidate", variables: Mapping[str, str] | None = None
    ) -> Iterator["Watcher"]:
        """Run a watcher meanwhile, which looks ten times a second."""
        quick = () if "--every" in arguments else ("--every", "0.1s")
        command = [sys.executable, "-m", "ci_steps", "watch", what, "--json", *quick, *arguments]
        environ = {key: value for key, value in os.environ.items() if not key.startswith(("JENKINS", "GOCD"))}
        child = subprocess.Popen(
            command,
            cwd=self.folder,
            env=environ | SECRETS | dict(variables or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        watcher = Watcher(child, tuple(command))
        try:
            yield watcher
        finally:
            with suppress(ProcessLookupError):
                child.kill()
            watcher.ended()

    def everything(self) -> str:
        """Return all that was ever noted of watching."""
        notes = (self.folder / "store" / "watches").rglob("*")
        return "\n".join(note.read_text(encoding="utf-8") for note in notes if note.is_file())

    @property
    def endings(self) -> list[str]:
        """How each build ended, as noted."""
        notes = (self.folder / "store" / "watches").rglob("ended.json")
        return [json.loads(note.read_bytes())["build"]["result"] for note in notes]


@dataclass(slots=True)
class Watcher:
    """A child that tells in JSON what it does."""

    child: "subprocess.Popen[str]"
    command: Sequence[str]
    said: list[dict[str, Any]] = field(default_factory=list)
    errors: str = ""
    _readers: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        for target in (self._read, self._read_errors):
            self._readers.append(threading.Thread(target=target, daemon=True))
            self._readers[-1].start()

    def events(self) -> list[str]:
        return [str(line["event"]) for line in self.said]

    def until(self, event: str, times: int = 1) -> dict[str, Any]:
        """Wait until it has told of such a thing so many times, and return the last."""

        def told() -> bool:
            assert self.child.poll() is None or event in self.events(), (self.said, self.errors)
            return self.events().count(event) >= times

        until(told)
        return [line for line in self.said if line["event"] == event][times - 1]

    def kill(self) -> None:
        """End it as a machine that loses its power does."""
        self.child.send_signal(signal.SIGKILL)
        self.child.wait(10)

    def ended(self, how: signal.Signals | None = None) -> int:
        """Wait for its end, after this signal where there is one, and return its exit code."""
        if how:
            self.child.send_signal(how)
        code = self.child.wait(20)
        for reader in self._readers:
            reader.join(10)
        return code

    def _read(self) -> None:
        assert self.child.stdout
        with self.child.stdout as lines:
            self.said.extend(map(json.loads, lines))

    def _read_errors(self) -> None:
        assert self.child.stderr
        with self.child.stderr as errors:
            self.errors = errors.read()
