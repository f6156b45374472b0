"""Lanes side by side: what one of them learns is the end of all."""

import time
from pathlib import Path

import pytest

from ci_steps.adapters.transfer import ContentCache, Transfer
from ci_steps.errors import OutsideError
from ci_steps.model.address import Address
from ci_steps.model.sourced import Found, SourceFile
from ci_steps.ports import Request
from tests.fakes.progress import Told


class DownSource:
    """A place that answers late, and only that it is down."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def resolve(self, address: Address) -> Found:
        raise AssertionError(address)

    def request(self, file: SourceFile, first: int, last: int) -> Request:
        self.asked.append(file.path)
        time.sleep(0.2)
        raise OutsideError(f"{file.path} cannot be had: it is down")


@pytest.mark.parametrize("has_checksum", [True, False])
def test_a_place_that_does_not_say_how_to_ask_is_not_asked_by_each_lane(
    tmp_path: Path, *, has_checksum: bool
) -> None:
    def file(number: int) -> SourceFile:
        checksums = {"sha256": f"{number:064}"} if has_checksum else {}
        return SourceFile(path=f"{number}.bin", size=10, locator=f"{number}", checksums=checksums)

    files = [file(number) for number in range(20)]
    source = DownSource()

    with pytest.raises(OutsideError, match="it is down"):
        Transfer(ContentCache(tmp_path / "cache"), Told()).bring(source, files)

    assert len(source.asked) == 1
