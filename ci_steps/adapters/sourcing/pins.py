"""Whether what an address stands for now is what was pinned, and in which way it is not."""

from ci_steps.adapters.kit_store import KitStore
from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.manifest import Manifest, ModelFile
from ci_steps.model.refs import ModelRef
from ci_steps.ports import ChangedError, MovedError


def refuse_other(address: Address, resolved: str, manifest: Manifest, store: KitStore) -> None:
    """Refuse a model that is not the pinned one: the name moved to another, or the bytes under it changed."""
    pin = address.pin
    if pin is None or manifest.sha == pin:
        return
    now = f"{manifest.name}@{manifest.sha.short}"
    try:
        pinned = store.manifest(ModelRef.exact(manifest.name, pin))
    except InputError:
        pinned = None
    if pinned and pinned.origin and pinned.origin.address != resolved:
        raise MovedError(
            f"{address.unpinned} moved: it was {pinned.origin.address}, pinned as {pin.short}, and is now "
            f"{resolved}, {now}",
            hint=f"name {pinned.origin.address} to release what was pinned, or pin what it is now",
        )
    differ = _differing(pinned, manifest) if pinned else "the store does not know what was pinned"
    raise ChangedError(
        f"{address.unpinned} is {now} and not the pinned {pin.short}: {differ}",
        hint="find out who changed it; pin it anew only if the change was meant",
    )


def _differing(pinned: Manifest, manifest: Manifest) -> str:
    """Return which files, or else which ingredients, are not the same."""
    was = {file.path: file.sha256 for file in pinned.files}
    is_ = {file.path: file.sha256 for file in manifest.files}
    paths = sorted(path for path in was.keys() | is_.keys() if was.get(path) != is_.get(path))
    if paths:
        return f"{', '.join(paths[:3])}{' …' * (len(paths) > 3)} changed"
    old, new = pinned.ingredients, manifest.ingredients
    kinds = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return f"its {', '.join(kinds)} changed"


def published(manifest: Manifest, files: dict[str, ModelFile], where: str) -> Manifest:
    """Return a manifest that the kit wrote, where the files beside it are the ones that it names."""
    for file in manifest.files:
        there = files.get(file.path)
        if there is None:
            raise ChangedError(
                f"{where} names {file.path}, which is not there", hint="publish the model anew"
            )
        if there.sha256 != file.sha256:
            raise ChangedError(
                f"{file.path} is not what {where} says: sha256 {there.sha256[:12]} instead of "
                f"{file.sha256[:12]}",
                hint="restore it, or publish the model anew",
            )
    return manifest
