"""How rollout and rollback ended, and what the platform was then seen to run."""

from ci_steps.documents import Rollback, Rollout
from ci_steps.model.release import Observed, Release
from ci_steps.report.ending import state
from ci_steps.report.findings import found
from ci_steps.report.markup import Html, code, facts, joined, section, table, tag
from ci_steps.report.reading import Reading
from ci_steps.report.timeline import moments


def live(reading: Reading) -> Html:
    """Return a section for each of the two that was done."""
    deeds = (reading.get(Rollout), reading.get(Rollback))
    return joined(_deed(deed, reading) for deed in deeds if deed)


def _deed(deed: Rollout | Rollback, reading: Reading) -> Html:
    sign, word, tone, _ = state(type(deed), reading)
    pairs = (
        ("ended", tag("strong", f"{sign} {word}", class_=tone)),
        ("why", deed.reason),
        ("wanted", _release(deed.release)),
        ("live before", _release(deed.before)),
    )
    title = f"{deed.name.capitalize()}: what the platform was seen to run"
    findings = deed.findings if isinstance(deed, Rollout) else ()
    answers = found(findings, reading, rest="rollout.json")
    heading = tag("h3", "What the live address answered to golden rows") if answers else Html("")
    parts = (facts(pairs), heading, answers, _left_out(deed.not_checked), _observed(deed.observed))
    return section(title, *parts, moments(deed.timeline), id_=deed.name)


def _left_out(not_checked: tuple[str, ...]) -> Html:
    rows = [(said,) for said in not_checked]
    return table(("not checked",), rows, rest="the document") if rows else Html("")


def _release(release: Release | None) -> Html:
    if release is None:
        return tag("span", "nothing")
    copies = "1 replica" if release.replicas == 1 else f"{release.replicas} replicas"
    said = f"{release.id}: {release.model}@{release.sha.short}, {copies} of "
    return joined((said, code(release.reference)))


def _observed(observed: Observed | None) -> Html:
    if observed is None:
        return tag("p", "The platform was not read back.", class_="inconclusive")
    answering = observed.answering or "no release"
    heads = ("replica", "release", "image", "healthy", "serving")
    rows = [
        (
            code(replica.id),
            replica.release,
            code(str(replica.image)) if replica.image else "the platform cannot say",
            "✔ yes" if replica.healthy else "✘ no",
            "✔ yes" if replica.serving else "no",
        )
        for replica in observed.replicas
    ]
    copies = table(heads, rows, rest="the document") if rows else tag("p", "No replica runs.")
    return joined((tag("p", "The live address answers as ", tag("strong", answering), "."), copies))
