"""Evaluations as columns, in the order of their ids, so that no result depends on the order of lines."""

from ci_steps.steps.check_metrics.rows.columns import Codes, Floats, Mask, Rows, Slice
from ci_steps.steps.check_metrics.rows.ids import Ids
from ci_steps.steps.check_metrics.rows.labels import Kind, Label, in_words, kind_of, place_of, union
from ci_steps.steps.check_metrics.rows.reading import ContradictoryError, UnusableError, read_rows

__all__ = [
    "Codes",
    "ContradictoryError",
    "Floats",
    "Ids",
    "Kind",
    "Label",
    "Mask",
    "Rows",
    "Slice",
    "UnusableError",
    "in_words",
    "kind_of",
    "place_of",
    "read_rows",
    "union",
]
