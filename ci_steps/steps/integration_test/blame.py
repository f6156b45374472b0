"""The raw model's own answers, and whom they clear where the container's differ."""

from collections.abc import Sequence
from dataclasses import dataclass

from ci_steps.model.settings import IntegrationSettings
from ci_steps.model.verdict import Finding
from ci_steps.steps.golden.differences import Alike
from ci_steps.steps.golden.parity import parity
from ci_steps.steps.golden.raw import Raw
from ci_steps.steps.golden.replay import Replayed
from ci_steps.steps.golden.service import Answer
from ci_steps.steps.integration_test.findings import passed, refused, undecided

_ANEW = "answer golden.jsonl anew in the locked environment, and publish what holds there"
_OTHER = f"golden.jsonl is of another model or another environment than this release; {_ANEW}"
_BESIDE = "the model itself answers a row otherwise where others come with it; let it look at each row alone"


@dataclass(frozen=True, slots=True)
class Blame:
    """What the raw model answered, and what counts as the same answer."""

    raw: Raw
    alike: Alike

    def hint(self, replayed: Sequence[Replayed]) -> str:
        """Say who is to be mended where a container answered otherwise than golden.jsonl."""
        if self.raw.unable or not self.raw.singly:
            return _ANEW
        own = {r.row.id: r.outcome.value for r in self.raw.singly if isinstance(r.outcome, Answer)}
        wrong = {row.row_id for row in parity(replayed, self.alike).wrong}
        stale = {row.row_id for row in parity(self.raw.singly, self.alike).wrong}
        if not wrong & stale:
            return "mend the server: the raw model answers these rows as golden.jsonl says"
        as_raw = all(
            isinstance(r.outcome, Answer) and not any(self.alike.differences(own[r.row.id], r.outcome.value))
            for r in replayed
            if r.row.id in wrong and r.row.id in own
        )
        if as_raw and wrong <= own.keys():
            return f"the server is sound: the raw model answers these rows as it does; {_ANEW}"
        return f"the raw model differs as well, see integration-test.raw; {_ANEW}"


def raw_is_golden(raw: Raw, alike: Alike, settings: IntegrationSettings) -> list[Finding]:
    """Whether the raw model answers as golden.jsonl says, each row by itself and all at once."""
    rule, where = "the answers in golden.jsonl, by the raw model in the release's environment", settings.where
    if raw.unable:
        hint = (
            "give it memory, time or the python3 that it lacks: memory_mb and replay_seconds of integration:"
        )
        return [
            undecided(
                "raw", f"the raw model was not asked to its end: {raw.unable}", rule, where=where, hint=hint
            )
        ]
    if not raw.singly:
        hint = "publish a golden.jsonl with what the raw model answers"
        return [undecided("raw", "there is no row to ask it", rule, where=where, hint=hint)]
    findings = []
    for subject, replayed in (("one by one", raw.singly), ("as a list", raw.listed)):
        found = parity(replayed, alike)
        if found.wrong:
            hint = _hint(subject, raw, alike)
            findings.append(refused("raw", found.in_words, rule, subject=subject, where=where, hint=hint))
        else:
            findings.append(passed("raw", found.in_words, rule, subject=subject, where=where))
    return findings


def _hint(subject: str, raw: Raw, alike: Alike) -> str:
    """Say what to do: a model that is right about each row alone is not another model."""
    return _OTHER if subject == "one by one" or parity(raw.singly, alike).wrong else _BESIDE
