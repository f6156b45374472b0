"""A small HTTP server that takes nothing but hints."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn
from threading import BoundedSemaphore, Thread
from typing import Any

from ci_steps.errors import InputError
from ci_steps.watch.signatures import Signatures

_MOST = 64 << 10
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Listener:
    """`POST /webhook` of MLflow's registry, signed, and `POST /ping` of anybody.

    What a request says is never believed: it is a reason to look now and no more, so a forged one would
    gain nothing but a look. The body of neither is kept or parsed.
    """

    host: str
    port: int
    ring: Callable[[], None]
    signatures: Signatures | None
    patience: float = 5.0
    """Seconds that somebody who connects may say nothing."""

    @contextmanager
    def listening(self) -> Iterator[int]:
        """Listen meanwhile; gives the port."""
        try:
            server = _Server((self.host, self.port), _handler(self))
        except OSError as error:
            raise InputError(
                f"{self.host}:{self.port} cannot be listened on: {error.strerror}",
                hint="give another --listen HOST:PORT",
            ) from error
        with server:
            Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
            try:
                yield server.server_address[1]
            finally:
                server.shutdown()

    def answer(self, path: str, headers: Any, body: bytes) -> tuple[int, str]:
        """Return the status and the words that a request gets, and ring where it is worth it."""
        if path == "/ping":
            self.ring()
            return 202, "looking"
        if path != "/webhook":
            return 404, "POST /webhook or /ping"
        if self.signatures is None:
            return 403, "MLFLOW_WEBHOOK_SECRET is not set here, so no delivery can be verified"
        status, complaint = self.signatures.complaint(headers, body)
        if complaint:
            return status, complaint
        self.ring()
        return 202, "looking"


class _Server(ThreadingMixIn, HTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._places = BoundedSemaphore(_AT_ONCE)
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        # Whoever opens connections and says nothing takes no more than these places, for some seconds.
        if self._places.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients go away as they like."""


def _handler(listener: Listener) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version, sys_version = "ci-steps", ""
        timeout = listener.patience

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length") or ""
            if not (length.isascii() and length.isdigit()):
                self._say(411, "say Content-Length")
            elif len(length) > 10 or int(length) > _MOST:
                self._say(413, f"at most {_MOST} bytes")
            else:
                self._say(*listener.answer(self.path, self.headers, self.rfile.read(int(length))))

        def do_GET(self) -> None:
            self._say(405, "POST /webhook or /ping")

        def _say(self, status: int, text: str) -> None:
            body = f"{text}\n".encode()
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the name is the base's)
            """Say nothing: what a stranger sends belongs in no log."""

    return Handler
