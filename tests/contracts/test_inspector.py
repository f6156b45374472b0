"""Looking up containers and images, at a real engine and in the fake."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import docker
import pytest

from ci_steps.adapters.docker_inspector import DockerInspector
from ci_steps.errors import OutsideError
from ci_steps.model.digest import Digest
from ci_steps.ports import Inspected, Inspector
from tests.fakes.inspector import MemoryInspector
from tests.fakes.serving_image import REPOSITORY, pushed

LABELS = {"ci_steps.release": "production-7"}


@dataclass(frozen=True, slots=True)
class Place:
    inspector: Inspector
    name: str
    id: str
    image: Digest


@contextmanager
def in_memory() -> Iterator[Place]:
    image = Digest("1" * 64)
    container = Inspected(image, LABELS, container="a-name")
    known = {"a-name": container, "0" * 12: container}
    known |= dict.fromkeys((f"{REPOSITORY}@{image}", str(image)), Inspected(image, {}))
    yield Place(MemoryInspector(known), "a-name", "0" * 12, image)


@contextmanager
def at_an_engine() -> Iterator[Place]:
    image = pushed("serves")
    client = docker.from_env()
    client.images.pull(f"{REPOSITORY}@{image}")
    name = f"inspected-{uuid.uuid4().hex[:8]}"
    container = client.containers.create(f"{REPOSITORY}@{image}", name=name, labels=LABELS)
    try:
        yield Place(DockerInspector(), name, str(container.id), image)
    finally:
        container.remove(force=True)
        client.close()


PLACES: dict[str, Callable[[], AbstractContextManager[Place]]] = {"memory": in_memory, "engine": at_an_engine}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with PLACES[request.param]() as made:
        yield made


def test_a_container_is_found_by_name_and_by_id_with_its_image_and_labels(place: Place) -> None:
    for what in (place.name, place.id):
        found = place.inspector.inspect(what)

        assert found is not None
        assert (found.container, found.image) == (place.name, place.image)
        assert found.labels["ci_steps.release"] == "production-7"


def test_an_image_is_found_by_reference_and_by_digest_alone(place: Place) -> None:
    for what in (f"{REPOSITORY}@{place.image}", str(place.image)):
        found = place.inspector.inspect(what)

        assert found is not None
        assert (found.container, found.image) == ("", place.image)


@pytest.mark.parametrize("what", ["no-such-thing", f"sha256:{'f' * 64}", "f" * 12])
def test_what_is_not_there_is_none(place: Place, what: str) -> None:
    assert place.inspector.inspect(what) is None


def test_an_engine_that_is_away_is_an_outside_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "DOCKER_HOST", "tcp://127.0.0.1:1")

    with pytest.raises(OutsideError, match="does not answer"):
        DockerInspector().inspect("anything")
