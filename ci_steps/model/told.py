"""What can be told about settings that a person wrote."""

from typing import Any

from ci_steps.model.value import Value


class Problem(Value, frozen=True, order=True):
    """Where something is wrong, what, and what to do; a warning does not keep a release from starting."""

    line: int
    where: str
    what: str
    next: str
    warning: bool = False


class Setting(Value, frozen=True):
    """One key, or one item of a list."""

    key: str
    value: Any
    where: str
    """Where it was given: release.yaml:14; empty where the default holds."""
    default: Any
    required: bool
    means: str
    takes: str


class Explanation(Value, frozen=True):
    """What somebody asked about, and every value in it: of a section, those of its keys."""

    asked: Setting
    values: tuple[Setting, ...]
