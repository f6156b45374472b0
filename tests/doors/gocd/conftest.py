"""A model repository on a GoCD server, as its team would have it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.doors.gocd.served import served
from tests.doors.gocd.server import GoCD
from tests.e2e.conftest import by_heart, the_engine
from tests.e2e.origin import Origin, a_copy
from tests.e2e.project import Project, free_port

__all__ = ["by_heart", "the_engine"]


@pytest.fixture(scope="module")
def project(by_heart: Origin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Give a checkout whose release.yaml is committed: that is all that an agent gets to see of it."""
    with a_copy(by_heart, tmp_path_factory.mktemp("gocd") / "tweets") as copy:
        yield copy


@pytest.fixture(scope="module")
def staging(project: Project) -> Project:
    """Give the same project as it is met at its staging address."""
    return replace(project, port=free_port())


@pytest.fixture(scope="module")
def gocd(project: Project, staging: Project, tmp_path_factory: pytest.TempPathFactory) -> GoCD:
    return served(project, staging, tmp_path_factory.mktemp("server"))
