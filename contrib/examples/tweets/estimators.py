"""The estimators: what they read of a tweet, and how they are fitted."""

from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any

import joblib
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline
from threadpoolctl import threadpool_limits

from tweets import SEED, TEST_PERCENT, UNDECIDED_BELOW, Tweet

Answer = dict[str, Any]

# Words, and runs of marks: smileys and "!!!" carry feeling.
WORDS_AND_MARKS = r"\w[\w']*|[^\w\s]+"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that tells one estimator from another."""

    features: str
    C: float
    class_weight: str | None = None
    weigh_by_rating: bool = False

    def config(self) -> dict[str, Any]:
        """Return the hyperparameters and the split as they go into the model's ingredients."""
        split = {"seed": SEED, "test_percent": TEST_PERCENT, "undecided_below": UNDECIDED_BELOW}
        return asdict(self) | split


def features(name: str) -> TfidfVectorizer | FeatureUnion:
    """Return what the estimator reads of a text: `unigrams`, or `ngrams` of words and of characters."""
    if name == "unigrams":
        return TfidfVectorizer()
    if name != "ngrams":
        raise ValueError(f"no features are called {name!r}; there are unigrams and ngrams")
    words = TfidfVectorizer(token_pattern=WORDS_AND_MARKS, ngram_range=(1, 2), sublinear_tf=True)
    characters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    return FeatureUnion([("words", words), ("characters", characters)])


def fitted(recipe: Recipe, tweets: list[Tweet]) -> Pipeline:
    """Fit the estimator of `recipe`, the same to the last byte each time it is fitted."""
    classifier = LogisticRegression(C=recipe.C, class_weight=recipe.class_weight, max_iter=1000)
    pipeline = Pipeline([("features", features(recipe.features)), ("classifier", classifier)])
    weights = [abs(t.rating) for t in tweets] if recipe.weigh_by_rating else None
    # BLAS adds in another order with another number of threads.
    with threadpool_limits(limits=1):
        pipeline.fit([t.text for t in tweets], [t.label for t in tweets], classifier__sample_weight=weights)
    for vectorizer in _vectorizers(pipeline):
        # scikit-learn remembers the address of its stop words, another one in each run.
        vectorizer.__dict__.pop("_stop_words_id", None)
    return pipeline


@dataclass(frozen=True, slots=True)
class Trained:
    """An estimator as variants share it: its file, and its answers on the test part."""

    file: bytes
    answers: list[Answer]


def trained(recipe: Recipe, training: list[Tweet], test: list[Tweet]) -> Trained:
    """Fit, save and ask the estimator of `recipe`, once for all variants that stand on it."""
    estimator = fitted(recipe, training)
    file = BytesIO()
    # Saved before it is asked: answering brings the address of the stop words back.
    joblib.dump(estimator, file)
    read = estimator[:-1].transform([t.text for t in test])
    labels, scores = estimator[-1].predict(read), estimator[-1].predict_proba(read)[:, -1]
    answers = [{"label": str(a), "score": float(s)} for a, s in zip(labels, scores, strict=True)]
    return Trained(file.getvalue(), answers)


def _vectorizers(pipeline: Pipeline) -> list[TfidfVectorizer]:
    step = pipeline.named_steps["features"]
    return [part for _, part in step.transformer_list] if isinstance(step, FeatureUnion) else [step]
