"""Names in `scan.allow` that no list can allow, told before a run."""

from collections.abc import Iterator

from ci_steps.model.told import Problem
from ci_steps.model.written import Written, key_of
from ci_steps.steps.scan_model.names import reaches_beyond


def never_allowed(written: Written) -> Iterator[Problem]:
    """Give each of them with its line; the scan refuses it whatever release.yaml says."""
    for place, name in written.sound_items(str, ("scan", "allow")):
        if "." in name and reaches_beyond(name):
            what = f"{key_of(place)}: {name} can run any code, so no entry allows it"
            yield Problem(written.line(place), written.where(place), what, "take it out", warning=True)
