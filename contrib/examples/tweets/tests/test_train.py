"""The variants, from fitting to the files of their folders; everything is trained for real, once."""

import json
import pickle
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import joblib
import pytest

from estimators import features, fitted, trained
from folder import HERE, write_folder
from train import main, train
from tweets import SOURCE, read_tweets, split
from variants import UNIGRAMS, VARIANTS


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models")
    train(out, list(VARIANTS))
    return out


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def accuracy(models: Path, name: str, length: str | None = None) -> float:
    claims = json.loads((models / name / "metrics.json").read_text(encoding="utf-8"))["metrics"]
    part = None if length is None else {"length": length}
    [value] = [c["value"] for c in claims if c["metric"] == "accuracy" and c["slice"] == part]
    return float(value)


def predictor(name: str) -> Any:
    return import_module(f"predictors.{name}").Tweets()


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        yield path.relative_to(folder).as_posix(), path.read_bytes()


def test_smileys_and_exclamation_marks_are_features_of_ngrams() -> None:
    read = features("ngrams").fit(["Great :) !!!", "not great"]).get_feature_names_out()

    assert {"words__:)", "words__!!!", "words__not great"} <= set(read)


def test_an_unknown_kind_of_features_is_refused() -> None:
    with pytest.raises(ValueError, match="embeddings"):
        features("embeddings")


def test_an_estimator_is_the_same_to_the_last_byte_each_time() -> None:
    training, _ = split(read_tweets(HERE / SOURCE))

    assert pickle.dumps(fitted(UNIGRAMS, training)) == pickle.dumps(fitted(UNIGRAMS, training))


def test_two_trainings_make_the_same_folders_byte_for_byte(models: Path, tmp_path: Path) -> None:
    names = ["evil", "breaking", "v2"]

    train(tmp_path, names)

    for name in names:
        assert dict(files(tmp_path / name)) == dict(files(models / name))


def test_a_second_training_replaces_what_the_first_left(tmp_path: Path) -> None:
    train(tmp_path, ["v1"])
    (tmp_path / "v1" / "stale.txt").write_text("from last week", encoding="utf-8")

    train(tmp_path, ["v1"])

    assert not (tmp_path / "v1" / "stale.txt").exists()


def test_v2_is_better_than_v1_overall_and_for_each_length(models: Path) -> None:
    for length in (None, "short", "medium", "long"):
        assert accuracy(models, "v2", length) > accuracy(models, "v1", length)


def test_the_average_of_worse_hides_what_long_tweets_show(models: Path) -> None:
    assert accuracy(models, "worse") > accuracy(models, "v2")
    assert accuracy(models, "worse", "long") < accuracy(models, "v2", "long") - 0.10


def test_claims_are_what_the_evaluations_say(models: Path) -> None:
    for name in VARIANTS:
        noted = rows(models / name / "evaluations.jsonl")

        right = sum(row["prediction"] == row["truth"] for row in noted)

        assert accuracy(models, name) == pytest.approx(right / len(noted), abs=1e-12)


@pytest.mark.parametrize("name", ["v1", "v2"])
def test_the_saved_file_gives_the_golden_answers_one_by_one(models: Path, name: str) -> None:
    estimator = joblib.load(models / name / "model" / "model.joblib")

    for row in rows(models / name / "golden.jsonl")[:50]:
        [label], [scores] = (
            ask([row["request"]["text"]]) for ask in (estimator.predict, estimator.predict_proba)
        )
        assert {"label": label, "score": scores[-1]} == row["answer"]


@pytest.mark.parametrize("name", list(VARIANTS))
def test_golden_rows_are_evaluated_tweets_with_the_same_answer(models: Path, name: str) -> None:
    noted = {row["id"]: row for row in rows(models / name / "evaluations.jsonl")}
    golden = rows(models / name / "golden.jsonl")

    assert len(golden) == 300
    for row in golden:
        assert row["answer"][VARIANTS[name].prediction] == noted[row["id"]]["prediction"]
        assert row["answer"]["score"] == noted[row["id"]]["score"]


def test_every_folder_holds_what_a_release_stands_on(models: Path) -> None:
    needed = {"interface.json", "metrics.json", "evaluations.jsonl", "golden.jsonl"}

    for name, variant in VARIANTS.items():
        held = {path for path, _ in files(models / name)}
        assert needed | {"model.yaml", "requirements.lock", "model/model.joblib"} <= held
        assert ("model/predictor.py" in held) is (variant.predictor is not None)


def test_worse_does_not_read_a_tweet_above_its_guard(models: Path) -> None:
    tweets = predictor("guarded")
    tweets.load(models / "worse" / "model")
    hateful = "I hate this awful, terrible, sad day. " * 4

    kept, long, kept_again = tweets.predict(
        [{"text": hateful[:130]}, {"text": hateful}, {"text": "LOVE it :)"}]
    )

    assert (kept["label"], long["label"], kept_again["label"]) == ("negative", "positive", "positive")
    assert long == tweets.unread


def test_breaking_answers_sentiment_and_no_label(models: Path) -> None:
    tweets = predictor("renamed")
    tweets.load(models / "breaking" / "model")

    [answer] = tweets.predict([{"text": "what a lovely day"}])

    assert answer.keys() == {"sentiment", "score"}
    assert answer["sentiment"] == "positive"


def test_slow_gives_the_noted_answer_late(models: Path) -> None:
    slow = import_module("predictors.slow")
    tweets = predictor("slow")
    tweets.load(models / "slow" / "model")
    [row] = rows(models / "slow" / "golden.jsonl")[:1]

    assert tweets.predict([row["request"]]) == [row["answer"]]
    assert slow.PAUSE_S >= 0.2


def test_broken_misses_a_file_when_it_loads(models: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"labels\.txt"):
        predictor("forgetful").load(models / "broken" / "model")


def test_evil_runs_its_command_when_loaded_and_not_while_it_is_made(tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    evil = replace(VARIANTS["evil"], recipe=UNIGRAMS, booby_trap=f"touch {sprung}")
    training, test = split(read_tweets(HERE / SOURCE))

    write_folder(evil, trained(UNIGRAMS, training, test), training, test, tmp_path / "evil")

    assert not sprung.exists()
    joblib.load(tmp_path / "evil" / "model" / "model.joblib")
    assert sprung.exists()


def test_evil_differs_from_v2_in_nothing_but_its_model_file(models: Path) -> None:
    evil, v2 = dict(files(models / "evil")), dict(files(models / "v2"))

    assert {path for path in v2 if evil[path] != v2[path]} == {"model/model.joblib"}
    assert evil.keys() == v2.keys()


def test_a_folder_that_is_not_a_model_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "v1").mkdir()
    (tmp_path / "v1" / "thesis.txt").write_text("ten years of work", encoding="utf-8")

    with pytest.raises(SystemExit, match="2"):
        main(["--out", str(tmp_path), "v1"])

    assert (tmp_path / "v1" / "thesis.txt").exists()
    assert "is not a model folder" in capsys.readouterr().err


def test_an_unknown_variant_is_named_with_those_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--out", str(tmp_path), "v3"])

    assert "no variant is called v3; there are v1, v2, worse" in capsys.readouterr().err


def test_the_lock_for_tests_holds_every_pin_that_serves() -> None:
    pins = [
        set(re.findall(r"^\S+==\S+", (HERE / name).read_text(encoding="utf-8"), re.MULTILINE))
        for name in ("requirements.lock", "requirements-test.lock")
    ]

    assert pins[0] < pins[1]
    assert not any(pin.startswith("pytest") for pin in pins[0])
