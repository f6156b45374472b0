"""A released image, kept as an archive: lost in the registry, brought back, and served again."""

import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import docker
import pytest
import requests

from tests.e2e.complaints import complaint_of
from tests.e2e.origin import Origin, a_copy
from tests.e2e.project import Project

BAD_INPUT = 2
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture(scope="module")
def released(by_heart: Origin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Give a project that released v1 and then v2, with a repository of its own in the registry."""
    with a_copy(by_heart, tmp_path_factory.mktemp("released") / "tweets") as project:
        project.configure(registry=f"{project.engine.registry}/ci-steps-e2e/{project.service}")
        for variant in ("v1", "v2"):
            done = project.release(variant)
            assert done.code == 0, done.said
        yield project


def release_of(project: Project, variant: str) -> dict[str, Any]:
    entries = [entry for entry in project.ledger() if entry["kind"] == "outcome"]
    [release] = [e["release"] for e in entries if e["release"]["sha"].endswith(project.shas[variant])]
    return dict(release)


def exported(project: Project, variant: str, *options: str) -> dict[str, Any]:
    done = project.ci_steps("models", "export", f"tweets:{variant}", "--image", "--json", *options)
    assert done.code == 0, done.said
    return done.objects[-1]


def lost(release: dict[str, Any]) -> None:
    """Take the image out of the registry with all its blobs, and out of the engine."""
    host, _, path = release["repository"].partition("/")
    reference = f"{release['repository']}@{release['image']}"
    with requests.Session() as session, closing(docker.from_env()) as client:
        session.trust_env = False
        at = f"http://{host}/v2/{path}"
        manifest = session.get(f"{at}/manifests/{release['image']}", headers={"Accept": MANIFEST}).json()
        assert session.delete(f"{at}/manifests/{release['image']}").status_code == 202
        for blob in (manifest["config"], *manifest["layers"]):
            assert session.delete(f"{at}/blobs/{blob['digest']}").status_code == 202
        # Not by ancestor: an equal image of another repository, which other tests serve, has the same id.
        label = f"ci_steps.image={reference}"
        for container in client.containers.list(all=True, filters={"label": label}, ignore_removed=True):
            container.remove(force=True, v=True)
        client.images.remove(reference, force=True)
        with pytest.raises(docker.errors.NotFound):
            client.images.pull(reference)


def test_an_archive_holds_the_whole_image_and_any_tool_can_read_it(released: Project, tmp_path: Path) -> None:
    release = release_of(released, "v1")

    done = released.ci_steps("models", "export", "tweets:v1", "--image", "--to", str(tmp_path / "v1.tar"))

    assert done.code == 0, done.said
    assert release["image"] in done.output
    assert f"live as {release['id']}" in done.output
    with tarfile.open(tmp_path / "v1.tar") as tar:
        members = {member.name: member for member in tar}
        index = json.load(tar.extractfile("index.json") or pytest.fail("no index"))
        name = f"blobs/sha256/{release['image'].removeprefix('sha256:')}"
        manifest = json.load(tar.extractfile(name) or pytest.fail("no manifest"))
    assert [entry["digest"] for entry in index["manifests"]] == [release["image"]]
    for blob in manifest["layers"]:
        assert members[f"blobs/sha256/{blob['digest'].removeprefix('sha256:')}"].size == blob["size"]
    # Docker's own reader checks every layer against the configuration's diff_ids.
    told = subprocess.run(
        ["docker", "load", "-i", tmp_path / "v1.tar"], check=True, capture_output=True, text=True
    )
    assert manifest["config"]["digest"] in told.stdout


def test_the_store_and_a_file_get_the_same_bytes_and_a_second_export_only_verifies(
    released: Project, tmp_path: Path
) -> None:
    release = release_of(released, "v2")

    told = exported(released, "v2")
    exported(released, "v2", "--to", str(tmp_path / "v2.tar"), "--environment", "production")
    again = exported(released, "v2")

    image = release["image"].removeprefix("sha256:")
    key = f"images/tweets/{released.shas['v2']}/{image}.oci.tar"
    assert told["place"] == again["place"] == f"./store/{key}"
    assert (told["new"], again["new"]) == (True, False)
    assert told["image"] == release["image"]
    archive = released.folder / "store" / key
    assert archive.stat().st_size == told["size"]
    assert archive.read_bytes() == (tmp_path / "v2.tar").read_bytes()


def test_an_image_that_the_registry_lost_comes_back_and_is_rolled_back_to(released: Project) -> None:
    release = release_of(released, "v1")
    reference = f"{release['repository']}@{release['image']}"
    exported(released, "v1")
    lost(release)

    done = released.ci_steps("models", "import", f"tweets@{released.shas['v1'][:7]}", "--image")
    back = released.ci_steps("rollback", "--environment", "production", "--reason", "v2 is wrong")

    assert done.code == 0, done.said
    assert reference in done.output
    assert f"live as {release['id']}" in done.output
    assert back.code == 0, back.said
    assert released.live_sha() == released.shas["v1"]


def test_a_bit_that_flipped_on_the_way_is_told_and_nothing_is_pushed(
    released: Project, tmp_path: Path
) -> None:
    archive = tmp_path / "v2.tar"
    exported(released, "v2", "--to", str(archive))
    content = bytearray(archive.read_bytes())
    content[len(content) // 2] ^= 1
    archive.write_bytes(content)
    target = f"{released.engine.registry}/ci-steps-e2e/{released.service}-elsewhere"

    done = released.ci_steps(
        "models", "import", "tweets:v2", "--image", "--from", str(archive), "--registry", target
    )

    assert "has other bytes than its name says" in complaint_of(done, BAD_INPUT).error
    with requests.Session() as session:
        session.trust_env = False
        host, _, path = target.partition("/")
        assert session.get(f"http://{host}/v2/{path}/tags/list").status_code == 404


def test_an_archive_goes_into_a_registry_where_neither_model_nor_release_are_known(
    released: Project, by_heart: Origin, tmp_path: Path
) -> None:
    archive = tmp_path / "v2.tar"
    image = exported(released, "v2", "--to", str(archive))["image"]
    with a_copy(by_heart, tmp_path / "there" / "tweets") as there:
        shutil.rmtree(there.folder / "store")
        target = f"{there.engine.registry}/ci-steps-e2e/{there.service}"
        given = ("--from", str(archive), "--registry", target)

        done = there.ci_steps("models", "import", f"tweets@{there.shas['v2']}", "--image", *given)
        other = there.ci_steps("models", "import", f"tweets@{there.shas['v1']}", "--image", *given)

    assert done.code == 0, done.said
    assert f"{target}@{image}" in done.output
    assert "of no release that the ledger here knows" in done.output
    assert "next: hold its digest against the one that `export` printed" in done.errors
    assert "serves 'tweets@" in complaint_of(other, BAD_INPUT).error
    with closing(docker.from_env()) as client:
        assert client.images.pull(f"{target}@{image}").labels["ci_steps.sha"] == released.shas["v2"]


def test_a_model_that_was_never_live_and_one_without_an_archive_are_told(project: Project) -> None:
    for asked, error in (
        (("export", "tweets:v1"), "was never live in production, by the ledger"),
        (("import", "tweets:v1"), "the store has no archive of an image of tweets@"),
    ):
        complaint = complaint_of(project.ci_steps("models", *asked, "--image"), BAD_INPUT)

        assert error in complaint.error


def test_a_models_own_files_go_out_and_come_into_another_store(
    project: Project, origin: Origin, tmp_path: Path
) -> None:
    out = project.ci_steps("models", "export", "tweets:v1", "--to", str(tmp_path / "v1"))
    assert out.code == 0, out.said
    with a_copy(origin, tmp_path / "there" / "tweets") as there:
        shutil.rmtree(there.folder / "store")
        ref = f"tweets@{project.shas['v1']}"

        done = there.ci_steps("models", "import", ref, "--from", str(tmp_path / "v1"))
        shown = there.ci_steps("models", "show", ref)

    assert done.code == 0, done.said
    assert f"imported {ref}" in done.output
    assert shown.code == 0, shown.said


@pytest.mark.parametrize(
    "asked",
    [
        ("export", "tweets:v1"),
        ("export", "tweets:v1", "--to", "out", "--environment", "production"),
        ("import", "tweets:v1"),
        ("import", "tweets:v1", "--from", "models", "--digest", f"sha256:{'0' * 64}"),
        ("import", "tweets:v1", "--image", "--digest", "0123"),
        ("import", "tweets:v1", "--image", "--registry", "Not A Repository"),
    ],
)
def test_options_that_do_not_go_together_are_bad_input(project: Project, asked: tuple[str, ...]) -> None:
    complaint_of(project.ci_steps("models", *asked), BAD_INPUT)
