"""Texts that other programs take orders from, and plain texts that only speak of them."""

import json
from collections.abc import Callable

import pytest

from ci_steps.documents import ScanReport
from ci_steps.model.verdict import Verdict
from ci_steps.selftest import model_formats as made

Scan = Callable[..., ScanReport]


@pytest.mark.parametrize(
    "text",
    [
        "a: !!%70ython/object/apply:os.system [id]\n",
        "a: !<tag:yaml.org,2002:%70ython/object/apply:os.system> [id]\n",
        "a: !!python%2Fobject/apply:os.system [id]\n",
        "# x\r%TAG !e! tag:yaml.org,2002:pytho%6e/\r---\ra: !e!object/apply:os.system [id]\r",
        "# x\u2028%TAG !e! tag:yaml.org,2002:pytho%6e/\n---\na: !e!object/apply:os.system [id]\n",
    ],
)
def test_yaml_that_makes_objects_is_refused_however_its_tag_is_spelled(scan: Scan, text: str) -> None:
    assert scan({"model/config.yaml": text.encode()}).verdict is Verdict.REFUSED


@pytest.mark.parametrize("text", ['"_targ\\x65t_": os.system\n', "x: &t _target_\n*t : os.system\n"])
def test_a_target_that_is_hidden_is_inconclusive(scan: Scan, text: str) -> None:
    assert scan({"model/config.yaml": text.encode()}).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    "text",
    ["Write `_target_` to name a class, 100% sure.\n", "a: !!str 50%\nb: &x 1\nc: *x\n", "path: C:\\x\n"],
)
def test_a_text_that_only_speaks_of_it_passes(scan: Scan, text: str) -> None:
    assert scan({"model/notes.yaml": text.encode()}).verdict is Verdict.PASSED


IMPORTED = {
    "torch.nn.modules.linear.Identity": {
        "sbert_ce_default_activation_function": "torch.nn.modules.linear.Identity"
    },
    "torch.nn.modules.activation.Sigmoid": {
        "sentence_transformers": {"activation_fn": "torch.nn.modules.activation.Sigmoid"}
    },
    "transformers.models.bert.Bert": {
        "auto_mapping": {"base_model_class": "Bert", "parent_library": "transformers.models.bert"}
    },
    "sentence_transformers.models.Pooling": [
        {"name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}
    ],
    "diffusers.UNet": {"_class_name": "Pipeline", "unet": ["diffusers", "UNet"], "none": [None, None]},
}


@pytest.mark.parametrize("name", IMPORTED)
def test_what_a_library_imports_by_its_settings_is_a_global(scan: Scan, name: str) -> None:
    files = {"model/config.json": json.dumps(IMPORTED[name]).encode()}

    assert scan(files).verdict is Verdict.REFUSED
    assert scan(files, allow=[name]).verdict is Verdict.PASSED


def test_settings_that_name_a_plain_function_pass(scan: Scan) -> None:
    config = {"activation_fn": "gelu", "auto_mapping": None, "_class_name": "UNet", "sizes": [1, 2]}

    assert scan({"model/config.json": json.dumps(config).encode()}).verdict is Verdict.PASSED


def test_a_program_of_tensorflow_is_never_a_graphs_numbers(scan: Scan) -> None:
    node = made.message((1, "x"), (2, "PyFunc"))
    program = made.message((1, 1), (2, made.message((2, made.message((1, node))))))

    files = {"model/model.onnx": made.onnx(location="saved_model.pb"), "model/saved_model.pb": program}

    assert [(f.check, f.subject) for f in scan(files).blocking] == [
        ("scan-model.unreadable", "model/saved_model.pb")
    ]


@pytest.mark.parametrize("path", ["model/predict.R", "model/run.rb", "model/run.zsh", "model/run.php"])
def test_source_of_another_language_needs_its_path_too(scan: Scan, path: str) -> None:
    assert scan({path: b"x\n"}).verdict is Verdict.REFUSED
    assert scan({path: b"x\n"}, code=["model/predictor.py", path]).verdict is Verdict.PASSED


@pytest.mark.parametrize("content", [b"\x80\x04N}.", b"\x80\x04(}."])
def test_a_pickle_that_leaves_values_behind_is_refused(scan: Scan, content: bytes) -> None:
    report = scan({"model/model.pkl": content})

    assert [f.check for f in report.blocking] == ["scan-model.trick"]


@pytest.mark.parametrize("name", ["joblib.numpy_pickle:os.mkdir", "a.b:functools.partial", "a.b:C.sys.exit"])
def test_what_a_module_has_imported_is_never_allowed(scan: Scan, name: str) -> None:
    module, _, attribute = name.partition(":")
    pickled = b"\x80\x04" + b"".join(
        b"\x8c" + bytes([len(each)]) + each.encode() for each in (module, attribute)
    )

    report = scan({"model/model.pkl": pickled + b"\x93."}, allow=[name])

    assert [f.verdict for f in report.blocking] == [Verdict.REFUSED]
