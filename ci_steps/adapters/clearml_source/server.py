import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ci_steps.adapters.rest import Answer, Rest, address, key_of, origin
from ci_steps.errors import InputError

_KEYS = ("CLEARML_API_ACCESS_KEY", "CLEARML_API_SECRET_KEY")
_SOON = 60.0
"""Seconds before its end from which on a token is not used any more."""


@dataclass(frozen=True, slots=True)
class Server:
    """A ClearML server, asked by its documented REST API, and its file server.

    The token that stands for the keys ends some time: it is had anew before that, and once when it is
    refused.
    """

    rest: Rest
    files: str
    """The file server's address; empty: none is known, and no file gets our token."""
    keys: tuple[str, str] = field(repr=False)
    _token: list[str] = field(default_factory=list, repr=False)

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> "Server":
        """Return the server that the environment names, by the names of ClearML's own client."""
        host = variables.get("CLEARML_API_HOST", "")
        if not host:
            raise InputError(
                "CLEARML_API_HOST is not set",
                hint="set it to the address of ClearML's API server; clearml.conf is not read",
            )
        access, secret = (key_of(variables.get(name, ""), name) for name in _KEYS)
        if not access or not secret:
            raise InputError(f"{' and '.join(_KEYS)} are not set", hint="create them in ClearML's settings")
        root = address("ClearML", host, "CLEARML_API_HOST", secret=True)
        files = variables.get("CLEARML_FILES_HOST", "")
        if files:
            files = address("ClearML's file server", files, "CLEARML_FILES_HOST", secret=True)
        return cls(Rest("ClearML", root), files, (access, secret))

    def asked(self, action: str, body: Mapping[str, Any], what: str) -> Any | None:
        """Return the data of an answer; None where the server knows no such thing."""
        answer = self._answer(action, body)
        if answer.status == 401:
            self._token.clear()
            answer = self._answer(action, body)
        if answer.status in {401, 403}:
            raise self._refused(f"{what}: HTTP {answer.status}")
        if answer.status in {400, 404}:  # 400 with a subcode is how it says that an id is not known
            return None
        if answer.status >= 400:
            raise InputError(f"ClearML at {self.rest.root} cannot give {what}: HTTP {answer.status}")
        return _data(answer, what)

    def headers_for(self, url: str) -> Mapping[str, str]:
        """Return what is sent along to ``url``: our token to ClearML's file server alone."""
        ours = self.files and origin(url) == origin(self.files)
        return {"Authorization": f"Bearer {self.token()}"} if ours else {}

    def token(self) -> str:
        """Return a token that holds for a while yet."""
        if not self._token or _left(self._token[0]) < _SOON:
            self._token[:] = [self._login()]
        return self._token[0]

    def _answer(self, action: str, body: Mapping[str, Any]) -> Answer:
        headers = {"Authorization": f"Bearer {self.token()}"}
        return self.rest.ask("POST", action, headers=headers, body=body)

    def _login(self) -> str:
        login = base64.b64encode(":".join(self.keys).encode()).decode()
        answer = self.rest.ask("POST", "auth.login", headers={"Authorization": f"Basic {login}"}, body={})
        if answer.status in {400, 401, 403}:
            raise self._refused(f"these keys: HTTP {answer.status}")
        if answer.status >= 400:
            raise InputError(f"ClearML at {self.rest.root} gives no token: HTTP {answer.status}")
        token = _data(answer, "the login").get("token")
        if not isinstance(token, str) or not token.isprintable():
            raise InputError(f"{self.rest.root} does not speak ClearML's API: there is no token in its login")
        return token

    def _refused(self, what: str) -> InputError:
        return InputError(
            f"ClearML at {self.rest.root} refuses {what}",
            hint=f"see to {' and '.join(_KEYS)}, and to what their user may read",
        )


def _data(answer: Answer, what: str) -> Any:
    data = answer.content.get("data") if isinstance(answer.content, dict) else None
    if not isinstance(data, dict):
        raise InputError(
            f"the answer on {what} has no data", hint="does CLEARML_API_HOST name the API server?"
        )
    return data


def _left(token: str) -> float:
    """Return the seconds that a token holds yet; of one that does not say, many."""
    try:
        payload = token.split(".")[1]
        ends = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))).get("exp")
    except (IndexError, ValueError, AttributeError):
        return _SOON
    return ends - time.time() if isinstance(ends, int | float) else _SOON
