"""What MLflow keeps of rows: the input example, and the table of an evaluation."""

import json
import math
from collections.abc import Iterator
from typing import Any

from ci_steps.adapters.mlflow_shape.mlmodel import ExampleNote

PREDICTED = "outputs"
_MOST_EXAMPLES = 5


def examples(content: bytes, note: ExampleNote) -> list[Any]:
    """Return the first requests of an input example; none where it has another form than a table or rows."""
    tree = _tree(content)
    if note.type == "dataframe" and note.pandas_orient == "split" and isinstance(tree, dict):
        rows: list[Any] = list(_records(tree))
    elif note.type == "ndarray" and isinstance(tree, dict) and isinstance(tree.get("inputs"), list):
        rows = tree["inputs"]
    else:
        rows = []
    return [row for row in rows[:_MOST_EXAMPLES] if _is_plain(row)]


def evaluated(content: bytes, inputs: list[str], answer: str) -> dict[str, bytes]:
    """Return evaluations.jsonl and golden.jsonl of a table that `mlflow.models.evaluate` logged.

    Of its columns those of the signature are the request, `outputs` is what the model predicted, and one more
    must be left, which is the truth; those of metrics have a slash in their names. A table that has other
    columns gives neither. Golden rows take an answer that is one value, called ``answer``.
    """
    tree = _tree(content)
    rows = list(_records(tree)) if isinstance(tree, dict) else []
    if not rows or not inputs:
        return {}
    rest = [name for name in rows[0] if name not in inputs and name != PREDICTED and "/" not in name]
    if len(rest) != 1 or not {PREDICTED, *inputs} <= rows[0].keys() or not all(map(_is_plain, rows)):
        return {}
    evaluations = (
        {"id": f"e{number}", "truth": row[rest[0]], "prediction": row[PREDICTED]}
        for number, row in enumerate(rows, start=1)
    )
    golden = (
        {
            "id": f"e{number}",
            "request": {name: row[name] for name in inputs},
            "answer": {answer: row[PREDICTED]},
        }
        for number, row in enumerate(rows, start=1)
    )
    found = {"evaluations.jsonl": _lines(evaluations)}
    return found | {"golden.jsonl": _lines(golden)} if answer else found


def _tree(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _records(tree: dict[str, Any]) -> Iterator[dict[str, Any]]:
    columns, rows = tree.get("columns"), tree.get("data")
    if not isinstance(columns, list) or not isinstance(rows, list):
        return
    for row in rows:
        if isinstance(row, list) and len(row) == len(columns):
            yield dict(zip(map(str, columns), row, strict=True))


def _is_plain(value: Any) -> bool:
    """Whether a value is JSON to everybody: NaN and infinity are so to Python alone."""
    match value:
        case dict():
            return all(map(_is_plain, value.values()))
        case list():
            return all(map(_is_plain, value))
        case float():
            return math.isfinite(value)
    return True


def _lines(rows: Iterator[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)
