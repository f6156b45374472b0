"""Which comparison fits which metric, and where there is too little for any."""

from dataclasses import replace

import numpy as np
import pytest

from ci_steps.steps.check_metrics import exact
from ci_steps.steps.check_metrics.compare import Comparison, compared, interval_of
from ci_steps.steps.check_metrics.pairs import Sides, UndecidableError
from ci_steps.steps.check_metrics.resampling import alone, hits_of, together
from ci_steps.steps.check_metrics.rows import Rows
from ci_steps.steps.check_metrics.values import value_of
from tests.simulation.populations import of_labels, of_numbers, of_scores

RNG_SEED = 4


def asked(metric: str, sides: Sides, margin: float = 0.02, min_n: int = 30) -> Comparison:
    return compared(metric, sides, margin=margin, confidence=0.95, min_n=min_n, seed=1)


def labels(n: int = 1_000, disagreement: float = 0.1, classes: int = 2, rare: bool = False) -> Sides:
    world = of_labels(disagreement, "1:50" if rare else "balanced", classes=classes)
    return world.sample(n, np.random.default_rng(RNG_SEED))


def apart(sides: Sides, n: int) -> Sides:
    return Sides(sides.candidate.part(np.arange(n)), sides.baseline.part(np.arange(n, 2 * n)), paired=False)


def test_the_micro_means_are_compared_like_accuracy() -> None:
    sides = labels(classes=3)

    ours, theirs = asked("f1_micro", sides), asked("accuracy", sides)

    assert (ours.difference, ours.harm, ours.method) == (theirs.difference, theirs.harm, theirs.method)
    assert "Tango" in ours.method


def test_recall_is_compared_on_the_rows_of_its_class() -> None:
    sides = labels()
    of_class = sides.candidate.truth == 1
    ours, theirs = ((rows.prediction == rows.truth)[of_class] for rows in (sides.candidate, sides.baseline))
    gained, lost, n = int((ours & ~theirs).sum()), int((theirs & ~ours).sum()), int(of_class.sum())

    found = asked("recall", sides)

    expected = exact.paired(gained, lost, n, margin=0.02, confidence=0.95)
    assert found.difference == expected.bounds
    assert found.harm == expected.harm
    assert f"{n:,} of the class, {gained + lost:,} discordant pairs" in found.evidence


def test_of_a_loss_less_is_more() -> None:
    sides = of_scores(0.4, "balanced").sample(2_000, np.random.default_rng(RNG_SEED))

    found = asked("log_loss", sides, margin=0.001)

    assert found.difference.estimate == pytest.approx(found.candidate - found.baseline)
    assert found.gain == -found.difference.estimate < 0
    assert found.worst_gain == -found.difference.upper < found.gain < found.best_gain
    assert found.harm < 0.05
    assert asked("log_loss", replace(sides, candidate=sides.baseline, baseline=sides.candidate)).harm > 0.5


@pytest.mark.parametrize("metric", ["accuracy", "f1", "balanced_accuracy"])
def test_other_examples_are_compared_as_two_samples_and_it_is_said(metric: str) -> None:
    sides = labels(2_000)

    found = asked(metric, apart(sides, 1_000))

    assert found.method.endswith("unpaired")
    assert "not the same examples, so unpaired: 1,000 against 1,000" in found.evidence
    assert found.best_gain - found.worst_gain > 1.5 * (
        (paired := asked(metric, sides)).best_gain - paired.worst_gain
    )


def test_a_handful_of_pairs_that_differ_decides_nothing_and_it_says_how_many_might() -> None:
    sides = labels(400, disagreement=0.01)
    count = int((sides.candidate.prediction != sides.baseline.prediction).sum())

    with pytest.raises(UndecidableError, match=f"{count} of 400 pairs differ, 10 needed") as problem:
        asked("f1", sides)

    assert f"about {400 * 10 / count:,.0f} examples" in problem.value.then


def test_two_models_that_answer_alike_are_no_evidence_for_a_bootstrap() -> None:
    rows = labels().baseline

    with pytest.raises(UndecidableError, match="0 of 1,000 pairs differ") as problem:
        asked("f1", Sides(rows, rows, paired=True))

    assert problem.value.then == "evaluate both models on more examples"


@pytest.mark.parametrize("metric", ["balanced_accuracy", "f1", "f1_macro", "precision"])
def test_a_rare_class_without_pairs_that_differ_decides_nothing(metric: str) -> None:
    sides = labels(500, disagreement=0.2, rare=True)

    with pytest.raises(UndecidableError, match="pairs that differ have the truth 'b', 5 needed"):
        asked(metric, sides)


def test_accuracy_does_not_mind_a_rare_class() -> None:
    assert asked("accuracy", labels(500, disagreement=0.2, rare=True), margin=0.3).worst_gain > -0.3


def test_unpaired_a_rare_class_needs_as_many_wrong_rows() -> None:
    sides = apart(labels(1_000, rare=True), 500)

    with pytest.raises(UndecidableError, match="wrong rows have the truth 'b', 5 needed"):
        asked("f1", sides)


def test_one_error_larger_than_all_others_together_decides_nothing() -> None:
    sides = of_numbers(1.0).sample(500, np.random.default_rng(RNG_SEED))
    labels = np.asarray(sides.candidate.labels, dtype=float)
    far = replace(sides.candidate, labels=[*labels.tolist(), 1e6])
    prediction = far.prediction.copy()
    prediction[7] = len(labels)

    with pytest.raises(UndecidableError, match="1 of 500 rows tell, as few outweigh the rest, 15 needed"):
        asked("mae", Sides(replace(far, prediction=prediction), sides.baseline, paired=True))


def test_too_few_examples_are_refused_before_anything_is_counted() -> None:
    with pytest.raises(UndecidableError, match="20 shared examples, 30 needed"):
        asked("accuracy", labels(20))


def test_weighted_rows_are_no_share() -> None:
    rows = labels().candidate
    weighted = replace(rows, weight=np.where(rows.truth == 1, 2.0, 1.0))

    assert hits_of("accuracy", rows, None) is not None
    assert hits_of("accuracy", weighted, None) is None
    assert "t interval" in interval_of("accuracy", weighted, confidence=0.95, seed=1)[1]


@pytest.mark.parametrize("metric", ["f1", "precision", "f1_macro", "balanced_accuracy"])
def test_equal_rows_are_drawn_as_one_group_which_changes_no_value(metric: str) -> None:
    sides = labels(classes=3 if metric == "f1_macro" else 2)

    of = together(metric, sides.candidate, sides.baseline, None)

    ours, theirs = value_of(metric, sides.candidate), value_of(metric, sides.baseline)
    assert len(of.counts[0]) <= 12
    assert of.counts[0].sum() == 1_000
    assert of.value(of.counts) == pytest.approx(ours - theirs)


@pytest.mark.parametrize("metric", ["mae", "r2", "spearman"])
def test_a_slice_forgets_the_numbers_of_other_rows(metric: str) -> None:
    rows: Rows = of_numbers(0.1).sample(50, np.random.default_rng(RNG_SEED)).candidate

    of = alone(metric, rows, None)

    assert len(rows.labels) > 1_000
    assert of.value(of.counts) == pytest.approx(value_of(metric, rows))
