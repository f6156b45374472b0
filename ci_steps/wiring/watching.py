"""What a watcher is made of: where it looks, what it triggers, and where it notes that."""

import os
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import field

from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.refs import ModelRef
from ci_steps.model.value import Value
from ci_steps.wiring.outside import Outside

if TYPE_CHECKING:
    from ci_steps.ports import Progress
    from ci_steps.ports.triggers import Trigger
    from ci_steps.watch import Happening, Hints, Listener, Look, Watch

_SECRETS = ("JENKINS_USER", "JENKINS_TOKEN", "JENKINS_JOB_TOKEN", "GOCD_TOKEN", "MLFLOW_WEBHOOK_SECRET")
"""Not for a command: it was not asked to talk to these."""
_SETTLE = 10.0
_FOLLOW = 5.0


class Watching(Value, frozen=True, dict=True):
    """Everything of one call of `watch`, for one of a Jenkins job, a GoCD pipeline and a command."""

    what: str
    config: Path
    progress: "Progress"
    tell: "Callable[[Happening], None]"
    every: float
    jenkins: str = ""
    gocd: tuple[str, str] | None = None
    command: tuple[str, ...] = ()
    environment: str = ""
    state: str = ""
    lease: float = 20.0
    settle: float | None = None
    from_now: bool = False
    retry: bool = False
    variables: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def watch(self, hints: "Hints") -> "Watch":
        from ci_steps.watch import Beats, Claims, Journal, Settled, Watch
        from ci_steps.watch.beats import uptime

        trigger = self._trigger()
        blobs = self._outside.store(self._project, self.state or self._store).blobs
        journal = Journal.of(blobs, self.what, trigger.place)
        claims = Claims(
            journal=journal,
            trigger=trigger,
            beats=Beats(blobs, journal.prefix, self.lease),
            environment=self.environment,
            by=self._outside.who,
            every=min(self.every, _FOLLOW),
            tell=self.tell,
            clock=uptime,
        )
        look, settle = self._look()
        return Watch(
            what=self.what,
            settled=Settled(look, settle if self.settle is None else self.settle, uptime),
            journal=journal,
            claims=claims,
            wait=hints.wait,
            tell=self.tell,
            every=self.every,
            from_now=self.from_now,
            retry=self.retry,
        )

    def listener(self, host: str, port: int, hints: "Hints") -> "Listener":
        from ci_steps.watch import Listener, Signatures

        secret = self.variables.get("MLFLOW_WEBHOOK_SECRET")
        return Listener(host, port, hints.ring, Signatures(secret, time.time) if secret else None)

    def _look(self) -> "tuple[Look, float]":
        """Return what looks, and for how long a model must have been the same to count."""
        from ci_steps.watch import GROWING, at_address, at_tag

        if Address.is_one(self.what):
            address = Address.parse(self.what)
            source = self._outside.source(self._project, address.scheme)
            return at_address(source, address), _SETTLE if address.scheme in GROWING else 0.0
        ref = ModelRef.parse(self.what)
        return at_tag(self._outside.store(self._project, self._store), ref), 0.0

    def _trigger(self) -> "Trigger":
        if bool(self.jenkins) + bool(self.gocd) + bool(self.command) != 1:
            raise InputError(
                "a watcher triggers one thing", hint="give --jenkins, or --gocd, or a command behind --"
            )
        if self.jenkins:
            return self._jenkins()
        return self._gocd(*self.gocd) if self.gocd else self._command()

    def _jenkins(self) -> "Trigger":
        from ci_steps.adapters.jenkins_trigger import Client, JenkinsTrigger, Job

        user, token = self.variables.get("JENKINS_USER", ""), self.variables.get("JENKINS_TOKEN", "")
        if bool(user) != bool(token):
            missing = "JENKINS_TOKEN" if user else "JENKINS_USER"
            raise InputError(f"{missing} is not set", hint="set JENKINS_USER and JENKINS_TOKEN, or neither")
        job_token = self.variables.get("JENKINS_JOB_TOKEN", "")
        job = Job.parse(self.jenkins, with_login=bool(token or job_token))
        return JenkinsTrigger(job, Client(job, user, token), self.environment, job_token)

    def _gocd(self, url: str, name: str) -> "Trigger":
        from ci_steps.adapters.gocd_trigger import Client, GocdTrigger, Pipeline

        if self.environment:
            raise InputError(
                "--environment is not for GoCD, whose pipelines name their own",
                hint="leave it out, or name another pipeline",
            )
        token = self.variables.get("GOCD_TOKEN", "")
        pipeline = Pipeline.parse(url, name, with_login=bool(token))
        return GocdTrigger(pipeline, Client(pipeline, token))

    def _command(self) -> "Trigger":
        from ci_steps.adapters.command_trigger import CommandTrigger

        return CommandTrigger(
            command=self.command,
            folder=Path.cwd(),
            variables={name: value for name, value in self.variables.items() if name not in _SECRETS},
            programs=self._outside.programs(),
            on_line=self._line,
            environment=self.environment,
        )

    def _line(self, line: str) -> None:
        from ci_steps.watch import Happening

        self.tell(Happening("line", line))

    @cached_property
    def _outside(self) -> Outside:
        return Outside(self.progress, self.variables)

    @property
    def _project(self) -> Path:
        return self.config.parent

    @cached_property
    def _store(self) -> str:
        from ci_steps.adapters.release_yaml import ReleaseYaml

        return ReleaseYaml(self.config).settings().store
