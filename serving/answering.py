"""From a body to its answers: parse, hold to the contract, predict, hold to the contract again."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from serving.bodies import asked, json_bytes
from serving.contract import Contract
from serving.errors import AnswerError, PredictorError, RowError
from serving.predictors import Predictor

MAX_PROBLEMS = 100


class BadRows(Exception):  # noqa: N818  # not a failure of ours: the caller's rows, and why
    """Some rows cannot be answered, so none is: at most the first hundred, each with its reason."""

    def __init__(self, rows: list[RowError]) -> None:
        super().__init__(f"{len(rows)} bad rows")
        self.rows = rows


@dataclass(frozen=True, slots=True)
class Answered:
    """The body of a response, and how many answers are in it."""

    content: bytes
    rows: int


@dataclass(frozen=True, slots=True)
class Answering:
    """A loaded model held to its contract; does no I/O and may be used by several threads."""

    contract: Contract
    predictor: Predictor
    max_rows: int
    check_answers: bool

    def answer(self, body: bytes) -> Answered:
        """Return the answers to ``body``; raises BodyError, BadRows, PredictorError, AnswerError only."""
        question = asked(body, max_rows=self.max_rows)
        if bad := list(islice(self.contract.bad_rows(question.rows), MAX_PROBLEMS)):
            raise BadRows(bad)
        answers = self._predicted(question.rows)
        content = json_bytes(answers if question.many else answers[0])
        if self.check_answers:
            self._check(content, many=question.many)
        return Answered(content, len(question.rows))

    def _predicted(self, rows: list[Any]) -> list[Any]:
        try:
            answers = list(self.predictor.predict(rows))
        except RowError as error:
            raise BadRows([error]) from error
        except (Exception, SystemExit) as error:  # the plug-in border: a model may raise anything
            raise PredictorError(type(error).__name__) from error
        if len(answers) != len(rows):
            raise AnswerError(f"{len(answers)} answers to {len(rows)} requests")
        return answers

    def _check(self, content: bytes, *, many: bool) -> None:
        """Check what is sent, not what the predictor returned: numpy's numbers have become numbers by now."""
        try:
            sent = orjson.loads(content)
        except orjson.JSONDecodeError as error:  # such as a number that no double holds
            raise AnswerError("the answers are JSON that other parsers refuse") from error
        self.contract.check(sent if many else [sent])
