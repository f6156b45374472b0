"""How a person names a model that lives elsewhere than in the kit's store."""

import re
from typing import Self

from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.value import Value

SCHEMES = ("s3", "gs", "azure", "mlflow", "modeldb", "clearml", "dvc", "file")
_PIN = "#sha256="
_LOGIN = re.compile(r"//[^/@]*:[^/]*@|//[^/@]+@(?=[^/]*[.:/])")
_FORMS = """s3://bucket/prefix, mlflow:models/NAME/VERSION or mlflow:models/NAME@ALIAS, mlflow:runs/ID/PATH, \
modeldb:RUN_ID or modeldb:COMMIT/PATH, clearml:ID, dvc:REPO@REV:PATH, azure://account/container/prefix, \
gs://bucket/prefix, file:FOLDER"""


class Address(Value, frozen=True):
    """A place of a model, as ``mlflow:models/tweets@champion``; with a pin it is one model's or an error."""

    scheme: str
    rest: str
    """What stands after the scheme and its colon."""
    pin: Digest | None = None
    """The SHA that the model must have: ``#sha256=…``."""

    @staticmethod
    def is_one(text: str) -> bool:
        """Return whether ``text`` begins as an address does, and not as a name in the kit's store."""
        scheme, colon, _ = text.partition(":")
        return bool(colon) and scheme in SCHEMES

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what ``text`` names; no message repeats an address that holds a password.

        >>> Address.parse("mlflow:models/tweets@champion")
        Address(scheme='mlflow', rest='models/tweets@champion', pin=None)
        >>> Address.parse("s3://models/tweets#sha256=" + "a" * 64).pin.short
        'aaaaaaaaaaaa'
        """
        scheme, colon, rest = text.strip().partition(":")
        if not colon or scheme not in SCHEMES:
            raise InputError("this is not the address of a model", hint=f"write one of {_FORMS}")
        if (scheme != "dvc" and _LOGIN.search(rest)) or re.search(r"//[^/@]*:[^/]*@", rest):
            raise InputError(
                f"the {scheme}: address of a model has a login or a password in it",
                hint="write it without; credentials come from the environment, see the README",
            )
        rest, pinned, pin = rest.rpartition(_PIN) if _PIN in rest else (rest, "", "")
        if pinned and not re.fullmatch(r"[0-9a-f]{64}", pin):
            raise InputError(
                f"the pin of {scheme}:{rest} is not a SHA-256: {pin!r}",
                hint=f"write {_PIN} and the 64 hex digits of the model's SHA, which `plan` prints",
            )
        if not rest.strip("/") or not rest.isprintable():
            raise InputError(f"{scheme}: names no model", hint=f"write one of {_FORMS}")
        return cls(scheme, rest, Digest(pin) if pin else None)

    @property
    def unpinned(self) -> str:
        return f"{self.scheme}:{self.rest}"

    def __str__(self) -> str:
        return self.unpinned + (f"{_PIN}{self.pin.hex}" if self.pin else "")
