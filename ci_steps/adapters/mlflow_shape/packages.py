"""`requirements.txt` as MLflow logs it: pinned packages, which are to be locked as they are."""

import re
from collections.abc import Iterator

from ci_steps.errors import InputError

_HASH = re.compile(r"\s--hash[=\s]+\S+")
_CONTINUED = re.compile(r"\\\r?\n")
_COMMENT = re.compile(r"(^|\s)#.*$", re.MULTILINE)
_HINT = "log the model with pip_requirements that name packages only, or a requirements.lock beside it"


def listed(content: bytes, where: str) -> tuple[str, tuple[str, ...]]:
    """Return the packages, a line each, and which of them no version is pinned of.

    A line that names another index, a file or a URL is bad input: it could have anything installed.
    """
    try:
        text = _COMMENT.sub("", _CONTINUED.sub(" ", content.decode()))
    except UnicodeDecodeError as error:
        raise InputError(f"{where} is not text", hint=_HINT) from error
    found = list(_packages(text, where))
    return "".join(f"{line}\n" for line, _ in found), tuple(name for line, name in found if "==" not in line)


def _packages(text: str, where: str) -> Iterator[tuple[str, str]]:
    from packaging.requirements import InvalidRequirement, Requirement

    for line in filter(None, (_HASH.sub("", line).strip() for line in text.splitlines())):
        if line.startswith("-"):
            raise InputError(f"{where} has the option {line.split()[0][:40]!r}", hint=_HINT)
        try:
            requirement = Requirement(line)
        except InvalidRequirement as error:
            shown = line.partition("://")[0][:60]  # behind it a login may stand
            raise InputError(f"{where}: {shown!r} is not the name of a package", hint=_HINT) from error
        if requirement.url:
            raise InputError(f"{where} takes {requirement.name} from a URL", hint=_HINT)
        yield str(requirement), requirement.name
