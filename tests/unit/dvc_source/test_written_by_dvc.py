"""What DVC writes into a repository, in all the forms that it has."""

import json
from pathlib import Path
from typing import Any

import pytest

from ci_steps.adapters.dvc_source import DvcSource, Storage, written
from ci_steps.adapters.dvc_source.clone import Clone
from ci_steps.adapters.dvc_source.complaints import not_by_id, of_git
from ci_steps.adapters.dvc_source.lineage import lineage, within
from ci_steps.adapters.dvc_source.settings import Remote, remotes
from ci_steps.adapters.dvc_source.storage import locator
from ci_steps.adapters.dvc_source.written import Dep, Out, Stage
from ci_steps.adapters.file_source import FileSource
from ci_steps.errors import InputError, OutsideError, StepError
from ci_steps.model.manifest import DataSource
from tests.fakes.programs import ScriptedPrograms

MD5 = "0123456789abcdef0123456789abcdef"


def out(path: str) -> Out:
    return Out(path=path, md5=MD5, size=1, legacy=False, remote="", versioned=False)


def text(**said: Any) -> bytes:
    return json.dumps(said).encode()


def test_a_dvc_file_names_its_output_beside_it_or_in_its_folder_of_work() -> None:
    outs = [{"md5": MD5 + ".dir", "hash": "md5", "path": "model", "size": 5, "remote": "other"}]

    beside = written.dvc_file("a/model.dvc", text(outs=outs))
    elsewhere = written.dvc_file("a/model.dvc", text(outs=outs, wdir="../b"))

    assert beside.outs == (Out("a/model", MD5 + ".dir", 5, legacy=False, remote="other", versioned=False),)
    assert elsewhere.outs[0].path == "b/model"


def test_a_hash_without_its_kind_is_of_dvc_2() -> None:
    [noted] = written.dvc_file("m.dvc", text(outs=[{"md5": MD5, "path": "m"}])).outs

    assert noted.legacy


def test_what_a_bucket_with_versions_keeps_is_known() -> None:
    outs = [{"path": "m", "files": [{"relpath": "a", "md5": MD5, "cloud": {"s3": {"version_id": "1"}}}]}]

    [noted] = written.dvc_file("m.dvc", text(outs=outs)).outs

    assert noted.versioned
    assert noted.md5 == ""


@pytest.mark.parametrize(
    ("dep", "found"),
    [
        (
            {"path": "data", "repo": {"url": "https://example.org/r", "rev_lock": "c" * 40}},
            Dep("data", f"commit:{'c' * 40}", "https://example.org/r"),
        ),
        ({"path": "s3://b/data", "etag": "e1"}, Dep("s3://b/data", "etag:e1", legacy=True)),
        ({"path": "data", "md5": MD5, "hash": "md5"}, Dep("top/data", f"md5:{MD5}")),
        ({"path": "data"}, Dep("top/data", "", legacy=True)),
    ],
)
def test_what_an_import_was_taken_from_is_known_by_what_names_its_bytes(
    dep: dict[str, Any], found: Dep
) -> None:
    assert written.dvc_file("top/x.dvc", text(deps=[dep])).deps == (found,)


def test_a_lock_is_read_in_its_first_and_its_second_form() -> None:
    train = {"cmd": ["a", "b"], "deps": [{"path": "d", "md5": MD5, "hash": "md5"}], "outs": []}

    first = written.lock("dvc.lock", text(train=train), {})
    second = written.lock("dvc.lock", text(schema="2.0", stages={"train": train}), {})

    assert first == second
    assert second[0].command == "a b"


def test_a_stage_of_a_template_was_run_in_the_folder_of_its_template() -> None:
    described = written.dvc_yaml(
        "p/dvc.yaml", text(stages={"train": {"foreach": [1], "do": {"wdir": "../w"}}})
    )
    outs = [{"md5": MD5, "hash": "md5", "path": "model"}]

    [stage] = written.lock(
        "p/dvc.lock", text(schema="2.0", stages={"train@1": {"outs": outs}}), described.folders
    )

    assert stage.outs[0].path == "w/model"


def test_dvc_yaml_names_metrics_and_artifacts() -> None:
    described = written.dvc_yaml(
        "p/dvc.yaml",
        text(
            metrics=["all.json"],
            stages={"s": {"metrics": [{"m.json": {"cache": False}}, "${name}.json"], "wdir": "w"}},
            artifacts={"tweets": {"path": "w/model", "type": "model"}},
        ),
    )

    assert described.metrics == ("p/all.json", "p/w/m.json")
    assert described.names == {"p/w/model": "tweets"}


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b"outs: 5",
        b"outs: [5]",
        b"outs: [{path: m, md5: ../../etc}]",
        b"outs: [{path: m, md5: 5}]",
        b"a: [",
        b"\xff\xfe\x00",
        b"outs: !!python/object/apply:os.system [id]",
        b"[" * 5000,
    ],
)
def test_what_dvc_does_not_write_is_bad_input_that_names_the_file(content: bytes) -> None:
    with pytest.raises(InputError, match=r"m\.dvc is not as DVC writes it"):
        written.dvc_file("m.dvc", content)


def test_a_lock_of_odd_stages_is_bad_input() -> None:
    for stages in ({"train": 5}, {"train": {"params": [1]}}, {"train": {"params": {"p.yaml": 5}}}):
        with pytest.raises(InputError, match=r"dvc\.lock is not as DVC writes it"):
            written.lock("dvc.lock", text(schema="2.0", stages=stages), {})


@pytest.mark.parametrize(
    ("path", "content", "found"),
    [
        (
            "p.yaml",
            b"lr: 1e-3\nmode: no\nk: 010\nx: 0x1f\nlate: 12:30\n",
            {"lr": 0.001, "mode": "no", "k": 10},
        ),
        ("p.json", b'{\t"a":\t1}', {"a": 1}),
        ("p.toml", b"a = 1\n", {"a": 1}),
        ("p.py", b"a = 1\n", None),
    ],
)
def test_values_are_read_as_dvc_reads_them(path: str, content: bytes, found: Any) -> None:
    read = written.values(path, content)

    assert read == found or {key: read[key] for key in found} == found


@pytest.mark.parametrize("path", ["p.yaml", "p.json", "p.toml"])
def test_values_that_are_none_are_bad_input_that_names_the_file(path: str) -> None:
    with pytest.raises(InputError, match=path):
        written.values(path, b"\xff{")


def test_what_the_source_was_told_of_the_environment_is_not_shown(tmp_path: Path) -> None:
    variables = {"AWS_SECRET_ACCESS_KEY": "hunter2hunter2"}
    programs = ScriptedPrograms({})
    storage = Storage(variables, lambda _: FileSource(tmp_path))

    assert "hunter2" not in repr(DvcSource(tmp_path, tmp_path, programs, variables, storage))
    assert "hunter2" not in repr(Clone("file:///x", "x", tmp_path, programs, variables))


# How a path came to be


def stage(name: str, *, deps: tuple[Dep, ...], outs: tuple[Out, ...], **params: Any) -> Stage:
    return Stage(name=name, file="dvc.lock", deps=deps, outs=outs, params=params)


def test_what_made_it_and_what_made_that_are_its_lineage_and_nothing_else() -> None:
    raw = Dep("raw", f"md5:{MD5}")
    stages = (
        stage("other", deps=(raw,), outs=(out("report"),), **{"params.yaml": {"x": 1}}),
        stage(
            "train", deps=(Dep("ready/a", f"md5:{MD5}"),), outs=(out("model"),), **{"params.yaml": {"C": 1}}
        ),
        stage("prepare", deps=(raw,), outs=(out("ready"),), **{"prepare.yaml": {"C": 2, "cut": 3}}),
    )

    found = lineage(
        "release", (*stages, stage("pack", deps=(Dep("model", ""),), outs=(out("release/m"),))), "R", ()
    )

    assert [each.name for each in found.stages] == ["pack", "train", "prepare"]
    assert found.config == {"params.yaml:C": 1, "prepare.yaml:C": 2, "cut": 3}
    assert [source.uri for source in found.data] == ["dvc:R:raw", "dvc:R:ready/a"]


def test_code_that_git_has_is_no_data_and_a_table_that_it_has_is() -> None:
    deps = tuple(Dep(path, f"md5:{MD5}") for path in ("src", "train.py", "small.csv"))
    stages = (stage("train", deps=deps, outs=(out("model"),)),)

    found = lineage("model", stages, "R", ("src/a.py", "train.py", "small.csv"))

    assert [source.uri for source in found.data] == ["dvc:R:small.csv"]


def test_what_was_downloaded_is_data_without_the_login_in_its_url() -> None:
    taken = stage(
        "", deps=(Dep("https://ada:secret99@example.org/d?token=secret99", "etag:e"),), outs=(out("d"),)
    )

    found = lineage("d", (taken,), "R", ())

    assert found.data == (DataSource(uri="https://example.org/d", mark="etag:e"),)


def test_a_branch_of_pachyderm_in_a_parameter_is_no_ingredient() -> None:
    values = {
        "p.yaml": {"raw": ["pach://default/r@master:/a", "pfs://r@main=0f1e2d3c4b5a4f6e8d7c6b5a49382716/a"]}
    }

    found = lineage("model", (stage("train", deps=(), outs=(out("model"),), **values),), "R", ())

    assert [source.mark for source in found.data] == ["commit:0f1e2d3c4b5a4f6e8d7c6b5a49382716"]


def test_within_goes_by_whole_names() -> None:
    assert within("model", "model")
    assert not within("model2/a", "model")


# Remotes

CONFIG = b"""[core]
    remote = main
['remote "main"']
    url = s3://bucket/store
    endpointurl = http://127.0.0.1:9000
    access_key_id = AKIASECRET
['remote "below"']
    url = remote://main/nlp
[remote "folder"]
    url = ../store
"""


def test_remotes_are_read_as_dvc_writes_them() -> None:
    found, default = remotes(CONFIG, b"['remote \"main\"']\n    profile = me\n", Path("/checkout/.dvc"))

    assert default == "main"
    assert found["main"].settings["profile"] == "me"
    assert found["below"].url == "s3://bucket/store/nlp"
    assert found["folder"].url == "/checkout/store"


def test_a_locator_holds_what_says_where_a_bucket_is_and_no_key() -> None:
    found, _ = remotes(CONFIG, b"", None)

    place = locator(found["main"], "model/a b", MD5, legacy=False)

    assert place == (
        f"s3://bucket/store/files/md5/01/{MD5[2:]}?endpointurl=http%3A%2F%2F127.0.0.1%3A9000#model/a%20b"
    )
    assert locator(Remote("r", "/store", {}), "m", MD5, legacy=True) == f"file:///store/01/{MD5[2:]}#m"


def test_a_config_that_is_none_is_bad_input() -> None:
    with pytest.raises(InputError, match=r"\.dvc/config is not as DVC writes it"):
        remotes(b"url = s3://x\n", b"", None)


# What git says


@pytest.mark.parametrize(
    ("output", "kind", "says"),
    [
        ("fatal: Authentication failed for 'https://u:pw12345@h/x'", InputError, "git is not let in at R"),
        (
            "fatal: could not read Username for 'https://h': terminal prompts disabled",
            InputError,
            "not let in",
        ),
        (
            "remote: Repository not found.\nfatal: repository 'x' not found",
            InputError,
            "not a git repository",
        ),
        (
            "fatal: unable to access 'https://h/': Could not resolve host: h",
            OutsideError,
            "does not answer git",
        ),
        ("fatal: detected dubious ownership in repository at '/x'", InputError, "belongs to another user"),
        (
            "fatal: odd thing at https://u:pw12345@h/x",
            OutsideError,
            "git failed on R: fatal: odd thing at https://h/x",
        ),
        ("", OutsideError, "git failed on R: nothing"),
    ],
)
def test_what_git_complains_of_is_told_without_logins(output: str, kind: type[StepError], says: str) -> None:
    error = of_git(output, "R")

    assert type(error) is kind
    assert says in str(error)
    assert "pw12345" not in f"{error} {error.hint}"


def test_a_server_that_gives_no_commit_by_its_id_is_known() -> None:
    assert not_by_id("error: Server does not allow request for unadvertised object abc")
    assert not not_by_id("fatal: Could not resolve host")
