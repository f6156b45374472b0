"""Where DVC keeps bytes: below their MD5, in a folder, a bucket or behind a web server."""

import posixpath
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, unquote, urldefrag, urlencode, urlsplit

from ci_steps.adapters.dvc_source.settings import Remote
from ci_steps.adapters.pool import Pool
from ci_steps.adapters.remote_files import AbsentError, Seen, ShutError, asked, seen
from ci_steps.adapters.rest import session
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.sourced import SourceFile
from ci_steps.ports import Request, Source

if TYPE_CHECKING:
    import requests

_KEPT = ("account_name", "allow_anonymous_login", "endpointurl", "profile", "region")
"""What else says where a bucket is; none of it is secret."""
_OTHERS = ("gs", "azure")
_KNOWN = "a folder, s3://, gs://, azure://, https:// and http://"
_HOUR = 3600
_AT_ONCE = 16
_SIGNED_WITH = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
_SIGNS = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the remote's profile"


def locator(remote: Remote, path: str, md5: str, *, legacy: bool) -> str:
    """Return the URL of what has this hash, what else one must know of the remote, and what DVC calls it."""
    _refuse_unknown(remote)
    below = "" if legacy else "files/md5/"  # since DVC 3 they lie apart from those of before
    key = f"{below}{md5[:2]}/{md5[2:]}"
    if remote.scheme == "file":
        return f"{(Path(remote.url) / key).as_uri()}#{quote(path)}"
    kept = {name: remote.settings[name] for name in _KEPT if remote.settings.get(name)}
    return f"{posixpath.join(remote.url, key)}{'?' * bool(kept)}{urlencode(kept)}#{quote(path)}"


@dataclass(frozen=True, slots=True)
class Storage:
    """Reads of what a locator names."""

    variables: Mapping[str, str] = field(repr=False)
    others: Callable[[str], Source]
    """The sources that know how a bucket of theirs is asked."""
    session: "requests.Session" = field(default_factory=session, repr=False)
    clients: dict[tuple[tuple[str, str], ...], Any] = field(default_factory=dict, repr=False)

    def seen(self, places: Iterable[str]) -> dict[str, Seen | None]:
        """Return what lies at each place; none where there is nothing."""
        places = tuple(dict.fromkeys(places))
        with Pool(_AT_ONCE) as pool:
            return dict(zip(places, pool.map(self._seen, places), strict=True))

    def content(self, place: str, most: int) -> bytes:
        """Return the bytes of a listing, unverified."""
        request = self.request(place, "", 0, most - 1)
        try:
            if request.url.startswith("file://"):
                with _path(request.url).open("rb") as stream:
                    return stream.read(most)
            import requests

            with self.session.get(request.url, headers=dict(request.headers), timeout=(10, 60)) as answer:
                if answer.status_code >= 300:
                    raise OutsideError(f"{_shown(place)} cannot be read: HTTP {answer.status_code}")
                return answer.content
        except OSError as error:  # what requests raises is one too
            why = error.strerror if not isinstance(error, requests.RequestException) else "it broke off"
            raise OutsideError(f"{_shown(place)} cannot be read: {why}") from error

    def request(self, place: str, mark: str, first: int, last: int) -> Request:
        """Return how a range of these bytes is asked for."""
        url = urlsplit(place)
        if url.scheme == "file":
            return Request(url._replace(fragment="").geturl())
        if url.scheme in _OTHERS:
            theirs = SourceFile(path=place, size=last + 1, locator=self._locator(place), mark=mark)
            return self.others(url.scheme).request(theirs, first, last)
        return asked(
            self._signed(place) if url.scheme == "s3" else urldefrag(place)[0], {}, mark, first, last
        )

    def _seen(self, place: str) -> Seen | None:
        if place.startswith("file://"):
            return _stat(_path(place))
        request = self.request(place, "", 0, 0)  # the first byte is what `seen` asks for; it may be signed
        try:
            what = f"{_shown(place)} at {urlsplit(request.url).netloc}"
            return seen(self.session, request.url, request.headers, what)
        except AbsentError:
            return None
        except ShutError as error:
            raise InputError(
                f"DVC's remote does not give {_shown(place)} to these credentials",
                hint=f"{_SIGNS}, of one who may read it; a bucket that you may not list answers so"
                " also where nothing is: was there a `dvc push`?",
            ) from error

    def _locator(self, place: str) -> str:
        """Return what its own source calls it."""
        url = urlsplit(place)
        key = f"{url.netloc}{unquote(url.path)}"
        if url.scheme != "azure":
            return key
        account = dict(parse_qsl(url.query)).get("account_name") or self.variables.get(
            "AZURE_STORAGE_ACCOUNT"
        )
        if not account:
            raise InputError(
                f"DVC's remote {_shown(place)} does not say its account",
                hint="set AZURE_STORAGE_ACCOUNT, or the remote's account_name",
            )
        return f"{account}/{key}"

    def _signed(self, place: str) -> str:
        import boto3  # type: ignore[import-untyped]  # boto3 brings no types
        from botocore.exceptions import BotoCoreError  # type: ignore[import-untyped]

        url = urlsplit(place)
        kept = tuple(parse_qsl(url.query))
        try:
            if kept not in self.clients:
                self.clients[kept] = self._client(boto3, dict(kept), place)
            wanted = {"Bucket": url.netloc, "Key": unquote(url.path[1:])}
            signed = self.clients[kept].generate_presigned_url("get_object", Params=wanted, ExpiresIn=_HOUR)
        except (BotoCoreError, ValueError) as error:
            raise InputError(
                f"no request can be signed for DVC's remote {_shown(place)}: {type(error).__name__}",
                hint=_SIGNS,
            ) from error
        return str(signed)

    def _client(self, boto3: Any, kept: Mapping[str, str], place: str) -> Any:
        from botocore import UNSIGNED  # type: ignore[import-untyped]
        from botocore.config import Config  # type: ignore[import-untyped]

        given = {name: self.variables.get(name) or None for name in _SIGNED_WITH}
        for name, value in given.items():
            # boto3 takes anything, and fails with the value in its message when it makes a header of it
            if value and not (value.isascii() and value.isprintable()):
                raise InputError(
                    f"{_shown(place)}: {name} has characters in it that no AWS key has", hint=_SIGNS
                )
        own = {} if kept.get("profile") else dict(zip(_KEYWORDS, given.values(), strict=True))
        region = kept.get("region") or self.variables.get("AWS_REGION") or None
        made = boto3.session.Session(profile_name=kept.get("profile"), region_name=region, **own)
        anonymous = kept.get("allow_anonymous_login", "").lower() == "true"
        config = Config(signature_version=UNSIGNED if anonymous else "s3v4")
        endpoints = (kept.get("endpointurl"), *(self.variables.get(name) for name in _ENDPOINTS))
        return made.client("s3", endpoint_url=next(filter(None, endpoints), None), config=config)


_KEYWORDS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")


def _refuse_unknown(remote: Remote) -> None:
    where = f"DVC's remote {remote.name!r}"
    if remote.scheme not in {"file", "s3", "https", "http", *_OTHERS}:
        raise InputError(
            f"{where} is at {remote.scheme}://, which the kit does not read from",
            hint=f"it reads from {_KNOWN}; push it there too, and make that the default: dvc remote default",
        )
    if remote.scheme == "file" and not Path(remote.url).is_absolute():
        raise InputError(
            f"{where} is the folder {remote.url!r}, relative to a checkout that is not on this machine",
            hint="give the remote a URL, or name the checkout's folder as the repository",
        )
    if remote.settings.get("auth") or urlsplit(remote.url).username is not None:
        raise InputError(
            f"{where} wants a login, which the kit does not have", hint="serve it without, or from a bucket"
        )
    for setting in ("version_aware", "worktree"):
        if remote.settings.get(setting, "").lower() == "true":
            raise InputError(
                f"{where} is {setting}: its files lie under their own names, and not under their hash",
                hint="release it by the bucket's address, s3://…, or push it to a remote without",
            )


def _stat(path: Path) -> Seen | None:
    try:
        return Seen(path.stat().st_size)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutsideError(f"{path} cannot be read: {error.strerror}") from error


def _path(url: str) -> Path:
    return Path(unquote(urlsplit(url).path))


def _shown(place: str) -> str:
    """Return what a person is told of a place."""
    url = urlsplit(place)
    return str(_path(place)) if url.scheme == "file" else f"{url.scheme}://{url.netloc}{unquote(url.path)}"
