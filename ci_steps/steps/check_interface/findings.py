"""The findings of this gate: one way to say each thing."""

import json
from collections.abc import Mapping
from typing import Any, Literal

from ci_steps.model.value import Value
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.model.wire import pretty
from ci_steps.model.witness import Witness
from ci_steps.rundir import RunDir
from ci_steps.steps.check_interface.directions import Direction
from ci_steps.steps.check_interface.files import INTERFACE, GoldenRow
from ci_steps.steps.check_interface.pointers import names_in

Kind = Literal["schema", "golden", "baseline", "input", "output"]
_LONG = 60
_FEW = 2


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
            where=self.where or ("" if kind == "baseline" else INTERFACE),
            next=then,
            witness=witness,
        )
        self.findings.append(finding)


def shown(value: Any) -> str:
    """Return the value as JSON on one line, cut where it is long: a witness file has the whole."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"


def every(some: int, of_all: int) -> str:
    """Return ``all 171`` or ``3 of 171``."""
    return f"all {of_all:,}" if some == of_all else f"{some:,} of {of_all:,}"


def first(why: str, row: GoldenRow) -> str:
    """Return why, and then where it was first seen: a long line loses its end."""
    return f"{why} (first: row {row.id})"


def in_short(value: Any, real: Mapping[str, Any], pointer: str) -> str:
    """Return a witness by what makes it differ from a golden row, where it looks like one."""
    for name, row in real.items():
        if _same(value, row):
            return f"golden row {name}"
        if isinstance(value, dict) and isinstance(row, dict):
            new = [key for key in value if key not in row or not _same(value[key], row[key])]
            gone = [key for key in row if key not in value]
            if len(new) + len(gone) <= _FEW:
                parts = [f"with {key} = {shown(value[key])}" for key in new]
                return " ".join([f"golden row {name}", *parts, *(f"without {key}" for key in gone)])
    if isinstance(value, dict):
        named = names_in(pointer)
        value = {key: value[key] for key in sorted(value, key=lambda key: key not in named)}
    return shown(value)


def _same(one: Any, other: Any) -> bool:
    """Whether both are the same JSON; to Python, true is 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
