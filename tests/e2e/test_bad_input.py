"""Models, settings and documents that are not as they must be: what was wrong, where, and what to do."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rfc8785
import yaml

from ci_steps.documents import FetchedModel
from ci_steps.rundir import RunDir
from tests.e2e.complaints import complaint_of, refusal_of
from tests.e2e.project import Completed, Project

BAD_INPUT, REFUSED, INCONCLUSIVE = 2, 4, 5
MODEL = "model/model.joblib"


def plan(project: Project, model: str) -> Completed:
    return project.ci_steps("plan", "--model", model, "--environment", "production")


def planned(project: Project, model: str = "tweets:v1") -> Project:
    done = plan(project, model)
    assert done.code == 0, done.said
    return project


def fetched(project: Project) -> Project:
    done = planned(project).ci_steps("fetch-model")
    assert done.code == 0, done.said
    return project


def with_an_empty_cache(project: Project, folder: Path, *arguments: str) -> Completed:
    """Run a command where no earlier one fetched anything: a cache has the right bytes for a spoilt store."""
    return project.ci_steps(*arguments, environ=project.environ(CI_STEPS_CACHE=str(folder / "cache")))


def everything_in(folder: Path) -> dict[str, str]:
    """Note every file, to see that nothing was lost or left half-written."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def object_of(project: Project, path: str, variant: str = "v1") -> Path:
    """Find the file of a model in the store."""
    store = project.folder / "store"
    manifest = json.loads((store / "models" / "tweets" / f"{project.shas[variant]}.json").read_bytes())
    digests = {file["path"]: str(file["sha256"]) for file in manifest["files"]}
    return store / "objects" / digests[path]


def planted(project: Project, change: Callable[[dict[str, Any]], None]) -> str:
    """Put a manifest into the store that no `models publish` would write, under its right SHA."""
    models = project.folder / "store" / "models" / "tweets"
    manifest = json.loads((models / f"{project.shas['v1']}.json").read_bytes())
    change(manifest)
    content = rfc8785.dumps(manifest)
    sha = hashlib.sha256(content).hexdigest()
    (models / f"{sha}.json").write_bytes(content)
    return sha


# Which model


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("tweets:nobody", "has no model tweets:nobody"),
        ("tweets@0123456", "has no model tweets@0123456"),
        ("nobody:v1", "has no model nobody:v1"),
        ("tweets", "'tweets' is not a model"),
        ("../tweets:v1", "is not a model"),
    ],
)
def test_an_unknown_model_is_named_and_nothing_is_planned(project: Project, model: str, said: str) -> None:
    before = everything_in(project.folder / "store")

    complaint = complaint_of(plan(project, model), BAD_INPUT)

    assert said in complaint.error
    assert not (project.run_dir / "plan.json").exists()
    assert everything_in(project.folder / "store") == before


def test_a_sha_that_is_too_short_is_told_how_many_characters_it_needs(project: Project) -> None:
    complaint = complaint_of(plan(project, f"tweets@{project.shas['v1'][:6]}"), BAD_INPUT)

    assert "too short: 6 characters" in complaint.error
    assert "seven characters or more" in complaint.next
    assert plan(project, f"tweets@{project.shas['v1'][:7]}").code == 0


def test_an_ambiguous_sha_lists_what_it_may_stand_for(project: Project) -> None:
    sha = project.shas["v1"]
    models = project.folder / "store" / "models" / "tweets"
    twin = sha[:9] + "".join("0" if character != "0" else "1" for character in sha[9:])
    shutil.copy(models / f"{sha}.json", models / f"{twin}.json")

    complaint = complaint_of(plan(project, f"tweets@{sha[:8]}"), BAD_INPUT)

    assert "is ambiguous: 2 models" in complaint.error
    assert sha[:16] in complaint.error
    assert twin[:16] in complaint.error
    assert plan(project, f"tweets@{sha[:10]}").code == 0


def test_the_sha_of_another_model_is_said_to_be_that_of_the_other(project: Project) -> None:
    folder = project.folder / "models" / "v1"
    card = folder / "model.yaml"
    card.write_text(card.read_text().replace('name: "tweets"', 'name: "posts"'))
    told = project.ci_steps("models", "publish", str(folder), "--json")
    sha = told.objects[-1]["sha"].removeprefix("sha256:")

    complaint = complaint_of(plan(project, f"tweets@{sha[:12]}"), BAD_INPUT)

    assert complaint.next == f"it is a SHA of posts: write posts@{sha[:12]}"
    assert plan(project, f"posts@{sha[:12]}").code == 0


# Files that are not what their SHA stands for


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    put(path, bytes(content))


def truncated(path: Path) -> None:
    put(path, path.read_bytes()[:-1])


def emptied(path: Path) -> None:
    put(path, b"")


def put(path: Path, content: bytes) -> None:
    """Put a new file there: what a run directory holds may be a link to what the cache holds."""
    path.unlink()
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [flipped, truncated, emptied])
def test_a_damaged_file_in_the_store_is_refused_by_name_and_not_kept(
    project: Project, damage: Callable[[Path], None], tmp_path: Path
) -> None:
    planned(project)
    file = object_of(project, MODEL)
    whole = file.read_bytes()
    damage(file)

    lines = refusal_of(with_an_empty_cache(project, tmp_path, "fetch-model"), REFUSED)

    assert any(f"{MODEL} differ from the manifest" in line for line in lines), lines
    assert any("next: publish the model again" in line for line in lines), lines
    assert not (project.run_dir / MODEL).exists()
    assert project.ci_steps("scan-model").code == REFUSED
    file.write_bytes(whole)
    assert with_an_empty_cache(project, tmp_path, "fetch-model").code == 0
    assert project.ci_steps("scan-model").code == 0


def test_a_lost_file_of_the_store_is_said_to_be_lost(project: Project, tmp_path: Path) -> None:
    planned(project)
    file = object_of(project, MODEL)
    aside = file.rename(project.folder / "aside")

    lines = refusal_of(with_an_empty_cache(project, tmp_path, "fetch-model"), INCONCLUSIVE)

    assert any(f"has lost object {file.name[:12]}" in line for line in lines), lines
    assert any("next: publish the model again" in line for line in lines), lines
    assert project.ci_steps("scan-model").code == INCONCLUSIVE
    aside.rename(file)
    assert project.ci_steps("fetch-model").code == 0


def test_a_file_that_is_gone_after_it_was_fetched_is_fetched_again(project: Project) -> None:
    fetched(project)
    (project.run_dir / "model" / MODEL).unlink()

    assert project.ci_steps("scan-model").code == 0
    assert (project.run_dir / "model" / MODEL).is_file()


@pytest.mark.parametrize("damage", [flipped, truncated])
def test_a_file_that_was_damaged_after_it_was_fetched_is_not_used(
    project: Project, damage: Callable[[Path], None]
) -> None:
    fetched(project)
    damage(project.run_dir / "model" / MODEL)

    complaint = complaint_of(project.ci_steps("scan-model"), BAD_INPUT)

    assert str(Path(".release/model") / MODEL) in complaint.error
    assert complaint.next == "run `python -m ci_steps fetch-model` again"
    assert not (project.run_dir / "scan-model.json").exists()
    assert project.ci_steps("fetch-model").code == 0
    assert project.ci_steps("scan-model").code == 0


# Paths that lead outside


@pytest.mark.parametrize("path", ["../outside", "/tmp/outside", "model/../../outside", "model\\..\\outside"])
def test_a_manifest_whose_path_points_outside_is_refused_before_anything_is_written(
    project: Project, path: str
) -> None:
    def lead_outside(manifest: dict[str, Any]) -> None:
        manifest["files"][0]["path"] = path
        manifest["files"].sort(key=lambda file: file["path"])

    sha = planted(project, lead_outside)

    complaint = complaint_of(plan(project, f"tweets@{sha}"), BAD_INPUT)

    assert f"path {path!r} points outside the model's folder" in complaint.error
    assert "do not use this model" in complaint.next
    assert not (project.run_dir / "plan.json").exists()


@pytest.mark.parametrize("name", ["model/extra.bin", "extra", "model/folder"])
def test_a_link_in_a_model_folder_is_not_published(project: Project, name: str) -> None:
    store = everything_in(project.folder / "store")
    link = project.folder / "models" / "v1" / name
    link.symlink_to("/etc" if name.endswith("folder") else "/etc/hostname")

    complaint = complaint_of(project.ci_steps("models", "publish", "models/v1"), BAD_INPUT)

    assert complaint.error == f"models/v1/{name} is a link or a device"
    assert everything_in(project.folder / "store") == store
    link.unlink()
    assert project.ci_steps("models", "publish", "models/v1").code == 0


def test_a_link_in_the_store_that_leads_outside_is_not_followed(project: Project, tmp_path: Path) -> None:
    planned(project)
    file = object_of(project, MODEL)
    outside = file.rename(project.folder / "outside")
    file.symlink_to(outside)

    complaint = complaint_of(with_an_empty_cache(project, tmp_path, "fetch-model"), BAD_INPUT)

    assert "leads outside" in complaint.error
    assert not (project.run_dir / "fetch-model.json").exists()


def test_a_link_in_the_run_directory_is_not_written_through(project: Project) -> None:
    planned(project)
    outside = project.folder / "outside"
    outside.mkdir()
    (outside / "precious").write_text("mine")
    (project.run_dir / "model").symlink_to(outside)

    done = project.ci_steps("fetch-model")

    assert done.code == 0, done.said
    assert [path.name for path in outside.iterdir()] == ["precious"]
    assert not (project.run_dir / "model").is_symlink()


def test_a_manifest_from_the_future_is_told_to_need_a_newer_kit(project: Project) -> None:
    sha = planted(project, lambda manifest: manifest.update(schema=2, news="unheard of"))

    complaint = complaint_of(plan(project, f"tweets@{sha}"), BAD_INPUT)

    assert "manifest schema is 2, this kit knows up to 1" in complaint.error
    assert complaint.next == "use a newer version of the kit"


def test_a_manifest_that_was_changed_in_the_store_is_not_its_sha_any_more(project: Project) -> None:
    path = project.folder / "store" / "models" / "tweets" / f"{project.shas['v1']}.json"
    path.write_bytes(path.read_bytes().replace(b'"dirty":false', b'"dirty":true'))

    complaint = complaint_of(plan(project, "tweets:v1"), BAD_INPUT)

    assert f"manifest of tweets@{project.shas['v1'][:12]}" in complaint.error


# Settings


@pytest.mark.parametrize(
    ("right", "wrong"), [("replicas", "replica"), ("floor", "flor"), ("environments", "enviroments")]
)
def test_a_typo_in_release_yaml_is_answered_with_its_line_and_what_was_meant(
    project: Project, right: str, wrong: str
) -> None:
    settings = project.settings()
    settings["environments"]["production"]["replicas"] = 1
    text = yaml.safe_dump(settings, sort_keys=False)
    path = project.folder / "release.yaml"
    path.write_text(text.replace(f"{right}:", f"{wrong}:", 1))
    line = next(n for n, each in enumerate(path.read_text().splitlines(), 1) if f"{wrong}:" in each)

    complaint = complaint_of(plan(project, "tweets:v1"), BAD_INPUT)

    assert complaint.error.startswith(f"release.yaml:{line}: unknown key {wrong!r}")
    assert complaint.next == f"did you mean {right!r}?"
    path.write_text(text)
    assert plan(project, "tweets:v1").code == 0


# Documents


@pytest.mark.parametrize(
    ("step", "missing"),
    [
        ("fetch-model", "plan"),
        ("scan-model", "plan"),
        ("build-image", "plan"),
        ("rollout", "plan"),
    ],
)
def test_a_step_without_the_document_it_needs_names_it(project: Project, step: str, missing: str) -> None:
    complaint = complaint_of(project.ci_steps(step), BAD_INPUT)

    assert complaint.error == f".release/{missing}.json is missing"
    assert f"run `python -m ci_steps {missing}` first" in complaint.next
    left = {path.name for path in project.run_dir.glob("*")}
    assert left <= {".gitignore", ".lock", "ending.txt", "findings.xml"}


@pytest.mark.parametrize("step", ["push-image", "integration-test", "load-test", "rollout", "build-image"])
def test_a_step_that_is_started_too_early_says_what_comes_before_it(project: Project, step: str) -> None:
    fetched(project)

    complaint = complaint_of(project.ci_steps(step), BAD_INPUT)

    assert complaint.error.endswith(".json is missing")
    assert complaint.next.startswith("run `python -m ci_steps ")
    assert not (project.run_dir / f"{step}.json").exists()


def test_a_step_does_not_start_from_a_refusal(project: Project) -> None:
    planned(project, "tweets:evil")
    for step in ("unit-tests", "fetch-model", "scan-model", "check-metrics", "check-interface"):
        project.ci_steps(step)

    lines = refusal_of(project.ci_steps("build-image"), REFUSED)

    assert any("build-image: not started - scan-model is refused" in line for line in lines)
    assert not (project.run_dir / "build-image.json").exists()


def test_a_document_that_was_edited_by_hand_is_not_read(project: Project) -> None:
    path = fetched(project).run_dir / "fetch-model.json"
    whole = path.read_text()
    path.write_text(whole.replace('"passed"', '"warned"', 1))

    complaint = complaint_of(project.ci_steps("scan-model"), BAD_INPUT)

    assert complaint.error == ".release/fetch-model.json was edited after its step wrote it"
    assert "delete it and run `python -m ci_steps fetch-model` again" in complaint.next
    path.write_text(whole)
    assert project.ci_steps("scan-model").code == 0


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"schema": "from elsewhere"}', b"\xff\xfe"])
def test_a_document_that_is_no_document_is_named(project: Project, content: bytes) -> None:
    (fetched(project).run_dir / "fetch-model.json").write_bytes(content)

    complaint = complaint_of(project.ci_steps("scan-model"), BAD_INPUT)

    assert ".release/fetch-model.json" in complaint.error


def test_a_document_that_was_forged_after_a_later_step_used_it_is_found_by_that_step(
    project: Project,
) -> None:
    fetched(project)
    for step in ("unit-tests", "scan-model", "check-metrics", "check-interface"):
        assert project.ci_steps(step).code == 0
    run = RunDir(project.run_dir)
    document = run.read(FetchedModel)
    # With a right seal, as only somebody with the kit at hand can make one.
    run.write(msgspec.structs.replace(document, files=document.files[:-1]))

    complaint = complaint_of(project.ci_steps("build-image"), BAD_INPUT)

    assert "fetch-model.json was changed after" in complaint.error
    assert not (project.run_dir / "build-image.json").exists()


def test_settings_that_changed_after_a_step_used_them_make_it_run_again(project: Project) -> None:
    fetched(project)
    for step in ("unit-tests", "scan-model", "check-metrics", "check-interface"):
        assert project.ci_steps(step).code == 0
    scan = project.settings()["scan"]
    project.configure(scan=scan | {"allow": [*scan["allow"], "builtins.print"]})
    planned(project)

    complaint = complaint_of(project.ci_steps("build-image"), BAD_INPUT)

    assert complaint.error.endswith(
        "scan-model.json: its section of plan.json was changed after scan-model used it"
    )
    assert complaint.next == "run `python -m ci_steps scan-model` again"
