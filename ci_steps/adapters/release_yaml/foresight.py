"""Everything about `release.yaml` that can be known before a run, without asking any service."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from ci_steps.adapters.release_yaml.contradictions import contradictions
from ci_steps.adapters.release_yaml.loads import undecided_load
from ci_steps.adapters.release_yaml.models import missing_evidence
from ci_steps.adapters.release_yaml.references import wrong_references
from ci_steps.adapters.release_yaml.rules import wrong_rules
from ci_steps.adapters.release_yaml.waivers import in_force, wrong_waivers
from ci_steps.model.settings import Settings
from ci_steps.model.told import Problem
from ci_steps.model.written import Written


def problems(written: Written, project: Path, today: date) -> list[Problem]:
    """Return all of them in the order of their lines; ``project`` is the folder of release.yaml."""
    waived = in_force(written, today)
    found = [
        *_of_its_types(written),
        *contradictions(written),
        *wrong_rules(written, waived),
        *undecided_load(written, waived),
        *wrong_references(written, project, waived),
        *missing_evidence(written, project),
        *wrong_waivers(written, today),
    ]
    return sorted(found)


def _of_its_types(written: Written) -> Iterator[Problem]:
    for mistake in written.mistakes(Settings):
        place = mistake.place
        yield Problem(written.line(place), written.where(place), mistake.what, mistake.hint)
