"""Reading `release.yaml`."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ci_steps.adapters.release_yaml.contradictions import contradictions
from ci_steps.adapters.yaml_file import YamlFile
from ci_steps.errors import InputError
from ci_steps.model.settings import Settings
from ci_steps.model.told import Explanation, Problem
from ci_steps.model.written import Written


@dataclass(frozen=True, slots=True)
class ReleaseYaml:
    """One `release.yaml` on disk."""

    path: Path

    def settings(self) -> Settings:
        """Return what it says; a mistake is an :class:`InputError` with its line."""
        return self._sound(self.written())

    def written(self) -> Written:
        """Return its values with their lines, right or wrong."""
        return self._file.written()

    def problems(self, today: date) -> list[Problem]:
        """Return everything that can be known to be wrong before a run, without asking any service."""
        from ci_steps.adapters.release_yaml.foresight import problems

        return problems(self.written(), self.path.parent, today)

    def explained(self, key: str) -> Explanation:
        """Return what a key says and means, or all of them; an unknown one is an :class:`InputError`."""
        from ci_steps.adapters.release_yaml.explain import explained

        written = self.written()
        self._sound(written)
        return explained(written, key)

    def known_keys(self) -> tuple[str, ...]:
        """Return every key that can be explained."""
        from ci_steps.adapters.release_yaml.explain import keys

        return keys(self.written())

    def _sound(self, written: Written) -> Settings:
        settings = self._file.typed(written)
        for wrong in contradictions(written):
            raise InputError(f"{wrong.where}: {wrong.what}", hint=wrong.next)
        return settings

    @property
    def _file(self) -> YamlFile[Settings]:
        hint = "run in the folder of your release.yaml, or name it with --config"
        return YamlFile(self.path, Settings, hint)
