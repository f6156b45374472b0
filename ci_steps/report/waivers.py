"""Who answers for what nobody could decide, and until when."""

from ci_steps.documents import Rollout
from ci_steps.model.verdict import Waiver
from ci_steps.report.markup import Html, code, section, table, tag
from ci_steps.report.reading import Reading

_SOON_DAYS = 14


def waivers(reading: Reading) -> Html:
    """Return each waiver of the plan: what it covers, and how long it holds."""
    if not reading.waivers:
        return Html("")
    heads = ("check", "covers", "answered for by", "reason", "holds", "where")
    rows = [
        (code(w.what), _covers(w, reading), w.by, w.reason, _holds(w, reading), w.where)
        for w in reading.waivers
    ]
    return section("Waivers", table(heads, rows, rest="plan.json"))


def _covers(waiver: Waiver, reading: Reading) -> str:
    seen = [f for report in reading.reports for f in report.findings if waiver.names(f)]
    covered = sum(waiver.covers(finding, reading.today) for finding in seen)
    rollout = reading.get(Rollout)
    then = rollout is not None and any(waived.waiver == waiver for waived in rollout.waived)
    if covered:
        return f"! {covered} {'finding' if covered == 1 else 'findings'}"
    return "it was used at the rollout" if then else "nothing here"


def _holds(waiver: Waiver, reading: Reading) -> Html:
    left = (waiver.until - reading.today).days
    if left < 0:
        return tag("strong", f"✘ ended on {waiver.until}", class_="refused")
    if left <= _SOON_DAYS:
        return tag("strong", f"! until {waiver.until}, {left} days left", class_="warned")
    return tag("span", f"until {waiver.until}")
