"""`buildWithParameters`, and the way from the queue to a result.

https://www.jenkins.io/doc/book/using/remote-access-api/; what the page leaves open is as in Jenkins' own
`ParameterizedJobMixIn` and `ParametersDefinitionProperty`: parameters that the job does not define are
silently dropped, a build that equals one in the queue is that one, and a cause is kept for token calls only.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from msgspec.structs import replace

from ci_steps.adapters.jenkins_trigger.client import Client, GoneError
from ci_steps.adapters.jenkins_trigger.job import Job
from ci_steps.adapters.jenkins_trigger.told import (
    Action,
    Builds,
    Built,
    Left,
    Queue,
    Running,
    ToldJob,
    values,
)
from ci_steps.errors import InputError, OutsideError
from ci_steps.ports.triggers import Asked, Build, BusyError

_DEFINITIONS = "nextBuildNumber,buildable,property[parameterDefinitions[name,choices]]"
_PARAMETERS = "actions[parameters[name,value]]"
_QUEUE = f"items[id,why,task[url],{_PARAMETERS}]"
_BUILDS = f"builds[number,queueId,{_PARAMETERS}]{{0,100}}"
_FIRST_RUN = "run it once by hand: Jenkins learns a Jenkinsfile's parameters from its first build"


@dataclass(frozen=True, slots=True)
class JenkinsTrigger:
    """A job with a parameter MODEL, and ENVIRONMENT where one is named."""

    job: Job
    client: Client
    environment: str = ""
    job_token: str = ""
    """That of *Trigger builds remotely*, where the job wants one."""

    @property
    def place(self) -> str:
        return f"{self.job.url} {self.environment}".rstrip()

    def mark(self) -> str:
        try:
            job = self.client.get(self.job.url, _DEFINITIONS, ToldJob)
        except GoneError as error:
            raise InputError(
                f"there is no Jenkins job at {self.job.url}, or this login may not see it",
                hint="name the job; set JENKINS_USER and JENKINS_TOKEN of one who may read it",
            ) from error
        for name in ("MODEL", *(["ENVIRONMENT"] if self.environment else [])):
            if name not in job.definitions:
                raise InputError(f"{self.job.url} has no parameter {name}", hint=_FIRST_RUN)
        choices = job.definitions["ENVIRONMENT"].choices if self.environment else ()
        if choices and self.environment not in choices:
            raise InputError(
                f"{self.job.url} has no ENVIRONMENT {self.environment!r}", hint=f"it has {', '.join(choices)}"
            )
        if not job.buildable:
            raise BusyError(f"{self.job.url} is disabled", hint="enable it in Jenkins")
        return str(job.next)

    def start(self, asked: Asked) -> Build:
        form = {"MODEL": asked.model}
        if asked.environment:
            form["ENVIRONMENT"] = asked.environment
        if self.job_token:
            form |= {"token": self.job_token, "cause": f"ci_steps watch found {asked.model}"}
        try:
            answer = self.client.post(f"{self.job.url}/buildWithParameters", form)
        except GoneError as error:
            raise InputError(f"there is no Jenkins job at {self.job.url} any more") from error
        place = urlsplit(answer.headers.get("Location", "")).path
        item = re.search(r"/queue/item/(\d+)/?$", place)
        if answer.status_code != 201 or item is None:
            raise OutsideError(
                f"{self.job.url} answers {answer.status_code} and queued nothing",
                hint="look at the job: something in Jenkins may refuse its builds",
            )
        return Build(state="waiting", queued=item[1], url=f"{self.job.url}/")

    def look(self, asked: Asked, build: Build | None) -> Build | None:
        try:
            if build is None:
                return self._queued(asked) or self._built(asked)
            if not build.number:
                build = self._left(build)
            return self._running(build) if build.number and build.state != "ended" else build
        except GoneError as error:
            raise InputError(f"there is no Jenkins job at {self.job.url} any more") from error

    def _queued(self, asked: Asked) -> Build | None:
        for item in self.client.get(f"{self.job.root}/queue", _QUEUE, Queue).items:
            if self.job.is_at(item.task.url) and _is_for(item.actions, asked):
                url = f"{self.job.url}/"
                return Build(state="waiting", queued=str(item.id), url=url, why=item.why or "")
        return None

    def _built(self, asked: Asked) -> Build | None:
        # After the queue: an item that left it meanwhile is a build by now.
        first = int(asked.mark or 0)
        found = [each.number for each in self._builds() if _is_for(each.actions, asked)]
        return self._numbered(min(new)) if (new := [each for each in found if each >= first]) else None

    def _left(self, build: Build) -> Build:
        """Return what became of an item of the queue; Jenkins forgets it five minutes after it left."""
        try:
            address = f"{self.job.root}/queue/item/{build.queued}"
            item = self.client.get(address, "why,cancelled,executable[number]", Left)
        except GoneError:
            for each in self._builds():
                if str(each.queue_id) == build.queued:
                    return self._numbered(each.number, build.queued)
            return _ended(build, "UNKNOWN", "it left the queue, and no build of the job came from it")
        if item.cancelled:
            return _ended(build, "CANCELLED", "taken out of the queue")
        if item.executable:
            return self._numbered(item.executable.number, build.queued)
        return replace(build, why=item.why or "")

    def _running(self, build: Build) -> Build:
        try:
            address = f"{self.job.url}/{build.number}"
            seen = self.client.get(address, "building,inProgress,result,description", Running)
        except GoneError:
            return _ended(build, "UNKNOWN", "somebody deleted it")
        if seen.building or seen.in_progress or not seen.result:
            return build
        why = "" if seen.result == "SUCCESS" else " ".join((seen.description or "").split())[:500]
        return _ended(build, seen.result, why)

    def _numbered(self, number: int, queued: str = "") -> Build:
        url = f"{self.job.url}/{number}/"
        return Build(state="running", queued=queued, number=str(number), url=url)

    def _builds(self) -> tuple[Built, ...]:
        return self.client.get(self.job.url, _BUILDS, Builds).builds


def _is_for(actions: tuple[Action | None, ...], asked: Asked) -> bool:
    has = values(actions)
    return has.get("MODEL") == asked.model and (
        not asked.environment or has.get("ENVIRONMENT") == asked.environment
    )


def _ended(build: Build, result: str, why: str) -> Build:
    return replace(build, state="ended", result=result, why=why, sound=result == "SUCCESS")
