"""A model in a bucket: released by its address, traced back, not fetched twice, and refused once changed."""

import pytest

from tests.contracts.byte_server import Bytes, serving
from tests.contracts.sources.s3_prefixes import Prefixes
from tests.e2e.complaints import complaint_of
from tests.e2e.project import Project
from tests.e2e.sources.kit_files import LOAD, REPOSITORY, files_of
from tests.s3_servers import BUCKET, client

BAD_INPUT, OUTSIDE = 2, 3


@pytest.fixture(scope="module")
def place() -> Prefixes:
    client()
    return Prefixes(BUCKET)


def test_it_is_released_by_its_address_and_traced_back_to_it(project: Project, place: Prefixes) -> None:
    project.configure(load=LOAD)
    address = place.publish(files_of(project, "v1"))

    released = project.ci_steps("release", "--model", address, "--environment", "production")

    assert released.code == 0, released.said
    manifest = project.document("plan")["manifest"]
    sha = project.live_sha()
    assert manifest["origin"] == {"address": address, "facts": {}}
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

    # A server that has nothing and tells what it is asked: what was brought once is asked of nobody again.
    with serving(Bytes({})) as nowhere:
        away = project.environ(AWS_ENDPOINT_URL_S3=nowhere)
        again = project.ci_steps("fetch-model", environ=away)
    assert again.code == 0, again.said

    place.change(address, "golden.jsonl", b"")
    pinned = project.ci_steps("plan", "--model", f"{address}#sha256={sha}")

    assert "golden.jsonl changed" in complaint_of(pinned, BAD_INPUT).error
