"""What the gate makes of a file: one finding for each thing that it was held to."""

from collections.abc import Iterator

from ci_steps.model.settings import ScanSettings
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.steps.scan_model.code import at_start
from ci_steps.steps.scan_model.content import Problem
from ci_steps.steps.scan_model.names import reaches_beyond
from ci_steps.steps.scan_model.reading import Reading

MOST_NAMES = 100
ALLOWED = "every global is in scan.allow"


def findings_of(
    path: str, reading: Reading, settings: ScanSettings, *, by_joblib: bool = False
) -> Iterator[Finding]:
    """Give what is wrong with the file, and what it was found to be where that is worth a line."""
    shown = reading.shown
    for problem in shown.problems:
        yield _problem(path, problem, settings)
    if shown.runs:
        yield _code(path, reading, settings)
    names = sorted(shown.globals)
    refused = [name for name in names if reaches_beyond(name) or name not in settings.allow]
    # The ones that no list can allow first: they say what the file is about.
    refused.sort(key=lambda name: not reaches_beyond(name))
    for name in refused[:MOST_NAMES]:
        yield _name(path, name, settings)
    if len(refused) > MOST_NAMES:
        yield Finding(
            check="scan-model.global",
            subject=path,
            verdict=Verdict.REFUSED,
            observed=f"{len(refused) - MOST_NAMES} more globals that are not allowed",
            rule=ALLOWED,
            where=settings.where,
            next="scan-model.json lists all of them",
        )
    if (shown.pickled or names) and not refused:
        yield Finding(
            check="scan-model.global",
            subject=path,
            verdict=Verdict.PASSED,
            observed=f"{shown.format} with {len(names)} globals, all of them allowed",
            rule=ALLOWED,
            where=settings.where,
        )
    aside = () if by_joblib else sorted(shown.aside)
    for name in aside[:MOST_NAMES]:
        if reaches_beyond(name) or name not in settings.allow:
            yield _aside(path, name, settings)


def _problem(path: str, problem: Problem, settings: ScanSettings) -> Finding:
    return Finding(
        check=f"scan-model.{problem.kind}",
        subject=path,
        verdict=problem.verdict,
        observed=problem.observed,
        rule=problem.rule,
        where=settings.where,
        next=problem.next,
    )


def _code(path: str, reading: Reading, settings: ScanSettings) -> Finding:
    allowed = bool(reading.source) and path in settings.code
    if allowed:
        then = ""
    elif reading.source and at_start(path):
        then = "take it out: Python runs it whenever it starts, whether the model is loaded or not"
    elif reading.source:
        then = f"read it, and if it may run add {path} to scan.code"
    else:
        then = "publish the model without it: what cannot be read cannot be allowed"
    return Finding(
        check="scan-model.code",
        subject=path,
        verdict=Verdict.PASSED if allowed else Verdict.REFUSED,
        observed=f"{reading.shown.runs}, {'allowed' if allowed else 'which nobody allowed'}",
        rule="a file that can run is readable code named in scan.code",
        where=settings.where,
        next=then,
    )


def _name(path: str, name: str, settings: ScanSettings) -> Finding:
    beyond = reaches_beyond(name)
    return Finding(
        check="scan-model.global",
        subject=f"{name} in {path}",
        verdict=Verdict.REFUSED,
        observed="imported when the file is loaded; it can run any code"
        if beyond
        else "imported when the file is loaded",
        rule="no global reaches code that the listing does not show" if beyond else ALLOWED,
        where=settings.where,
        next="do not load this file; no entry in scan.allow changes that"
        if beyond
        else f"if you trust {name} with whatever it is given, add it to scan.allow",
    )


def _aside(path: str, name: str, settings: ScanSettings) -> Finding:
    beyond = reaches_beyond(name)
    return Finding(
        check="scan-model.polyglot",
        subject=f"{name} in {path}",
        verdict=Verdict.REFUSED if beyond else Verdict.INCONCLUSIVE,
        observed="imported where pickle.load reads the file instead of joblib.load",
        rule="a file is one thing only",
        where=settings.where,
        next="do not load this file"
        if beyond
        else "dump the model with pickle, or its objects outside of arrays",
    )
