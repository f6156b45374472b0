"""A manifest that contradicts itself, or names what a file cannot be called, is not read."""

import msgspec
import pytest

from ci_steps.errors import InputError
from ci_steps.model.manifest import Manifest, ModelFile
from ci_steps.model.wire import canonical
from ci_steps.selftest.specimen import manifest_of, model_files

SOUND = manifest_of(model_files())


def read(manifest: Manifest) -> Manifest:
    return Manifest.parse(canonical(manifest), where="manifest")


def test_a_sound_manifest_is_read() -> None:
    assert read(SOUND) == SOUND


def test_a_lock_that_is_not_the_file_it_names_is_refused() -> None:
    other = msgspec.structs.replace(SOUND.environment, lock_sha256="0" * 64)

    with pytest.raises(InputError, match=r"lock_sha256 is not that of its file requirements\.lock"):
        read(msgspec.structs.replace(SOUND, environment=other))


def test_a_configuration_with_another_digest_is_refused() -> None:
    other = msgspec.structs.replace(SOUND.config, sha256="0" * 64)

    with pytest.raises(InputError, match="the SHA-256 of config is not that of its values"):
        read(msgspec.structs.replace(SOUND, config=other))


@pytest.mark.parametrize("name", ["a\nb", "a\x1b[2J", "a\u202eb", "a\udcff"])
def test_a_path_that_would_rewrite_a_terminal_is_refused(name: str) -> None:
    file = ModelFile(path=f"model/{name}", size=0, sha256="0" * 64)
    files = tuple(sorted((*SOUND.files, file), key=lambda each: each.path))

    with pytest.raises(InputError, match="is not plain") as error:
        msgspec.structs.replace(SOUND, files=files).validate("manifest")

    assert str(error.value).isprintable()
