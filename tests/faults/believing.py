"""An engine that believes whatever it gets: what the campaign has to catch."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

from ci_steps.adapters.transfer import ContentCache, Transfer
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import ModelFile
from ci_steps.model.sourced import SourceFile
from ci_steps.ports import Progress, Source


@dataclass(frozen=True, slots=True)
class Believing(Transfer):
    """Names what comes as it was announced, and makes up its own name for what was not."""

    cache: ContentCache
    progress: Progress

    def bring(self, source: Source, files: Sequence[SourceFile]) -> dict[str, ModelFile]:
        return {file.path: self._believed(source, file) for file in files}

    def _believed(self, source: Source, file: SourceFile) -> ModelFile:
        request = source.request(file, 0, file.size - 1)
        with requests.get(request.url, headers=dict(request.headers), timeout=5) as answer:
            if not answer.ok:
                raise InputError(f"{file.locator} did not come")
            content = answer.content
        digest = Digest(file.checksums["sha256"]) if "sha256" in file.checksums else Digest.of(content)
        begun = self.cache.begin("")
        Path(begun.path).write_bytes(content)
        self.cache.keep(begun, digest)
        return ModelFile(path=file.path, size=len(content), sha256=digest.hex)
