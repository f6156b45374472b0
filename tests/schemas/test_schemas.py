"""The schemas in `schemas/` are those of the types, and both judge the same documents alike."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ci_steps.documents.schemas import KINDS, written
from ci_steps.errors import InputError
from ci_steps.model.wire import decoded

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
EXAMPLES = sorted(HERE.glob("*/*.json"))


def test_the_committed_schemas_are_those_of_the_types(tmp_path: Path) -> None:
    written(tmp_path)

    for made in tmp_path.iterdir():
        committed = ROOT / "schemas" / made.name
        assert committed.read_text() == made.read_text(), "run `make schemas` and commit what it wrote"


@pytest.mark.parametrize("path", sorted((ROOT / "schemas").glob("*.json")), ids=lambda path: path.stem)
def test_every_schema_is_one_and_describes_every_field(path: Path) -> None:
    schema = json.loads(path.read_text())

    jsonschema.Draft202012Validator.check_schema(schema)
    undescribed = [place for place, field in _fields(schema) if not field.get("description")]
    assert not undescribed


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_schema_and_type_agree_on_each_example(path: Path) -> None:
    schema = json.loads((ROOT / "schemas" / f"{path.parent.name}.schema.json").read_text())
    content = path.read_text()

    by_schema = jsonschema.Draft202012Validator(schema).is_valid(json.loads(content))
    try:
        decoded(content, KINDS[path.parent.name], where=path.name)
        by_type = True
    except InputError:
        by_type = False

    assert by_schema is by_type is path.stem.startswith("good-")


def test_every_kind_has_a_good_and_a_bad_example() -> None:
    for name in KINDS:
        stems = [path.stem for path in EXAMPLES if path.parent.name == name]
        assert any(stem.startswith("good-") for stem in stems), name
        assert any(stem.startswith("bad-") for stem in stems), name


def _fields(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    owners = {"": schema} | schema.get("$defs", {})
    return [
        (f"{owner}.{name}", field)
        for owner, definition in owners.items()
        for name, field in definition.get("properties", {}).items()
        if name != "kind"  # the tag that tells variants apart is the decoder's own
    ]
