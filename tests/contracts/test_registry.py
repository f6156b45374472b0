"""What every registry does, the fake included; and what only real ones can be asked."""

import base64
import json
import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from ci_steps.adapters.http_registry import DockerLogins, HttpRegistry
from ci_steps.adapters.http_registry.references import may_be_plain
from ci_steps.adapters.programs import ChildPrograms
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.digest import Digest
from ci_steps.ports import Registry
from tests.fakes.registry import MemoryRegistry
from tests.registry_servers import (
    PASSWORD,
    USER,
    Faults,
    TokenSeller,
    free_port,
    locked_registry,
    registry,
    serving,
    token_registry,
)

HOST = os.environ.get("CI_STEPS_REGISTRY", "127.0.0.1:5000")
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
BLOB = b"layer " * 50_000


def http(folder: Path, *, login: dict[str, Any] | None = None, path: str = "", **more: Any) -> HttpRegistry:
    (folder / "docker").mkdir(exist_ok=True)
    (folder / "docker" / "config.json").write_text(json.dumps(login or {}))
    environ = {"PATH": f"{path}:{os.environ['PATH']}"}
    logins = DockerLogins(ChildPrograms(os.environ), folder / "docker", environ)
    return HttpRegistry(logins, certs=folder / "certs.d", timeout=20, delays=(0.01, 0.02), **more)


MAKERS: dict[str, Callable[[Path], Registry]] = {"memory": lambda _: MemoryRegistry(), "http": http}


@pytest.fixture(params=MAKERS)
def any_registry(request: pytest.FixtureRequest, tmp_path: Path) -> Registry:
    return MAKERS[request.param](tmp_path)


@pytest.fixture
def repository() -> str:
    return f"{HOST}/contract/{uuid.uuid4().hex}"


@pytest.fixture
def blob(tmp_path: Path) -> Path:
    path = tmp_path / "blob"
    path.write_bytes(BLOB + tmp_path.name.encode())
    return path


def manifest_of(config: Digest, size: int) -> bytes:
    part = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": str(config), "size": size}
    return json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": part, "layers": []}).encode()


def pushed(to: Registry, repository: str, path: Path, tag: str = "v1") -> tuple[bytes, Digest]:
    digest = Digest.of_file(path)
    to.send(repository, digest, path)
    content = manifest_of(digest, path.stat().st_size)
    return content, to.put_manifest(repository, tag, content, MANIFEST)


def test_a_blob_that_was_sent_is_there(any_registry: Registry, repository: str, blob: Path) -> None:
    digest = Digest.of_file(blob)
    assert not any_registry.has(repository, digest)

    any_registry.send(repository, digest, blob)

    assert any_registry.has(repository, digest)
    assert any_registry.blob(repository, digest) == blob.read_bytes()


def test_sending_tells_how_many_bytes_went_and_sends_them_once(
    any_registry: Registry, repository: str, blob: Path
) -> None:
    told: list[int] = []

    for _ in range(2):
        any_registry.send(repository, Digest.of_file(blob), blob, on_bytes=told.append)

    assert told[-1] == max(told) == blob.stat().st_size
    assert told.count(blob.stat().st_size) <= 2  # once whole, and once at the end of the file


def test_a_file_with_other_bytes_is_not_sent_under_that_digest(
    any_registry: Registry, repository: str, blob: Path
) -> None:
    with pytest.raises(InputError, match="other bytes than its digest"):
        any_registry.send(repository, Digest.of(b"something else"), blob)

    assert not any_registry.has(repository, Digest.of(b"something else"))


def test_an_image_is_named_by_the_digest_of_its_manifest(
    any_registry: Registry, repository: str, blob: Path
) -> None:
    content, named = pushed(any_registry, repository, blob)

    assert named == Digest.of(content)
    assert any_registry.manifest(f"{repository}:v1") == (content, MANIFEST)
    assert any_registry.manifest(f"{repository}@{named}") == (content, MANIFEST)


def test_an_unknown_image_is_bad_input(any_registry: Registry, repository: str) -> None:
    with pytest.raises(InputError, match="there is no image"):
        any_registry.manifest(f"{repository}:v9")


def test_an_unknown_blob_is_bad_input(any_registry: Registry, repository: str) -> None:
    with pytest.raises(InputError, match="has no blob"):
        any_registry.blob(repository, Digest.of(b"never sent"))


def test_a_blob_comes_in_pieces(any_registry: Registry, repository: str, blob: Path) -> None:
    any_registry.send(repository, Digest.of_file(blob), blob)

    pieces = list(any_registry.pieces(repository, Digest.of_file(blob)))

    assert b"".join(pieces) == blob.read_bytes()


def test_an_unknown_blob_has_no_pieces(any_registry: Registry, repository: str) -> None:
    with pytest.raises(InputError, match="has no blob"):
        next(any_registry.pieces(repository, Digest.of(b"never sent")))


def test_a_manifest_without_its_blobs_is_not_taken(any_registry: Registry, repository: str) -> None:
    with pytest.raises(OutsideError, match="does not take the manifest"):
        any_registry.put_manifest(repository, "v1", manifest_of(Digest.of(b"absent"), 6), MANIFEST)


def test_a_blob_is_mounted_from_another_repository(
    any_registry: Registry, repository: str, blob: Path
) -> None:
    digest = Digest.of_file(blob)
    any_registry.send(f"{repository}/base", digest, blob)

    any_registry.mount(repository, digest, source=f"{repository}/base")

    assert any_registry.has(repository, digest)


def test_a_blob_that_its_source_lacks_is_bad_input(any_registry: Registry, repository: str) -> None:
    with pytest.raises(InputError, match="has no blob"):
        any_registry.mount(repository, Digest.of(b"never sent"), source=f"{repository}/base")


# --- what only real ones can be asked ---------------------------------------------------------------


def test_a_blob_is_copied_from_another_registry(tmp_path: Path, repository: str, blob: Path) -> None:
    digest = Digest.of_file(blob)
    real = http(tmp_path)
    real.send(repository, digest, blob)

    with registry(tmp_path) as elsewhere:
        real.mount(f"{elsewhere}/tweets", digest, source=repository)

        assert real.blob(f"{elsewhere}/tweets", digest) == blob.read_bytes()


def test_a_registry_that_is_not_there_is_an_outside_error(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match="does not answer: connection refused"):
        http(tmp_path).has(f"127.0.0.1:{free_port()}/tweets", Digest.of(b""))


@pytest.mark.parametrize(
    ("host", "named", "plain"),
    [
        ("127.0.0.1:5000", (), True),
        ("[::1]:5000", (), True),
        ("localhost", (), True),
        ("127.0.0.1.example.org", (), False),
        ("registry.lan:5000", (), False),
        ("registry.lan:5000", ("registry.lan:5000",), True),
        ("registry.lan", ("registry.lan:5000",), False),
    ],
)
def test_plain_http_is_for_loopback_and_for_hosts_that_were_named(
    host: str, named: tuple[str, ...], plain: bool
) -> None:
    assert may_be_plain(host, named) is plain


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[str]:
    with locked_registry(tmp_path) as host:
        trusted = tmp_path / "certs.d" / host
        trusted.mkdir(parents=True)
        (trusted / "ca.crt").write_bytes((tmp_path / "server.crt").read_bytes())
        yield host


def auths(host: str, password: str = PASSWORD) -> dict[str, Any]:
    text = base64.b64encode(f"{USER}:{password}".encode()).decode()
    return {"auths": {host: {"auth": text}}}


def test_the_login_of_dockers_configuration_opens_a_registry_with_tls(
    tmp_path: Path, locked: str, blob: Path
) -> None:
    content, named = pushed(http(tmp_path, login=auths(locked)), f"{locked}/tweets", blob)

    assert named == Digest.of(content)


def test_without_a_login_it_says_how_to_get_one(tmp_path: Path, locked: str) -> None:
    with pytest.raises(InputError, match="wants a login, and Docker's configuration has none") as caught:
        http(tmp_path).has(f"{locked}/tweets", Digest.of(b""))

    assert caught.value.hint == f"run `docker login {locked}`"


def test_a_wrong_password_is_one_line_that_does_not_hold_it(tmp_path: Path, locked: str) -> None:
    wrong = http(tmp_path, login=auths(locked, "not-this-one"))

    with pytest.raises(InputError, match="refuses repository:tweets") as caught:
        wrong.has(f"{locked}/tweets", Digest.of(b""))

    told = f"{caught.value} {caught.value.hint} {wrong!r}"
    assert "not-this-one" not in told
    assert auths(locked, "not-this-one")["auths"][locked]["auth"] not in told
    assert "\n" not in str(caught.value)


def test_a_certificate_of_an_unknown_authority_is_not_trusted(tmp_path: Path, locked: str) -> None:
    (tmp_path / "certs.d" / locked / "ca.crt").unlink()

    with pytest.raises(OutsideError, match="cannot be trusted") as caught:
        http(tmp_path, login=auths(locked)).has(f"{locked}/tweets", Digest.of(b""))

    assert caught.value.hint.endswith("ca.crt")


HELPER = """\
#!/bin/sh
read server
if [ "$1 $server" = "get {host}" ]; then
    echo "a warning" >&2
    printf '{{"ServerURL":"%s","Username":"{user}","Secret":"{password}"}}' "$server"
else
    echo "credentials not found in native keychain"
    exit 1
fi
"""


@pytest.mark.parametrize("key", ["credsStore", "credHelpers"])
def test_a_credential_program_is_asked(tmp_path: Path, locked: str, blob: Path, key: str) -> None:
    program = tmp_path / "bin" / "docker-credential-test"
    program.parent.mkdir()
    program.write_text(HELPER.format(host=locked, user=USER, password=PASSWORD))
    program.chmod(0o755)
    login: dict[str, Any] = {key: "test" if key == "credsStore" else {locked: "test"}, "auths": {locked: {}}}

    pushed(http(tmp_path, login=login, path=str(program.parent)), f"{locked}/tweets", blob)


def test_a_credential_program_that_fails_is_an_outside_error_without_its_output(
    tmp_path: Path, locked: str
) -> None:
    program = tmp_path / "bin" / "docker-credential-test"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho {PASSWORD}\nexit 3\n")
    program.chmod(0o755)

    with pytest.raises(OutsideError, match=r"docker-credential-test gave no login .*exit code 3") as caught:
        http(tmp_path, login={"credsStore": "test"}, path=str(program.parent)).has(
            f"{locked}/tweets", Digest.of(b"")
        )
    assert PASSWORD not in str(caught.value)


@pytest.fixture
def tokens(tmp_path: Path) -> Iterator[tuple[str, TokenSeller]]:
    with token_registry(tmp_path) as both:
        yield both


def test_a_bearer_token_is_bought_with_the_password_and_used_again(
    tmp_path: Path, tokens: tuple[str, TokenSeller], blob: Path
) -> None:
    host, seller = tokens
    real = http(tmp_path, login=auths(host))

    pushed(real, f"{host}/tweets", blob)

    assert seller.asked == ["password"]


def test_a_mount_asks_for_the_right_to_both_repositories(
    tmp_path: Path, tokens: tuple[str, TokenSeller], blob: Path
) -> None:
    host, seller = tokens
    real = http(tmp_path, login=auths(host))
    digest = Digest.of_file(blob)
    real.send(f"{host}/base", digest, blob)
    seller.asked.clear()

    real.mount(f"{host}/tweets", digest, source=f"{host}/base")

    assert real.has(f"{host}/tweets", digest)
    assert seller.asked == ["password", "password"]  # to look, and to mount: nothing was copied


def test_an_identity_token_buys_a_token_too(
    tmp_path: Path, tokens: tuple[str, TokenSeller], blob: Path
) -> None:
    host, seller = tokens
    login = {"auths": {host: {"identitytoken": seller.identity_token}}}

    pushed(http(tmp_path, login=login), f"{host}/tweets", blob)

    assert seller.asked == ["identity"]


def test_nobody_may_read_but_not_push(tmp_path: Path, tokens: tuple[str, TokenSeller], blob: Path) -> None:
    host, seller = tokens
    content, _ = pushed(http(tmp_path, login=auths(host)), f"{host}/tweets", blob)
    nobody = http(tmp_path)

    assert nobody.manifest(f"{host}/tweets:v1")[0] == content
    with pytest.raises(InputError, match="refuses repository:tweets:pull,push"):
        nobody.send(f"{host}/tweets", Digest.of(b"more"), blob)
    assert seller.asked[1:3] == ["anonymous", "anonymous"]


def test_a_token_seller_that_does_not_know_us_is_bad_input(
    tmp_path: Path, tokens: tuple[str, TokenSeller]
) -> None:
    host, _ = tokens

    with pytest.raises(InputError, match=f"gives no token for {host}: 401"):
        http(tmp_path, login=auths(host, "wrong")).has(f"{host}/tweets", Digest.of(b""))


@pytest.mark.parametrize("fault", ["reset", 500, 503, 429, "flip"])
def test_a_passing_fault_while_reading_is_tried_again(
    tmp_path: Path, repository: str, blob: Path, fault: str | int
) -> None:
    digest = Digest.of_file(blob)
    http(tmp_path).send(repository, digest, blob)
    faults = Faults(HOST)

    with serving(faults.answer) as proxy:
        through = http(tmp_path)
        behind = repository.replace(HOST, proxy)
        assert through.has(behind, digest)
        faults.faults = [fault, fault]

        assert through.blob(behind, digest) == blob.read_bytes()
        assert not faults.faults


@pytest.mark.parametrize("fault", ["reset", 502])
def test_a_passing_fault_while_sending_is_tried_again_from_the_start(
    tmp_path: Path, repository: str, blob: Path, fault: str | int
) -> None:
    faults = Faults(HOST, on="PUT", faults=[fault, fault])

    with serving(faults.answer) as proxy:
        content, named = pushed(http(tmp_path), repository.replace(HOST, proxy), blob)

    assert named == Digest.of(content)
    assert http(tmp_path).blob(repository, Digest.of_file(blob)) == blob.read_bytes()


def test_a_fault_that_stays_is_an_outside_error_after_a_few_tries(tmp_path: Path, repository: str) -> None:
    faults = Faults(HOST, on="HEAD", faults=[503] * 9)

    with serving(faults.answer) as proxy, pytest.raises(OutsideError, match="answers 503"):
        http(tmp_path).has(repository.replace(HOST, proxy), Digest.of(b""))

    assert len(faults.faults) == 9 - 3


def test_a_proxy_that_takes_small_bodies_only_gets_chunks(
    tmp_path: Path, repository: str, blob: Path
) -> None:
    faults = Faults(HOST, largest=100_000)

    with serving(faults.answer) as proxy:
        behind = http(tmp_path, chunk=65536)
        behind.send(repository.replace(HOST, proxy), Digest.of_file(blob), blob)

    assert http(tmp_path).blob(repository, Digest.of_file(blob)) == blob.read_bytes()
    assert faults.methods.count("PATCH") == 5


@pytest.mark.parametrize(("status", "kind"), [(403, InputError), (404, OutsideError), (507, OutsideError)])
def test_a_registry_that_refuses_is_one_clear_line(
    tmp_path: Path, repository: str, blob: Path, status: int, kind: type[Exception]
) -> None:
    faults = Faults(HOST, on="POST", faults=[status])

    with serving(faults.answer) as proxy, pytest.raises(kind, match=f"{proxy}.*{status}") as caught:
        http(tmp_path).send(repository.replace(HOST, proxy), Digest.of_file(blob), blob)

    assert "\n" not in str(caught.value)


def test_a_manifest_with_other_bytes_than_its_digest_is_not_believed(
    tmp_path: Path, repository: str, blob: Path
) -> None:
    _, named = pushed(http(tmp_path), repository, blob)
    faults = Faults(HOST)

    with serving(faults.answer) as proxy:
        through = http(tmp_path)
        through.has(repository.replace(HOST, proxy), named)
        faults.faults = ["flip"]
        with pytest.raises(OutsideError, match="gives other bytes than sha256:"):
            through.manifest(f"{repository.replace(HOST, proxy)}@{named}")


@dataclass
class Breaking:
    """A registry that gives one blob and breaks off after ``gives`` bytes, as often as it is told to."""

    content: bytes
    gives: int
    breaks: int
    ranges: bool = True
    starts: list[int] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        asked = handler.headers.get("Range") if self.ranges else None
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        content = self.content[start:]
        self.starts.append(start)
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if self.breaks:
            self.breaks -= 1
            content = content[: self.gives]
            handler.close_connection = True
        handler.wfile.write(content)


LARGE = b"0123456789" * 400_000


@pytest.mark.parametrize(("ranges", "starts"), [(True, [0, 1 << 20, 2 << 20]), (False, [0, 0, 0])])
def test_a_blob_that_breaks_off_goes_on_from_where_it_was(
    tmp_path: Path, ranges: bool, starts: list[int]
) -> None:
    breaking = Breaking(LARGE, 1_500_000 if ranges else 3_000_000, breaks=2, ranges=ranges)

    with serving(breaking.answer) as host:
        pieces = list(http(tmp_path).pieces(f"{host}/tweets", Digest.of(LARGE)))

    assert b"".join(pieces) == LARGE
    assert breaking.starts == starts


def test_a_blob_that_breaks_off_at_once_again_and_again_is_an_outside_error(tmp_path: Path) -> None:
    breaking = Breaking(LARGE, 0, breaks=99)

    with (
        serving(breaking.answer) as host,
        pytest.raises(OutsideError, match="broke off while giving sha256:"),
    ):
        list(http(tmp_path).pieces(f"{host}/tweets", Digest.of(LARGE)))

    assert len(breaking.starts) == 3


def test_pieces_of_other_bytes_end_in_an_outside_error(tmp_path: Path) -> None:
    other = Breaking(LARGE[:-1] + b"!", 0, breaks=0)

    with serving(other.answer) as host, pytest.raises(OutsideError, match="gives other bytes than sha256:"):
        list(http(tmp_path).pieces(f"{host}/tweets", Digest.of(LARGE)))
