"""One MLflow tracking server, asked over its REST API."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self, TypeVar
from urllib.parse import urlsplit

import msgspec
import requests

from ci_steps.adapters.mlflow_source.told import Complaint
from ci_steps.adapters.rest import address, reason, session
from ci_steps.errors import InputError, OutsideError

T = TypeVar("T")
_TIMEOUT = (10, 60)
_SMALL = 32 << 20
_LOGINS = "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"


@dataclass(frozen=True, slots=True)
class TrackingServer:
    """Where it listens and how it is logged in to; its credentials are in no message."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> Self:
        """Return the server that MLflow's own variables name; what is wrong with them is an input error."""
        said = variables.get("MLFLOW_TRACKING_URI", "")
        if not said:
            raise InputError("MLFLOW_TRACKING_URI is not set", hint="set it to the tracking server's URL")
        if urlsplit(said).scheme not in {"http", "https"}:
            raise InputError(
                "MLFLOW_TRACKING_URI is not the URL of a tracking server",
                hint="write https://host:port; a database or a folder is read by such a server alone",
            )
        if variables.get("MLFLOW_TRACKING_INSECURE_TLS", "").lower() in {"true", "1"}:
            raise InputError(
                "MLFLOW_TRACKING_INSECURE_TLS is set, and a server that anyone may play is not asked",
                hint="unset it, and have its certificate authority trusted on this machine",
            )
        headers = _login(variables)
        return cls(address("MLflow", said, "MLFLOW_TRACKING_URI", secret=bool(headers)), headers)

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def told(self, route: str, kind: type[T], what: str, **query: str) -> T:
        """Return the answer to a GET; that there is no such thing is an input error that names ``what``."""
        found = self.maybe(route, kind, what, **query)
        if found is None:
            raise InputError(f"the MLflow server at {self.host} has no {what}", hint="see to its name there")
        return found

    def maybe(self, route: str, kind: type[T], what: str, **query: str) -> T | None:
        """Return the answer to a GET, or None where there is no such thing."""
        response = self._answer(f"{self.url}/api/2.0/{route}", query)
        if response.status_code in {401, 403}:
            raise InputError(
                f"the MLflow server at {self.host} does not let us see {what}: HTTP {response.status_code}",
                hint=f"set {_LOGINS}",
            )
        if response.status_code != 200:
            self._refuse_but_missing(response, what)
            return None
        try:
            return msgspec.json.decode(response.content, type=kind, strict=False)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise OutsideError(
                f"{self.host} does not answer as an MLflow server does: {error}",
                hint="see to MLFLOW_TRACKING_URI",
            ) from error

    def _refuse_but_missing(self, response: requests.Response, what: str) -> None:
        try:
            complaint = msgspec.json.decode(response.content, type=Complaint)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise OutsideError(
                f"{self.host} answers HTTP {response.status_code}, asked for {what}, and says no more",
                hint="see to MLFLOW_TRACKING_URI: is that an MLflow server?",
            ) from error
        # An alias that is not there is an INVALID_PARAMETER_VALUE to MLflow.
        if response.status_code in {400, 404} and (
            complaint.error_code == "RESOURCE_DOES_NOT_EXIST" or "not found" in complaint.message
        ):
            return
        said = " ".join(complaint.message.split())[:200]
        raise OutsideError(f"the MLflow server at {self.host} does not tell of {what}: {said}")

    def _answer(self, url: str, query: Mapping[str, str]) -> requests.Response:
        with session() as asking:
            try:
                return asking.get(
                    url,
                    params=query,
                    headers=dict(self.headers),
                    timeout=_TIMEOUT,
                    allow_redirects=False,  # a header with a password must not follow to another host
                    auth=lambda request: request,  # else requests would put ~/.netrc over our header
                    hooks={"response": self._refuse_long},
                )
            except requests.RequestException as error:
                raise OutsideError(
                    f"the MLflow server at {self.host} does not answer: {reason(error)}",
                    hint="see that it runs, and to MLFLOW_TRACKING_URI",
                ) from error

    def _refuse_long(self, response: requests.Response, **_: object) -> None:
        """Refuse an answer before its body is read."""
        length = response.headers.get("Content-Length", "")
        if length.isdecimal() and int(length) > _SMALL:
            raise OutsideError(f"the MLflow server at {self.host} answers with too much")


def _login(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the header that logs in, by the same precedence as in MLflow's client."""
    name = variables.get("MLFLOW_TRACKING_USERNAME", "")
    password = variables.get("MLFLOW_TRACKING_PASSWORD", "")
    token = variables.get("MLFLOW_TRACKING_TOKEN", "")
    if name and password:
        return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}
    if token and not (token.isascii() and token.isprintable()):
        raise InputError("MLFLOW_TRACKING_TOKEN is not a token", hint=f"set {_LOGINS}")
    return {"Authorization": f"Bearer {token}"} if token else {}
