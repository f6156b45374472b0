"""What Azure's Blob service says, read strictly."""

import pytest

from ci_steps.adapters.azure_source.answers import page, refused
from ci_steps.errors import InputError, OutsideError

BLOB = """<Blob><Name{encoded}>{name}</Name><Properties><Content-Length>{size}</Content-Length>
<Etag>0x8D</Etag><Content-MD5>{md5}</Content-MD5>{more}</Properties>{after}</Blob>"""


def blob(
    name: str = "m/a", size: str = "3", md5: str = "", more: str = "", after: str = "", encoded: str = ""
) -> str:
    return BLOB.format(name=name, size=size, md5=md5, more=more, after=after, encoded=encoded)


def listing(*blobs: str, marker: str = "") -> bytes:
    text = f"<Blobs>{''.join(blobs)}</Blobs><NextMarker>{marker}</NextMarker>"
    return f"<?xml version='1.0' encoding='utf-8'?><EnumerationResults>{text}</EnumerationResults>".encode()


def test_a_page_has_its_blobs_and_the_marker_of_the_next() -> None:
    read = page(listing(blob(md5="XUFAKrxLKna5cZ2REBfFkg=="), marker="more"), "there")

    [one] = read.blobs
    assert (one.name, one.size, one.etag, one.md5) == ("m/a", 3, '"0x8D"', "5d41402abc4b2a76b9719d911017c592")
    assert read.next == "more"


def test_a_name_that_xml_cannot_hold_comes_with_per_cent_signs() -> None:
    assert page(listing(blob("a%EF%BF%BE", encoded=' Encoded="true"')), "there").blobs[0].name == "a\ufffe"
    assert page(listing(blob("a%20b")), "there").blobs[0].name == "a%20b"


@pytest.mark.parametrize(
    "folder",
    [
        blob(size="0", more="<ResourceType>directory</ResourceType>"),
        blob(size="0", after="<Metadata><hdi_isfolder>true</hdi_isfolder></Metadata>"),
    ],
)
def test_folders_of_a_hierarchical_namespace_are_no_blobs(folder: str) -> None:
    assert [one.name for one in page(listing(folder, blob("m/b")), "there").blobs] == ["m/b"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"<html></html>",
        b"{}",
        listing(blob(size="many")),
        listing(blob(md5="!")),
        listing("<Blob><Name>x</Name></Blob>"),
        b'<!DOCTYPE a [<!ENTITY b "c">]><EnumerationResults><Blobs>&d;</Blobs></EnumerationResults>',
    ],
)
def test_what_is_no_listing_is_an_outside_error(content: bytes) -> None:
    with pytest.raises(OutsideError, match="there does not answer as Azure's Blob service does"):
        page(content, "there")


@pytest.mark.parametrize(
    ("status", "code", "kind", "said"),
    [
        (403, "AuthenticationFailed", InputError, "does not take the Azure credentials"),
        (409, "PublicAccessNotPermitted", InputError, "does not take the Azure credentials"),
        (401, "NoAuthenticationInformation", InputError, "does not take the Azure credentials"),
        (403, "AuthorizationPermissionMismatch", InputError, "does not allow the container 'c'"),
        (404, "ContainerNotFound", InputError, "has no container 'c'"),
        (404, "", InputError, "does not answer as Azure's Blob service does"),
        (503, "ServerBusy", OutsideError, "HTTP 503 ServerBusy"),
        (500, "<script>", OutsideError, "HTTP 500$"),
    ],
)
def test_a_refusal_says_what_it_means(status: int, code: str, kind: type[Exception], said: str) -> None:
    error = refused(status, code, "there", "c")

    assert type(error) is kind
    with pytest.raises(kind, match=said):
        raise error
    assert error.hint
