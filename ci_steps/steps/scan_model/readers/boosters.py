"""The native files of LightGBM, XGBoost and CatBoost: numbers and texts, read to their last byte."""

import json
import re

from ci_steps.steps.scan_model.content import Buffer, Shown, fills, trailing, unreadable
from ci_steps.steps.scan_model.readers import ubjson
from ci_steps.steps.scan_model.readers.cursor import Cursor
from ci_steps.steps.scan_model.readers.place import UnreadError, stop
from ci_steps.steps.scan_model.readers.settings_files import more_than_json

LIGHTGBM = (b"tree\n", b"tree\r\n")
CATBOOST = b"CBM1"
XGBOOST_BINARY = (b"binf", b"bs64")
_TREE = re.compile(rb"^Tree=(\d+)\n", re.MULTILINE)
_AFTER_TREES = re.compile(
    rb"end of trees\n+(?:feature_importances:\n(?:.*=\d+(?:\.\d+)?\n)*\n*)?"
    rb"(?:parameters:\n(?:\[.*\]\n|\n)*end of parameters\n*)?(?:pandas_categorical:(.*)\n?)?"
)
_CTR_PROVIDER = b"static_provider_v1"


def lightgbm(buffer: Buffer) -> Shown:
    """Return what a text that begins as LightGBM's holds."""
    text = buffer[:].replace(b"\r\n", b"\n")
    end = text.find(b"end of trees\n")
    sizes = re.search(rb"^tree_sizes=([\d ]+)$", text[: max(end, 0)], re.MULTILINE)
    if end < 0 or sizes is None:
        return Shown("lightgbm", problems=(unreadable("it ends before its trees do"),))
    trees = [found.start() for found in _TREE.finditer(text, 0, end)]
    wanted = [int(size) for size in sizes[1].split()]
    # The last tree's size may count an empty line less, by version.
    places = [place - trees[0] for place in trees[1:]] if trees else []
    sums = [sum(wanted[: n + 1]) for n in range(len(wanted) - 1)]
    if len(trees) != len(wanted) or (b"\r" not in buffer[:64] and places != sums):
        return Shown("lightgbm", problems=(unreadable("its trees are not as many or as long as it says"),))
    rest = _AFTER_TREES.fullmatch(text, end)
    if rest is None:
        return Shown("lightgbm", problems=(trailing("something else than parameters follows its trees"),))
    if b"end of parameters" not in text[end:]:
        return Shown("lightgbm", problems=(unreadable("it ends before its parameters do"),))
    try:
        json.loads(rest[1] or b"null")
    except (ValueError, RecursionError):
        return Shown("lightgbm", problems=(unreadable("its last line is not JSON"),))
    return Shown("lightgbm")


def xgboost(buffer: Buffer) -> Shown | None:
    """Return what a file of UBJSON holds; None where it is none of XGBoost's."""
    try:
        found, end = ubjson.keys(buffer)
    except UnreadError as error:
        why = more_than_json(buffer) or f"not sound UBJSON: {error}"
        return Shown("ubjson", problems=(unreadable(why),))
    if not {"learner", "version"} <= set(found):
        return None
    problem = fills(end, len(buffer), "its last value")
    return Shown("xgboost", problems=(problem,) if problem else ())


def xgboost_binary(_: Buffer) -> Shown:
    """Say of XGBoost's old binary format that nobody reads it: its form changed with every version."""
    then = "save it as JSON or UBJSON: xgboost 3.1 reads it no more"
    return Shown("xgboost", problems=(unreadable("xgboost's old binary format: nobody could read it", then),))


def catboost(buffer: Buffer) -> Shown:
    """Return what a file that begins as CatBoost's holds: a core, and tables of categories behind it."""
    try:
        cursor = Cursor(buffer, len(CATBOOST))
        size = cursor.number("I")
        core = Cursor(buffer, cursor.at)
        cursor.skip(size)
        root = core.number("I")
        if size < 8 or root > size - 4 or b"FlabuffersModel_v1" not in buffer[core.at : core.at + size]:
            raise stop("its core is none")
        if _CTR_PROVIDER in buffer[core.at : cursor.at]:
            _tables(cursor)
        problem = fills(cursor.at, len(buffer), "its core")
    except UnreadError as error:
        problem = unreadable(f"not a sound CatBoost model: {error}")
    return Shown("catboost", problems=(problem,) if problem else ())


def _tables(cursor: Cursor) -> None:
    """Go over the tables of categories: a count, and each table behind its length."""
    for _ in range(cursor.number("I")):
        cursor.skip(cursor.number("I"))
