"""Requests to a GoCD server, and its failures in words: https://api.gocd.org/current/."""

import re
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import requests

from ci_steps.adapters.rest import reason
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.value import Value
from ci_steps.model.wire import decoded
from ci_steps.ports.triggers import BusyError

T = TypeVar("T")

ACCEPT = "application/vnd.go.cd.v1+json"
_TIMEOUT = (5, 30)
_LOG, _BLOCK = 256 << 10, 16 << 10
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}")
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Pipeline(Value, frozen=True):
    """A pipeline by its name, and the server that it is of."""

    root: str
    """The server with its `/go`, without a slash at its end."""
    name: str

    @classmethod
    def parse(cls, url: str, name: str, *, with_login: bool) -> Self:
        """Return a pipeline of the server at an address, which people write with and without `/go`.

        >>> Pipeline.parse("https://go.example.org:8154", "release", with_login=True).root
        'https://go.example.org:8154/go'
        """
        parts = urlsplit(url.strip())
        if "@" in parts.netloc:
            raise InputError("the address of GoCD has a login in it", hint="write it without; set GOCD_TOKEN")
        if (
            parts.scheme not in {"http", "https"}
            or not parts.hostname
            or parts.path.rstrip("/") not in {"", "/go"}
        ):
            raise InputError(
                f"{url!r} is not the address of a GoCD server", hint="write it like https://go.example.org"
            )
        if not _NAME.fullmatch(name):
            raise InputError(f"{name!r} is not a pipeline's name", hint="name it as GoCD's dashboard does")
        root = f"{parts.scheme}://{parts.netloc}"
        if with_login and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise InputError(
                f"{root} would get GOCD_TOKEN in clear: it is plain http, and not this machine",
                hint="use https",
            )
        return cls(f"{root}/go", name)

    @property
    def api(self) -> str:
        return f"{self.root}/api/pipelines/{self.name}"

    @property
    def page(self) -> str:
        """What people look at."""
        return f"{self.root}/pipeline/activity/{self.name}"


@dataclass(frozen=True, slots=True)
class Client:
    """One who asks, by a personal access token."""

    pipeline: Pipeline
    token: str
    _session: requests.Session = field(default_factory=requests.Session)

    def get(self, url: str, kind: type[T]) -> T:
        """Return what GoCD says at ``url``."""
        answer = self._asked("GET", url, headers={"Accept": ACCEPT})
        if answer.status_code != requests.codes.ok:
            raise self._failure(answer)
        try:
            return decoded(answer.content, kind, where=url.partition("?")[0])
        except InputError as error:
            raise OutsideError(
                f"this is not what GoCD says: {error}", hint="name the address of a GoCD server"
            ) from error

    def post(self, url: str, body: dict[str, Any]) -> None:
        """Send JSON, which GoCD must accept."""
        answer = self._asked("POST", url, json=body, headers={"Accept": ACCEPT})
        if answer.status_code != requests.codes.accepted:
            raise self._failure(answer)

    def log(self, path: str) -> str:
        """Return the beginning of a job's console log; empty where there is none yet."""
        answer = self._asked(
            "GET", f"{self.pipeline.root}/files/{path}/cruise-output/console.log", stream=True
        )
        with answer:
            if answer.status_code != requests.codes.ok:
                return ""
            begun = b""
            try:
                for block in answer.iter_content(_BLOCK):
                    begun += block
                    if len(begun) >= _LOG:
                        break
            except requests.RequestException as error:
                raise self._silent(error) from error
        return begun.decode(errors="replace")

    def _asked(self, method: str, url: str, *, headers: dict[str, str] | None = None, **more: Any) -> Any:
        sent = dict(headers or {})
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        try:
            return self._session.request(
                method,
                url,
                headers=sent,
                timeout=_TIMEOUT,
                allow_redirects=False,
                auth=lambda request: request,  # else requests would put ~/.netrc over our header
                **more,
            )
        except requests.RequestException as error:
            raise self._silent(error) from error

    def _silent(self, error: requests.RequestException) -> OutsideError:
        return OutsideError(f"{self.pipeline.root} does not answer: {reason(error)}")

    def _failure(self, answer: requests.Response) -> Exception:
        status, name, root = answer.status_code, self.pipeline.name, self.pipeline.root
        said = _message(answer)
        if status == requests.codes.unauthorized:
            return InputError(
                f"{root} does not know this login (401)",
                hint="set GOCD_TOKEN to a personal access token of one who may operate the pipeline",
            )
        if status == requests.codes.forbidden:
            return InputError(
                f"{root} does not let the user of GOCD_TOKEN do that with {name} (403): {said}",
                hint="let that user operate the pipeline's group",
            )
        if status == requests.codes.not_found:
            return InputError(
                f"{root} has no pipeline {name}, or this login may not see it (404)",
                hint="name it as GoCD's dashboard does; GoCD 20.8 or later has what is asked for here",
            )
        if status == requests.codes.conflict:
            return BusyError(f"{name} cannot be triggered now: {said}", hint="see the pipeline in GoCD")
        if status == requests.codes.unprocessable_entity:
            return InputError(
                f"{root} rejects what {name} is to be run with: {said}",
                hint="its configuration must have an environment variable MODEL that is not secure",
            )
        return OutsideError(f"{root} answers {status}: {said}")


def _message(answer: requests.Response) -> str:
    try:
        said = answer.json().get("message", "")
    except (requests.JSONDecodeError, AttributeError):
        said = ""
    return " ".join(str(said).split())[:300] or answer.reason or "nothing more"
