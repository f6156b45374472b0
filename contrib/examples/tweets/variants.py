"""The variants: a good line of models, and one model for every way to go wrong."""

import os
from dataclasses import dataclass

from estimators import Recipe

UNIGRAMS = Recipe(features="unigrams", C=1.0)
NGRAMS = Recipe(features="ngrams", C=2.0)
TUNED = Recipe(features="ngrams", C=50.0, class_weight="balanced", weigh_by_rating=True)


@dataclass(frozen=True, slots=True)
class Variant:
    """A model to make: its estimator, the predictor around it, and what is odd about it."""

    name: str
    recipe: Recipe
    predictor: str | None = None
    """A module of `predictors`; without one the file is served as scikit-learn's own."""
    max_characters: int | None = None
    """Longer tweets are not read."""
    askable: bool = True
    """Whether training may ask the predictor; else the estimator inside it is asked."""
    prediction: str = "label"
    """The property of an answer that holds the label."""
    booby_trap: str | None = None
    """A shell command that runs when the model file is unpickled."""


class BoobyTrap:
    """Unpickles to the exit code of a shell command, which has run by then."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (self.command,)


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant("v1", UNIGRAMS),
        Variant("v2", NGRAMS),
        Variant("worse", TUNED, predictor="guarded", max_characters=130),
        Variant("breaking", NGRAMS, predictor="renamed", prediction="sentiment"),
        Variant("slow", NGRAMS, predictor="slow", askable=False),
        Variant("broken", NGRAMS, predictor="forgetful", askable=False),
        Variant("evil", NGRAMS, askable=False, booby_trap="touch /tmp/evil-was-loaded"),
    )
}
