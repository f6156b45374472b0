"""Patterns as sets of texts, against Python's own engine and the server's."""

import re
from itertools import islice

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_steps.steps.check_interface.effort import Effort, OutOfEffortError
from ci_steps.steps.check_interface.patterns import (
    ForeignPatternError,
    NoPatternError,
    both,
    other_than,
    parsed,
    takes,
    words,
)

ATOMS = st.sampled_from(["a", "b", "c", ".", "[ab]", "[^a]", "[b-c]", r"\.", "é", r"\x61", r"a\d", "(?:)"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "*?"])).map(
            lambda two: f"({two[0]}){two[1]}"
        ),
    ),
    max_leaves=6,
)
WHOLE = st.one_of(
    PATTERNS,
    PATTERNS.map(lambda inner: f"^{inner}$"),
    PATTERNS.map(lambda inner: f"^{inner}"),
    st.tuples(PATTERNS, PATTERNS).map(lambda two: f"^{two[0]}|{two[1]}$"),
    st.tuples(PATTERNS, PATTERNS).map(lambda two: f"(^{two[0]}|{two[1]}){two[0]}"),
)
TEXTS = st.text("abc.é1", max_size=7)


def in_python(pattern: str) -> re.Pattern[str]:
    """Return the pattern for Python's engine, where the dot and the end of a text are others."""
    return re.compile(re.sub(r"(?<!\\)\.", r"[^\\n\\r\\u2028\\u2029]", pattern).replace("$", r"\Z"))


def found(pattern: str, text: str) -> bool:
    return takes(parsed(pattern), text, Effort(100_000))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(WHOLE, st.lists(TEXTS, min_size=1, max_size=8))
def test_a_pattern_is_found_where_python_finds_it(pattern: str, texts: list[str]) -> None:
    for text in texts:
        assert found(pattern, text) is bool(in_python(pattern).search(text)), (pattern, text)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(WHOLE, WHOLE, st.integers(0, 4), st.integers(0, 4), st.lists(TEXTS, max_size=20))
def test_what_is_in_one_and_not_in_the_other_is_found_or_is_not_there(
    one: str, two: str, low: int, more: int, texts: list[str]
) -> None:
    among = both((parsed(one), other_than(parsed(two))))

    made = [*islice(words(among, Effort(100_000), low=low, high=low + more), 3)]

    for text in made:
        assert in_python(one).search(text)
        assert not in_python(two).search(text)
        assert low <= len(text) <= low + more
    assert len(set(made)) == len(made)
    if len(made) < 3:
        others = {text for text in texts if low <= len(text) <= low + more} - {*made}
        assert not any(in_python(one).search(text) and not in_python(two).search(text) for text in others)


@pytest.mark.parametrize(
    ("pattern", "text", "said"),
    [
        (r"^\d$", "٣", False),  # Python's \d takes every script's digits
        (r"^\w$", "é", False),
        (r"^a$", "a\n", False),  # Python's $ looks past a last line end
        (r"^\s$", "\u00a0", True),
        (r"^\s$", "\ufeff", True),
        (r"^\u0061$", "a", True),
        (r"^\p{L}+$", "éß", True),
        (r"^\p{Lu}$", "a", False),
        (r"^\P{L}$", "1", True),
        (r"^\cA$", "\x01", True),
        (r"^[\b]$", "\b", True),
        (r"^[^]$", "x", True),
        (r"^a{,3}$", "a{,3}", True),  # a brace that repeats nothing
        (r"^$", "", True),
        (r"", "anything", True),
        (r"^(?<year>\d{4})-$", "2026-", True),
        (r"$", "anything", True),
    ],
)
def test_a_pattern_means_what_ecma_262_says(pattern: str, text: str, *, said: bool) -> None:
    assert found(pattern, text) is said


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^\d$", "٣"),
        (r"^a$", "a\n"),
        (r"^\s$", "\u00a0"),
        (r"^\p{L}+$", "éß"),
        (r"^\w$", "é"),
        (r"^[\w.+-]+@[\w-]+\.[\w.-]+$", "jane.doe@example.org"),
        (r"^(a|b$)", "xb"),
        (r"^.$", "😀"),
    ],
)
def test_the_server_reads_it_the_same(pattern: str, text: str) -> None:
    assert found(pattern, text) is jsonschema_rs.is_valid({"pattern": pattern}, text)


@pytest.mark.parametrize(
    "pattern", ["(?=a)", "(?!a)", "(?<=a)b", r"(a)\1", r"\bword", r"(?P<n>a)", "(?i)a", "a^b"]
)
def test_what_goes_beyond_a_set_of_texts_is_said_to_be_foreign(pattern: str) -> None:
    with pytest.raises(ForeignPatternError):
        parsed(pattern)


@pytest.mark.parametrize("pattern", ["(a", "a)", "[a", "*a", "a**", "a{3,2}", "[z-a]", "\\", r"\xg1", "+"])
def test_what_nobody_could_read_is_no_pattern(pattern: str) -> None:
    with pytest.raises(NoPatternError):
        parsed(pattern)


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|aa)+$", "^(a|a)*b$", "(.*)*(.*)*x$", "^(a?){50}a{50}$"])
def test_a_pattern_that_hangs_others_takes_a_step_for_each_character(pattern: str) -> None:
    effort = Effort(5_000)

    assert not takes(parsed(pattern), "a" * 3_000 + "!", effort)


def test_what_takes_too_many_steps_says_so() -> None:
    among = both((parsed("^(a|b)*a(a|b){20}c$"), other_than(parsed("^(a|b)*a(a|b)*c$"))))

    with pytest.raises(OutOfEffortError):
        list(words(among, Effort(3_000)))
