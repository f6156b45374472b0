"""Where each gate decides. A name that is not there any more is an error, so the table cannot rot."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.mutation.mutants import Mutant, mutants_of


@dataclass(frozen=True, slots=True)
class Place:
    """A module that takes part in a decision, and its functions that take it."""

    module: str
    decisive: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    """The functions that belong to the gate, where the module holds more than the gate."""

    def mutants(self, *, decisive: bool) -> Iterator[Mutant]:
        wanted = self.decisive if decisive else self.only
        found = list(mutants_of(self.module))
        if missing := {*self.decisive, *self.only} - {mutant.function for mutant in found}:
            raise LookupError(f"{self.module} decides nothing in {', '.join(sorted(missing))}")
        return (
            mutant
            for mutant in found
            if (mutant.function in wanted and (mutant.inverts or not decisive)) or not (decisive or wanted)
        )


def _of(package: str, /, **modules: tuple[str, ...]) -> tuple[Place, ...]:
    return tuple(Place(f"ci_steps.steps.{package}.{name}", decisive) for name, decisive in modules.items())


PLACES: Mapping[str, tuple[Place, ...]] = {
    "unit-tests": (
        *_of("unit_tests", step=("_findings",), checkout=("Checkout.finding", "Checkout._problem"), junit=()),
        Place("ci_steps.model.checkout", only=("_matters",)),
    ),
    "fetch-model": (
        Place("ci_steps.steps.fetch_model", ("FetchModel._fetched",)),
        Place(
            "ci_steps.adapters.kit_store", ("KitStore._copied",), only=("KitStore.fetch", "KitStore._copied")
        ),
    ),
    "scan-model": _of(
        "scan_model",
        findings=("findings_of", "_code"),
        lock=("joblib_pin",),
        step=("_predictor",),
        names=("reaches_beyond",),
        reading=(),
        code=(),
    ),
    "check-metrics": _of(
        "check_metrics",
        decisions=(
            "is_enough",
            "keeps_floor",
            "keeps_ceiling",
            "is_shown",
            "is_beyond",
            "is_claim_kept",
        ),
        judgement=(),
        compare=(),
        pairs=(),
        golden=(),
        claims=("_check",),
        rules=("_whole",),
    ),
    "check-interface": _of(
        "check_interface",
        subset=("_Walk.differences", "_Walk._witnessed"),
        validation=("Judge.accepts",),
        baseline=("_golden_requests",),
        own=("sound_golden",),
        judgement=(),
        identity=(),
    ),
    "integration-test": _of(
        "integration_test",
        isolation=("locked_in",),
        answers=("enough", "as_the_raw_model", "as_promised"),
        identity=("identity",),
        differences=("_near",),
        bad_requests=("refusals",),
        metrics_page=(),
        readiness=(),
        witnesses=("can_be_sent",),
        step=(),
    ),
    "load-test": _of(
        "load_test",
        judgement=("_recorded", "_latencies", "_errors", "_achieved", "_generator"),
        step=(),
    ),
    "admission": (
        Place("ci_steps.pipeline.admission", ("admit",)),
        Place("ci_steps.model.verdict", ("Verdict.__lt__", "Verdict.lets_go_on", "Waiver.covers")),
        Place("ci_steps.documents.base", only=("Report.verdict", "Report.blocking")),
    ),
}


def mutants(gate: str, *, decisive: bool) -> list[Mutant]:
    """Return the mutants of a gate: those of what decides alone, or of everything that takes part."""
    return [mutant for place in PLACES[gate] for mutant in place.mutants(decisive=decisive)]
