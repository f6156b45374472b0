"""`MLmodel`: what MLflow wrote of a model when it saved it."""

import re
from typing import Any

import msgspec
import yaml

from ci_steps.errors import InputError

_LARGEST = 16 << 20
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)")


class Signature(msgspec.Struct, frozen=True):
    """What goes in and what comes out, each as JSON in a text: a list of columns or tensors."""

    inputs: str | None = None
    outputs: str | None = None


class ExampleNote(msgspec.Struct, frozen=True):
    """Where an input example lies, and in which form."""

    artifact_path: str
    type: str = ""
    pandas_orient: str = ""


class MLmodel(msgspec.Struct, frozen=True):
    """As much of the file as the kit goes by."""

    flavors: dict[str, dict[str, Any]]
    signature: Signature | None = None
    saved_input_example_info: ExampleNote | None = None
    utc_time_created: Any = ""

    @classmethod
    def read(cls, content: bytes, *, where: str) -> "MLmodel":
        """Return what the file says; one that MLflow could not read either is bad input."""
        if len(content) > _LARGEST:
            raise InputError(f"{where} has more than {_LARGEST >> 20} MiB", hint="log the model anew")
        try:
            # A time without quotes is one to YAML, and nothing that is asked for here.
            found = msgspec.convert(yaml.safe_load(content), cls)
        except (yaml.YAMLError, UnicodeDecodeError, msgspec.ValidationError, RecursionError) as error:
            why = " ".join(str(error).split())[:160]
            raise InputError(
                f"{where} is not what MLflow writes: {why}", hint="log the model anew"
            ) from error
        if "python_function" not in found.flavors:
            kinds = ", ".join(sorted(found.flavors)) or "no flavor"
            raise InputError(
                f"{where} has {kinds} and no python_function, by which the kit serves",
                hint="log it with a flavor that has one, as mlflow.sklearn or mlflow.pyfunc",
            )
        return found

    @property
    def created(self) -> str:
        """When it was saved, RFC 3339; empty where it does not say."""
        moment = _MOMENT.match(str(self.utc_time_created))
        return f"{moment[1]}T{moment[2]}Z" if moment else ""

    @property
    def python(self) -> str:
        """Major.minor of the Python that saved it; empty where it does not say."""
        version = str(self.flavors["python_function"].get("python_version", ""))
        major, _, rest = version.partition(".")
        return f"3.{rest.partition('.')[0]}" if major == "3" and rest[:1].isdigit() else ""
