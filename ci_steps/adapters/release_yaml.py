"""Reading `release.yaml`."""

import re
from dataclasses import dataclass
from pathlib import Path

from ci_steps.adapters.yaml_file import YamlFile
from ci_steps.errors import InputError
from ci_steps.model.settings import Settings


@dataclass(frozen=True, slots=True)
class ReleaseYaml:
    """One `release.yaml` on disk."""

    path: Path

    def settings(self) -> Settings:
        """Return what it says; a mistake is an :class:`InputError` with its line."""
        hint = "run in the folder of your release.yaml, or name it with --config"
        settings = YamlFile(self.path, Settings, hint).read()
        self._refuse_contradictions(settings)
        return settings

    def _refuse_contradictions(self, settings: Settings) -> None:
        if not settings.environments:
            raise InputError(f"{self.path}: no environments", hint="name one, with its target and address")
        seen: dict[str, str] = {}
        for name, environment in settings.environments.items():
            if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", name):
                raise InputError(
                    f"{environment.where}: {name!r} is not an environment's name", hint="a-z, 0-9, '-'"
                )
            if environment.address in seen:
                taken = f"{environment.address} is the address of {seen[environment.address]!r} too"
                raise InputError(
                    f"{environment.where}: {taken}",
                    hint="give each environment its own port",
                )
            seen[environment.address] = name
