"""Which image is meant, where a person names a model: the ledger decides, never a tag."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.ledger import Ending, History
from ci_steps.model.refs import ModelRef
from ci_steps.model.release import Release

_KEY = re.compile(r"images/(?P<name>[^/]+)/(?P<sha>[0-9a-f]{64})/(?P<image>[0-9a-f]{64})\.oci\.tar")


@dataclass(frozen=True, slots=True)
class Found:
    """A release that was seen to serve."""

    release: Release
    at: str
    withdrawn: bool
    """Whether a rollback has left it."""


@dataclass(frozen=True, slots=True)
class Archived:
    """An archive of a store, by what its key says."""

    sha: Digest
    image: Digest
    key: str


def key_of(model: str, sha: Digest, image: Digest) -> str:
    """Return where the archive of an image lies in a store."""
    return f"images/{model}/{sha.hex}/{image.hex}.oci.tar"


def released(histories: Mapping[str, History], model: str, sha: Digest) -> tuple[Found, ...]:
    """Return every verified release of a model, the newest first; those that a rollback left come last."""
    found = [
        Found(entry.release, entry.at, entry.release.id in history.withdrawn)
        for history in histories.values()
        for entry in history.entries
        if entry.ending is Ending.LIVE and entry.release
        if (entry.release.model, entry.release.sha) == (model, sha)
    ]
    newest = sorted(found, key=lambda each: each.at, reverse=True)
    return tuple(sorted(newest, key=lambda each: each.withdrawn))


def archived(
    keys: Iterable[str], ref: ModelRef, wanted: Digest | None, histories: Mapping[str, History]
) -> Archived:
    """Return the archive of ``ref`` among ``keys``: the one wanted, the only one, or the newest release's."""
    matches = (_KEY.fullmatch(key) for key in keys)
    every = [
        Archived(Digest(match["sha"]), Digest(match["image"]), match[0])
        for match in matches
        if match and match["name"] == ref.name and match["sha"].startswith(ref.sha)
    ]
    found = [each for each in every if wanted in {None, each.image}]
    if not found:
        there = ", ".join(str(each.image) for each in every)
        of = f"image {wanted} of {ref}" if wanted else f"image of {ref}"
        raise InputError(
            f"the store has no archive of an {of}",
            hint=f"there is {there}" if there else f"make one with `models export {ref} --image`",
        )
    shas = {each.sha for each in found}
    if len(shas) > 1:
        some = ", ".join(sorted(sha.hex[:16] for sha in shas)[:4])
        raise InputError(f"{ref} is ambiguous: {len(shas)} models: {some}", hint="give more characters")
    if len(found) == 1:
        return found[0]
    for release in released(histories, ref.name, *shas):
        for each in found:
            if each.image == release.release.image:
                return each
    some = ", ".join(str(each.image) for each in found)
    raise InputError(
        f"the store has {len(found)} images of {ref}, and the ledger knows none of them",
        hint=f"give --digest one of: {some}",
    )
