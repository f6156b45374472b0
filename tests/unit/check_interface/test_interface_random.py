"""Random pairs of schemas over the decided keywords, against the jsonschema library."""

import json
from itertools import islice
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ci_steps.steps.check_interface.instances import instances
from ci_steps.steps.check_interface.schemas import keywords
from ci_steps.steps.check_interface.subset import Break, Open, compared
from ci_steps.steps.check_interface.validation import Judge

NAMES = st.sampled_from(["a", "b", "extra"])
BOUNDS = st.sampled_from([-1, 0, 0.5, 1, 1.0, 2.5, 3])
TYPES = st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])
SCALARS: list[Any] = [None, True, False, 0, 0.0, 1, 1.0, 0.5, -1, 2, 7, 1e300, "", "a", "text", "x"]
FEW = SCALARS[1:8]
POOL: list[Any] = [
    *SCALARS,
    *([], [[]], [{}], {}, {"a": {}}, {"a": []}, {"b": {}}, {"b": []}),
    *([one] for one in SCALARS),
    *([one, two] for one in FEW for two in SCALARS[6:]),
    *({name: one} for name in ("a", "b", "c", "extra") for one in SCALARS),
    *({"a": one, "b": two} for one in FEW for two in SCALARS[6:]),
    *({"a": one, "b": two, "c": 1} for one in FEW for two in FEW),
    *({outside: {inside: one}} for outside in "abc" for inside in "abc" for one in SCALARS),
    *({"a": [one]} for one in SCALARS),
    *([{"a": one}] for one in SCALARS),
    *([[one]] for one in SCALARS),
]
"""Values that the keywords below tell apart, all of them tried on every pair."""
VALUES = st.sampled_from(POOL)


def _keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
            "minimum": BOUNDS,
            "maximum": BOUNDS,
            "properties": st.dictionaries(NAMES, inner, max_size=2),
            "required": st.lists(NAMES, max_size=2, unique=True),
            "additionalProperties": inner,
            "items": inner,
        },
    )


LISTED = st.fixed_dictionaries(
    {"enum": st.lists(VALUES, max_size=4)}, optional={"const": VALUES, "type": TYPES, "minimum": BOUNDS}
)
SCHEMAS = st.recursive(
    st.booleans() | LISTED,
    lambda inner: _keywords(inner) | _keywords(inner) | LISTED | st.booleans(),
    max_leaves=6,
)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    """Return two schemas, often close to each other: two drawn apart are hardly ever compatible."""
    one = draw(SCHEMAS)
    if draw(st.booleans()) or not isinstance(one, dict):
        return one, draw(SCHEMAS)
    other = json.loads(json.dumps(one))
    changed = draw(_keywords(SCHEMAS))
    dropped = draw(st.sets(st.sampled_from(sorted(one)))) if one else set()
    return one, {word: said for word, said in other.items() if word not in dropped} | changed


@settings(max_examples=400, deadline=None, derandomize=True)
@given(pairs())
def test_a_break_has_a_witness_and_compatible_holds_for_every_value_of_the_pool(
    pair: tuple[Any, Any],
) -> None:
    inner, outer = Draft202012Validator(pair[0]), Draft202012Validator(pair[1])

    found = compared(*pair, seen=POOL[60:63]).differences

    assert not [each for each in found if isinstance(each, Open)], "the decided keywords are always decided"
    for each in found:
        assert isinstance(each, Break)
        assert inner.is_valid(each.value)
        assert not outer.is_valid(each.value)
    if not found:
        assert all(outer.is_valid(value) for value in POOL if inner.is_valid(value))


@settings(max_examples=200, deadline=None, derandomize=True)
@given(SCHEMAS)
def test_what_is_made_after_a_schema_is_accepted_by_it_and_an_end_means_all(schema: Any) -> None:
    judge = Judge(schema)
    made = [*islice(instances(schema, judge), 100)]
    ended = len(made) < 100

    assert all(judge.accepts(value) for value in made)
    if ended:
        counted = Judge({"enum": made})
        assert all(counted.accepts(value) for value in POOL if judge.accepts(value))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(SCHEMAS)
def test_a_schema_is_compatible_with_itself_without_looking_at_identity(schema: Any) -> None:
    assert not compared(schema, {"title": "the same", **keywords(schema)}).differences
    assert not compared(schema, {"$defs": {"unused": {}}, **keywords(schema)}).differences
