"""How a person names an image."""

import re
from typing import Self

from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.value import Value

DOCKER_HUB = "docker.io"
_PATH = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::([0-9]{1,5}))?")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_HINT = "write it like registry.example.org/team/tweets:tag or …/tweets@sha256:<64 hex digits>"


class ImageRef(Value, frozen=True):
    """An image in a registry. Without a host it is Docker Hub's, as everywhere: ``python:3.11-slim``."""

    host: str
    path: str
    tag: str = ""
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``[host[:port]/]path[:tag][@digest]``.

        >>> str(ImageRef.parse("python:3.11-slim"))
        'docker.io/library/python:3.11-slim'
        """
        named, at, digest = text.partition("@")
        first, slash, rest = named.partition("/")
        if not (slash and (set(".:[") & set(first) or first == "localhost" or first != first.lower())):
            first, rest = DOCKER_HUB, named
        path, colon, tag = rest.partition(":")
        if first in {DOCKER_HUB, "index.docker.io"}:
            first, path = DOCKER_HUB, path if "/" in path else f"library/{path}"
        host = _HOST.fullmatch(first)
        if not (host and _PATH.fullmatch(path)) or (colon and not _TAG.fullmatch(tag)):
            raise InputError(f"{text!r} is not an image", hint=_HINT)
        if host[1] and not 1 <= int(host[1]) <= 65535:
            raise InputError(f"{text!r} names port {host[1]}, and a port is 1 to 65535", hint=_HINT)
        return cls(first, path, tag, Digest.parse(digest) if at else None)

    @property
    def repository(self) -> str:
        """Where it lies, without tag and digest."""
        return f"{self.host}/{self.path}"

    @property
    def tagged(self) -> str:
        """Its name for people, without digest."""
        return f"{self.repository}:{self.tag}" if self.tag else self.repository

    def __str__(self) -> str:
        return f"{self.tagged}@{self.digest}" if self.digest else self.tagged
