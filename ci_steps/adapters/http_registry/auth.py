"""Who we are to a registry: what Docker's configuration holds, and the tokens that it buys."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ci_steps.adapters.http_registry.references import HUB_LOGIN
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.images import DOCKER_HUB, ImageRef
from ci_steps.model.value import Value
from ci_steps.ports import Programs

GIVEN = "DOCKER_AUTH_CONFIG"
"""Docker's configuration as a variable, where a CI keeps it as a secret; it comes before the file."""
_HELPER = r"[A-Za-z0-9._-]+"
_NOT_LOGGED_IN = "credentials not found"
_PARAMETER = r'(\w+)="([^"]*)"'


@dataclass(frozen=True, slots=True)
class Login:
    """A name and a password, or an identity token; never shown."""

    user: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class DockerLogins:
    """The logins of Docker's configuration (a variable, or its file), and of the programs that it names."""

    programs: Programs
    folder: Path
    """Where config.json lies: what DOCKER_CONFIG says, else ~/.docker."""
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Passed on whole to credential programs, as Docker does: each wants names of its own."""

    def of(self, host: str) -> Login | None:
        """Return the login for ``host``; None where nobody has logged in."""
        config = self._config()
        name = HUB_LOGIN if host == DOCKER_HUB else host
        helpers = _mapping(config.get("credHelpers"))
        of_host = helpers.get(host) or helpers.get(name)
        helper = str(of_host or config.get("credsStore") or "")
        if helper and not re.fullmatch(_HELPER, helper):
            # what stands there may be a password that got into the wrong place: it is in no message
            key = "credHelpers" if of_host else "credsStore"
            raise InputError(
                f"{self._where}: {key} names no credential program",
                hint="name one without its docker-credential-, as pass or ecr-login",
            )
        if helper and (login := self._from_program(helper, name)):
            return login
        return _in_auths(config, host, self._where)

    @property
    def _where(self) -> str:
        return GIVEN if self.environ.get(GIVEN) else str(self.folder / "config.json")

    def _config(self) -> dict[str, Any]:
        given = self.environ.get(GIVEN)
        try:
            return _parsed(given or (self.folder / "config.json").read_bytes(), self._where)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise InputError(f"{self._where} cannot be read: {error.strerror}") from error

    def _from_program(self, helper: str, name: str) -> Login | None:
        program = f"docker-credential-{helper}"
        ended = self.programs.run([program, "get"], cwd=Path("/"), env=self.environ, timeout=60, stdin=name)
        if ended.code and _NOT_LOGGED_IN in ended.output:
            return None
        answer = ended.output[ended.output.find("{") : ended.output.rfind("}") + 1]
        try:
            said = _mapping(json.loads(answer))
        except (ValueError, RecursionError):
            said = {}
        user, secret = str(said.get("Username", "")), str(said.get("Secret") or "")
        if ended.code or not secret or not _sendable(user, secret):
            # what it wrote may hold a password: it is in no message
            raise OutsideError(
                f"{program} gave no login for {name} (exit code {ended.code})",
                hint=f"try `echo {name} | {program} get`",
            )
        return Login(identity_token=secret) if user == "<token>" else Login(user, secret)


class Challenge(Value, frozen=True):
    """How a registry wants to be logged in to, from its WWW-Authenticate header."""

    scheme: str
    realm: str = ""
    service: str = ""
    scope: str = ""

    @classmethod
    def parse(cls, header: str) -> "Challenge":
        """Read the header; of several ways, a bearer token is taken.

        >>> Challenge.parse('Bearer realm="https://auth.example.org/t",service="r",scope="repository:a:pull"')
        Challenge(scheme='bearer', realm='https://auth.example.org/t', service='r', scope='repository:a:pull')
        """
        at = header.lower().find("bearer ")
        if at < 0:
            return cls("basic" if "basic" in header.lower() else header.split(" ", maxsplit=1)[0].lower())
        said = dict(re.findall(_PARAMETER, header[at:]))
        return cls("bearer", said.get("realm", ""), said.get("service", ""), said.get("scope", ""))


def given_login(reference: str, environ: Mapping[str, str]) -> dict[str, str] | None:
    """Return the login that DOCKER_AUTH_CONFIG gives for an image, as the engine wants it for a pull.

    None where it gives none: the engine's client then looks in Docker's configuration file by itself.
    """
    given = environ.get(GIVEN)
    login = _in_auths(_parsed(given, GIVEN), ImageRef.parse(reference).host, GIVEN) if given else None
    if login is None:
        return None
    if login.identity_token:
        return {"identitytoken": login.identity_token}
    return {"username": login.user, "password": login.password}


def _parsed(content: str | bytes, where: str) -> dict[str, Any]:
    try:
        return _mapping(json.loads(content))
    except (ValueError, RecursionError) as error:
        # json's own message shows what it could not read, which may hold a password
        raise InputError(f"{where} is not Docker's configuration: it is not JSON") from error


def _in_auths(config: Mapping[str, Any], host: str, where: str) -> Login | None:
    for key, entry in _mapping(config.get("auths")).items():
        if (host == DOCKER_HUB and key == HUB_LOGIN) or _host_of(key) == host:
            return _login(_mapping(entry), key, where)
    return None


def _login(entry: Mapping[str, Any], key: str, where: str) -> Login | None:
    login = _written(entry)
    if login == Login():
        return None
    if login is None or not _sendable(login.user, login.password, login.identity_token):
        # neither the text itself nor the path after the host, as either may hold a password
        host = _host_of(key)
        raise InputError(
            f"{where}: the login for {host} cannot be read", hint=f"run `docker login {host}` again"
        )
    return login


def _written(entry: Mapping[str, Any]) -> Login | None:
    """Return what an entry says, an empty login where it says nothing; None where it cannot be read."""
    if token := entry.get("identitytoken"):
        return Login(identity_token=str(token))
    if not entry.get("auth"):
        named = entry.get("username") and entry.get("password")
        return Login(str(entry["username"]), str(entry["password"])) if named else Login()
    try:
        user, colon, password = base64.b64decode(str(entry["auth"]), validate=True).decode().partition(":")
    except ValueError:
        return None
    return Login(user, password.strip("\0")) if colon else None


def _sendable(*texts: str) -> bool:
    r"""Whether they can be sent: JSON may hold half of a surrogate pair, as ``\ud800``, which is no text."""
    try:
        "".join(texts).encode()
    except UnicodeEncodeError:
        return False
    return True


def _host_of(key: str) -> str:
    return key.removeprefix("https://").removeprefix("http://").partition("/")[0]


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
