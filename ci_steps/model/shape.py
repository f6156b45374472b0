"""The types of what a person writes, taken apart: what may stand at a place, and what it means."""

from collections.abc import Mapping
from datetime import date
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Self, Union, get_args, get_origin

import msgspec
from msgspec import Meta

from ci_steps.model.value import Value

PLACE = "where"
"""The field in which a section keeps its own line: no key of a file."""

_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
_LIMITS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}


class Shape(Value, frozen=True):
    """What may stand at one place."""

    kind: Any
    """The whole annotation."""
    core: Any
    """The annotation without its notes and without None."""
    metas: tuple[Meta, ...]
    optional: bool

    @classmethod
    def of(cls, kind: Any) -> Self:
        core, metas, optional = kind, list[Meta](), False
        while True:
            if get_origin(core) is Annotated:
                core, *notes = get_args(core)
                metas += [note for note in notes if isinstance(note, Meta)]
            elif get_origin(core) in {Union, UnionType} and NoneType in get_args(core):
                [core] = (each for each in get_args(core) if each is not NoneType)
                optional = True
            else:
                return cls(kind, core, tuple(metas), optional)

    @property
    def fields(self) -> Mapping[str, msgspec.structs.FieldInfo] | None:
        """The keys of a section; None where it is no section."""
        if not (isinstance(self.core, type) and issubclass(self.core, msgspec.Struct)):
            return None
        return {field.name: field for field in msgspec.structs.fields(self.core) if field.name != PLACE}

    @property
    def keeps_place(self) -> bool:
        """Whether it is a section that keeps its own line."""
        return self.fields is not None and PLACE in self.core.__struct_fields__

    @property
    def listed(self) -> bool:
        return get_origin(self.core) is tuple

    @property
    def named(self) -> bool:
        return get_origin(self.core) is dict

    @property
    def item(self) -> Any:
        """The annotation of what is listed or named."""
        return get_args(self.core)[0 if self.listed else 1]

    @property
    def choices(self) -> tuple[str, ...]:
        return get_args(self.core) if get_origin(self.core) is Literal else ()

    @property
    def word(self) -> bool:
        """Whether a number, true or false is taken for the word that it is written as."""
        return any((meta.extra or {}).get("word") for meta in self.metas)

    @property
    def means(self) -> str:
        """What it is for: its description, or the promise of its section."""
        own = next((meta.description for meta in self.metas if meta.description), "")
        return own or ((self.core.__doc__ or "").partition("\n")[0] if self.fields is not None else "")

    @property
    def takes(self) -> str:
        """What may be written, in words: ``a number above 0, or nothing``."""
        return self._one() + (", or nothing" if self.optional else "")

    def _one(self) -> str:
        if self.choices:
            return " or ".join(self.choices)
        if self.listed:
            return f"a list; each item: {Shape.of(self.item).takes}"
        if self.named:
            return f"names; each with {Shape.of(self.item).takes}"
        if self.fields is not None:
            return f"a section of {', '.join(self.fields)}"
        if self.core is date:
            return "a day, as 2026-12-31"
        limits = [
            f"{word} {limit:g}" for name, word in _LIMITS.items() if (limit := self._limit(name)) is not None
        ]
        least, pattern = self._limit("min_length"), self._limit("pattern")
        limits += [f"of {least} letters or more"] if least else []
        limits += [f"that matches {pattern}"] if pattern else []
        limits += ["or a number, true or false"] if self.word else []
        return f"{_WORDS.get(self.core, 'anything')} {' and '.join(limits)}".rstrip()

    def percent(self, value: Any) -> float | None:
        """Return the share that a per cent value stands for, where a share is wanted: 0.95 for 95."""
        most = self._limit("lt") or self._limit("le")
        if self.core is not float or isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        return value / 100 if most == 1 and 1 < value < 100 else None

    def _limit(self, name: str) -> Any:
        return next((limit for meta in self.metas if (limit := getattr(meta, name)) is not None), None)
