"""Where each gate decides. A name that is not there any more is an error, so the table cannot rot."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.mutation.equivalent import reason_for
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
        *_of(
            "unit_tests",
            step=("UnitTests.run", "_findings"),
            checkout=("Checkout.finding", "Checkout._problem", "Checkout._differ"),
            junit=(),
        ),
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
            names=("reaches_beyond", "importable"),
            formats=("_decodes",),
            content=("fills",),
            claims=("is_filled",),
            reading=("_alone", "_has_user_block"),
            code=("is_template",),
        ),
        *_of(
            "scan_model.readers",
            place=("is_over",),
            cursor=("is_past",),
            protobuf=("is_cut",),
            onnx=("is_custom", "leads_out", "_whole"),
            safetensors=("begins", "is_size", "_counts"),
            keras=("is_known", "is_config"),
            tars=("_is_header", "_is_file"),
            templates=("_is_name", "_is_plain_key", "_is_number"),
            zips=("is_descriptor", "is_intact", "ends_as_zip"),
            torch=("is_legacy", "unaccounted"),
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
            judgement=("_is_itself", "_sides", "_rules", "_refuse_contradicted", "_unusable"),
            compare=("compared",),
            few=("refuse_few", "differing", "_telling", "_refuse_few_of_a_class", "_refuse"),
            resampling=("hits_of",),
            pairs=("Sides.refuse_moved", "brought_together", "_refuse_left_out", "_refuse_other_truth"),
            golden=("check_golden", "_wrong", "_disagreements", "_agrees"),
            claims=("_check", "check_claims"),
            rules=("findings_of",),
            slices=("Hold.on", "Hold.verdict", "is_guarded", "is_covered", "names_of", "whole", "coverage"),
            limits=(
                "_Limit.keeps",
                "_Limit.harm",
                "within_limits",
                "_harmed",
                "_is_harmed",
                "_is_by_weights",
                "_unweighted",
            ),
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
        validation=("Judge.accepts", "Judge.complaint"),
        baseline=("baseline_interface", "_golden_requests", "_lost", "_note", "_note_difference"),
        own=("sound_interface", "sound_golden"),
        judgement=("_noted",),
        **{
            "deciding.answers": ("is_sure", "best"),
            "deciding.arrays": (),
            "deciding.branching": ("contradicts", "Branching._settled", "Branching._taken_in"),
            "decimals": ("is_multiple",),
            "deciding.evaluating": (),
            "deciding.memory": ("Memory._note",),
            "deciding.numbers": ("Range.empty", "Range.single"),
            "deciding.objects": ("object_", "_Filling._can_be"),
            "deciding.solver": ("Solver.are_apart",),
            "deciding.texts": ("text",),
            "forms.document": ("Document._comes_back", "Document._has_other_bases"),
            "forms.unnamed": ("closing",),
            "patterns.characters": ("holds",),
            "patterns.terms": ("takes",),
            "pointers": ("there",),
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
            generated=("broken_by",),
            promised=("judged", "verdict_of", "is_unsaid", "enough", "is_enough"),
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
    "load-test": (
        *_of(
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
                "closes_seldom",
            ),
            judgement=("judged", "recorded", "errors", "late_by", "_verdict", "_achieved", "_generator"),
            versus=("compared", "_versus", "_baseline"),
            warmup=("_verdict",),
            bounds=("ranks_of",),
            payloads=("payloads", "_of_golden", "_of_interface"),
            readiness=("readiness",),
            seen=(),
            step=("LoadTest.run", "LoadTest._beside"),
        ),
        Place("ci_steps.steps.load_test.sending.steady", ("is_steady", "agree")),
    ),
    "rollout": (
        *_of(
            "rollout",
            parity=("told", "is_strange", "answers", "is_short", "LiveParity._judged"),
        ),
        Place(
            "ci_steps.steps.rollout.contract",
            ("Contract.carry_out", "holds"),
            only=("Contract.carry_out", "holds", "spoilt"),
        ),
    ),
    "admission": (
        Place("ci_steps.pipeline.admission", ("admit",)),
        Place(
            "ci_steps.model.verdict",
            ("Verdict.__lt__", "Verdict.lets_go_on", "Waiver.covers", "Waiver.names"),
        ),
        Place("ci_steps.documents.base", only=("Report.verdict", "Report.blocking")),
    ),
}


FEW = 4


def few(gate: str) -> list[Mutant]:
    """Return some of the mutants of what decides, from all over the gate: a test of minutes, not of hours.

    One that no case can tell from the gate goes through all of them, to tell nothing.
    """
    every = [mutant for mutant in mutants(gate, decisive=True) if not reason_for(mutant)]
    return every[:: max(1, len(every) // FEW)][:FEW]


def mutants(gate: str, *, decisive: bool) -> list[Mutant]:
    """Return the mutants of a gate: those of what decides alone, or of everything that takes part."""
    return [mutant for place in PLACES[gate] for mutant in place.mutants(decisive=decisive)]
