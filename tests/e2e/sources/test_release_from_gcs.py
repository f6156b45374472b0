"""A model in Google Cloud Storage: released by its address, traced back, and refused once changed."""

from collections.abc import Iterator

import pytest

from tests.contracts.sources.gcs_front import fronted
from tests.contracts.sources.gcs_place import Bucket
from tests.contracts.sources.own_clients import variable
from tests.e2e.complaints import complaint_of
from tests.e2e.project import Project
from tests.e2e.sources.kit_files import LOAD, REPOSITORY, files_of

BAD_INPUT = 2


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bucket]:
    variable("STORAGE_EMULATOR_HOST", "gcs")
    with fronted() as front:
        yield Bucket(front, tmp_path_factory.mktemp("keys"))


def environ(project: Project, place: Bucket) -> dict[str, str]:
    key = place.front.key_file(place.folder / "key.json")
    return project.environ(STORAGE_EMULATOR_HOST=place.front.url, GOOGLE_APPLICATION_CREDENTIALS=str(key))


def test_it_is_released_by_its_address_and_traced_back_to_it(project: Project, place: Bucket) -> None:
    project.configure(load=LOAD)
    address = place.publish(files_of(project, "v1"))
    given = environ(project, place)

    released = project.ci_steps("release", "--model", address, "--environment", "production", environ=given)

    assert released.code == 0, released.said
    manifest = project.document("plan")["manifest"]
    sha = project.live_sha()
    assert manifest["origin"] == {"address": address, "facts": {}}
    assert project.get("/info")["ingredients"]["origin"] == manifest["origin"]
    traced = project.ci_steps("trace", f"{project.service}/production", "--json")
    assert traced.code == 0, traced.said
    [told] = traced.objects
    assert told["release"]["sha"] == f"sha256:{sha}"
    assert told["ingredients"]["origin"]["address"] == address
    assert told["ingredients"]["code"]["commit"] == project.commit
    assert told["ingredients"]["code"]["repository"] == REPOSITORY
    written = [path.read_bytes() for path in project.run_dir.rglob("*.json")]
    for secret in place.secrets:
        assert secret not in released.said + traced.said
        assert not [content for content in written if secret.encode() in content]

    place.change(address, "golden.jsonl", b"")
    pinned = project.ci_steps("plan", "--model", f"{address}#sha256={sha}", environ=given)

    assert "golden.jsonl changed" in complaint_of(pinned, BAD_INPUT).error
