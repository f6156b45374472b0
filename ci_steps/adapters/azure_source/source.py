import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from ci_steps.adapters.azure_source import answers
from ci_steps.adapters.azure_source.account import Account
from ci_steps.adapters.rest import reason, session
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.address import Address
from ci_steps.model.manifest import Origin
from ci_steps.model.sourced import Found, SourceFile
from ci_steps.model.value import Value
from ci_steps.ports import Request

if TYPE_CHECKING:
    import requests

_TIMEOUT = (10, 60)
_PLACE = re.compile(
    r"//(?P<account>[a-z0-9]{3,24})/(?P<container>\$root|\$web|[a-z0-9](?:-?[a-z0-9]){2,62})(?:/(?P<prefix>.*))?"
)


class Prefix(Value, frozen=True):
    """A place in a container."""

    account: str
    container: str
    prefix: str
    """Empty, or with its last slash."""

    def __str__(self) -> str:
        return f"azure://{self.account}/{self.container}/{self.prefix}".rstrip("/")


@dataclass(frozen=True, slots=True)
class AzureSource:
    """Blobs below a prefix, each known by its ETag; another one under the same name is refused."""

    variables: Mapping[str, str] = field(repr=False)
    page: int = 5000
    """How many blobs a page of a listing holds; the service gives no more."""
    _accounts: dict[str, Account] = field(default_factory=dict, repr=False)

    def resolve(self, address: Address) -> Found:
        place = _place(address)
        files = tuple(sorted(self._files(place, address), key=lambda file: file.path))
        if not files:
            raise InputError(
                f"{address.unpinned} holds no blob",
                hint="name the prefix of the model's folder: azure://account/container/prefix",
            )
        return Found(origin=Origin(address=str(place), facts={}), files=files)

    def request(self, file: SourceFile, first: int, last: int) -> Request:
        name, _, blob = file.locator.partition("/")
        account = self._account(name)
        headers = {"If-Match": file.mark} if file.mark else {}
        if last >= first:
            headers["Range"] = f"bytes={first}-{last}"
        return account.signer.signed(f"{account.endpoint}/{quote(blob)}", headers)

    def _files(self, place: Prefix, address: Address) -> Iterator[SourceFile]:
        account = self._account(place.account)
        with session() as asking:
            for blob in _listed(account, place, asking, self.page):
                path = blob.name.removeprefix(place.prefix)
                if path.endswith("/") and not blob.size:
                    continue  # what consoles put for an empty folder
                if blob.tier.lower() == "archive":
                    raise InputError(
                        f"{blob.name!r} of {address.unpinned} is archived",
                        hint="rehydrate it to the hot or cool tier; that takes hours",
                    )
                yield SourceFile(
                    path=path,
                    size=blob.size,
                    locator=f"{place.account}/{place.container}/{blob.name}",
                    mark=blob.etag,
                    checksums={"md5": blob.md5} if blob.md5 else {},
                )

    def _account(self, name: str) -> Account:
        """Return an account, with the same token for all requests to it."""
        if name not in self._accounts:
            self._accounts[name] = Account.of(name, self.variables)
        return self._accounts[name]


def _place(address: Address) -> Prefix:
    found = _PLACE.fullmatch(address.rest)
    if found is None:
        raise InputError(
            f"{address.unpinned} does not name an account and a container",
            hint="write it like azure://account/container/prefix",
        )
    prefix = (found["prefix"] or "").strip("/")
    return Prefix(found["account"], found["container"], f"{prefix}/" if prefix else "")


def _listed(account: Account, place: Prefix, asking: "requests.Session", size: int) -> Iterator[answers.Blob]:
    wanted = {"restype": "container", "comp": "list", "include": "metadata", "maxresults": str(size)}
    wanted["prefix"] = place.prefix
    marker = ""
    while True:
        page = answers.page(_page(account, place, asking, wanted), account.endpoint)
        yield from page.blobs
        if not page.next:
            return
        if page.next == marker:
            raise OutsideError(f"{account.endpoint} lists the same page for ever")
        wanted["marker"] = marker = page.next


def _page(account: Account, place: Prefix, asking: "requests.Session", wanted: Mapping[str, str]) -> bytes:
    import requests

    url = f"{account.endpoint}/{place.container}?{urlencode(wanted, quote_via=quote)}"
    request = account.signer.signed(url, {})
    try:
        answer = asking.get(
            request.url,
            headers=dict(request.headers),
            timeout=_TIMEOUT,
            allow_redirects=False,
            auth=lambda asked: asked,  # else requests would put ~/.netrc over our headers
        )
    except requests.RequestException as error:
        # Not chained: its text has the URL, and a signature may be a part of that.
        raise OutsideError(
            f"{account.endpoint} does not answer: {reason(error)}",
            hint="see that the account's name is right; AZURE_STORAGE_BLOB_ENDPOINT says where it is, "
            "if not at Azure",
        ) from None
    if answer.status_code != 200:
        code = answer.headers.get("x-ms-error-code", "")
        raise answers.refused(answer.status_code, code, account.endpoint, place.container)
    return answer.content
