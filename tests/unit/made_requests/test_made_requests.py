"""Values made from schemas: all of them valid, the same again, and each end of what is allowed among them."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from ci_steps.selftest.specimen import INTERFACE
from ci_steps.steps.made_requests.valid import different

LEAF = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "next": {"anyOf": [{"$ref": "#/$defs/Leaf"}, {"type": "null"}]},
    },
    "required": ["name", "next"],
}
NESTED: dict[str, Any] = {
    "$defs": {"Leaf": LEAF},
    "type": "object",
    "properties": {
        "leaf": {"$ref": "#/$defs/Leaf"},
        "when": {"type": "string", "format": "date-time"},
        "count": {"type": "integer", "minimum": 3, "exclusiveMaximum": 9},
        "ratio": {"type": ["number", "null"], "minimum": 0, "maximum": 1},
        "step": {"type": "number", "multipleOf": 0.5},
        "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 1, "maxItems": 3},
        "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "boolean"}], "items": False},
        "code": {"type": "string", "pattern": "^[A-Z]{3}$", "examples": ["ABC", "XYZ"]},
    },
    "required": ["leaf", "count", "code"],
    "additionalProperties": False,
}


def made(schema: Any, wanted: int = 40, **how: Any) -> list[Any]:
    return list(different(schema, "seed", wanted, ends=True, **how))


def of_property(schema: dict[str, Any], wanted: int = 40) -> list[Any]:
    whole = {"type": "object", "properties": {"it": schema}, "required": ["it"]}
    return [value["it"] for value in made(whole, wanted)]


@pytest.mark.parametrize("ends", [True, False])
def test_what_is_made_is_valid_varied_and_the_same_again(ends: bool) -> None:
    values, again = (list(different(NESTED, "seed", 100, ends=ends)) for _ in range(2))
    validator = jsonschema.Draft202012Validator(NESTED)

    assert values == again
    assert values != list(different(NESTED, "other", 100, ends=ends))
    assert len({json.dumps(value) for value in values}) == 100
    assert all(map(validator.is_valid, values))
    assert {"leaf", "when", "count", "ratio", "step", "tags", "pair", "code"} == set().union(*values)


def test_another_process_with_other_hashes_makes_the_same() -> None:
    program = (
        "import json, sys; from ci_steps.steps.made_requests.valid import different;"
        "print(json.dumps(list(different(json.loads(sys.argv[1]), 'seed', 30, ends=True))))"
    )
    first, second = (
        subprocess.run(
            [sys.executable, "-c", program, json.dumps(NESTED)],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("1", "2")
    )

    assert first == second
    assert len(json.loads(first)) == 30


def test_each_optional_property_is_there_and_left_out_alone_and_with_the_others() -> None:
    names = ["a", "b", "c"]
    schema = {"type": "object", "properties": {name: {"type": "number"} for name in [*names, "must"]}}
    there = {tuple(sorted(value)) for value in made(schema | {"required": ["must"]})}

    assert {
        ("must",),
        ("a", "b", "c", "must"),
        ("b", "c", "must"),
        ("a", "c", "must"),
        ("a", "b", "must"),
    } <= there


@pytest.mark.parametrize(
    ("schema", "ends"),
    [
        ({"enum": ["x", None, 3]}, ["x", None, 3]),
        ({"type": "boolean"}, [True, False]),
        ({"anyOf": [{"const": "one"}, {"const": 2}, {"type": "null"}]}, ["one", 2, None]),
        ({"type": ["string", "null"], "maxLength": 3}, [None, ""]),
        ({"type": "integer", "minimum": -7, "maximum": 7}, [-7, -6, 6, 7, 0]),
        ({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 1e6}, [1, 2, 999_999]),
        ({"type": "number", "minimum": 0.1, "maximum": 0.9}, [0.1, 0.9]),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, [1, 2**-10]),
        ({"type": "number", "maximum": 1e308}, [10**308]),
        ({"type": "number"}, [0, 1, -1, 0.5, 1000]),
        ({"type": "number", "multipleOf": 0.5, "minimum": 0.7, "maximum": 1.6}, [1, 1.5]),
        ({"type": "array", "items": {"const": 1}, "minItems": 1, "maxItems": 9}, [[1], [1] * 9]),
        ({"type": "array", "items": {"const": 1}}, [[]]),
    ],
)
def test_each_end_of_what_is_allowed_is_among_them(schema: dict[str, Any], ends: list[Any]) -> None:
    values = of_property(schema)

    assert [end for end in ends if end not in values] == []


@pytest.mark.parametrize(
    ("schema", "shortest", "longest"),
    [
        ({"type": "string"}, 0, 1000),
        ({"type": "string", "minLength": 3, "maxLength": 7}, 3, 7),
        ({"type": "string", "maxLength": 1_000_000}, 0, 10_000),
        ({"type": "string", "minLength": 2000}, 2000, 3000),
    ],
)
def test_texts_are_as_short_and_as_long_as_the_schema_says(
    schema: dict[str, Any], shortest: int, longest: int
) -> None:
    lengths = sorted(map(len, of_property(schema)))

    assert (lengths[0], lengths[-1]) == (shortest, longest)


def test_numbers_without_a_bound_stay_where_32_bit_floats_are_exact_enough() -> None:
    assert max(map(abs, of_property({"type": "number"}, 200))) <= 1000


def test_texts_are_words_and_what_words_are_not() -> None:
    texts = of_property({"type": "string"})
    wanted: dict[str, Callable[[str], bool]] = {
        "blank": lambda text: text != "" and not text.strip(),
        "digits": str.isdigit,
        "foreign": lambda text: not text.isascii(),
        "lines": lambda text: "\n" in text,
        "words": lambda text: len(text.split(" ")) > 3,
    }

    assert [name for name, holds in wanted.items() if not any(map(holds, texts))] == []
    assert {char for text in texts for char in text if char < " "} == {"\n"}


def test_a_mapping_has_no_key_one_and_several() -> None:
    counts = {
        len(value) for value in of_property({"type": "object", "additionalProperties": {"type": "number"}})
    }

    assert counts == {0, 1, 3}


REAL = [{"smiles": f"C{'C' * n}O", "ph": 7 + n / 10} for n in range(5)]
CHEMISTRY = {
    "type": "object",
    "properties": {"smiles": {"type": "string", "pattern": "^C+O$"}, "ph": {"type": "number", "minimum": 0}},
    "required": ["smiles", "ph"],
}


def test_texts_of_a_pattern_are_those_of_real_values_with_other_values_beside_them() -> None:
    values = made(CHEMISTRY, seen=REAL)

    assert len(values) == 40
    assert {value["smiles"] for value in values} <= {row["smiles"] for row in REAL}
    assert 0 in {value["ph"] for value in values}
    assert [value for value in values if value in REAL] == []


def test_some_differ_from_a_real_value_in_one_property_alone() -> None:
    names = [f"f{n}" for n in range(10)]
    schema = {"type": "object", "properties": {n: {"type": "number"} for n in names}, "required": names}
    real = [{name: 0.25 * (n + 1) for n, name in enumerate(names)}]
    apart = [sum(value[name] != real[0][name] for name in names) for value in made(schema, seen=real)]

    assert apart.count(1) >= 10
    assert max(apart) == 10


def test_texts_are_short_and_long_and_not_only_letters_by_chance_as_well() -> None:
    texts = [value["text"] for value in different(INTERFACE["input"], "seed", 100)]

    assert min(map(len, texts)) < 10
    assert max(map(len, texts)) > 60
    assert any(not text.isascii() for text in texts)


@pytest.mark.parametrize("ends", [True, False])
@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"enum": [1, 2, 3]},
        {"type": "string", "pattern": "^[A-Z]{20}$"},
        {"$ref": "https://example.org/elsewhere"},
        {"$ref": "#/$defs/none"},
        {"$ref": "#"},
        {"type": "object", "properties": {"self": {"$ref": "#"}}, "required": ["self"]},
        {"type": "integer", "minimum": 3, "maximum": 2},
        {"type": "string", "pattern": "(["},
        {"type": "string", "minLength": 10**12},
        {"type": "array", "minItems": 10**12},
        {"not": {}},
    ],
)
def test_what_cannot_be_made_gives_few_and_never_a_wrong_one(schema: Any, ends: bool) -> None:
    assert len(list(different(schema, "seed", 50, ends=ends))) <= 3
