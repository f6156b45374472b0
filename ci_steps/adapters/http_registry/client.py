import hashlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import requests

from ci_steps.adapters.http_registry.auth import DockerLogins
from ci_steps.adapters.http_registry.body import Body
from ci_steps.adapters.http_registry.connection import Again, Connection, said
from ci_steps.adapters.http_registry.incoming import Incoming
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.images import ImageRef

_MANIFESTS = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "oci.image.manifest.v1",
        "oci.image.index.v1",
        "docker.distribution.manifest.v2",
        "docker.distribution.manifest.list.v2",
    )
)
_SMALL = 8 * 1024 * 1024
_BUFFER = 1 << 20


@dataclass(frozen=True, slots=True)
class HttpRegistry:
    """Registries that speak the OCI distribution protocol, each at the host that a reference names."""

    logins: DockerLogins
    plain_http: tuple[str, ...] = ()
    """Hosts beyond loopback that may be spoken to without TLS."""
    certs: Path = Path("/etc/docker/certs.d")
    timeout: float = 60
    delays: tuple[float, ...] = (0.2, 1.0, 3.0)
    """Seconds before each further try."""
    chunk: int = 16 * 1024 * 1024
    """Bytes of a piece, where a registry does not take a blob as a whole."""
    _connections: dict[str, Connection] = field(default_factory=dict, init=False, repr=False, compare=False)

    def manifest(self, reference: str) -> tuple[bytes, str]:
        """Return a manifest's bytes and media type, which must be those that it is named by."""
        ref = ImageRef.parse(reference)
        at = self._at(ref)
        name = str(ref.digest or ref.tag or "latest")

        def asked() -> tuple[bytes, str]:
            url = f"/v2/{ref.path}/manifests/{name}"
            response = at.ask("GET", url, scopes=_pull(ref), headers={"Accept": _MANIFESTS}, stream=True)
            with response:
                if response.status_code == 404:
                    raise InputError(f"there is no image {ref}: {said(response)}", hint="see to its name")
                _expect(response, 200, at, "gives no manifest")
                content = _small(response)
            for named in (ref.digest, response.headers.get("Docker-Content-Digest")):
                if named and str(named) != str(Digest.of(content)):
                    raise OutsideError(f"registry {at.host} gives other bytes than {named} for {ref}")
            return content, response.headers.get("Content-Type", "").partition(";")[0].strip()

        return at.retried(asked)

    def blob(self, repository: str, digest: Digest) -> bytes:
        """Return a small blob, verified."""
        ref = ImageRef.parse(repository)
        at = self._at(ref)

        def asked() -> bytes:
            with self._blob(ref, digest) as response:
                content = _small(response)
            if Digest.of(content) != digest:
                raise Again(f"gives other bytes than {digest} for that blob")
            return content

        return at.retried(asked)

    def pieces(self, repository: str, digest: Digest) -> Iterator[bytes]:
        """Give a blob in pieces, going on from where it broke off; verified after the last one."""
        ref = ImageRef.parse(repository)
        yield from Incoming(self._at(ref), digest, lambda start: self._blob(ref, digest, start))

    def has(self, repository: str, digest: Digest) -> bool:
        """Whether the repository holds this blob."""
        ref = ImageRef.parse(repository)
        at = self._at(ref)

        def asked() -> bool:
            # the right to push is asked for as well: a login that lacks it fails now, not after hashing
            response = at.ask("HEAD", f"/v2/{ref.path}/blobs/{digest}", scopes=_push(ref))
            if response.status_code != 404:
                _expect(response, 200, at, f"does not say whether it has {digest}")
            return response.status_code == 200

        return at.retried(asked)

    def send(
        self,
        repository: str,
        digest: Digest,
        path: Path,
        *,
        on_bytes: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Upload a blob from a file, in one piece or, where the registry wants that, in chunks."""
        if self.has(repository, digest):
            return
        ref = ImageRef.parse(repository)
        at = self._at(ref)
        try:
            opened = path.open("rb")
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error
        with opened as file:
            at.retried(lambda: self._upload(at, ref, digest, Body(file, on_bytes)))

    def mount(self, repository: str, digest: Digest, *, source: str) -> None:
        """Make a blob of ``source`` present in ``repository``: by a mount, else by copying it."""
        if self.has(repository, digest):
            return
        ref, origin = ImageRef.parse(repository), ImageRef.parse(source)
        at = self._at(ref)
        if origin.host == ref.host and at.retried(lambda: self._mounted(at, ref, origin, digest)):
            return
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder, digest.hex)
            self._at(origin).retried(lambda: self._download(origin, digest, copy))
            self.send(repository, digest, copy)

    def put_manifest(self, repository: str, reference: str, content: bytes, media_type: str) -> Digest:
        """Put a manifest under a tag or digest and return the digest that the registry names it by."""
        ref = ImageRef.parse(repository)
        at = self._at(ref)

        def asked() -> Digest:
            url = f"/v2/{ref.path}/manifests/{reference}"
            response = at.ask(
                "PUT", url, scopes=_push(ref), headers={"Content-Type": media_type}, body=content
            )
            _expect(response, 201, at, f"does not take the manifest {reference}")
            named = response.headers.get("Docker-Content-Digest", "")
            return Digest.parse(named) if named else Digest.of(self.manifest(f"{repository}@{reference}")[0])

        return at.retried(asked)

    def _at(self, ref: ImageRef) -> Connection:
        if ref.host not in self._connections:
            self._connections[ref.host] = Connection(
                ref.host, self.logins, self.plain_http, self.certs, self.timeout, self.delays
            )
        return self._connections[ref.host]

    def _blob(self, ref: ImageRef, digest: Digest, start: int = 0) -> requests.Response:
        at = self._at(ref)
        url = f"/v2/{ref.path}/blobs/{digest}"
        part = {"Range": f"bytes={start}-"} if start else None
        response = at.ask("GET", url, scopes=_pull(ref), headers=part, stream=True)
        if response.status_code == 404:
            response.close()
            raise InputError(f"{ref.repository} has no blob {digest}", hint="push that image again")
        if not (start and response.status_code == 206):
            _expect(response, 200, at, f"does not give {digest}")
        return response

    def _download(self, ref: ImageRef, digest: Digest, into: Path) -> None:
        sha256 = hashlib.sha256()
        try:
            with self._blob(ref, digest) as response, into.open("wb") as file:
                for piece in response.iter_content(_BUFFER):
                    sha256.update(piece)
                    file.write(piece)
        except requests.exceptions.RequestException as error:
            raise Again(f"broke off while giving {digest}") from error
        if sha256.hexdigest() != digest.hex:
            raise Again(f"gives other bytes than {digest} for that blob")

    def _mounted(self, at: Connection, ref: ImageRef, origin: ImageRef, digest: Digest) -> bool:
        query = urlencode({"mount": str(digest), "from": origin.path})
        scopes = (*_push(ref), *_pull(origin))
        response = at.ask("POST", f"/v2/{ref.path}/blobs/uploads/?{query}", scopes=scopes)
        if response.status_code == 202:  # it would rather have the bytes: the upload it opened is not used
            at.ask("DELETE", _location(response, at), scopes=_push(ref))
        return response.status_code == 201

    def _upload(self, at: Connection, ref: ImageRef, digest: Digest, body: Body) -> None:
        location, smallest = self._opened(at, ref)
        kind = {"Content-Type": "application/octet-stream"}
        response = at.ask("PUT", _closing(location, digest), scopes=_push(ref), headers=kind, body=body)
        if response.status_code in {411, 413, 416}:  # too much at once for it, or for a proxy before it
            location, smallest = self._opened(at, ref)
            body.rewind()
            for start, chunk in body.chunks(max(self.chunk, smallest)):
                span = kind | {"Content-Range": f"{start}-{start + len(chunk) - 1}"}
                response = at.ask("PATCH", location, scopes=_push(ref), headers=span, body=chunk)
                _expect(response, 202, at, f"does not take a chunk of {digest}")
                location = _location(response, at)
            response = at.ask("PUT", _closing(location, digest), scopes=_push(ref), headers=kind)
        if response.status_code != 201 and body.differs_from(digest):
            raise InputError(
                f"{body.name} has other bytes than its digest {digest}", hint="delete it, then build again"
            )
        _expect(response, 201, at, f"does not take {digest}")

    def _opened(self, at: Connection, ref: ImageRef) -> tuple[str, int]:
        response = at.ask("POST", f"/v2/{ref.path}/blobs/uploads/", scopes=_push(ref))
        _expect(response, 202, at, f"takes no uploads to {ref.path}")
        smallest = response.headers.get("OCI-Chunk-Min-Length", "0")
        return _location(response, at), int(smallest) if smallest.isdecimal() else 0


def _pull(ref: ImageRef) -> tuple[str, ...]:
    return (f"repository:{ref.path}:pull",)


def _push(ref: ImageRef) -> tuple[str, ...]:
    return (f"repository:{ref.path}:pull,push",)


def _closing(location: str, digest: Digest) -> str:
    return f"{location}{'&' if '?' in location else '?'}{urlencode({'digest': str(digest)})}"


def _location(response: requests.Response, at: Connection) -> str:
    if "Location" not in response.headers:
        raise OutsideError(f"registry {at.host} does not say where to upload to")
    return response.headers["Location"]


def _expect(response: requests.Response, status: int, at: Connection, what: str) -> None:
    if response.status_code != status:
        raise OutsideError(f"registry {at.host} {what}: {said(response)}")


def _small(response: requests.Response) -> bytes:
    content = b""
    try:
        for piece in response.iter_content(65536):
            content += piece
            if len(content) > _SMALL:
                raise OutsideError(
                    f"the registry sends more than {_SMALL} bytes where a document was asked for"
                )
    except requests.exceptions.RequestException as error:
        raise Again("broke off while answering") from error
    return content
