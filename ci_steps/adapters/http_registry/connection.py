"""One registry host: its scheme, its certificates, its login, and trying again."""

import base64
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

from ci_steps.adapters.http_registry.auth import Challenge, DockerLogins, Login
from ci_steps.adapters.http_registry.references import api_host, is_loopback, may_be_plain
from ci_steps.errors import InputError, OutsideError

T = TypeVar("T")
_PASSING = {408, 429, 500, 502, 503, 504}
_FAR_TOO_LONG = 300


class _LargeBlocks(HTTPAdapter):
    """Sends 128 kB at a time; by the usual 16 kB a layer takes nearly twice as much of a core."""

    def init_poolmanager(self, *arguments: Any, **settings: Any) -> None:
        super().init_poolmanager(*arguments, blocksize=1 << 17, **settings)


class Again(Exception):  # noqa: N818 - not an error yet: another try may mend it
    """What went wrong, in words, that may go well the next time."""


@dataclass(slots=True)
class Connection:
    """Requests to one host. Bearer tokens are kept as long as this object lives, and nowhere else."""

    host: str
    logins: DockerLogins
    plain_http: tuple[str, ...]
    certs: Path
    timeout: float
    delays: tuple[float, ...]
    _base: str = ""
    _session: requests.Session = field(default_factory=requests.Session, repr=False)
    _authorizations: dict[tuple[str, ...], str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _LargeBlocks())
        # no proxy can reach our own loopback
        self._session.trust_env = not is_loopback(self.host)

    def retried(self, attempt: Callable[[], T]) -> T:
        """Return what ``attempt`` returns, trying again as often as there are delays."""
        for delay in (*self.delays, None):
            try:
                return attempt()
            except Again as error:
                if delay is None:
                    raise OutsideError(f"registry {self.host} {error}", hint="try again later") from error
                time.sleep(delay)
        raise AssertionError

    def ask(
        self,
        method: str,
        url: str,
        *,
        scopes: tuple[str, ...],
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        stream: bool = False,
    ) -> requests.Response:
        """Ask once, logging in where that is wanted; raise :class:`Again` where another try may help."""
        target = urljoin(self._root(), url)
        ours = urlsplit(target).netloc == urlsplit(self._root()).netloc
        if ours:
            target = urljoin(self._root(), target[target.index("/", 8) :])
        elif not self._may_go_to(target):
            raise OutsideError(f"registry {self.host} sends us to {urlsplit(target).netloc} without TLS")
        key = scopes if ours else ()
        known = self._authorizations.get(key, "") if ours else ""
        response = self._sent(method, target, known, headers, body, stream=stream)
        if response.status_code == 401 and ours:
            response.close()
            challenge = Challenge.parse(response.headers.get("WWW-Authenticate", ""))
            self._authorizations[key] = self._authorization(challenge, scopes)
            if hasattr(body, "rewind"):
                body.rewind()
            response = self._sent(method, target, self._authorizations[key], headers, body, stream=stream)
        if response.status_code in {401, 403}:
            raise InputError(
                f"registry {self.host} refuses {scopes[0]}: {said(response)}",
                hint=f"run `docker login {self.host}` as someone who may do that",
            )
        if response.status_code in _PASSING:
            raise Again(f"answers {said(response)}")
        return response

    def _root(self) -> str:
        """Return the URL of the registry, found out once: TLS, or plain HTTP where that is allowed."""
        if not self._base:
            plain = may_be_plain(self.host, self.plain_http) and not self._speaks_tls()
            self._base = f"{'http' if plain else 'https'}://{api_host(self.host)}/"
        return self._base

    def _speaks_tls(self) -> bool:
        """Whether the host knows TLS; it is told nothing but hello."""
        if is_loopback(self.host):
            return self._greets()
        try:
            self._raw("GET", f"https://{api_host(self.host)}/v2/").close()
        except requests.exceptions.SSLError as error:
            return "certificate verify failed" in str(error).lower()
        except requests.exceptions.ConnectionError as error:
            if _nobody_there(error):
                raise Again(_in_words(error)) from error
            return False
        return True

    def _greets(self) -> bool:
        """Find out the same of our own machine, without the 20 ms that reading all authorities takes."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        parts = urlsplit(f"//{self.host}")
        address = (parts.hostname or "", parts.port or 443)
        try:
            with socket.create_connection(address, timeout=min(10.0, self.timeout)) as plain:
                context.wrap_socket(plain, server_hostname=address[0]).close()
        except ConnectionRefusedError as error:
            raise Again("does not answer: connection refused") from error
        except TimeoutError as error:
            raise Again("does not answer in time") from error
        except OSError:
            return False
        return True

    def _may_go_to(self, url: str) -> bool:
        parts = urlsplit(url)
        return parts.scheme == "https" or may_be_plain(parts.netloc, self.plain_http)

    def _sent(
        self,
        method: str,
        url: str,
        authorization: str,
        headers: Mapping[str, str] | None,
        body: Any,
        *,
        stream: bool,
    ) -> requests.Response:
        given = dict(headers or {}) | ({"Authorization": authorization} if authorization else {})
        try:
            return self._raw(method, url, headers=given, data=body, stream=stream)
        except requests.exceptions.SSLError as error:
            raise OutsideError(
                f"registry {self.host} cannot be trusted: {_in_words(error)}",
                hint=f"put its authority's certificate at {self._authority}",
            ) from error
        except (
            requests.exceptions.ConnectionError,
            requests.exceptions.Timeout,
            requests.exceptions.ChunkedEncodingError,
        ) as error:
            raise Again(_in_words(error)) from error
        except requests.exceptions.RequestException as error:
            raise OutsideError(f"registry {self.host} cannot be used: {type(error).__name__}") from error

    def _raw(self, method: str, url: str, **more: Any) -> requests.Response:
        long = method in {"PUT", "PATCH"}  # the registry may take its time to store what came
        return self._session.request(
            method,
            url,
            auth=_as_it_is,
            verify=str(self._authority) if self._authority.is_file() else True,
            timeout=(min(10.0, self.timeout), max(self.timeout, _FAR_TOO_LONG) if long else self.timeout),
            allow_redirects=method in {"GET", "HEAD"},
            **more,
        )

    @property
    def _authority(self) -> Path:
        """Where Docker too looks for the certificate of a registry's own authority."""
        return self.certs / self.host / "ca.crt"

    def _authorization(self, challenge: Challenge, scopes: tuple[str, ...]) -> str:
        login = self.logins.of(self.host)
        if challenge.scheme == "bearer" and challenge.realm:
            return f"Bearer {self._token(challenge, scopes, login)}"
        if challenge.scheme != "basic":
            raise OutsideError(f"registry {self.host} wants an unknown login: {challenge.scheme!r}")
        if not login or not login.user:
            raise InputError(
                f"registry {self.host} wants a login, and Docker's configuration has none",
                hint=f"run `docker login {self.host}`",
            )
        return _basic(login)

    def _token(self, challenge: Challenge, scopes: tuple[str, ...], login: Login | None) -> str:
        if not self._may_go_to(challenge.realm):
            raise OutsideError(
                f"registry {self.host} wants our login sent to {urlsplit(challenge.realm).netloc} without TLS"
            )
        wanted = sorted({*scopes, *challenge.scope.split()})
        service = {"service": challenge.service} if challenge.service else {}
        seller = urlsplit(challenge.realm).netloc
        try:
            if login and login.identity_token:
                form = service | {"grant_type": "refresh_token", "client_id": "ci-steps"}
                form |= {"scope": " ".join(wanted), "refresh_token": login.identity_token}
                response = self._raw("POST", challenge.realm, data=form)
            else:
                headers = {"Authorization": _basic(login)} if login else {}
                query = service | {"scope": wanted}
                response = self._raw("GET", challenge.realm, params=query, headers=headers)
        except requests.exceptions.SSLError as error:
            raise OutsideError(f"{seller} cannot be trusted: {_in_words(error)}") from error
        except requests.exceptions.RequestException as error:
            raise Again(f"sends us to {seller} for a token, which {_in_words(error)}") from error
        if response.status_code in _PASSING:
            raise Again(f"sends us to {seller} for a token, which answers {response.status_code}")
        token = _token_in(response)
        if not token:
            raise InputError(
                f"{seller} gives no token for {self.host}: {response.status_code} {response.reason}",
                hint=f"run `docker login {self.host}`",
            )
        return token


def said(response: requests.Response) -> str:
    """Return the status and what the registry said of it, in one short line."""
    try:
        errors = response.json()["errors"]
        text = "; ".join(f"{error.get('code', '')} {error.get('message', '')}".strip() for error in errors)
    except (requests.exceptions.RequestException, LookupError, TypeError, AttributeError):
        text = ""
    printable = "".join(c for c in text if c.isprintable())[:200]
    return f"{response.status_code} {printable or response.reason}".strip().lower()


def _token_in(response: requests.Response) -> str:
    try:
        content = response.json()
    except requests.exceptions.JSONDecodeError:
        return ""
    if response.status_code != 200 or not isinstance(content, dict):
        return ""
    return str(content.get("token") or content.get("access_token") or "")


def _basic(login: Login) -> str:
    return f"Basic {base64.b64encode(f'{login.user}:{login.password}'.encode()).decode()}"


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Leave the request alone: without any `auth`, requests would take a login from ~/.netrc."""
    return request


def _nobody_there(error: requests.exceptions.ConnectionError) -> bool:
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError", "ConnectTimeoutError"}


def _in_words(error: requests.exceptions.RequestException) -> str:
    """Return what happened without the URL, which may hold a one-time signature."""
    cause: BaseException = error
    while (inner := cause.__cause__ or cause.__context__) is not None:
        cause = inner
    if isinstance(error, requests.exceptions.Timeout):
        return "does not answer in time"
    if isinstance(cause, OSError) and cause.strerror:
        return f"does not answer: {cause.strerror.lower()}"
    return f"does not answer: {type(cause).__name__}"
