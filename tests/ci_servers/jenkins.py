"""A server that takes only what Jenkins documents, and gives what Jenkins gives.

What it holds requests to: https://www.jenkins.io/doc/book/using/remote-access-api/ (the JSON and its `tree`,
201 and the queue item as Location), https://www.jenkins.io/doc/book/security/csrf-protection/ (a crumb, good
for the session that it was given to), and Jenkins' own classes `ParameterizedJobMixIn`,
`ParametersDefinitionProperty`, `ParametersAction`, `BuildAuthorizationToken` and `Queue` (undefined
parameters are dropped, a build that equals one in the queue becomes that one, 409 where the job is disabled,
the cause of a token call). An item leaves the queue, and a build ends, after some looks and not after a time.
"""

import base64
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import RLock
from typing import Any
from urllib.parse import parse_qsl

from tests.ci_servers.serving import Call, Moment, Reply, served
from tests.ci_servers.trees import pruned

JSON = {"Content-Type": "application/json;charset=utf-8", "X-Jenkins": "2.504"}


@dataclass(slots=True)
class Item:
    """One in the queue, or that left it."""

    id: int
    parameters: dict[str, str]
    causes: list[dict[str, str]]
    looks: int = 0
    cancelled: bool = False
    number: int = 0


@dataclass(slots=True)
class Run:
    number: int
    item: Item
    looks: int = 0
    result: str | None = None


@dataclass(slots=True)
class Jenkins:
    """One Jenkins with one job, `team/tweets`."""

    users: Mapping[str, str] = field(default_factory=lambda: {"watcher": "an-api-token"})
    parameters: tuple[str, ...] = ("MODEL", "ENVIRONMENT", "DRY_RUN")
    environments: tuple[str, ...] = ("staging", "production")
    job_token: str = ""
    protection: bool = True
    disabled: bool = False
    down: bool = False
    queue_looks: int = 1
    """How often an item is looked at before it leaves the queue; each listing of the queue counts too."""
    forgets: bool = False
    """Whether what left the queue is forgotten at once, and not after five minutes."""
    build_looks: int = 1
    ends: Callable[[Mapping[str, str]], str] = lambda _: "SUCCESS"
    description: str = ""
    moment: Moment = lambda _when, _call: None
    url: str = ""
    items: list[Item] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """What a client did that no Jenkins documents."""
    _crumbs: dict[str, str] = field(default_factory=dict)
    _lock: RLock = field(default_factory=RLock)

    @property
    def job(self) -> str:
        return f"{self.url}/job/team/job/tweets"

    @property
    def models(self) -> list[str]:
        """The MODEL of everything that was ever queued, in order."""
        with self._lock:
            return [item.parameters["MODEL"] for item in self.items]

    @contextmanager
    def serving(self) -> Iterator["Jenkins"]:
        with served(self._answer, self._moment) as self.url:
            yield self

    def _moment(self, when: str, call: Call) -> None:
        self.moment(when, call)  # whatever a test set it to meanwhile

    def forget_sessions(self) -> None:
        """As after a restart: nobody's crumb is good any more."""
        with self._lock:
            self._crumbs.clear()

    def _answer(self, call: Call) -> Reply:
        with self._lock:
            self.calls.append(str(call))
            if self.down:
                return Reply(503, b"<html>Please wait while Jenkins is getting ready to work</html>")
            user = self._user(call)
            if user is None:
                return Reply(401, b"<html>Invalid password/token for user</html>")
            if call.method == "POST":
                return self._posted(call, user)
            if not user and self.users:
                return Reply(403, b"<html>anonymous is missing the Overall/Read permission</html>")
            return self._got(call)

    def _user(self, call: Call) -> str | None:
        """Return who asks; empty where nobody says, None where the login is wrong."""
        scheme, _, word = call.header("Authorization").partition(" ")
        if not word:
            return ""
        if scheme != "Basic":
            self.faults.append(f"{call}: no basic login")
            return None
        user, _, token = base64.b64decode(word).decode().partition(":")
        return user if self.users.get(user) == token else None

    def _posted(self, call: Call, user: str) -> Reply:  # noqa: PLR0911  (one for each refusal)
        if call.query:
            self.faults.append(f"{call}: a secret may be in the query")
        if self.protection and call.header("Jenkins-Crumb") != self._crumbs.get(_session(call), "none"):
            return Reply(403, b"<html>No valid crumb was included in the request</html>")
        if call.path != "/job/team/job/tweets/buildWithParameters":
            return Reply(404)
        if call.header("Content-Type") != "application/x-www-form-urlencoded":
            self.faults.append(f"{call}: {call.header('Content-Type')} is no form")
        form = dict(parse_qsl(call.body.decode(), keep_blank_values=True, strict_parsing=True))
        by_token = bool(self.job_token) and form.get("token") == self.job_token
        if not by_token and self.users and not user:
            return Reply(403, b"<html>anonymous is missing the Job/Build permission</html>")
        if self.disabled:
            return Reply(409, b"<html>team/tweets is not buildable!</html>")
        if not self.parameters:
            return Reply(500, b"<html>This build is not parameterized!</html>")
        if form.get("ENVIRONMENT", self.environments[0]) not in self.environments:
            return Reply(500, b"<html>Illegal choice for parameter ENVIRONMENT</html>")
        cause = {"_class": "hudson.model.Cause$UserIdCause", "shortDescription": f"Started by user {user}"}
        if by_token:
            note = f"Started by remote host 127.0.0.1 with note: {form.get('cause', '')}"
            cause = {"_class": "hudson.model.Cause$RemoteCause", "shortDescription": note}
        return self._queue({name: form.get(name, "") for name in self.parameters}, cause)

    def _queue(self, parameters: dict[str, str], cause: dict[str, str]) -> Reply:
        for item in self.items:
            if item.parameters == parameters and not item.number and not item.cancelled:
                item.causes.append(cause)
                break
        else:
            item = Item(len(self.items) + 101, parameters, [cause])
            self.items.append(item)
        # As behind a proxy: Jenkins knows itself by the URL that somebody configured.
        return Reply(201, headers={"Location": f"https://ci.example.org/queue/item/{item.id}/"})

    def _got(self, call: Call) -> Reply:
        place = call.path.removesuffix("/api/json")
        if place == call.path:
            self.faults.append(f"{call}: not the API")
        if place == "/crumbIssuer":
            return self._crumb(call)
        if place == "/queue":
            for each in self.items:
                self._look(each)
            left = [_item(each) for each in self.items if not each.number and not each.cancelled]
            return self._json(call, {"_class": "hudson.model.Queue", "items": left})
        if place.startswith("/queue/item/"):
            return self._item(call, int(place.rpartition("/")[2]))
        if place == "/job/team/job/tweets":
            return self._json(call, self._job())
        if place.startswith("/job/team/job/tweets/"):
            return self._run(call, int(place.rpartition("/")[2]))
        return Reply(404)

    def _crumb(self, call: Call) -> Reply:
        if not self.protection:
            return Reply(404)
        session, crumb = _session(call) or secrets.token_hex(8), secrets.token_hex(16)
        self._crumbs[session] = crumb
        said = {"_class": "hudson.security.csrf.DefaultCrumbIssuer", "crumb": crumb}
        said["crumbRequestField"] = "Jenkins-Crumb"
        reply = self._json(call, said)
        cookie = {"Set-Cookie": f"JSESSIONID.{'0' * 8}={session}; Path=/; HttpOnly"}
        return Reply(reply.status, reply.body, {**reply.headers, **cookie})

    def _look(self, item: Item) -> None:
        item.looks += 1
        if item.looks > self.queue_looks and not item.number and not item.cancelled:
            item.number = len(self.runs) + 1
            self.runs.append(Run(item.number, item))

    def _item(self, call: Call, number: int) -> Reply:
        item = next((each for each in self.items if each.id == number), None)
        if item is None:
            return Reply(404)
        self._look(item)
        return Reply(404) if item.number and self.forgets else self._json(call, _item(item))

    def _run(self, call: Call, number: int) -> Reply:
        run = next((each for each in self.runs if each.number == number), None)
        if run is None:
            return Reply(404)
        run.looks += 1
        if run.looks > self.build_looks:
            run.result = self.ends(run.item.parameters)
        return self._json(call, self._shown(run))

    def _shown(self, run: Run) -> dict[str, Any]:
        return {
            "_class": "org.jenkinsci.plugins.workflow.job.WorkflowRun",
            "actions": [{}, *_actions(run.item)],
            "building": run.result is None,
            "inProgress": run.result is None,
            "description": self.description or None,
            "number": run.number,
            "queueId": run.item.id,
            "result": run.result,
            "url": f"https://ci.example.org/job/team/job/tweets/{run.number}/",
        }

    def _job(self) -> dict[str, Any]:
        definitions = [
            {
                "_class": "hudson.model.ChoiceParameterDefinition",
                "name": name,
                "choices": list(self.environments),
            }
            if name == "ENVIRONMENT"
            else {"_class": "hudson.model.StringParameterDefinition", "name": name}
            for name in self.parameters
        ]
        property_ = {
            "_class": "hudson.model.ParametersDefinitionProperty",
            "parameterDefinitions": definitions,
        }
        return {
            "_class": "org.jenkinsci.plugins.workflow.job.WorkflowJob",
            "buildable": not self.disabled,
            "builds": [self._shown(run) for run in reversed(self.runs)],
            "nextBuildNumber": len(self.runs) + 1,
            "property": [{"_class": "jenkins.model.BuildDiscarderProperty"}, property_],
        }

    def _json(self, call: Call, value: dict[str, Any]) -> Reply:
        if set(call.query) != {"tree"}:
            self.faults.append(f"{call}: asks for everything, which a large Jenkins takes minutes for")
        return Reply(200, json.dumps(pruned(value, call.query["tree"])).encode(), JSON)


def _session(call: Call) -> str:
    for part in call.header("Cookie").split(";"):
        name, _, value = part.strip().partition("=")
        if name.startswith("JSESSIONID"):
            return value
    return ""


def _actions(item: Item) -> list[dict[str, Any]]:
    values = [{"name": name, "value": value} for name, value in item.parameters.items()]
    return [
        {"_class": "hudson.model.ParametersAction", "parameters": values},
        {"_class": "hudson.model.CauseAction", "causes": item.causes},
    ]


def _item(item: Item) -> dict[str, Any]:
    said: dict[str, Any] = {
        "_class": "hudson.model.Queue$WaitingItem",
        "actions": _actions(item),
        "id": item.id,
        "task": {"url": "https://ci.example.org/job/team/job/tweets/"},
        "url": f"queue/item/{item.id}/",
        "why": f"In the quiet period. Expires in {4.9 - item.looks:.1f} sec",
    }
    if item.cancelled:
        return said | {"_class": "hudson.model.Queue$LeftItem", "cancelled": True, "why": None}
    if item.number:
        executable = {
            "number": item.number,
            "url": f"https://ci.example.org/job/team/job/tweets/{item.number}/",
        }
        return said | {"_class": "hudson.model.Queue$LeftItem", "executable": executable, "why": None}
    return said
