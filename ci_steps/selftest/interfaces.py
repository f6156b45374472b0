"""Models with one interface or another, and cases of them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ci_steps.documents import Report
from ci_steps.model.verdict import Verdict
from ci_steps.selftest.case import Case
from ci_steps.selftest.specimen import INTERFACE, Specimen, evaluations, golden, jsonl, model_files
from ci_steps.steps.check_interface import CheckInterface

GATE = "check-interface"
OPEN_OBJECT = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


def interface_with(**parts: Any) -> bytes:
    """Return the specimen's interface.json with other parts."""
    return json.dumps(INTERFACE | parts).encode()


def taking(schema: Any) -> Mapping[str, bytes]:
    """Return a model whose requests may carry ``x``, as the schema says."""
    given = {**INTERFACE["input"], "properties": {"text": {"type": "string"}, "x": schema}}
    return model_files(**{"interface.json": interface_with(input=given)})


def answering(schema: Any) -> Mapping[str, bytes]:
    """Return a model whose answers may carry ``x``, as the schema says."""
    given = {**INTERFACE["output"], "properties": {**INTERFACE["output"]["properties"], "x": schema}}
    return model_files(**{"interface.json": interface_with(output=given)})


def with_input(schema: Any) -> Mapping[str, bytes]:
    return model_files(**{"interface.json": interface_with(input=schema)})


def with_golden(**changes: Any) -> Mapping[str, bytes]:
    """Return a model whose first golden row is changed."""
    first, *others = golden(evaluations())
    return model_files(**{"golden.jsonl": jsonl([first | changes, *others])})


def case(title: str, wanted: Verdict, kind: str, specimen: Specimen, *, rule: str = "") -> Case:
    def report(folder: Path) -> Report:
        return CheckInterface().run(specimen.laid_out(folder))

    return Case(gate=GATE, check=f"{GATE}.{kind}", wanted=wanted, title=title, report=report, rule=rule)
