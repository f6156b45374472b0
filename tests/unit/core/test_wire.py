import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_steps.documents import DOCUMENTS, FetchedModel, Plan
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Manifest, refuse_outside
from ci_steps.model.refs import ModelRef
from ci_steps.model.wire import canonical, decoded, pretty
from ci_steps.selftest.specimen import Specimen, manifest_of, model_files


def test_a_manifest_survives_its_json_form_with_the_same_sha() -> None:
    manifest = manifest_of(model_files())

    again = Manifest.parse(pretty(manifest), where="x")

    assert again == manifest
    assert again.sha == manifest.sha


def test_the_sha_is_that_of_the_canonical_json() -> None:
    manifest = manifest_of(model_files())

    assert manifest.sha == Digest.of(canonical(manifest))


@pytest.mark.parametrize(
    "path", ["../x", "/x", "a/../../x", "a\\..\\x", "", ".", "a//b", "./a", "a/.", "C:/x", "a\0b"]
)
def test_a_path_that_points_outside_is_refused(path: str) -> None:
    with pytest.raises(InputError, match="points outside"):
        refuse_outside(path, "manifest")


@given(st.text(max_size=30))
def test_no_path_that_is_let_through_leaves_its_folder(path: str) -> None:
    try:
        refuse_outside(path, "manifest")
    except InputError:
        return

    assert not path.startswith("/")
    assert ".." not in path.split("/")


def test_a_manifest_from_the_future_says_so() -> None:
    content = pretty(manifest_of(model_files())).replace(b'"schema": 1', b'"schema": 2')

    with pytest.raises(InputError, match="schema is 2, this kit knows up to 1"):
        Manifest.parse(content, where="m")


def test_a_manifest_with_an_unknown_key_is_refused() -> None:
    content = pretty(manifest_of(model_files())).replace(b'"schema": 1', b'"schema": 1, "extra": 1')

    with pytest.raises(InputError, match="unknown field"):
        Manifest.parse(content, where="m")


@pytest.mark.parametrize(
    "text", ["tweets", "tweets@", "Tweets@9f2c41d", "tweets@xyz1234", "@9f2c41d", "a b:c", ""]
)
def test_what_is_not_a_model_is_said_with_an_example(text: str) -> None:
    with pytest.raises(InputError) as error:
        ModelRef.parse(text)

    assert "tweets@9f2c41d" in error.value.hint


def test_a_sha_of_six_characters_is_too_short() -> None:
    with pytest.raises(InputError, match="too short"):
        ModelRef.parse("tweets@9f2c41")


@pytest.mark.parametrize("text", ["tweets@9f2c41d", "tweets:candidate", "a.b-c:v1.2"])
def test_a_model_is_written_as_it_was_read(text: str) -> None:
    assert str(ModelRef.parse(text)) == text


def test_documents_have_names_of_their_own() -> None:
    names = [kind.name for kind in DOCUMENTS]

    assert len(set(names)) == len(names)


def test_a_document_of_a_wrong_type_is_said_with_its_place() -> None:
    with pytest.raises(InputError, match=r"f\.json: \$\.files: expected `array`, got `int`"):
        decoded(b'{"findings": [], "files": 1}', FetchedModel, where="f.json")


def test_who_and_when_are_outside_the_digest(tmp_path_factory: pytest.TempPathFactory) -> None:
    first, second = (Specimen().laid_out(tmp_path_factory.mktemp("run")).read(Plan) for _ in range(2))

    assert first.digest == second.digest


def test_json_nested_too_deeply_is_bad_input() -> None:
    with pytest.raises(InputError, match="x: nested too deeply"):
        decoded("[" * 5000 + "]" * 5000, list[object], where="x")
