"""What the promises of sources stand on."""

from pathlib import Path

import pytest

from ci_steps.adapters.transfer import ContentCache, Transfer
from tests.fakes.progress import Told


@pytest.fixture
def transfer(tmp_path: Path) -> Transfer:
    return Transfer(ContentCache(tmp_path / "cache"), Told())
