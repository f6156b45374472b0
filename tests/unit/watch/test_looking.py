import pytest
from msgspec.structs import replace

from ci_steps.adapters.kit_store import KitStore
from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.manifest import Origin
from ci_steps.model.refs import ModelRef
from ci_steps.model.sourced import Found, SourceFile
from ci_steps.ports import Request
from ci_steps.watch import at_address, at_tag
from ci_steps.watch.looking import There
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.progress import Told

WEIGHTS = SourceFile(path="model/weights", size=3, locator="v7/weights", mark="1")
FOUND = Found(origin=Origin(address="mlflow:models/tweets/7", facts={}), files=(WEIGHTS,))


class OneModel:
    """A place with one model."""

    def __init__(self, found: Found) -> None:
        self.found = found

    def resolve(self, address: Address) -> Found:
        return self.found

    def request(self, file: SourceFile, first: int, last: int) -> Request:
        raise AssertionError("watching fetches no bytes")


def there(found: Found) -> There:
    return at_address(OneModel(found), Address.parse("mlflow:models/tweets@champion"))()


def test_a_build_is_told_what_the_address_was_resolved_to() -> None:
    assert there(FOUND).model == "mlflow:models/tweets/7"


@pytest.mark.parametrize(
    "other",
    [
        replace(FOUND, origin=Origin(address="mlflow:models/tweets/8", facts={})),
        replace(FOUND, files=(replace(WEIGHTS, mark="2"),)),
        replace(FOUND, files=(replace(WEIGHTS, size=4),)),
        replace(FOUND, files=(WEIGHTS, replace(WEIGHTS, path="model/more"))),
    ],
)
def test_another_version_or_file_or_mark_is_a_new_model(other: Found) -> None:
    assert there(other).key != there(FOUND).key


def test_what_a_source_says_about_it_and_the_order_of_files_make_no_new_model() -> None:
    more = replace(WEIGHTS, path="model/a")
    one, other = replace(FOUND, files=(WEIGHTS, more)), replace(FOUND, files=(more, WEIGHTS), said=("hi",))

    assert there(one) == there(other)


def test_a_pinned_address_or_a_sha_cannot_be_watched() -> None:
    pinned = Address.parse(f"s3://bucket/tweets#sha256={'a' * 64}")

    with pytest.raises(InputError, match="pinned, so it never stands for a new model"):
        at_address(OneModel(FOUND), pinned)
    with pytest.raises(InputError, match="one model for ever"):
        at_tag(KitStore(MemoryBlobs(), "the store", Told()), ModelRef.parse("tweets@0123456"))
