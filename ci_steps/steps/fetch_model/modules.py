"""Models that the released one stands on: their files lie below its own."""

from ci_steps.model.manifest import Manifest, ModelFile, Module
from ci_steps.model.refs import ModelRef
from ci_steps.model.wire import canonical
from ci_steps.ports import ModelStore


def files_of(modules: tuple[Module, ...], store: ModelStore) -> tuple[ModelFile, ...]:
    """Return what of each is fetched: its manifest, its lock, and what is loaded."""
    found: list[ModelFile] = []
    for module in modules:
        manifest = store.manifest(ModelRef.exact(module.name, module.sha))
        found += _below(f"modules/{module.name}", module, manifest)
    return tuple(found)


def _below(folder: str, module: Module, manifest: Manifest) -> list[ModelFile]:
    size = len(canonical(manifest))
    # The SHA of a model is that of its manifest's canonical JSON: as a file it is verified like all others.
    files = [ModelFile(path="manifest.json", size=size, sha256=module.sha.hex)]
    wanted = {manifest.environment.lock, "interface.json"}
    files += [file for file in manifest.files if file.path in wanted or file.path.startswith("model/")]
    return [ModelFile(path=f"{folder}/{file.path}", size=file.size, sha256=file.sha256) for file in files]
