"""A tiny image that behaves as it is told: for what is about containers, not about models."""

import io
import os
import tarfile
from functools import cache

import docker
from docker.errors import BuildError

from ci_steps.model.digest import Digest

BASE = os.environ.get("CI_STEPS_PYTHON_IMAGE", "127.0.0.1:5000/base/python:3.11-slim-bookworm")
PROXY = os.environ.get("CI_STEPS_HAPROXY_IMAGE", "127.0.0.1:5000/base/haproxy:2.6")
REPOSITORY = f"{os.environ.get('CI_STEPS_REGISTRY', '127.0.0.1:5000')}/ci-steps-test/behaviour"

_SERVER = """
import http.server, json, os, signal, sys, time

behaviour = os.environ["BEHAVIOUR"]
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
if behaviour == "exits":
    sys.exit("the model does not load: no such file")
if behaviour == "hungry":
    hoard = [bytearray(1 << 20) for _ in range(1 << 10)]


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/health/ready":
            return self.answer(503 if behaviour == "never-ready" else 200, {})
        if self.path == "/slow":
            time.sleep(1.5)
        self.answer(200, {"release": os.environ["RELEASE_ID"], "image": os.environ["IMAGE_DIGEST"]})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        good = ("good" in asked["text"]) != (behaviour == "skewed")
        self.answer(200, {"label": "positive" if good else "negative", "score": 0.9 if good else 0.1})

    def answer(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.send_header("x-release", os.environ.get("RELEASE_ID", ""))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128


Server(("0.0.0.0", 8080), Answer).serve_forever()
"""


@cache
def engine() -> docker.DockerClient:
    """Return the one client that the tests themselves look and meddle with."""
    return docker.from_env()


@cache
def pushed(behaviour: str) -> Digest:
    """Build and push the image that behaves so, and return its digest.

    ``one`` and ``two`` serve as the specimen's model answers, ``skewed`` says the opposite of it;
    ``never-ready``, ``exits`` and ``hungry`` (takes 1 GiB) do not serve.
    """
    return _pushed(
        behaviour,
        f"FROM {BASE}\nCOPY server.py /server.py\nUSER 10001:10001\n"
        f'ENV BEHAVIOUR={behaviour}\nCMD ["python3", "-u", "/server.py"]\n',
    )


@cache
def without_python() -> str:
    """Build and push an image that holds one file and nothing to run it with; return its reference."""
    recipe = "FROM scratch\nCOPY server.py /server.py\nUSER 10001:10001\n"
    return f"{REPOSITORY}@{_pushed('bare', recipe)}"


def _pushed(tag: str, recipe: str) -> Digest:
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as tar:
        for name, text in (("Dockerfile", recipe), ("server.py", _SERVER)):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    try:
        _build(tag, context, anew=False)
    except BuildError:
        # Another test took away what the builder's cache had just named.
        _build(tag, context, anew=True)
    for line in engine().api.push(REPOSITORY, tag=tag, stream=True, decode=True):
        assert "error" not in line, line
        if "Digest" in line.get("aux", {}):
            return Digest.parse(line["aux"]["Digest"])
    raise AssertionError("the push named no digest")


def _build(tag: str, context: io.BytesIO, *, anew: bool) -> None:
    context.seek(0)
    engine().images.build(
        fileobj=context, custom_context=True, tag=f"{REPOSITORY}:{tag}", rm=True, nocache=anew
    )
