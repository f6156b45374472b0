"""YAML as DVC reads it, by version 1.2: `1e-3` is a number, `no` is a word, `010` is ten."""

import re
from typing import Any

import yaml

_BASE: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BOOL = re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$")
_INT = re.compile(r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$")
_FLOAT = re.compile(
    r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
)
_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("bool", "int", "float")}


class _Loader(_BASE):  # type: ignore[misc]  # the quick one where it was built
    """PyYAML's, which is of version 1.1, with the other rules for what a plain word is."""


def loaded(content: bytes) -> Any:
    """Return what it says; what is no YAML is PyYAML's error."""
    return yaml.load(content, Loader=_Loader)  # noqa: S506 - it makes plain values alone


def _int(loader: Any, node: Any) -> int:
    text = str(loader.construct_scalar(node))
    return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, rule) for tag, rule in rules if tag not in _TAGS]
    for first, rules in _BASE.yaml_implicit_resolvers.items()  # type: ignore[attr-defined]
}
for _kind, _rule, _first in (
    ("bool", _BOOL, "tTfF"),
    ("int", _INT, "-+0123456789"),
    ("float", _FLOAT, "-+0123456789."),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", _rule, list(_first))
_Loader.add_constructor("tag:yaml.org,2002:int", _int)
