"""All names that may be allowed, as one line to paste. It decides nothing: each is refused on its own."""

import json
import re
from collections.abc import Iterable, Mapping

from ci_steps.model.settings import ScanSettings
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.steps.scan_model.findings import ALLOWED, MOST_NAMES
from ci_steps.steps.scan_model.names import reaches_beyond
from ci_steps.steps.scan_model.reading import Reading

_MOST_PATHS = 3
_NEEDS_NO_QUOTES = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)


def parted(readings: Mapping[str, Reading]) -> tuple[dict[str, Reading], dict[str, Reading]]:
    """Return the files that nobody should load, and then the others: what is worst is told first."""
    hopeless = {path: reading for path, reading in readings.items() if _hopeless(reading)}
    return hopeless, {path: reading for path, reading in readings.items() if path not in hopeless}


def to_paste(readings: Mapping[str, Reading], settings: ScanSettings) -> tuple[Finding, ...]:
    """Return a finding whose hint is the whole `scan` section, where two names or more are missing from it.

    A name that reaches any code is never in it, nor is another name of such a file: nobody should load it.
    """
    missing = {
        path: reading.shown.globals.difference(settings.allow)
        for path, reading in readings.items()
        if not _hopeless(reading)
    }
    names = sorted(set().union(*missing.values()))
    if not 2 <= len(names) <= MOST_NAMES:  # one name is told by itself; more than a hundred nobody reads
        return ()
    kept = [name for name in settings.allow if not reaches_beyond(name)]
    code = f", code: {_listed(settings.code)}" if settings.code else ""
    section = f"scan: {{allow: {_listed([*kept, *names])}{code}}}"
    paths = [path for path, found in missing.items() if found]
    place = ", ".join(paths) if len(paths) <= _MOST_PATHS else f"{len(paths)} files"
    return (
        Finding(
            check="scan-model.global",
            subject="scan.allow",
            verdict=Verdict.REFUSED,
            observed=f"{len(names)} globals that nobody allowed, in {place}",
            rule=ALLOWED,
            where=settings.where,
            # The section, not the list alone: it stays YAML also where a terminal broke its line.
            next=f"if you trust each of them with whatever it is given, write into release.yaml: {section}",
        ),
    )


def _listed(names: Iterable[str]) -> str:
    quoted = (name if _NEEDS_NO_QUOTES.fullmatch(name) else json.dumps(name) for name in names)
    return f"[{', '.join(quoted)}]"


def _hopeless(reading: Reading) -> bool:
    return any(map(reaches_beyond, reading.shown.globals))
