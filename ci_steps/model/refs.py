"""How a person names a model."""

import re
from typing import Self

from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.value import Value

NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_SHA = re.compile(r"[0-9a-f]{7,64}")
_HINT = "write it like tweets@9f2c41d (seven characters or more) or tweets:production"


class ModelRef(Value, frozen=True):
    """A model by its SHA or the start of it (``tweets@9f2c41d``), or by a tag (``tweets:candidate``)."""

    name: str
    sha: str = ""
    tag: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        at, colon = text.partition("@"), text.partition(":")
        if at[1] and NAME.fullmatch(at[0]):
            if re.fullmatch(r"[0-9a-f]{1,6}", at[2]):
                raise InputError(f"the SHA in {text!r} is too short: {len(at[2])} characters", hint=_HINT)
            if _SHA.fullmatch(at[2]):
                return cls(at[0], sha=at[2])
        elif colon[1] and NAME.fullmatch(colon[0]) and _TAG.fullmatch(colon[2]):
            return cls(colon[0], tag=colon[2])
        raise InputError(f"{text!r} is not a model", hint=_HINT)

    @classmethod
    def by_sha(cls, text: str) -> Self:
        """Read a name that means the same model tomorrow, which a tag does not."""
        ref = cls.parse(text)
        if ref.tag:
            raise InputError(f"{text!r} is a tag, which moves", hint=f"write its SHA: {ref.name}@9f2c41d")
        return ref

    @classmethod
    def exact(cls, name: str, sha: Digest) -> Self:
        return cls(name, sha=sha.hex)

    def __str__(self) -> str:
        return f"{self.name}@{self.sha}" if self.sha else f"{self.name}:{self.tag}"
