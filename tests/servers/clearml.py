"""A ClearML server of ours as a child program, and publishing to it by the REST calls that its client makes.

The e2e test publishes with ClearML's own client, which takes seconds to start; the contract tests publish a
dozen models, and ask the server, which checks each request, for the same things themselves.
"""

import hashlib
import json
import os
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests

_REPOSITORY = Path(__file__).parents[2]
_CLIENT = Path(__file__).with_name("clearml_client.py")


@dataclass(frozen=True)
class ClearML:
    """One running server."""

    root: str
    access: str
    secret: str
    python: str

    @property
    def variables(self) -> dict[str, str]:
        """What ClearML's client and the kit are told of it."""
        return {
            "CLEARML_API_HOST": self.root,
            "CLEARML_FILES_HOST": self.root,
            "CLEARML_API_ACCESS_KEY": self.access,
            "CLEARML_API_SECRET_KEY": self.secret,
        }

    def switch(self, name: str, content: bytes = b"") -> Any:
        """Turn a switch that only tests have."""
        return requests.post(f"{self.root}/tests-only/{name}", data=content, timeout=30).json()

    def asked(self, action: str, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._token()}"}
        answer = requests.post(f"{self.root}/{action}", json=body, headers=headers, timeout=30)
        assert answer.ok, answer.text
        return answer.json()["data"]

    def task(self, files: Mapping[str, bytes], **what: Any) -> str:
        """Make a completed task with the files as its artifacts; return its id."""
        task: str = self.asked("tasks.create", name="train", type="training", **what)["id"]
        self.asked("tasks.started", task=task)
        self.artifacts(task, files)
        self.asked("tasks.completed", task=task)
        return task

    def artifacts(self, task: str, files: Mapping[str, bytes]) -> None:
        artifacts = [
            {
                "key": path,
                "type": "custom",
                "uri": self.upload(f"train.{task}/artifacts/{path}", content),
                "content_size": len(content),
                "hash": hashlib.sha256(content).hexdigest(),
                "timestamp": 1700000000,
            }
            for path, content in files.items()
        ]
        self.asked("tasks.add_or_update_artifacts", task=task, artifacts=artifacts)

    def folder(self, task: str, key: str, files: Mapping[str, bytes]) -> None:
        """Make a folder an artifact as ClearML's client does: one zip."""
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as zipped:
            for path, content in files.items():
                zipped.writestr(path, content)
        content = packed.getvalue()
        artifact = {
            "key": key,
            "type": "archive",
            "uri": self.upload(f"train.{task}/artifacts/{key}/{key}.zip", content),
            "content_size": len(content),
            "hash": hashlib.sha256(content).hexdigest(),
            "timestamp": 1700000000,
            "type_data": {"content_type": "application/zip", "preview": "Archive content"},
        }
        self.asked("tasks.add_or_update_artifacts", task=task, artifacts=[artifact])

    def model(self, task: str, name: str, weights: bytes, **what: Any) -> str:
        """Make a model of the task; return its id."""
        uri = self.upload(f"train.{task}/models/{name}", weights)
        model: str = self.asked("models.create", uri=uri, name="tweets", task=task, **what)["id"]
        self.asked("tasks.add_or_update_model", task=task, name=name, type="output", model=model)
        return model

    def upload(self, path: str, content: bytes) -> str:
        """Put a file on the file server; return its URI."""
        name = quote(path, safe="/")
        headers = {"Authorization": f"Bearer {self._token()}"}
        files = {name: (name, content)}
        answer = requests.post(f"{self.root}/", files=files, headers=headers, timeout=30)
        assert answer.ok, answer.text
        return f"{self.root}/{name}"

    def published(self, checkout: Path, **told: Any) -> dict[str, str]:
        """Publish with ClearML's own client, from a checkout; return the ids of task and model."""
        training = (
            checkout / "publish_to_clearml.py"
        )  # the client notes the repository of the running program
        training.write_bytes(_CLIENT.read_bytes())
        given = {"PATH": os.environ["PATH"], "CLEARML_WEB_HOST": self.root} | self.variables
        with tempfile.TemporaryDirectory() as home, tempfile.TemporaryFile() as made:
            done = subprocess.run(
                [self.python, str(training)],
                cwd=checkout,
                env=given | {"HOME": home, "CLEARML_MADE": str(made.fileno())},
                pass_fds=(made.fileno(),),
                input=json.dumps(told),
                text=True,
                capture_output=True,
                timeout=240,
                check=False,
            )
            training.unlink()
            assert done.returncode == 0, done.stdout + done.stderr
            made.seek(0)
            ids: dict[str, str] = json.loads(made.read())
        return ids

    def _token(self) -> str:
        answer = requests.post(f"{self.root}/auth.login", auth=(self.access, self.secret), timeout=30)
        assert answer.ok, answer.text
        return str(answer.json()["data"]["token"])


@contextmanager
def clearml() -> Iterator[ClearML]:
    """Run a server in the environment of ClearML's client."""
    python = os.environ.get("CI_STEPS_CLEARML_PYTHON", "")
    if not python:
        pytest.fail(
            'CI_STEPS_CLEARML_PYTHON not set: run `make test`, or eval "$(contrib/engine/clearml)"',
            pytrace=False,
        )
    with subprocess.Popen(
        [python, "-m", "tests.servers.clearml_server"],
        cwd=_REPOSITORY,
        env={"PATH": os.environ["PATH"], "CLEARML_CONFIG_FILE": os.devnull},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdin
        assert program.stdout
        line = program.stdout.readline()
        assert line, "the ClearML of the tests did not start"
        try:
            yield ClearML(**json.loads(line), python=python)
        finally:
            program.stdin.close()
