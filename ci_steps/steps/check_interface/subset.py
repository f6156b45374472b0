"""Does one schema accept everything that another accepts: yes by proof, no by a witness, or nobody knows."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from itertools import islice, pairwise
from typing import Any

from ci_steps.model.value import Value
from ci_steps.steps.check_interface.deciding import Found, Never, Solver, Unknown
from ci_steps.steps.check_interface.deciding.answers import Answer
from ci_steps.steps.check_interface.effort import Effort, OutOfEffortError
from ci_steps.steps.check_interface.forms.compiling import Compiler
from ci_steps.steps.check_interface.forms.document import Document, properties_named
from ci_steps.steps.check_interface.forms.form import Form
from ci_steps.steps.check_interface.forms.making import Forms
from ci_steps.steps.check_interface.forms.unnamed import opened
from ci_steps.steps.check_interface.likeness import grafts
from ci_steps.steps.check_interface.parts import Part, parts_of
from ci_steps.steps.check_interface.patterns import forget
from ci_steps.steps.check_interface.pointers import names_in
from ci_steps.steps.check_interface.validation import Judge, UndecidableError
from ci_steps.steps.check_interface.wording import rule_of

STEPS = 300_000
"""How much work one comparison may take; a step is some ten microseconds."""
_A_QUESTION = 60_000
_REAL = 8
_GRAFTS = 60
_ADVICE = " (interface.unknown_fields: ignore passes over that)"
_TOLD = 20
"""After so many differences the rest is not asked."""


class Break(Value, frozen=True):
    """The inner schema accepts ``value`` and the outer does not: both were asked."""

    pointer: str
    because: str
    value: Any


class Open(Value, frozen=True):
    """Nobody could decide."""

    pointer: str
    because: str


Difference = Break | Open


class Comparison(Value, frozen=True):
    """Whether the outer schema accepts all that the inner one accepts."""

    differences: tuple[Difference, ...]
    equal: tuple[str, ...]
    """Pointers to what was decided, and holds; empty stands for the whole."""


class Unnamed(Value, frozen=True):
    """What becomes of properties that a schema does not name."""

    inner_has_none: bool = False
    """Whether values of the inner schema have no properties but those that it names."""
    outer_ignores: bool = False
    """Whether whoever holds to the outer schema passes over what it does not name."""


def compared(
    inner: Any,
    outer: Any,
    *,
    speaker: str = "it takes",
    seen: Iterable[Any] = (),
    unnamed: Unnamed = Unnamed(),  # noqa: B008 - frozen
) -> Comparison:
    """Compare two schemas.

    Compatible is what is proven: nothing can keep to the inner schema and break the outer one. A break is
    what a witness shows. Everything else is open: "not found" is never taken for "not there". ``seen`` are
    real values, which make the better witnesses; ``speaker`` begins the sentences about the outer schema.
    """
    forget()
    forms = Forms()
    try:
        one = Compiler(Document(inner), forms, closed=unnamed.inner_has_none)
        two = Compiler(Document(opened(outer) if unnamed.outer_ignores else outer), forms)
        advice = "" if unnamed.inner_has_none else _ADVICE
        question = _Question(inner, outer, forms, speaker, tuple(islice(seen, _REAL)), advice)
        question.premise = one.place(one.document.root)
        if isinstance(question.answer(two.form(two.document.root)), Never):
            return Comparison((), ("",))
        differences, equal = question.differences(parts_of(two))
    except RecursionError:
        return Comparison((Open("", "the schemas are nested too deeply"),), ())
    return Comparison(_each_once(differences), tuple(dict.fromkeys(equal)))


def _each_once(differences: list[Difference]) -> tuple[Difference, ...]:
    """Return them without repeating what is behind several references: its break, where there is one."""
    told: dict[tuple[str, str], Difference] = {}
    for each in differences:
        rule = each.because.partition(";")[0]
        if isinstance(told.setdefault((each.pointer, rule), each), Open):
            told[each.pointer, rule] = each
    return tuple(told.values())


class _Question:
    def __init__(
        self, inner: Any, outer: Any, forms: Forms, speaker: str, seen: tuple[Any, ...], advice: str
    ) -> None:
        self._schemas = inner, outer
        self._forms = forms
        self._speaker = speaker
        self._seen = seen
        self._effort = Effort(STEPS)
        self._solver = Solver(forms, self._effort)
        self._advice = advice
        self._told = 0
        self.premise: Form = forms.true
        """What the inner schema says."""

    @cached_property
    def _inner(self) -> Judge:
        return Judge(self._schemas[0])

    @cached_property
    def _outer(self) -> Judge:
        return Judge(self._schemas[1])

    @cached_property
    def _named(self) -> frozenset[str]:
        """The properties that the inner schema names anywhere."""
        return properties_named(self._schemas[0])

    def answer(self, form: Form) -> Answer:
        """Return a value that keeps to the inner schema and breaks the formula, or never, or unknown."""
        part = self._effort.part(_A_QUESTION)
        before = part.steps
        self._solver.effort = part
        try:
            return self._solver.solve(frozenset({(self.premise, True), (form, False)}))
        except OutOfEffortError:
            return Unknown(f"it takes more than the {before:,} steps that were left for it")
        finally:
            self._effort.steps -= before - max(part.steps, 0)

    def differences(self, parts: Iterator[Part]) -> tuple[list[Difference], list[str]]:
        """Return what breaks or is open among the parts of the outer schema, and what holds."""
        found: list[Difference] = []
        equal: list[str] = []
        for part in parts:
            if self._told >= _TOLD:
                found.append(Open(part.pointer, f"after {_TOLD} differences the rest was not looked at"))
                break
            answer = self.answer(part.form)
            if isinstance(answer, Never):
                equal.append(part.pointer)
                continue
            inside = list(part.parts())
            if not inside:
                found.append(self._difference(part, answer))
                self._told += 1
                continue
            within, held = self.differences(iter(inside))
            # Where all that is in it holds, it holds itself, whatever could not be told of it at once.
            found += within
            equal += held if within else [part.pointer]
        return found, equal

    def _difference(self, part: Part, answer: Answer) -> Difference:
        because = f"{self._speaker} {rule_of(part)}"
        why = "no example that shows it could be made"
        try:
            for value in self._candidates(part, answer):
                if self._inner.accepts(value) and not self._outer.accepts(value):
                    return Break(part.pointer, because + self._by_the_letter(part), value)
        except UndecidableError as error:
            why = str(error)
        if isinstance(answer, Unknown):
            why = answer.why
        elif isinstance(answer, Found) and answer.doubt:
            why = answer.doubt
        return Open(part.pointer, f"{because}; whether that matters could not be decided: {why}")

    def _by_the_letter(self, part: Part) -> str:
        path = names_in(part.pointer)
        new = [name for word, name in pairwise(path) if word == "properties" and name not in self._named]
        if not new:
            return ""
        return (
            f" for {new[0]!r}; by the letter the other side leaves further properties open, so {new[0]!r} "
            f"may be there already, with any value{self._advice}"
        )

    def _candidates(self, part: Part, answer: Answer) -> Iterator[Any]:
        """Yield what could show that the part breaks, what is closest to real values first."""
        broken = frozenset({(part.form, False)})
        judged = Solver(self._forms, Effort(_A_QUESTION))
        tried = list(self._seen)
        if isinstance(answer, Found):
            tried += [graft for real in self._seen for graft in islice(grafts(real, answer.value), _GRAFTS)]
        with suppress(OutOfEffortError):
            yield from (value for value in tried if judged.keeps(value, broken))
        if isinstance(answer, Found):
            yield answer.value
