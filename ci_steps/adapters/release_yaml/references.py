"""Names of files, images, models and places in `release.yaml` that lead nowhere."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from ci_steps.adapters.release_yaml.places import may_be_path
from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.images import ImageRef
from ci_steps.model.refs import ModelRef
from ci_steps.model.settings import UnitTestSettings
from ci_steps.model.told import Problem
from ci_steps.model.written import Place, Written, key_of

_Wrong = tuple[str, str] | None
"""What is wrong, and what to do."""


def wrong_references(written: Written, project: Path, waived: frozenset[str]) -> Iterator[Problem]:
    """Give every reference that leads nowhere; no service is asked."""
    path = written.sound(str, ("unit_tests", "path"))
    tests = UnitTestSettings().path if path is None else path
    found: dict[Place, _Wrong] = {
        ("model",): _with_model(written.sound(str, ("model",)) or "", project),
        ("store",): _with_store(written.sound(str, ("store",)), project),
        ("image", "base"): _with_base(written.sound(str, ("image", "base"))),
        ("unit_tests", "path"): _with_path(tests, project, "write the tests, or name where they are"),
        ("unit_tests", "lock"): _with_path(
            written.sound(str, ("unit_tests", "lock")), project, "leave it out to take the model's lock"
        ),
    }
    found |= {place: _with_host(host) for place, host in written.sound_items(str, ("plain_http",))}
    found |= {place: _with_code(path) for place, path in written.sound_items(str, ("scan", "code"))}
    found |= {place: _with_global(name) for place, name in written.sound_items(str, ("scan", "allow"))}
    for place, wrong in found.items():
        if wrong:
            what, then = wrong
            warning = place == ("unit_tests", "path") and "unit-tests.none" in waived
            yield Problem(
                written.line(place), written.where(place), f"{key_of(place)}: {what}", then, warning
            )


def _with_model(text: str, project: Path) -> _Wrong:
    if not text:
        return None
    if text.startswith("@"):
        if not may_be_path(text):
            return None
        pointer = project / text[1:]
        try:
            text = pointer.read_text(encoding="utf-8").partition("\n")[0].strip()
        except (OSError, UnicodeDecodeError):
            return f"{pointer} cannot be read", "name a file whose first line is a model, as tweets@9f2c41d"
    try:
        Address.parse(text) if Address.is_one(text) else ModelRef.parse(text)
    except InputError as error:
        return str(error), error.hint
    return None


def _with_store(place: str | None, project: Path) -> _Wrong:
    # What is wrong with a place on S3 is a contradiction, which every command finds.
    if place is None or "://" in place or not may_be_path(place) or (project / place).is_dir():
        return None
    return f"the folder {place} is not there", "`python -m ci_steps models publish` makes it, or correct it"


def _with_base(text: str | None) -> _Wrong:
    if text is None:
        return None
    try:
        ref = ImageRef.parse(text)
    except InputError as error:
        return str(error), error.hint
    if ref.tag or ref.digest:
        return None
    return f"{text!r} names no version", f"write it like {text}:3.11-slim-bookworm"


def _with_path(path: str | None, project: Path, then: str) -> _Wrong:
    if not path or not may_be_path(path):
        return None
    if not (project / path).resolve().is_relative_to(project.resolve()):
        return f"{path!r} leads out of the folder of release.yaml", "name a path inside"
    return None if (project / path).exists() else (f"{path} is not there", then)


def _with_host(host: str) -> _Wrong:
    if "/" in host or not host:
        return f"{host!r} is not a registry's host", "write it like registry.example.org:5000"
    return None


def _with_code(path: str) -> _Wrong:
    plain = PurePosixPath(path)
    if plain.is_absolute() or ".." in plain.parts or str(plain) != path or set("*?\\") & set(path):
        return (
            f"{path!r} is no file of a model",
            "write its path in the model's folder, as model/predictor.py",
        )
    return None


def _with_global(name: str) -> _Wrong:
    if not name or set("*? ") & set(name) or "." not in name:
        return (
            f"{name!r} allows nothing",
            "write the exact name, as numpy.ndarray: the scan tells which to add",
        )
    return None
