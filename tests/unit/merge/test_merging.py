"""The ingredients of two models that come from one, merged, and every kind of conflict."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ci_steps.adapters.kit_store import KitStore
from ci_steps.errors import OutsideError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Code, Config, DataSource, Manifest, Module
from ci_steps.model.wire import canonical, digest_of
from ci_steps.selftest.specimen import manifest_of, model_files
from ci_steps.trace.checkout import Checkout
from ci_steps.trace.merging import Conflict, Merged, MergedCode, merged, started
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.programs import ScriptedPrograms
from tests.fakes.progress import Told

NO_GIT = Checkout(Path(), ScriptedPrograms({}))
"""Where git is asked anything the test fails."""
WORDS = DataSource(uri="s3://data/words", sha256="1" * 64)
REPOSITORY = "https://example.org/specimen.git"


def model(lock: bytes = b"", **parts: Any) -> tuple[Manifest, bytes]:
    manifest = manifest_of(model_files(**{"requirements.lock": lock}))
    if "config" in parts:
        parts["config"] = Config(values=parts["config"], sha256=digest_of(parts["config"]).hex)
    if "python" in parts:
        parts["environment"] = msgspec.structs.replace(manifest.environment, python=parts.pop("python"))
    return msgspec.structs.replace(manifest, **parts), lock


def merge(*sides: tuple[Manifest, bytes]) -> Merged:
    blobs = MemoryBlobs()
    for _, lock in sides:
        blobs.held[f"objects/{Digest.of(lock).hex}"] = lock
    base, a, b = (side[0] for side in sides)
    return merged(base, a, b, KitStore(blobs, "the store", Told()), NO_GIT)


def configured(base: Any, a: Any, b: Any) -> tuple[dict[str, Any], list[tuple[str, str, str, str]]]:
    """Merge three configurations; give the result and each conflict with its three values."""
    result = merge(model(config=base), model(config=a), model(config=b))
    assert all(conflict.kind == "config" for conflict in result.conflicts)
    return result.config, [(each.what, each.base, each.a, each.b) for each in result.conflicts]


@pytest.mark.parametrize(
    ("base", "a", "b", "result"),
    [
        pytest.param({"C": 1}, {"C": 1}, {"C": 1}, {"C": 1}, id="nobody changed it"),
        pytest.param({"C": 1}, {"C": 2}, {"C": 1}, {"C": 2}, id="A changed it"),
        pytest.param({"C": 1}, {"C": 1}, {"C": 3}, {"C": 3}, id="B changed it"),
        pytest.param({"C": 1}, {"C": 2}, {"C": 2}, {"C": 2}, id="both changed it to the same"),
        pytest.param({"C": 1}, {"C": 1}, {}, {}, id="B took it away"),
        pytest.param({"C": 1}, {}, {}, {}, id="both took it away"),
        pytest.param({}, {"C": 1}, {"D": 2}, {"C": 1, "D": 2}, id="each added one"),
        pytest.param({}, {"C": 1}, {"C": 1}, {"C": 1}, id="both added the same"),
        pytest.param({"C": 1}, {"C": 1.0}, {"C": 2}, {"C": 2}, id="1.0 is 1, as in a manifest"),
        pytest.param(
            {"train": {"C": 1, "seed": 7}},
            {"train": {"C": 2, "seed": 7}},
            {"train": {"C": 1, "seed": 8}},
            {"train": {"C": 2, "seed": 8}},
            id="two keys of one mapping",
        ),
        pytest.param(
            {}, {"t": {"a": 1}}, {"t": {"b": 2}}, {"t": {"a": 1, "b": 2}}, id="a mapping that both added"
        ),
        pytest.param(
            {"t": {"a": 1}}, {"t": {}}, {"t": {"a": 1, "b": 2}}, {"t": {"b": 2}}, id="emptied and added to"
        ),
        pytest.param(
            {"words": ["a"]}, {"words": ["a", "b"]}, {"words": ["a"]}, {"words": ["a", "b"]}, id="a list"
        ),
        pytest.param({"x": None}, {"x": None}, {}, {}, id="null is a value that can go"),
    ],
)
def test_what_one_of_them_changed_is_taken_over(base: Any, a: Any, b: Any, result: Any) -> None:
    assert configured(base, a, b) == (result, [])
    assert configured(base, b, a) == (result, [])


@pytest.mark.parametrize(
    ("base", "a", "b", "result", "conflict"),
    [
        pytest.param({"C": 1}, {"C": 2}, {"C": 3}, {"C": 1}, ("C", "1", "2", "3"), id="two values"),
        pytest.param({}, {"C": 2}, {"C": 3}, {}, ("C", "-", "2", "3"), id="both added it"),
        pytest.param({"C": 1}, {}, {"C": 3}, {"C": 1}, ("C", "1", "-", "3"), id="taken away and changed"),
        pytest.param({"C": 1}, {"C": 2}, {}, {"C": 1}, ("C", "1", "2", "-"), id="changed and taken away"),
        pytest.param(
            {"t": {"a": 1, "b": 1}},
            {"t": {"a": 2, "b": 5}},
            {"t": {"a": 3, "b": 1}},
            {"t": {"a": 1, "b": 5}},
            ("t.a", "1", "2", "3"),
            id="a key of a mapping, and not the one beside it",
        ),
        pytest.param(
            {"w": ["a"]},
            {"w": ["a", "b"]},
            {"w": ["a", "c"]},
            {"w": ["a"]},
            ("w", '["a"]', '["a","b"]', '["a","c"]'),
            id="a list is one value",
        ),
        pytest.param(
            {"t": {"a": 1}},
            {"t": {"a": 2}},
            {"t": 5},
            {"t": {"a": 1}},
            ("t", '{"a":1}', '{"a":2}', "5"),
            id="a mapping became a number",
        ),
        pytest.param({"x": 0}, {"x": 1}, {"x": True}, {"x": 0}, ("x", "0", "1", "true"), id="1 is not true"),
        pytest.param(
            {"x": 0}, {"x": 1}, {"x": "1"}, {"x": 0}, ("x", "0", "1", '"1"'), id="1 is not its text"
        ),
        pytest.param({"x": 0}, {"x": None}, {}, {"x": 0}, ("x", "0", "null", "-"), id="null is not nothing"),
    ],
)
def test_what_both_changed_apart_is_a_conflict_and_stays_as_it_was(
    base: Any, a: Any, b: Any, result: Any, conflict: tuple[str, str, str, str]
) -> None:
    what, was, one, other = conflict

    assert configured(base, a, b) == (result, [conflict])
    assert configured(base, b, a) == (result, [(what, was, other, one)])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=6,
)
CONFIGS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


@given(CONFIGS, CONFIGS)
def test_a_side_that_changed_nothing_leaves_the_other_as_it_is(base: Any, other: Any) -> None:
    for result, conflicts in (configured(base, base, other), configured(base, other, base)):
        assert conflicts == []
        assert canonical(result) == canonical(other)


@given(CONFIGS, CONFIGS, CONFIGS)
def test_the_order_of_the_sides_matters_only_to_what_a_conflict_calls_them(base: Any, a: Any, b: Any) -> None:
    result, conflicts = configured(base, a, b)

    turned = [(what, was, other, one) for what, was, one, other in conflicts]
    assert (canonical(result), turned) == (
        canonical(configured(base, b, a)[0]),
        configured(base, b, a)[1],
    )
    for what, was, one, other in conflicts:
        assert one not in {other, was}, what
        assert other != was, what


def test_data_is_merged_by_where_it_lies() -> None:
    gone, came = (
        DataSource(uri="s3://data/gone", mark="md5:1"),
        DataSource(uri="s3://data/came", mark="md5:2"),
    )
    other = DataSource(uri=WORDS.uri, sha256="2" * 64)

    result = merge(model(data=(WORDS, gone)), model(data=(WORDS, came)), model(data=(gone, other)))

    assert result.data == (came, other)
    assert result.conflicts == ()


def test_data_of_which_both_took_other_bytes_is_a_conflict() -> None:
    sides = [DataSource(uri=WORDS.uri, mark=f"md5:{n}") for n in range(3)]

    result = merge(*(model(data=(side,)) for side in sides))

    assert result.conflicts == (Conflict(kind="data", what=WORDS.uri, base="md5:0", a="md5:1", b="md5:2"),)
    assert result.data == (sides[0],)


def test_one_place_in_several_versions_is_one_thing() -> None:
    two = (DataSource(uri="pach://a", mark="commit:1"), DataSource(uri="pach://a", mark="commit:2"))

    result = merge(model(data=(two[0],)), model(data=two), model(data=(two[0], WORDS)))

    assert result.data == (*two, WORDS)


def test_packages_are_merged_by_name() -> None:
    base = model(b"numpy==2.0\njoblib==1.4\nscipy==1.0\n")
    a, b = model(b"numpy==2.1\njoblib==1.5\nscipy==1.0\n"), model(b"numpy==2.0\njoblib==1.6\nskops==0.9\n")

    result = merge(base, a, b)

    assert result.packages == {"joblib": "1.4", "numpy": "2.1", "skops": "0.9"}
    assert result.conflicts == (Conflict(kind="package", what="joblib", base="1.4", a="1.5", b="1.6"),)


def test_two_pythons_are_a_conflict() -> None:
    assert merge(model(python="3.11"), model(python="3.12"), model(python="3.11")).python == "3.12"

    result = merge(model(python="3.11"), model(python="3.12"), model(python="3.13"))

    assert result.conflicts == (Conflict(kind="environment", what="python", base="3.11", a="3.12", b="3.13"),)


def test_modules_are_merged_by_name() -> None:
    def standing_on(**modules: str) -> tuple[Manifest, bytes]:
        return model(modules=tuple(Module(name=name, sha=Digest(sha * 64)) for name, sha in modules.items()))

    result = merge(
        standing_on(words="1", gone="1"), standing_on(words="2", came="1"), standing_on(words="3", gone="1")
    )

    assert result.modules == {"came": "1" * 64, "words": "1" * 64}
    assert [(each.kind, each.what) for each in result.conflicts] == [("module", "words")]


def code(commit: str, *, repository: str = REPOSITORY, dirty: bool = False) -> tuple[Manifest, bytes]:
    commit = commit * 40 if commit else ""
    return model(code=Code(repository=repository, commit=commit, dirty=dirty))


@pytest.mark.parametrize(
    ("sides", "commit"),
    [(("0", "1", "0"), "1"), (("0", "0", "2"), "2"), (("0", "1", "1"), "1"), (("", "1", ""), "1")],
)
def test_code_that_one_side_changed_needs_no_git(sides: tuple[str, str, str], commit: str) -> None:
    result = merge(*(code(side) for side in sides))

    assert result.code == MergedCode(repository=REPOSITORY, commit=commit * 40)
    assert result.conflicts == ()


def test_code_that_both_changed_is_asked_of_git() -> None:
    with pytest.raises(OutsideError, match="the program git is not there"):
        merge(code("0"), code("1"), code("2"))


def test_code_that_nobody_knows_or_no_commit_has_is_a_conflict() -> None:
    unknown = merge(code("0"), code("1"), code(""))
    dirty = merge(code("0"), code("0", dirty=True), code("0"))

    assert unknown.conflicts == (Conflict(kind="code", what="commit", base="0" * 40, a="1" * 40, b="-"),)
    told = Conflict(kind="code", what="commit", base="0" * 40, a="changes that no commit has", b="0" * 40)
    assert dirty.conflicts == (told,)


def test_two_new_repositories_are_a_conflict() -> None:
    result = merge(code("0"), code("1", repository="a"), code("1", repository="b"))

    assert result.conflicts == (Conflict(kind="code", what="repository", base=REPOSITORY, a="a", b="b"),)


def test_the_part_of_a_model_yaml_is_read_back_as_it_was_merged_and_always_the_same() -> None:
    base = model(config={"C": 1, "text": "1"}, data=(WORDS,))
    result = merge(base, model(config={"C": 2, "text": "1"}, data=(WORDS,)), base)

    text = "".join(started(result, "specimen"))

    assert text == "".join(started(result, "specimen"))
    assert yaml.safe_load(text) == {
        "name": "specimen",
        "code": {"repository": REPOSITORY, "commit": "0" * 40},
        "data": [{"uri": WORDS.uri, "sha256": WORDS.sha256}],
        "config": {"C": 2, "text": "1"},
        "python": "3.11",
    }


def test_a_merge_that_has_no_commit_yet_says_what_to_do_first() -> None:
    base = merge(model(), model(), model())
    result = msgspec.structs.replace(base, code=MergedCode(tree="a" * 40))

    text = "".join(started(result, "specimen"))

    assert text.startswith(f"# code: merge the two commits (tree {'a' * 40})")
    assert "code" not in yaml.safe_load(text)
