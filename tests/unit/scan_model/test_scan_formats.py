"""What hides in the formats of models, and what only looks as if it did."""

import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ci_steps.documents import ScanReport
from ci_steps.model.verdict import Verdict
from ci_steps.selftest import model_formats as made
from ci_steps.selftest.pickles import SYSTEM
from ci_steps.steps.scan_model.readers.onnx import leads_out
from ci_steps.steps.scan_model.readers.templates import judged

Scan = Callable[..., ScanReport]
HONEST = Path(__file__).parent / "honest"

WRITES_TEXT = (
    "{{ bos_token }}{% for m in messages %}<|{{ m['role'] }}|>{{ m.content | trim }}{% endfor %}",
    "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% endif %}",
    "{% for m in messages %}{{ messages[loop.index0]['content'] }}{% endfor %}",
    "{% for m in messages %}{{ messages[loop.index0 - 1].role }}{% endfor %}",
    "{% set ns = namespace(a=false) %}{% set ns.a = true %}{{ raise_exception('no') if ns.a }}",
    "{{ tools | selectattr('type', 'equalto', 'function') | map(attribute='name') | join(', ') }}",
    "{%- macro line(m) -%}{{ m.content.strip().split('x')[-1] }}{%- endmacro -%}{{ line(messages[-1]) }}",
    "{% generation %}{{ messages[-1].content }}{% endgeneration %}",
    "<__start__>{{ strftime_now('%d %b %Y') }}",
)
REACHES = (
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler['__init__']['__globals__'].os.popen('id').read() }}",
    "{{ messages | attr('__class__') }}",
    "{{ (messages | map('upper')).gi_frame.f_builtins }}",
    "{{ messages | map(attribute='__class__.__mro__') | list }}",
    "{{ '{0.x}'.format(messages) }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{{ messages['gi_frame'] }}",
    "{{ self._TemplateReference__context }}",
    "{{ ''.__class__ ",
)
MUST_BE_READ = (
    "{{ messages[key] }}",
    "{{ messages['_' ~ '_class_' ~ '_'] }}",
    "{% set loop = namespace(index='x') %}{{ messages[loop.index] }}",
    "{{ messages[x | int('y')] }}",
    "{{ messages | map(attribute=name) | list }}",
    "{{ messages | unknown }}",
    "{{ lipsum() }}",
    "{{ messages.pop() }}",
    "{% unknown %}",
    "{{ 'a' }}" + " " * 300_000,
)


@pytest.mark.parametrize("template", WRITES_TEXT)
def test_a_template_that_writes_text_is_proven_to(template: str) -> None:
    assert judged(template) == ("", "")


@pytest.mark.parametrize("template", REACHES)
def test_a_template_that_reaches_into_python_is_refused_even_where_it_is_allowed(
    scan: Scan, template: str
) -> None:
    path = "model/a.gguf"

    report = scan({path: made.gguf(template)}, code=["model/predictor.py", path])

    assert report.verdict is Verdict.REFUSED


@pytest.mark.parametrize("template", MUST_BE_READ, ids=lambda template: template[:40])
@pytest.mark.parametrize("path", ["model/a.gguf", "model/tokenizer_config.json", "model/chat_template.jinja"])
def test_a_template_that_is_not_proven_harmless_needs_its_path_in_scan_code(
    scan: Scan, template: str, path: str
) -> None:
    forms = {
        "gguf": made.gguf(template),
        "json": json.dumps({"chat_template": [{"name": "tools", "template": template}]}).encode(),
        "jinja": template.encode(),
    }
    files: dict[str, bytes | None] = {path: forms[path.rpartition(".")[2]]}

    assert scan(files).verdict is Verdict.REFUSED
    assert scan(files, code=["model/predictor.py", path]).verdict is Verdict.PASSED


@pytest.mark.parametrize(
    "location", ["../a", "/etc/passwd", "a/../../b", "..", "", "C:\\a", "..\\a", "a\0b", "http://x/y"]
)
def test_a_place_outside_of_the_model_is_one_however_it_is_spelled(location: str) -> None:
    assert leads_out(location)
    assert not leads_out("weights/a..b.bin")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_a_tar_archive_holds_files_and_folders_alone(scan: Scan, kind: bytes) -> None:
    assert scan({"model/a.tar": made.tarred("a", b"", kind)}).verdict is Verdict.REFUSED


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_a_tar_archive_is_read_in_each_of_its_forms(scan: Scan, form: int, mode: str) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode, format=form) as archive:  # type: ignore[call-overload]  # a str
        for name, content in (("folder/" + "long" * 30 + "/ä.json", b"{}"), ("b.txt", b"b\n")):
            member = tarfile.TarInfo(name if form != tarfile.USTAR_FORMAT else name[-60:])
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))

    report = scan({"model/a.tar": file.getvalue()})

    assert report.verdict is Verdict.PASSED, [f.sentence for f in report.blocking]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_long_name_leads_out_of_a_tar_archive_by_its_beginning_too(scan: Scan, form: int) -> None:
    name, file = "../" + "long" * 20 + "/" + "name" * 20, io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        archive.addfile(tarfile.TarInfo(name))

    report = scan({"model/a.tar": file.getvalue()})

    assert report.verdict is Verdict.REFUSED
    assert any(name in finding.observed for finding in report.blocking), report.blocking


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_a_zip_archive_is_read_however_its_members_are_packed(scan: Scan, method: int) -> None:
    def archive(content: bytes) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", method) as opened:
            opened.mkdir("folder")
            opened.writestr("folder/a", content)
        return file.getvalue()

    assert scan({"model/a.zip": archive(b"text\n" * 300_000)}).verdict is Verdict.PASSED
    assert scan({"model/a.zip": archive(SYSTEM)}).verdict is Verdict.REFUSED


def test_a_bomb_is_inconclusive_also_where_it_is_many_small_ones(scan: Scan) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(8):
            archive.writestr(f"{number}.bin", bytes(10 << 20))

    report = scan({"model/a.zip": file.getvalue()})

    assert report.verdict is Verdict.INCONCLUSIVE
    assert any("unpacks to more" in finding.observed for finding in report.blocking)


def test_a_member_that_nobody_could_read_hides_no_command_beside_it(scan: Scan) -> None:
    broken = made.zipped({"a": b"abc\n", "b": SYSTEM}).replace(b"abc\n", b"abd\n")
    torch = made.zipped({"m/data.pkl": SYSTEM, "m/version": b"abc\n"}).replace(b"abc\n", b"abd\n")

    skops = made.zipped({"schema.json": b"{}", "b": SYSTEM})

    for content in (broken, torch, skops):
        refused = {f.subject for f in scan({"model/a.zip": content}).blocking}
        assert "posix.system in model/a.zip" in refused


def test_torchscript_is_code_that_its_path_allows(scan: Scan) -> None:
    files: dict[str, bytes | None] = {"model/script.pt": (HONEST / "script.pt").read_bytes()}
    names = next(file.globals for file in scan(files).files if file.path == "model/script.pt")

    assert scan(files, allow=names).verdict is Verdict.REFUSED
    assert scan(files, allow=names, code=["model/predictor.py", "model/script.pt"]).verdict is Verdict.PASSED


def test_a_torch_archive_with_python_in_it_is_refused_even_where_its_path_is_allowed(scan: Scan) -> None:
    content = made.zipped({"m/data.pkl": b"\x80\x02}.", "m/version": b"3\n", "m/code/a.py": b"A = 1\n"})

    report = scan({"model/a.pt": content}, code=["model/predictor.py", "model/a.pt"])

    assert report.verdict is Verdict.REFUSED


@pytest.mark.parametrize("name", ["_target_: os.system\n", "a: {_target_: 'os.system', b: 1}\n"])
def test_what_hydra_would_make_is_a_global(scan: Scan, name: str) -> None:
    assert "os.system in model/a.yaml" in {f.subject for f in scan({"model/a.yaml": name.encode()}).blocking}
    assert scan({"model/a.yaml": b"_target_: ${oc.env:X}\n"}).verdict is Verdict.INCONCLUSIVE


def test_graph_weights_beside_a_graph_are_read_as_far_as_the_graph_claims_them(scan: Scan) -> None:
    graph, weights = ((HONEST / name).read_bytes() for name in ("outside.onnx", "outside.onnx.data"))
    files: dict[str, bytes | None] = {"model/outside.onnx": graph, "model/outside.onnx.data": weights}

    assert scan(files).verdict is Verdict.PASSED
    assert scan(files | {"model/outside.onnx.data": weights + b"\xff"}).verdict is Verdict.INCONCLUSIVE
    assert scan(files | {"model/outside.onnx.data": weights[:-4]}).verdict is Verdict.INCONCLUSIVE
    assert scan(files | {"model/outside.onnx.data": SYSTEM.ljust(48)}).verdict is Verdict.REFUSED
