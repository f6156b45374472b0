"""What no release could start from, although every value is of its type."""

import re
from collections.abc import Iterator

from ci_steps.adapters.release_yaml.loads import wrong_load
from ci_steps.adapters.release_yaml.models import wrong_models
from ci_steps.adapters.release_yaml.places import may_be_path
from ci_steps.adapters.s3_place import S3Place
from ci_steps.errors import InputError
from ci_steps.model.images import ImageRef
from ci_steps.model.settings import ENVIRONMENT, EnvironmentSettings, EvidenceSettings
from ci_steps.model.told import Problem
from ci_steps.model.written import Place, Written, key_of

_PATHS: tuple[Place, ...] = (("store",), ("model",), ("unit_tests", "path"), ("unit_tests", "lock"))


def contradictions(written: Written) -> Iterator[Problem]:
    """Give what is wrong with the places, the load and the environments."""
    yield from _with_places(written)
    yield from wrong_load(written)
    yield from _with_environments(written)
    yield from wrong_models(written)


def _wrong(written: Written, place: Place, what: str, then: str) -> Problem:
    return Problem(written.line(place), written.where(place), what, then)


def _with_places(written: Written) -> Iterator[Problem]:
    store = written.sound(str, ("store",)) or ""
    if "://" in store:
        try:
            S3Place.parse(store)
        except InputError as error:
            yield _wrong(written, ("store",), str(error), error.hint)
    evaluations: list[Place] = [
        (*place, "evaluations") for place, _ in written.sound_items(EvidenceSettings, ("evidence",))
    ]
    for place in (*_PATHS, *evaluations):
        path = written.sound(str, place) or ""
        if "://" not in path and not may_be_path(path):
            short = path if len(path) <= 40 else f"{path[:40]}…"
            what = f"{key_of(place)}: no folder or file can be called {short!r}"
            yield _wrong(written, place, what, "correct it")
    if repository := _with_repository(written.sound(str, ("registry",))):
        yield _wrong(written, ("registry",), f"registry: {repository[0]}", repository[1])


def _with_environments(written: Written) -> Iterator[Problem]:
    if written.value(("environments",)) == {}:
        yield _wrong(written, ("environments",), "no environments", "name one, with its target and address")
    seen: dict[str, str] = {}
    for place, environment in written.sound_items(EnvironmentSettings, ("environments",)):
        name, address = str(place[-1]), (*place, "address")
        if not re.fullmatch(ENVIRONMENT, name):
            yield _wrong(written, place, f"{name!r} is not an environment's name", "a-z, 0-9, '-'")
        if not 1 <= int(environment.address.rpartition(":")[2]) <= 65535:
            what = f"{environment.address} is not an address"
            yield _wrong(written, address, what, "a port is 1 to 65535")
        if environment.address in seen:
            taken = f"{environment.address} is the address of {seen[environment.address]!r} too"
            yield _wrong(written, address, taken, "give each environment its own port")
        seen.setdefault(environment.address, name)


def _with_repository(text: str | None) -> tuple[str, str] | None:
    hint = "write it like registry.example.org/team/tweets"
    if text is None:
        return None
    try:
        ref = ImageRef.parse(text)
    except InputError as error:
        return str(error).replace("is not an image", "is not a repository"), hint
    return (f"{text!r} is an image, and a repository is wanted", hint) if ref.tag or ref.digest else None
