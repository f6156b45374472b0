"""The findings of this gate: one way to say each thing."""

import json
from typing import Any, Literal

from ci_steps.model.value import Value
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.model.wire import pretty
from ci_steps.model.witness import Witness
from ci_steps.rundir import RunDir
from ci_steps.steps.check_interface.directions import Direction

Kind = Literal["schema", "golden", "baseline", "input", "output"]
_LONG = 160


class Notes(Value, frozen=True):
    """What is found, with the line of the settings that it is held to, and the witnesses beside it."""

    run: RunDir
    where: str
    findings: list[Finding]
    witnesses: list[str]

    def passed(self, kind: Kind, observed: str, rule: str, *, subject: str = "") -> None:
        self._add(kind, Verdict.PASSED, observed, rule, subject=subject)

    def refused(
        self,
        kind: Kind,
        observed: str,
        rule: str,
        *,
        then: str,
        subject: str = "",
        witness: str | None = None,
    ) -> None:
        self._add(kind, Verdict.REFUSED, observed, rule, subject=subject, then=then, witness=witness)

    def inconclusive(self, kind: Kind, observed: str, rule: str, *, then: str, subject: str = "") -> None:
        self._add(kind, Verdict.INCONCLUSIVE, observed, rule, subject=subject, then=then)

    def witness(self, direction: Direction, value: Any, *, because: str, pointer: str) -> str:
        """Write a witness and return where it lies in the run directory."""
        path = f"witnesses/{len(self.witnesses) + 1}-{direction.kind}.json"
        content = Witness(
            kind=direction.kind,
            value=value,
            accepted_by=direction.inner,
            rejected_by=direction.outer,
            because=because,
            pointer=pointer,
            policy=direction.policy,
        )
        self.run.write_bytes(path, pretty(content))
        self.witnesses.append(path)
        return path

    def _add(
        self,
        kind: Kind,
        verdict: Verdict,
        observed: str,
        rule: str,
        *,
        subject: str = "",
        then: str = "",
        witness: str | None = None,
    ) -> None:
        finding = Finding(
            check=f"check-interface.{kind}",
            subject=subject,
            verdict=verdict,
            observed=observed,
            rule=rule,
            where=self.where,
            next=then,
            witness=witness,
        )
        self.findings.append(finding)


def shown(value: Any) -> str:
    """Return the value as JSON on one line, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"
