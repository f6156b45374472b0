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
        *_of("fetch_model", step=("FetchModel._fetched",), beside=("needed", "fetched", "copied")),
        Place(
            "ci_steps.adapters.kit_store", ("KitStore._copied",), only=("KitStore.fetch", "KitStore._copied")
        ),
    ),
    "scan-model": (
        *_of(
            "scan_model",
            findings=("findings_of", "_code"),
            lock=("joblib_pin",),
            step=("_predictor",),
            names=("reaches_beyond",),
            content=("fills",),
            claims=("is_filled",),
            reading=("_alone",),
            code=(),
        ),
        *_of(
            "scan_model.readers",
            place=("is_over",),
            cursor=("is_past",),
            protobuf=("is_cut",),
            onnx=("is_custom", "leads_out", "_whole"),
            safetensors=("is_size",),
            keras=("is_known",),
            zips=("is_descriptor", "is_intact"),
            torch=("unaccounted",),
        ),
    ),
    "check-metrics": (
        *_of(
            "check_metrics",
            decisions=(
                "is_enough",
                "keeps_floor",
                "keeps_ceiling",
                "is_shown",
                "is_harm",
                "holm",
                "is_claim_kept",
            ),
            judgement=("_is_itself", "_sides", "_rules"),
            compare=(),
            few=("refuse_few", "differing", "_telling", "_refuse_few_of_a_class", "_refuse"),
            resampling=("hits_of",),
            pairs=("Sides.refuse_moved", "brought_together", "_refuse_other_truth"),
            golden=("check_golden", "_wrong", "_disagreements", "_agrees"),
            claims=("_check",),
            rules=("findings_of",),
            slices=("Hold.on", "Hold.verdict", "is_guarded", "is_covered", "names_of", "whole", "coverage"),
            limits=("_Limit.keeps", "_Limit.harm", "_harmed", "_is_harmed"),
            versus=("versus", "_Question.of", "_with_itself", "_harmed"),
            sources=("Sources.evaluations", "Sources.used", "Sources._published"),
        ),
        Place("ci_steps.steps.check_metrics.exact", ("_first_gain",), only=("_first_gain",)),
        *_of(
            "check_metrics.rows",
            reading=(
                "_together",
                "_begin_rows",
                "_one_kind",
                "_exact",
                "_Columns.extend",
                "_Columns.refuse_repeated",
            ),
        ),
        *_of(
            "check_metrics.values",
            of_rows=("value_of", "_of_one_class", "_balanced", "_of_scores", "_of_numbers"),
        ),
    ),
    "check-interface": _of(
        "check_interface",
        subset=("compared", "_Question.differences", "_Question._difference"),
        validation=("Judge.accepts",),
        baseline=("_golden_requests", "_lost"),
        own=("sound_golden",),
        judgement=(),
        **{
            "deciding.answers": ("is_sure", "best"),
            "deciding.arrays": (),
            "deciding.branching": ("contradicts",),
            "decimals": ("is_multiple",),
            "deciding.evaluating": (),
            "deciding.memory": ("Memory._note",),
            "deciding.numbers": ("Range.empty",),
            "deciding.objects": ("object_",),
            "deciding.solver": ("Solver.are_apart",),
            "deciding.texts": ("text",),
            "forms.unnamed": ("closing",),
        },
    ),
    "integration-test": (
        *_of(
            "integration_test",
            isolation=("locked_in",),
            answers=("enough", "as_golden", "as_evaluated", "as_promised", "_too_large"),
            identity=("identity",),
            bad_requests=("refusals", "is_wrong"),
            blame=("raw_is_golden",),
            metrics_page=("counting",),
            readiness=("readiness", "still_ready"),
            witnesses=("can_be_sent", "proven", "breaks", "is_turned_down"),
            step=(),
        ),
        *_of(
            "golden",
            differences=("Alike._near",),
            parity=("worst", "_differs"),
            raw=("raw_answers", "_outcomes"),
            whole=("Whole.at",),
        ),
    ),
    "load-test": _of(
        "load_test",
        decisions=(
            "is_enough",
            "is_within",
            "is_beyond",
            "keeps_rate",
            "is_in_time",
            "has_cpu_left",
            "is_whole",
            "is_varied",
            "fails_seldom",
            "fails_often",
        ),
        judgement=("recorded", "errors", "late_by", "_verdict", "_achieved", "_generator"),
        versus=("compared", "_versus"),
        warmup=("finding",),
        steady=("is_steady", "agree"),
        bounds=("ranks_of",),
        payloads=("payloads", "_of_interface"),
        readiness=("readiness",),
        seen=(),
        step=(),
    ),
    "rollout": (
        *_of(
            "rollout",
            parity=("told", "is_strange", "answers", "is_short", "LiveParity._judged"),
        ),
        Place(
            "ci_steps.steps.rollout.contract", ("Contract.carry_out",), only=("Contract.carry_out", "spoilt")
        ),
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
