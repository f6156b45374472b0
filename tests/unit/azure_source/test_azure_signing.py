"""A signature is the one that Microsoft's description gives, over exactly what is sent."""

import base64
import hashlib
import hmac

from ci_steps.adapters.azure_source.signing import Bearer, Sas, SharedKey

KEY = b"a key that is nobody's"


def test_a_shared_key_signs_verb_headers_and_resource() -> None:
    url = "https://models.blob.core.windows.net/c/a%20b?comp=list&restype=container&marker="

    request = SharedKey("models", KEY).signed(url, {"Range": "bytes=0-9", "If-Match": '"0x8D"'})

    date, version = request.headers["x-ms-date"], request.headers["x-ms-version"]
    lines = ["GET", "", "", "", "", "", "", "", '"0x8D"', "", "", "bytes=0-9"]
    lines += [f"x-ms-date:{date}", f"x-ms-version:{version}"]
    lines += ["/models/c/a%20b", "comp:list", "marker:", "restype:container"]
    code = base64.b64encode(hmac.new(KEY, "\n".join(lines).encode(), hashlib.sha256).digest()).decode()
    assert request.headers["Authorization"] == f"SharedKey models:{code}"
    assert request.url == url
    assert date.endswith(" GMT")


def test_a_shared_access_signature_is_added_to_the_query() -> None:
    assert Sas("sig=x").signed("https://h/c/b", {}).url == "https://h/c/b?sig=x"
    assert Sas("sig=x").signed("https://h/c?comp=list", {}).url == "https://h/c?comp=list&sig=x"


def test_a_bearer_is_asked_anew_for_each_request() -> None:
    class Counting:
        def __init__(self) -> None:
            self.given = 0

        def token(self) -> str:
            self.given += 1
            return f"token-{self.given}"

    bearer = Bearer(Counting())

    assert bearer.signed("https://h/", {}).headers["Authorization"] == "Bearer token-1"
    assert bearer.signed("https://h/", {}).headers["Authorization"] == "Bearer token-2"
