"""Which model is asked for."""

import re
from pathlib import Path

from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.ledger import History
from ci_steps.model.manifest import Manifest
from ci_steps.model.refs import ModelRef

_LONGEST = 300
_POINTER = re.compile(r"@([\w.-]+\.model)")


def pointer_in(model: str, default: str) -> str:
    """Return the name of the pointer file that is asked for; empty where none is.

    It has a name that no test and no code has, because it may change after the model was trained.
    """
    text = model or default
    if not text.startswith("@"):
        return ""
    if not (found := _POINTER.fullmatch(text)):
        raise InputError(
            f"{text!r} is not a pointer to a model", hint="write @NAME.model, a file beside release.yaml"
        )
    return found[1]


def asked_for(model: str, default: str, project: Path) -> ModelRef | Address:
    """Return the model of ``--model``, else release.yaml's, maybe by way of a pointer file.

    It is in the kit's store, or elsewhere by its address.
    """
    text = model or default
    if not text:
        raise InputError("no model is named", hint="give --model, or `model:` in release.yaml")
    if pointer := pointer_in(model, default):
        pointed = _pointed(project / pointer)
        if not isinstance(pointed, str):
            return pointed
        text = pointed
    if Address.is_one(text):
        return Address.parse(text)
    if _is_sha(text) and default and not default.startswith("@") and not Address.is_one(default):
        text = f"{ModelRef.parse(default).name}@{text}"
    return ModelRef.parse(text)


def refuse_taken_back(ref: ModelRef | Address, manifest: Manifest, history: History) -> None:
    """Refuse a tag that would bring back at night what a person took away; a SHA names it on purpose."""
    if entry := history.taken_back(manifest.sha):
        named = f"{manifest.name}@{manifest.sha.short}"
        raise InputError(
            f"{ref} is {named}, which was rolled back from at {entry.at} by {entry.by}",
            hint=f"name another, or name the model by its SHA to release it all the same: --model {named}",
        )


def _pointed(path: Path) -> ModelRef | Address | str:
    """Return the model, or the SHA alone, that a pointer file names in its first line.

    What else stands there is in no message: it may be another file than was meant.
    """
    hint = "its first line must be a model, as tweets@9f2c41d"
    if not path.is_file():
        raise InputError(f"the model's pointer {path} is not a file", hint=hint)
    try:
        with path.open("rb") as file:
            text = file.readline(_LONGEST).decode("utf-8-sig").strip()
        if Address.is_one(text):
            return Address.parse(text)
        return text if _is_sha(text) else ModelRef.parse(text)
    except OSError as error:
        raise InputError(f"the model's pointer {path} cannot be read: {error.strerror}", hint=hint) from error
    except (UnicodeDecodeError, InputError) as error:
        raise InputError(f"the first line of {path} is not a model", hint=hint) from error


def _is_sha(text: str) -> bool:
    """Return whether ``text`` is a SHA without a name, as a Jenkins parameter may be."""
    return 7 <= len(text) <= 64 and all(c in "0123456789abcdef" for c in text)
