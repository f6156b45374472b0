"""What a door left of one release: its documents, findings as JUnit and ending, in a form to be compared.

Two runs never say the very same: each has an id, and the machine answers in another time. Just these are
taken out, field by field; what is left of a document is its content here, and the digest is of that.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from itertools import chain
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from ci_steps.documents import DOCUMENTS, Document, Plan
from ci_steps.model.digest import Digest
from ci_steps.model.wire import digest_of, plain, pretty
from ci_steps.rundir import RunDir
from ci_steps.wiring import STEPS, kind

OF_THIS_RUN: Mapping[str, tuple[str, ...]] = {
    # The head of the ledger is the digest of entries that say when they were written.
    "plan": ("run", "ledger_head"),
    # How much the registry lacked: whoever releases first sends it.
    "push-image": ("sent_bytes",),
    # What was measured.
    "load-test": (
        *("findings.*.observed", "findings.*.interval", "sent", "quantiles_ms", "lag_p99_ms"),
        *("stages", "warm_ups"),
    ),
    "rollout": ("timeline.*.at",),
}
"""The fields that say something of this one run alone."""


@dataclass(frozen=True, slots=True)
class Row:
    """One document."""

    name: str
    verdict: str
    exit: int
    result: str
    """How a rollout ended; of other documents empty."""
    findings: tuple[str, ...]
    """Check, subject and verdict of each."""
    content: Mapping[str, Any]
    """Without what is of this run alone, neither here nor in what it was made from."""
    seal: Digest
    """The document's own digest, with all that it says."""

    @property
    def digest(self) -> Digest:
        return digest_of(self.content)

    @property
    def line(self) -> str:
        ended = f"{self.verdict} {self.result}".strip()
        return f"{self.name:<17}{ended:<14} exit {self.exit}  {self.digest}"


@dataclass(frozen=True, slots=True)
class Left:
    """What a door kept of one try."""

    folder: Path
    """The run directory, as this door keeps it."""
    exits: Mapping[str, int]
    """By what is a stage of a pipeline."""
    ending: str
    """The words that tell how it ended."""

    @property
    def rows(self) -> dict[str, Row]:
        """Every document, in the order of a release; one that is not whole is an input error."""
        run = RunDir(self.folder)
        contents: dict[str, dict[str, Any]] = {}
        rows = {}
        for made in run.present:
            document = run.read(made)
            contents[made.name] = content = _content(document, contents)
            rows[made.name] = _row(document, content)
        return rows

    @property
    def files(self) -> dict[str, bytes]:
        """The documents, byte by byte."""
        names = [f"{made.name}.json" for made in DOCUMENTS]
        return {name: (self.folder / name).read_bytes() for name in names if (self.folder / name).exists()}

    @property
    def junit(self) -> dict[str, tuple[str, ...]]:
        """Tests, failures and errors of each suite, by its name."""
        root = ET.fromstring((self.folder / "findings.xml").read_bytes())
        counts = ("tests", "failures", "errors")
        return {suite.attrib["name"]: tuple(suite.attrib[one] for one in counts) for suite in root}

    @property
    def lines(self) -> list[str]:
        """The table, with the findings below each document and the exit codes of the stages."""
        told = [
            said for row in self.rows.values() for said in (row.line, *(f"    {f}" for f in row.findings))
        ]
        return [*told, *(f"stage {name}: exit {code}" for name, code in self.exits.items())]


def differences(one: Left, other: Left) -> str:
    """Return what differs between two doors, for a person: the tables, then the documents; or nothing."""
    door, another = one.folder.parent.name, other.folder.parent.name
    parts = [*unified_diff(one.lines, other.lines, door, another, lineterm="", n=1)]
    ours, theirs = one.rows, other.rows
    for name in [*ours, *(theirs.keys() - ours.keys())]:
        before, after = (_pretty(rows.get(name)) for rows in (ours, theirs))
        parts += unified_diff(before, after, f"{door}/{name}", f"{another}/{name}", lineterm="", n=2)
    return "\n".join(parts)


def _pretty(row: Row | None) -> list[str]:
    return pretty(row.content).decode().splitlines() if row else []


def _row(document: Document, content: Mapping[str, Any]) -> Row:
    return Row(
        name=document.name,
        verdict=document.verdict.value,
        exit=int(document.exit_code),
        result=getattr(document, "result", ""),
        findings=tuple(
            f"{finding.verdict.value} {finding.check} {finding.subject}".strip()
            for finding in getattr(document, "findings", ())
        ),
        content=content,
        seal=document.digest,
    )


def _content(document: Document, before: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Return what a document says, with digests of such contents where it names what it was made from."""
    content: dict[str, Any] = plain(document)
    del content["made"], content["seal"]
    for path in OF_THIS_RUN.get(document.name, ()):
        _take_out(content, path.split("."))
    for name in content["made_from"].keys() & {Plan.name, *before}:  # a checkout's state stays as it is
        content["made_from"][name] = str(
            digest_of(_of_plan(document, before) if name == "plan" else before[name])
        )
    return content


def _of_plan(document: Document, before: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the section of the plan that a step reads."""
    plan, reads = before[Plan.name], kind(document.name).reads if document.name in STEPS else ()
    return {field: plan[field] for field in reads if field in plan}


def _take_out(value: Any, path: list[str]) -> None:
    """Delete what the path leads to; ``*`` is every item of a list."""
    first, *rest = path
    if not rest:
        value.pop(first, None)
        return
    for item in value if first == "*" else filter(None, [value.get(first)]):
        _take_out(item, rest)


def markdown(doors: Mapping[str, Mapping[str, Left]]) -> Iterator[str]:
    """Yield the lines of a table: a row a document and try, a column a door.

    Where all doors' documents are the very same, the digest is that of the document itself; elsewhere a star
    says that something was taken out.
    """
    yield f"| try | document | {' | '.join(doors)} |"
    yield f"|---|---|{'---|' * len(doors)}"
    first, *_ = doors.values()
    for title in first:
        tables = [left[title].rows for left in doors.values()]
        for name in dict.fromkeys(chain(*tables)):
            rows = [table.get(name) for table in tables]
            same = len({row.seal if row else None for row in rows}) == 1
            yield f"| {title} | {name} | {' | '.join(_cell(row, whole=same) for row in rows)} |"


def _cell(row: Row | None, *, whole: bool) -> str:
    if row is None:
        return "none"
    digest = row.seal if whole else row.digest
    return f"{row.result or row.verdict} `{digest.short}`{'' if whole else ' *'}"
