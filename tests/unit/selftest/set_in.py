"""Which sections of `release.yaml` a case hands to its gate, found in what its function holds."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import partial
from types import FunctionType
from typing import Any

import msgspec

from ci_steps.model.settings import Section
from ci_steps.selftest.case import Case


def sections_of(case: Case) -> tuple[Section, ...]:
    return tuple(_sections(case.report, set()))


def _sections(held: Any, seen: set[int]) -> Iterator[Section]:
    if id(held) in seen:
        return
    seen.add(id(held))
    if isinstance(held, Section):
        yield held
    for part in _parts(held):
        yield from _sections(part, seen)


def _parts(held: Any) -> Iterator[Any]:
    match held:
        case partial():
            yield from (held.func, *held.args, *held.keywords.values())
        case FunctionType():
            yield from (cell.cell_contents for cell in held.__closure__ or ())
            yield from (*(held.__defaults__ or ()), *(held.__kwdefaults__ or {}).values())
            # The settings that it names itself; what other functions name is theirs.
            named = (held.__globals__.get(name) for name in held.__code__.co_names)
            yield from (value for value in named if isinstance(value, Section))
        case msgspec.Struct():
            yield from msgspec.structs.asdict(held).values()
        case Mapping():
            yield from held.values()
        case tuple() | list():
            yield from held
        case _ if is_dataclass(held) and not isinstance(held, type):
            yield from (getattr(held, field.name) for field in fields(held))
