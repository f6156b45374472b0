"""Lock files as `uv pip compile --generate-hashes` writes them, read and joined."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from ci_steps.errors import InputError

_HASH = re.compile(r"\s--hash[=\s]+(\S+)")
_CONTINUED = re.compile(r"\\\r?\n")
_COMMENT = re.compile(r"(^|\s)#.*$", re.MULTILINE)
_HINT = "write it by `uv pip compile --generate-hashes`"


@dataclass(frozen=True, slots=True)
class Pinned:
    """One package at one version, known by the hashes of its files."""

    name: str
    version: str
    marker: str
    extras: frozenset[str]
    hashes: frozenset[str]

    @classmethod
    def parse(cls, line: str, *, where: str) -> Self:
        """Read ``name==version ; marker --hash=sha256:…``; what is not pinned and hashed is bad input."""
        from packaging.requirements import InvalidRequirement, Requirement
        from packaging.utils import canonicalize_name

        text = _HASH.sub("", line).strip()
        if text.startswith("-"):
            raise InputError(f"{where}: the option {text.split()[0]!r} has no place in a lock", hint=_HINT)
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            raise InputError(f"{where}: {text!r} is not a pinned package", hint=_HINT) from error
        pins = list(requirement.specifier)
        if requirement.url or len(pins) != 1 or pins[0].operator != "==" or pins[0].version.endswith("*"):
            raise InputError(f"{where}: {text!r} is not pinned by name==version", hint=_HINT)
        hashes = frozenset(_HASH.findall(line))
        if not hashes or any(not digest.startswith("sha256:") for digest in hashes):
            raise InputError(f"{where}: {requirement.name} has no sha256 hash", hint=_HINT)
        marker = str(requirement.marker) if requirement.marker else ""
        name = canonicalize_name(requirement.name)
        return cls(name, pins[0].version, marker, frozenset(requirement.extras), hashes)

    def __str__(self) -> str:
        extras = f"[{','.join(sorted(self.extras))}]" if self.extras else ""
        marker = f" ; {self.marker}" if self.marker else ""
        hashes = "".join(f" --hash={digest}" for digest in sorted(self.hashes))
        return f"{self.name}{extras}=={self.version}{marker}{hashes}"


def parsed(lock: bytes, *, where: str = "the lock") -> tuple[Pinned, ...]:
    """Return the packages of a lock."""
    try:
        text = _COMMENT.sub("", _CONTINUED.sub(" ", lock.decode()))
    except UnicodeDecodeError as error:
        raise InputError(f"{where} is not text", hint=_HINT) from error
    return tuple(Pinned.parse(line, where=where) for line in text.splitlines() if line.strip())


def joined(locks: Mapping[str, bytes]) -> tuple[Pinned, ...]:
    """Return the packages of all ``locks``, sorted; two that pin one package apart are an input error."""
    found: dict[tuple[str, str], tuple[Pinned, str]] = {}
    for where, lock in locks.items():
        for package in parsed(lock, where=where):
            key = (package.name, package.marker)
            found[key] = (_both(*found[key], package, where) if key in found else package, where)
    return tuple(found[key][0] for key in sorted(found))


def added(lock: bytes, extra: bytes) -> tuple[Pinned, ...]:
    """Return the packages of ``lock``, and those of ``extra`` that it does not name."""
    packages = parsed(lock)
    named = {package.name for package in packages}
    return (*packages, *(package for package in parsed(extra) if package.name not in named))


def written(packages: Iterable[Pinned]) -> str:
    """Return the lock of these packages, one a line."""
    return "".join(f"{package}\n" for package in packages)


def _both(one: Pinned, where_one: str, other: Pinned, where_other: str) -> Pinned:
    if one.version != other.version:
        raise InputError(
            f"{where_one} pins {one.name}=={one.version}, {where_other} pins {one.name}=={other.version}",
            hint=f"lock the model with {one.name}=={one.version}: one image holds one version of a package",
        )
    hashes = one.hashes & other.hashes
    if not hashes:
        raise InputError(
            f"{where_one} and {where_other} know {one.name}=={one.version} by different hashes",
            hint="lock both against the same package index",
        )
    return Pinned(one.name, one.version, one.marker, one.extras | other.extras, hashes)
