"""Who we are to a registry: what Docker's configuration holds, and the tokens that it buys."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ci_steps.adapters.http_registry.references import HUB_LOGIN
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.images import DOCKER_HUB
from ci_steps.ports import Programs

_HELPER = re.compile(r"[A-Za-z0-9._-]+")
_NOT_LOGGED_IN = "credentials not found"
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Login:
    """A name and a password, or an identity token; never shown."""

    user: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class DockerLogins:
    """The logins of Docker's configuration file, and of the credential programs that it names."""

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
        helper = helpers.get(host) or helpers.get(name) or config.get("credsStore")
        if helper and (login := self._from_program(str(helper), name)):
            return login
        for key, entry in _mapping(config.get("auths")).items():
            if key == name or _host_of(key) == host:
                return self._from_file(_mapping(entry), key)
        return None

    def _config(self) -> dict[str, Any]:
        path = self.folder / "config.json"
        try:
            config = json.loads(path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise InputError(f"{path} is not Docker's configuration: {type(error).__name__}") from error
        return _mapping(config)

    def _from_file(self, entry: Mapping[str, Any], key: str) -> Login | None:
        if token := entry.get("identitytoken"):
            return Login(identity_token=str(token))
        if not entry.get("auth"):
            named = entry.get("username") and entry.get("password")
            return Login(str(entry["username"]), str(entry["password"])) if named else None
        try:
            user, colon, password = (
                base64.b64decode(str(entry["auth"]), validate=True).decode().partition(":")
            )
        except (binascii.Error, UnicodeDecodeError):
            colon = ""
        if not colon:
            # the text itself may hold a password: it is in no message
            raise InputError(
                f"{self.folder / 'config.json'}: the login for {key} cannot be read",
                hint=f"run `docker login {_host_of(key)}` again",
            )
        return Login(user, password.strip("\0"))

    def _from_program(self, helper: str, name: str) -> Login | None:
        if not _HELPER.fullmatch(helper):
            raise InputError(f"{self.folder / 'config.json'}: {helper!r} is not a credential program")
        program = f"docker-credential-{helper}"
        ended = self.programs.run([program, "get"], cwd=Path("/"), env=self.environ, timeout=60, stdin=name)
        if ended.code and _NOT_LOGGED_IN in ended.output:
            return None
        answer = ended.output[ended.output.find("{") : ended.output.rfind("}") + 1]
        try:
            said = _mapping(json.loads(answer))
        except ValueError:
            said = {}
        if ended.code or not said.get("Secret"):
            # what it wrote may hold a password: it is in no message
            raise OutsideError(
                f"{program} gave no login for {name} (exit code {ended.code})",
                hint=f"try `echo {name} | {program} get`",
            )
        if said.get("Username") == "<token>":
            return Login(identity_token=str(said["Secret"]))
        return Login(str(said.get("Username", "")), str(said["Secret"]))


@dataclass(frozen=True, slots=True)
class Challenge:
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
        said = dict(_PARAMETER.findall(header[at:]))
        return cls("bearer", said.get("realm", ""), said.get("service", ""), said.get("scope", ""))


def _host_of(key: str) -> str:
    return key.removeprefix("https://").removeprefix("http://").partition("/")[0]


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
