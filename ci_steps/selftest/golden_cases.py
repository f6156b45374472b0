"""Answers that are not the golden ones, the raw model's and the container's."""

from typing import Any

from ci_steps.model.settings import IntegrationSettings
from ci_steps.model.verdict import Verdict
from ci_steps.ports import Finished
from ci_steps.selftest.case import Case
from ci_steps.selftest.integrated import case, of, refuses, report_on, sound, undecided
from ci_steps.selftest.loopback import LoopbackService
from ci_steps.selftest.specimen import Specimen, model_files
from ci_steps.selftest.spoilt_services import (
    MIXING_MODEL,
    NAN_MODEL,
    OTHER_MODEL,
    absolute,
    as_text,
    counted_off,
    counts,
    crash,
    few_rows,
    flipped,
    just_enough,
    listing,
    lists,
    lists_nothing,
    lists_reversed,
    nearly_whole,
    no_lists,
    no_rows,
    off_by,
    serving,
    whole_scores,
)


def _wanting(rule: str, set_to: dict[str, Any], too_few: dict[str, Any], *, by: float) -> tuple[Case, ...]:
    """Make cases of one setting: 120 rows off by a little, off by far more, and too few to say so."""
    asked = Specimen(plan={"integration": IntegrationSettings(**set_to)})
    wanting = Specimen(plan={"integration": IntegrationSettings(**too_few)})
    near, far = (serving(asked, answers=off_by(share)) for share in (by, 100 * by))
    return (
        case("golden", Verdict.PASSED, f"120 rows off by {by:g}", of(asked, near), rule=rule),
        case("golden", Verdict.REFUSED, f"120 rows off by {100 * by:g}", of(asked, far), rule=rule),
        case("golden", Verdict.INCONCLUSIVE, "120 rows where 121 are wanted", of(wanting, near), rule=rule),
    )


CASES: tuple[Case, ...] = (
    refuses("raw", "golden rows of another model", files=model_files(**{"model/predictor.py": OTHER_MODEL})),
    refuses(
        "raw",
        "a raw model that does not load",
        files=model_files(**{"model/predictor.py": b"import no_such"}),
    ),
    refuses("raw", "a raw model that answers NaN", files=model_files(**{"model/predictor.py": NAN_MODEL})),
    refuses(
        "raw", "a raw model that mixes up a list", files=model_files(**{"model/predictor.py": MIXING_MODEL})
    ),
    undecided("raw", "a raw model that there is no memory for", finished=Finished(137)),
    undecided(
        "raw", "an image without python3", finished=Finished(127, log="python3: executable file not found")
    ),
    undecided(
        "raw",
        "a raw model that is not done in time",
        finished=Finished(0, b"{}", stopped="its time was over"),
    ),
    undecided("raw", "answers of the raw model's that came cut off", finished=Finished(0, b'{"singly": [')),
    case("raw", Verdict.INCONCLUSIVE, "no golden row to ask", of(no_rows(), serving(no_rows()))),
    refuses("golden", "other answers than the raw model's", answers=flipped),
    refuses("golden", "scores off by twice the tolerance", answers=off_by(2e-6)),
    case(
        "golden",
        Verdict.PASSED,
        "as many golden rows as are wanted",
        of(just_enough(), serving(just_enough())),
    ),
    case(
        "golden",
        Verdict.PASSED,
        "a whole number answered as one with a fraction that is nearly the same",
        of(whole_scores(), serving(whole_scores(), answers=nearly_whole)),
    ),
    case(
        "golden",
        Verdict.PASSED,
        "scores off by half the tolerance",
        lambda root: report_on(LoopbackService(answers=off_by(5e-7)), root),
    ),
    refuses("golden", "status 500 to every request", answers=crash),
    refuses(
        "golden", "a list answered in another order", rule="listed", routes={"POST /predict": lists_reversed}
    ),
    undecided("golden", "a list that is too large for it", rule="listed", routes=no_lists(413)),
    refuses("golden", "a list that is refused", rule="listed", routes=no_lists(412)),
    case("golden", Verdict.PASSED, "a sound container's list", lambda _: sound(), rule="listed"),
    case(
        "golden",
        Verdict.REFUSED,
        "another whole number, written with a fraction",
        of(counts("integer"), serving(counts("integer"), answers=counted_off)),
        rule="by type",
    ),
    case(
        "golden",
        Verdict.PASSED,
        "another number of which nobody says that it is whole",
        of(counts("number"), serving(counts("number"), answers=counted_off)),
        rule="by type",
    ),
    case(
        "golden",
        Verdict.INCONCLUSIVE,
        "no row to compare by type",
        of(no_rows(), serving(no_rows())),
        rule="by type",
    ),
    refuses("golden", "a number answered as text", rule="by type", answers=as_text),
    case(
        "golden",
        Verdict.PASSED,
        "scores off by an absolute tolerance",
        of(absolute(), serving(absolute(), answers=off_by(2e-6))),
    ),
    case("golden", Verdict.INCONCLUSIVE, "too few golden rows", of(few_rows(), serving(few_rows()))),
    *_wanting("rows", {"rows": 120}, {"rows": 121}, by=1e-7),
    *_wanting("tolerance", {"tolerance": 1e-4}, {"tolerance": 1e-4, "rows": 121}, by=2e-5),
    *_wanting("absolute", {"absolute": 1e-4}, {"absolute": 1e-4, "rows": 121}, by=2e-5),
    *(
        case(check, wanted, title, of(listing(pointer), serving(listing(pointer), answers=answers)))
        for check, wanted, title, pointer, answers in (
            ("golden", Verdict.PASSED, "the same list as the raw model's", "/label", lists),
            ("golden", Verdict.REFUSED, "a shorter list than the raw model's", "/label", lists_nothing),
            ("evaluations", Verdict.PASSED, "a prediction in a list", "/labels/0", lists),
            ("evaluations", Verdict.REFUSED, "a prediction past the end of a list", "/labels/1", lists),
        )
    ),
)
