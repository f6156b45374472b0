"""Pairs of schemas whose answers are known, in both directions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.interfaces.answers import Answered, asked
from tests.interfaces.pydantic_pairs import PAIRS, Because, Pair

_FOLDER = Path(__file__).with_name("corpus")
_KEYS = {"name", "a", "b"}


@dataclass(frozen=True, slots=True)
class Question:
    """Whether ``outer`` accepts all that ``inner`` accepts."""

    theme: str
    name: str
    inner: Any
    outer: Any
    answer: Because | None
    """Why it does; None where it does not."""
    witness: Any

    @property
    def id(self) -> str:
        return f"{self.theme}: {self.name}"


@cache
def questions() -> Sequence[Question]:
    """Return two questions a pair, from the files and from the models."""
    written = [
        q for path in sorted(_FOLDER.glob("*.yaml")) for pair in _read(path) for q in _both(path.stem, pair)
    ]
    modelled = [q for pair in PAIRS for q in _of_models(pair)]
    return (*written, *modelled)


_answers: dict[str, Answered] = {}


def answered(question: Question) -> Answered:
    """Return the gate's answer; it is asked once."""
    if question.id not in _answers:
        _answers[question.id] = asked(question.inner, question.outer)
    return _answers[question.id]


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _both(theme: str, pair: dict[str, Any]) -> Iterator[Question]:
    """Read one pair: ``X in Y: reason`` or ``X not in Y: witness``, for a in b and for b in a."""
    keys = set(pair)
    for one, other in (("a", "b"), ("b", "a")):
        yes, no = f"{one} in {other}", f"{one} not in {other}"
        if (yes in pair) == (no in pair):
            raise ValueError(f"{theme}: {pair['name']}: either {yes!r} or {no!r} must be there")
        keys -= {yes, no}
        because = Because(pair[yes]) if yes in pair else None
        yield Question(theme, f"{pair['name']} ({yes})", pair[one], pair[other], because, pair.get(no))
    if keys != _KEYS:
        raise ValueError(f"{theme}: {pair['name']}: unknown keys {sorted(keys - _KEYS)}")


def _of_models(pair: Pair) -> Iterator[Question]:
    one, other = pair.schemas()
    for inner, outer, answer, order in (
        (one, other, pair.forward, "a in b"),
        (other, one, pair.back, "b in a"),
    ):
        because = answer if isinstance(answer, Because) else None
        witness = None if isinstance(answer, Because) else answer
        yield Question("pydantic", f"{pair.name} ({order})", inner, outer, because, witness)
