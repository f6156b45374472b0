"""`init`, twice and with names that will not do. tests/docs/ types what it prints."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from tests.e2e.newcomer import Newcomer, a_newcomer


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    with a_newcomer(tmp_path) as one:
        yield one


def test_a_second_init_says_what_it_kept_and_a_bad_name_is_bad_input(newcomer: Newcomer) -> None:
    bad = newcomer.types("python -m ci_steps init My_Wine")
    assert (bad.code, list(newcomer.folder.iterdir())) == (2, []), bad.said
    assert "next: small letters, digits and hyphens, 40 at most: my-wine" in bad.errors
    first = newcomer.types(f"python -m ci_steps init {newcomer.service}")
    (newcomer.folder / "train.py").write_text("from folder import write_folder\n")

    again = newcomer.types(f"python -m ci_steps init {newcomer.service}")

    assert (first.code, again.code) == (0, 0), again.said
    assert "wrote" not in again.output
    assert "kept   train.py, which was there" in again.output
    assert (newcomer.folder / "train.py").read_text() == "from folder import write_folder\n"


def test_the_waivers_of_a_first_release_end_in_thirty_days(newcomer: Newcomer) -> None:
    begun = newcomer.types(f"CI_STEPS_BY='M. Jansen' python -m ci_steps init {newcomer.service}")
    assert begun.code == 0, begun.said

    waivers = yaml.safe_load((newcomer.folder / "release.yaml").read_text(encoding="utf-8"))["waivers"]

    month = datetime.now(UTC).date() + timedelta(days=30)
    assert {waiver["by"] for waiver in waivers} == {"M. Jansen"}
    assert all(abs((waiver["until"] - month).days) <= 1 for waiver in waivers)
