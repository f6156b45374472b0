"""Addresses on S3, before any bucket is asked."""

import pytest

from ci_steps.adapters.s3_place import S3Place
from ci_steps.adapters.s3_source.source import inside, parsed
from ci_steps.errors import InputError
from ci_steps.model.address import Address


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("s3://models", ("models", "", "")),
        ("s3://models/", ("models", "", "")),
        ("s3://models/a b/c+d", ("models", "a b/c+d", "")),
        ("s3://models/a/it.bin?versionId=x%2By", ("models", "a/it.bin", "x+y")),
    ],
)
def test_an_address_names_a_bucket_a_prefix_and_perhaps_a_version(text: str, meant: tuple[str, ...]) -> None:
    assert parsed(Address.parse(text)) == meant


@pytest.mark.parametrize(
    "text", ["s3:models/a", "s3:///a", "s3://models/a?x=1", "s3://models/a?versionId=1&x=2"]
)
def test_what_is_no_address_on_s3_is_bad_input(text: str) -> None:
    with pytest.raises(InputError, match="not the address of a model on S3"):
        parsed(Address.parse(text))


@pytest.mark.parametrize("key", ["a/../b", "a//b", "a/./b", "a/.."])
def test_a_key_that_leads_outside_a_folder_is_bad_input(key: str) -> None:
    with pytest.raises(InputError, match="names no place inside"):
        inside(key, "a/")


@pytest.mark.parametrize("text", ["s3://AKIA:word@models/x", "s3://word@models/x", "s3://:word@models"])
def test_a_login_in_a_place_or_an_address_is_not_repeated(text: str) -> None:
    for parse in (S3Place.parse, Address.parse):
        with pytest.raises(InputError) as error:
            parse(text)

        assert "word@" not in f"{error.value} {error.value.hint}"
