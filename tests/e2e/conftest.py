"""One checkout with published models for the session; each test releases from a copy of its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.origin import Origin, a_copy, shared_by_heart, shared_origin
from tests.e2e.project import Engine, Project


@pytest.fixture(scope="session")
def the_engine() -> Engine:
    try:
        return Engine.of(os.environ)
    except LookupError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def origin(the_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Origin:
    return shared_origin(tmp_path_factory, the_engine)


@pytest.fixture(scope="session")
def by_heart(the_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Origin:
    """Give the same with models that are quick to start, for what does not depend on the model."""
    return shared_by_heart(tmp_path_factory, the_engine)


@pytest.fixture
def project(origin: Origin, tmp_path: Path) -> Iterator[Project]:
    with a_copy(origin, tmp_path / "tweets") as copy:
        yield copy
