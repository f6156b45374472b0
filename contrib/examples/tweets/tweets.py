"""The labelled tweets: how a rating becomes a label, and which tweets test the model."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

SEED = 7
TEST_PERCENT = 40
UNDECIDED_BELOW = 0.25
SHORT_UP_TO = 60
MEDIUM_UP_TO = 130
SOURCE = Path("data/tweets_GroundTruth.txt")


@dataclass(frozen=True, slots=True)
class Tweet:
    """A tweet and the mean of its human ratings, from -4 (negative) to +4 (positive)."""

    number: int
    rating: float
    text: str

    @property
    def id(self) -> str:
        """The tweet's name in evaluations and golden rows."""
        return f"t{self.number}"

    @property
    def label(self) -> str:
        """The sign of the mean rating."""
        return "positive" if self.rating > 0 else "negative"

    @property
    def length(self) -> str:
        """The slice: short, medium or long, by characters."""
        if len(self.text) <= SHORT_UP_TO:
            return "short"
        return "medium" if len(self.text) <= MEDIUM_UP_TO else "long"

    @property
    def decided(self) -> bool:
        """Whether the raters lean clearly enough for the sign to mean something."""
        return abs(self.rating) >= UNDECIDED_BELOW

    @property
    def bucket(self) -> str:
        """A digest of seed and words: the same words always fall on the same side of the split.

        The file holds tweets that differ only in case or spaces; drawn by row, one
        of such a pair could be trained on and its twin tested.
        """
        words = " ".join(self.text.lower().split())
        return hashlib.sha256(f"{SEED}:{words}".encode()).hexdigest()

    @property
    def is_test(self) -> bool:
        """Whether the tweet is kept out of training."""
        return int(self.bucket[:8], 16) % 100 < TEST_PERCENT


def read_tweets(path: Path) -> list[Tweet]:
    """Return every decided tweet of the file, in its order; a line that is not `id, rating, text` raises."""
    tweets = []
    for line in path.read_text(encoding="utf-8").splitlines():
        number, rating, text = line.split("\t")
        tweets.append(Tweet(int(number), float(rating), text))
    return [tweet for tweet in tweets if tweet.decided]


def split(tweets: list[Tweet]) -> tuple[list[Tweet], list[Tweet]]:
    """Divide into the training part and the test part."""
    return [t for t in tweets if not t.is_test], [t for t in tweets if t.is_test]
