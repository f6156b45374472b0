"""Everything that is wrong with a GoCD configuration, also what GoCD would let pass without a word."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError

from tests.doors.gocd.configuration import configuration
from tests.doors.gocd.connections import Place, connections

SCHEMA = Path(__file__).with_name("gocd.schema.json")
REFERENCE = re.compile(r"\{\{SECRET:\[[\w.-]+\]\[[\w./-]+\]\}\}")
"""How GoCD names a secret: `{{SECRET:[id of the secret config][key]}}`."""
_SECRET = re.compile(r"password|passwd|secret|token|credential|auth|api_?key|access_key", re.IGNORECASE)
_NOT_A_SECRET = re.compile(r"\{\{SECRET:")
_LONE_HASH = re.compile(r"(?<!#)(?:##)*#(?!#|\{[\w.-]+\})")
_INSTEAD = {
    "secure_variables": "GoCD decrypts its values; put {{SECRET:[id][key]}} under environment_variables",
    "encrypted_password": "give `password` as {{SECRET:[id][key]}}",
}


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a configuration, and where in it each value stands."""

    path: Path
    lines: Mapping[Place, int]

    def said(self, place: Place, problem: str) -> str:
        while place and place not in self.lines:
            place = place[:-1]
        named = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).lstrip(".")
        return f"{self.path.name}:{self.lines.get(place, 1)}: {named + ': ' if named else ''}{problem}"


def complaints(path: Path) -> list[str]:
    """Return a line for everything that is wrong, the first kind only: later ones build on earlier ones."""
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return [f"{path.name}:{line}: not YAML: {error.problem}"]
    if root is None:
        return [f"{path.name}:1: the file is empty"]
    source = Source(path, dict(_lines(root)))
    for check in (_style, _shape, _values, _connections):
        if found := list(dict.fromkeys(check(source, root))):
            return found
    return []


def _lines(node: yaml.Node, place: Place = ()) -> Iterator[tuple[Place, int]]:
    yield place, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _lines(value, (*place, key.value))
            yield (*place, key.value), key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _lines(item, (*place, number))


def _style(source: Source, node: yaml.Node, place: Place = ()) -> Iterator[str]:
    if isinstance(node, yaml.CollectionNode) and node.flow_style:
        yield source.said(place, "flow style, where GoCD's parser rejects a colon: write it as a block")
        return
    if isinstance(node, yaml.MappingNode):
        keys = [key.value for key, _ in node.value]
        for key in {key for key in keys if keys.count(key) > 1}:
            yield source.said((*place, key), "the key is there twice")
        for key, value in node.value:
            yield from _style(source, value, (*place, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _style(source, item, (*place, number))


def _document(node: yaml.Node) -> Any:
    """Return what the node holds, as text, lists and maps."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: _document(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_document(item) for item in node.value]
    return node.value


def _shape(source: Source, root: yaml.Node) -> Iterator[str]:
    validator = Draft202012Validator(json.loads(SCHEMA.read_bytes()))
    for error in validator.iter_errors(_document(root)):
        for problem in _problems(error):
            yield source.said(tuple(error.absolute_path), problem)


def _problems(error: ValidationError) -> list[str]:
    assert isinstance(error.schema, Mapping)
    wanted: Any = error.validator_value
    found: Any = error.instance
    why = f" ({error.schema['description']})" if "description" in error.schema else ""
    if error.validator == "additionalProperties" and wanted is False:
        known = sorted(error.schema["properties"])
        others = f"known are {', '.join(known)}"
        return [f"unknown key {key!r}: {_INSTEAD.get(key, others)}" for key in found if key not in known]
    if error.validator == "required":
        return [f"{key!r} is missing" for key in wanted if key not in found]
    if error.validator == "maxProperties":
        return [f"{', '.join(found)}: only {wanted} may be here{why}"]
    if error.validator in {"enum", "const"}:
        return [f"{found!r} is not {wanted if error.validator == 'const' else ' or '.join(wanted)}{why}"]
    return [f"{error.message[:200]}{why}"]


def _values(source: Source, root: yaml.Node) -> Iterator[str]:
    for name, pipeline in _document(root)["pipelines"].items():
        parameters = pipeline.get("parameters", {})
        for place, text in _texts(pipeline, ("pipelines", name)):
            yield from (source.said(place, problem) for problem in _about(place, text, parameters))


def _about(place: Place, text: str, parameters: Mapping[str, str]) -> Iterator[str]:
    if _LONE_HASH.search(text):
        yield f"{text!r}: a literal # is written ##"
    for parameter in re.findall(r"(?<!#)(?:##)*#\{([\w.-]+)\}", text):
        if parameter not in parameters:
            yield f"#{{{parameter}}} is no parameter of the pipeline"
    if text.startswith("AES:"):
        yield "an encrypted value is a value: refer to it as {{SECRET:[id][key]}}"
    key, holder = str(place[-1]), place[-2]
    secret = key == "password" or (holder == "environment_variables" and _SECRET.search(key))
    if secret and not REFERENCE.fullmatch(text):
        yield f"a secret's value, or no whole reference: write {{{{SECRET:[id][{key.lower()}]}}}}"
    elif _NOT_A_SECRET.search(text) and not (secret or holder == "environment_variables"):
        yield "GoCD resolves a secret in variables and passwords only; here it is plain text"
    elif _NOT_A_SECRET.search(text) and not REFERENCE.fullmatch(text):
        yield "not a whole reference: write {{SECRET:[id][key]}}"


def _texts(found: Any, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(found, str):
        yield place, found
    elif isinstance(found, Mapping):
        for key, value in found.items():
            yield from _texts(value, (*place, key))
    else:
        for number, item in enumerate(found):
            yield from _texts(item, (*place, number))


def _connections(source: Source, _root: yaml.Node) -> Iterator[str]:
    for place, problem in connections(configuration(source.path)):
        yield source.said(place, problem)
