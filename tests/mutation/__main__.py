"""``python -m tests.mutation GATE [few|all]``: try a gate's mutants, and print one JSON object for each."""

import json
import sys
import tempfile
from dataclasses import asdict

from ci_steps.selftest.trying import in_memory
from tests.mutation.places import PLACES, few, mutants
from tests.mutation.trials import outcome_of, sound, warm_up


def main(gate: str, extent: str = "decisive") -> None:
    warm_up([gate])
    cases = sound(gate, [place.module for place in PLACES[gate]])
    if wrong := [case.number for case in cases if not case.right]:
        sys.exit(f"{gate} judges its cases {wrong} wrongly already: there is nothing to learn from mutants")
    chosen = few(gate) if extent == "few" else mutants(gate, decisive=extent != "all")
    for mutant in chosen:
        outcome = outcome_of(mutant, gate, cases)
        print(json.dumps(asdict(outcome)), flush=True)  # noqa: T201 - what it is for


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="mutation-", dir=in_memory()) as folder:
        # What an ended mutant leaves behind goes with the folder.
        tempfile.tempdir = folder
        main(*sys.argv[1:])
