"""The three ways in which an address names a model of MLflow."""

import re

from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.value import Value

_RUN = re.compile(r"[0-9a-f]{32}")
_LOGGED = re.compile(r"m-[0-9a-f]{32}")
_FORMS = "write mlflow:models/NAME@ALIAS, …/NAME/VERSION or …/m-ID, or mlflow:runs/ID/PATH"


class Registered(Value, frozen=True):
    """A version of a registered model, by its number or by an alias."""

    name: str
    version: str = ""
    alias: str = ""


class Logged(Value, frozen=True):
    """A model of MLflow 3 by its own id, registered or not."""

    id: str


class InRun(Value, frozen=True):
    """What a run logged under a path or, in MLflow 3, the model that it logged by that name."""

    run: str
    path: str


def named(address: Address) -> Registered | Logged | InRun:
    """Return what ``address`` names.

    >>> named(Address.parse("mlflow:models/tweets@champion"))
    Registered(name='tweets', version='', alias='champion')
    >>> named(Address.parse("mlflow:models/tweets/7"))
    Registered(name='tweets', version='7', alias='')
    >>> named(Address.parse("mlflow:runs/" + "a" * 32 + "/model")).path
    'model'
    """
    # As MLflow writes them itself, with a slash after the colon, they are understood too.
    kind, _, rest = address.rest.strip("/").partition("/")
    if kind == "models" and _LOGGED.fullmatch(rest):
        return Logged(rest)
    if kind == "models" and "@" in rest:
        name, _, alias = rest.rpartition("@")
        if name and alias and "/" not in rest:
            return Registered(name, alias=alias)
    elif kind == "models":
        name, _, version = rest.partition("/")
        if name and version.isascii() and version.isdecimal():
            return Registered(name, version=version)
        if version:
            raise InputError(
                f"{address.unpinned}: {version!r} is not a version's number",
                hint="name a number or an alias, NAME@ALIAS; stages are gone since MLflow 3",
            )
    elif kind == "runs":
        run, _, path = rest.partition("/")
        if _RUN.fullmatch(run) and path and ".." not in path.split("/"):
            return InRun(run, path)
    raise InputError(f"{address.unpinned} names no model of MLflow", hint=_FORMS)
