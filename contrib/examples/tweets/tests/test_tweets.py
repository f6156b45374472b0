"""The data, the label rule, the slices and the split."""

import hashlib
from pathlib import Path

import pytest

from folder import HERE
from tweets import SOURCE, Tweet, read_tweets, split

PUBLISHED = "dfbe7102e2f92579ed8b19df9a3822491880697c67adf712fb66e520cc05102f"


@pytest.fixture(scope="module")
def tweets() -> list[Tweet]:
    return read_tweets(HERE / SOURCE)


def test_the_file_is_the_published_one_to_the_last_byte() -> None:
    assert hashlib.sha256((HERE / SOURCE).read_bytes()).hexdigest() == PUBLISHED


def test_names_beyond_ascii_are_read_as_they_were_written(tweets: list[Tweet]) -> None:
    assert [t.id for t in tweets if "español" in t.text] == ["t3517"]


@pytest.mark.parametrize(
    ("rating", "label"), [(3.2, "positive"), (0.25, "positive"), (-0.25, "negative"), (-4.0, "negative")]
)
def test_the_label_is_the_sign_of_the_mean_rating(rating: float, label: str) -> None:
    tweet = Tweet(1, rating, "some words")

    assert tweet.decided
    assert tweet.label == label


@pytest.mark.parametrize("rating", [0.0, 0.2499, -0.2499])
def test_a_tweet_that_the_raters_did_not_decide_on_is_left_out(rating: float, tmp_path: Path) -> None:
    file = tmp_path / "tweets.txt"
    file.write_text(f"1\t{rating}\tmeh\n2\t1.0\tyay\n", encoding="utf-8")

    assert [t.id for t in read_tweets(file)] == ["t2"]


def test_a_line_with_a_column_missing_stops_the_reading(tmp_path: Path) -> None:
    file = tmp_path / "tweets.txt"
    file.write_text("1\t2.5\n", encoding="utf-8")

    with pytest.raises(ValueError, match="not enough values"):
        read_tweets(file)


@pytest.mark.parametrize(
    ("characters", "length"), [(1, "short"), (60, "short"), (61, "medium"), (130, "medium"), (131, "long")]
)
def test_the_slices_of_length_meet_without_a_gap(characters: int, length: str) -> None:
    assert Tweet(1, 1.0, "x" * characters).length == length


def test_each_tweet_is_trained_on_or_tested_never_both(tweets: list[Tweet]) -> None:
    training, test = split(tweets)

    assert {t.id for t in training}.isdisjoint(t.id for t in test)
    assert len(training) + len(test) == len(tweets)


def test_the_same_words_never_stand_on_both_sides(tweets: list[Tweet]) -> None:
    training, test = split(tweets)

    assert {t.text.lower().strip() for t in training}.isdisjoint(t.text.lower().strip() for t in test)


def test_the_split_is_fixed_and_does_not_hang_on_the_order(tweets: list[Tweet]) -> None:
    training, test = split(tweets)
    _, again = split(tweets[::-1])

    assert (len(training), len(test)) == (2286, 1543)
    assert [t.id for t in test][:5] == ["t1", "t4", "t11", "t13", "t15"]
    assert again == test[::-1]


def test_every_length_has_enough_tested_tweets_to_judge_it(tweets: list[Tweet]) -> None:
    _, test = split(tweets)

    assert min(sum(t.length == length for t in test) for length in ("short", "medium", "long")) > 150
