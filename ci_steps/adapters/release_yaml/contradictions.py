"""What no release could start from, although every value is of its type."""

import re
from collections.abc import Iterator

from ci_steps.adapters.s3_place import S3Place
from ci_steps.errors import InputError
from ci_steps.model.settings import EnvironmentSettings
from ci_steps.model.told import Problem
from ci_steps.model.written import Place, Written

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")


def contradictions(written: Written) -> Iterator[Problem]:
    """Give what is wrong with the environments and the store."""

    def wrong(place: Place, what: str, then: str) -> Problem:
        return Problem(written.line(place), written.where(place), what, then)

    store = written.sound(str, ("store",)) or ""
    if "://" in store:
        try:
            S3Place.parse(store)
        except InputError as error:
            yield wrong(("store",), str(error), error.hint)
    if written.value(("environments",)) == {}:
        yield wrong(("environments",), "no environments", "name one, with its target and address")
    seen: dict[str, str] = {}
    for place, environment in written.sound_items(EnvironmentSettings, ("environments",)):
        name = str(place[-1])
        if not _NAME.fullmatch(name):
            yield wrong(place, f"{name!r} is not an environment's name", "a-z, 0-9, '-'")
        if not 1 <= int(environment.address.rpartition(":")[2]) <= 65535:
            yield wrong(
                (*place, "address"), f"{environment.address} is not an address", "a port is 1 to 65535"
            )
        if environment.address in seen:
            taken = f"{environment.address} is the address of {seen[environment.address]!r} too"
            yield wrong((*place, "address"), taken, "give each environment its own port")
        seen.setdefault(environment.address, name)
