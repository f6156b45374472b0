"""`https://ci.example.org/job/team/job/tweets`: which job of which Jenkins."""

from typing import Self
from urllib.parse import unquote, urlsplit

from ci_steps.errors import InputError
from ci_steps.model.value import Value

_HINT = "write it as the browser shows it: https://ci.example.org/job/NAME"
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class Job(Value, frozen=True):
    """A job by its address, and the root of the Jenkins that it is of."""

    url: str
    """Without a slash at its end."""
    root: str

    @classmethod
    def parse(cls, text: str, *, with_login: bool) -> Self:
        """Return the job at an address.

        >>> Job.parse("https://ci.example.org/jenkins/job/team/job/tweets/", with_login=True)
        Job(url='https://ci.example.org/jenkins/job/team/job/tweets', root='https://ci.example.org/jenkins')
        """
        parts = urlsplit(text.strip())
        if "@" in parts.netloc:
            raise InputError(
                "the address of the Jenkins job has a login in it",
                hint="write it without, and set JENKINS_USER and JENKINS_TOKEN",
            )
        url = text.strip().rstrip("/")
        root, found, name = url.partition("/job/")
        if parts.scheme not in {"http", "https"} or not parts.hostname or not found or not name:
            raise InputError(f"{text!r} is not the address of a Jenkins job", hint=_HINT)
        if parts.query or parts.fragment:
            raise InputError(f"{text!r} has more behind the job's name", hint=_HINT)
        if with_login and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise InputError(
                f"{url} would get JENKINS_TOKEN in clear: it is plain http, and not this machine",
                hint="use https",
            )
        return cls(url, root)

    def is_at(self, url: str) -> bool:
        """Whether an address that Jenkins gave is this job's; it may know itself by another host name."""
        path = unquote(urlsplit(url).path).rstrip("/")
        return path[path.find("/job/") :] == unquote(self.url[len(self.root) :])
