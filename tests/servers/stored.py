"""The store behind a ModelDB of ours: bytes by signed URLs, each good for one request, ranges and ETags."""

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


@dataclass
class Stored:
    """Files by name. A signature is used up by one request, as one that has expired since."""

    files: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    committed: dict[str, dict[int, str]] = field(default_factory=dict)
    signatures: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    seal: str = field(default_factory=lambda: secrets.token_hex(8))
    """What every signature begins with, so that a test can look for any of them."""

    def signed(self, name: str, method: str, part: int) -> str:
        signature = self.seal + secrets.token_hex(12)
        self.signatures[signature] = name, method, part
        return signature

    def commit(self, name: str, part: int, etag: str) -> None:
        self.committed.setdefault(name, {})[part] = etag

    def complete(self, name: str) -> None:
        """Put the parts together that were both uploaded and committed by the ETag that they got."""
        parts, committed = self.parts.pop(name), self.committed.pop(name)
        if any(committed.get(number) != etag_of(content) for number, content in parts.items()):
            raise ValueError(f"{name}: a part was not committed by its ETag")
        self.files[name] = b"".join(content for _, content in sorted(parts.items()))

    def serve(self, handler: BaseHTTPRequestHandler, signature: str, content: bytes) -> None:
        name, method, part = self.signatures.pop(signature, ("", "", 0))
        if method != handler.command:
            return _sent(handler, 403, b"Request has expired")
        if method == "PUT":
            if part:
                self.parts.setdefault(name, {})[part] = content
            else:
                self.files[name] = content
            return _sent(handler, 200, b"", {"ETag": etag_of(content)})
        if name not in self.files:
            return _sent(handler, 404, b"NoSuchKey")
        return give(handler, self.files[name])


def give(handler: BaseHTTPRequestHandler, whole: bytes) -> None:
    """Answer a GET of ``whole``: its range, and only while it is what If-Match names."""
    etag = etag_of(whole)
    if handler.headers.get("If-Match", etag) != etag:
        return _sent(handler, 412, b"PreconditionFailed")
    asked = _RANGE.fullmatch(handler.headers.get("Range", ""))
    if not asked:
        return _sent(handler, 200, whole, {"ETag": etag})
    first = int(asked[1])
    if first >= len(whole):
        return _sent(handler, 416, b"", {"Content-Range": f"bytes */{len(whole)}"})
    last = min(int(asked[2] or len(whole)), len(whole) - 1)
    headers = {"ETag": etag, "Content-Range": f"bytes {first}-{last}/{len(whole)}"}
    return _sent(handler, 206, whole[first : last + 1], headers)


def etag_of(content: bytes) -> str:
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def _sent(
    handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str] | None = None
) -> None:
    handler.send_response(status)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
