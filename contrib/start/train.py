"""Train the model and write its folder; put your own estimator into `pipeline`."""

import argparse
import csv
import json
import sys
from pathlib import Path
from typing import Any

from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from folder import kind, write_folder

NAME = "$name"
TABLE, TARGET = Path("data/table.csv"), "diagnosis"
CONFIG = {"seed": 7, "test_share": 0.3, "C": 1.0}
MISSING = {"", "NA", "NaN", "nan", "null"}
MOST_CLASSES = 50


def pipeline(columns: dict[str, list[Any]]) -> Pipeline:
    """Return the estimator to fit. It is given rows, lists of values in the order of ``columns``."""
    numeric = [place for place, values in enumerate(columns.values()) if kind(values) == "number"]
    text = [place for place in range(len(columns)) if place not in numeric]
    scaled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    prepared = make_column_transformer((scaled, numeric), (OneHotEncoder(handle_unknown="ignore"), text))
    return make_pipeline(prepared, LogisticRegression(C=CONFIG["C"], max_iter=1000))


def cells(texts: tuple[str, ...]) -> list[Any]:
    """Return numbers where every cell of a column is one, else text; None where a cell is empty."""
    for number in (int, float):
        try:
            return [None if text in MISSING else number(text) for text in texts]
        except ValueError:
            continue
    return [None if text in MISSING else text for text in texts]


def read(table: Path) -> dict[str, list[Any]]:
    """Return the columns of a CSV file with a header."""
    with table.open(newline="", encoding="utf-8-sig") as file:
        header, *rows = (row for row in csv.reader(file) if row)
    return dict(zip(header, map(cells, zip(*rows, strict=True)), strict=True))


def train(table: Path, target: str, out: Path) -> None:
    """Fit on one part of the table, and write the folder ``out`` with answers to the other part."""
    columns = read(table)
    if target not in columns:
        sys.exit(f"{table} has no column {target!r}; it has {', '.join(columns)}")
    truths = columns.pop(target)
    if None in truths:
        sys.exit(f"{table} has rows without {target!r}; leave them out")
    if kind(truths) == "number" and len(set(truths)) > MOST_CLASSES:
        sys.exit(f"{target!r} has {len(set(truths))} values; what is trained here is a classifier")
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    fitted_on, tested_on, learnt, expected = train_test_split(
        rows, truths, test_size=CONFIG["test_share"], random_state=CONFIG["seed"], stratify=truths
    )
    estimator = pipeline(columns).fit(fitted_on, learnt)
    requests = [dict(zip(columns, row, strict=True)) for row in tested_on]
    accuracy = write_folder(
        out,
        name=NAME,
        estimator=estimator,
        columns=columns,
        requests=requests,
        truths=expected,
        table=table,
        config=CONFIG,
    )
    print(f"{out}: accuracy {accuracy:.4f} on {len(requests)} rows that it was not fitted on")
    request = out.parent / "request.json"
    request.write_text(json.dumps(requests[0]) + "\n", encoding="utf-8")
    print(f"{request}: a request to try")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, default=TABLE, help="a CSV file with a header (%(default)s)")
    parser.add_argument("--target", default=TARGET, help="the column to predict, a class (%(default)s)")
    parser.add_argument("--out", type=Path, default=Path("models/v1"), help="a folder (%(default)s)")
    train(**vars(parser.parse_args()))
