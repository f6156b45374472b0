"""Requests to a Jenkins: who asks, its crumb, and its failures in words."""

from dataclasses import dataclass, field
from typing import Any, TypeVar

import requests

from ci_steps.adapters.jenkins_trigger.job import Job
from ci_steps.adapters.jenkins_trigger.told import Crumb
from ci_steps.adapters.rest import reason
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.wire import decoded

T = TypeVar("T")

_TIMEOUT = (5, 30)


class GoneError(Exception):
    """There is nothing at that address, though the job is there."""


@dataclass(slots=True)
class Client:
    """One session: a crumb is good for the session alone that it was given to.

    https://www.jenkins.io/doc/book/security/csrf-protection/
    """

    job: Job
    user: str
    token: str
    _session: requests.Session = field(default_factory=requests.Session)
    _crumb: dict[str, str] | None = None

    def get(self, path: str, tree: str, kind: type[T]) -> T:
        """Return what Jenkins says of what is at an address; :class:`GoneError` where nothing is."""
        answer = self._asked("GET", f"{path}/api/json", params={"tree": tree})
        if answer.status_code == requests.codes.not_found:
            raise GoneError(path)
        if answer.status_code != requests.codes.ok:
            raise self._failure(answer)
        try:
            return decoded(answer.content, kind, where=path)
        except InputError as error:
            raise OutsideError(
                f"this is not what Jenkins says: {error}", hint="name the address of a Jenkins job"
            ) from error

    def post(self, path: str, form: dict[str, str]) -> requests.Response:
        """Send a form with a crumb; a new one where the session of the old one is over."""
        answer = self._posted(path, form)
        if answer.status_code == requests.codes.forbidden and "crumb" in answer.text[:20_000].lower():
            self._crumb = None
            self._session.cookies.clear()
            answer = self._posted(path, form)
        if answer.status_code == requests.codes.not_found:
            raise GoneError(path)
        if answer.status_code >= requests.codes.bad_request:
            raise self._failure(answer)
        return answer

    def _posted(self, path: str, form: dict[str, str]) -> requests.Response:
        if self._crumb is None:
            self._crumb = self._new_crumb()
        return self._asked("POST", path, data=form, headers=self._crumb)

    def _new_crumb(self) -> dict[str, str]:
        try:
            crumb = self.get(f"{self.job.root}/crumbIssuer", "crumb,crumbRequestField", Crumb)
        except GoneError:  # who switched the protection off needs none
            return {}
        return {crumb.crumb_request_field: crumb.crumb}

    def _asked(self, method: str, url: str, **more: Any) -> requests.Response:
        # Without any `auth`, requests would take a login from ~/.netrc.
        login: Any = (self.user, self.token) if self.token else lambda request: request
        try:
            # A redirect would turn a POST into a GET, and could carry the login to another host.
            return self._session.request(
                method, url, auth=login, timeout=_TIMEOUT, allow_redirects=False, **more
            )
        except requests.RequestException as error:
            raise OutsideError(f"{self.job.root} does not answer: {reason(error)}") from error

    def _failure(self, answer: requests.Response) -> Exception:
        status, root = answer.status_code, self.job.root
        if status == requests.codes.unauthorized:
            return InputError(
                f"{root} does not know this login (401)",
                hint="set JENKINS_USER, and JENKINS_TOKEN to an API token of that user",
            )
        if status == requests.codes.forbidden:
            who = f"JENKINS_USER {self.user}" if self.token else "nobody in particular"
            return InputError(
                f"{root} does not let {who} do that with {self.job.url} (403)",
                hint="set JENKINS_USER and JENKINS_TOKEN of one who may read the job and build it",
            )
        if status in {requests.codes.found, requests.codes.see_other, requests.codes.moved_permanently}:
            return InputError(
                f"{answer.url.partition('?')[0]} sends elsewhere ({status})",
                hint="name the address that Jenkins itself has, with https where it wants that",
            )
        return OutsideError(f"{root} answers {status} {answer.reason or ''}".rstrip())
