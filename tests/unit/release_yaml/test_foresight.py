"""Everything that can be known before a run is told at once, each with its line, and what to do."""

from datetime import date
from pathlib import Path

import pytest

from ci_steps.adapters.release_yaml import ReleaseYaml
from ci_steps.errors import InputError
from ci_steps.model.told import Problem

TODAY = date(2026, 6, 1)
SOUND = """\
service: tweets
model: tweets:candidate
store: store
registry: 127.0.0.1:5000/tweets
image: {base: python:3.11-slim-bookworm}
unit_tests: {path: tests, lock: test.lock}
plain_http: [registry.example.org:5000]
scan: {allow: [numpy.ndarray], code: [model/predictor.py]}
metrics:
  - {metric: accuracy, direction: higher, floor: 0.70}
load: {rate: 100, seconds: 20, p95_ms: 50, p99_ms: 100}
environments:
  staging: {target: docker, address: "127.0.0.1:8080"}
  production: {target: docker, address: "127.0.0.1:8081"}
waivers:
  - {check: check-metrics.baseline, reason: first release, by: m.jansen, until: 2026-12-31}
evidence:
  - {model: tweets@9f2c41d, evaluations: held/v1.jsonl}
"""
RULE = "  - {metric: accuracy, direction: higher, floor: 0.70}\n"


@pytest.fixture
def file(tmp_path: Path) -> ReleaseYaml:
    (tmp_path / "store").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "test.lock").touch()
    (tmp_path / "held").mkdir()
    (tmp_path / "held" / "v1.jsonl").touch()
    path = tmp_path / "release.yaml"
    path.write_text(SOUND)
    return ReleaseYaml(path)


def changed(file: ReleaseYaml, old: str, new: str) -> list[Problem]:
    assert old in SOUND
    file.path.write_text(SOUND.replace(old, new, 1))
    return file.problems(TODAY)


def test_a_sound_file_has_no_problem(file: ReleaseYaml) -> None:
    assert file.problems(TODAY) == []


@pytest.mark.parametrize(
    ("old", "new", "where", "what", "then"),
    [
        # types
        ("p95_ms: 50", "p95: 50", 11, "unknown key 'p95' in load", "did you mean 'p95_ms'?"),
        ("higher", "hihger", 10, "'hihger' is not 'higher' or 'lower' in metrics[0]", "mean 'higher'?"),
        ("service: tweets\n", "", 1, "the key 'service' is missing", "see the example in the README"),
        # rules
        ("accuracy", "acuracy", 10, "metric 'acuracy' is not known", "did you mean 'accuracy'?"),
        ("floor: 0.70", "floor: 0.7, ceiling: 0.6", 10, "floor 0.7 of accuracy is above its ceiling", "swap"),
        ("floor: 0.70", "confidence: 0.9", 10, "the rule for accuracy asks nothing", "give it a floor"),
        ("floor: 0.70", "worse_by_at_most: 0.1", 10, "is compared with nothing", "add versus: baseline"),
        ("floor: 0.70", "versus: baseline", 10, "versus baseline has no margin", "add worse_by_at_most"),
        ("floor: 0.70", "versus: v1, better_by_at_least: 0", 10, "versus of accuracy: 'v1'", "by its SHA"),
        ("floor: 0.70", "versus: 'tweets:v1', better_by_at_least: 0", 10, "is a tag, which moves", "by its"),
        ("floor: 0.70", "floor: 0.7, guard: true", 10, "guard of accuracy is about nothing", "add slices"),
        ("floor: 0.70", "floor: 0.7, min_n: 9", 10, ">= 10 in metrics[0].min_n", "number at least 10"),
        ("floor: 0.70", "floor: 0.7, confidence: 0.79", 10, ">= 0.8 in metrics[0].conf", "at least 0.8"),
        ("floor: 0.70", "floor: 0.7, confidence: 95", 10, "in metrics[0].confidence", "write 0.95"),
        ("floor: 0.70", "floor: 0.7, slices: seg", 10, "got `str` in metrics[0].slices", "write [seg]"),
        ("floor: 0.70}\n", "floor: 0.7}\n" + RULE, 11, "that of release.yaml:10", "keep one"),
        ("metrics:\n" + RULE, "metrics: []\n", 9, "no rule for metrics", "under `metrics:`"),
        ("metrics:\n" + RULE, "", 1, "no rule for metrics", "under `metrics:`"),
        # the rest
        ("load: {", "integration: {absolute: 0.002}\nload: {", 11, "<= 0.001", "at most 0.001"),
        ("load: {", "interface: {unknown_fields: no}\nload: {", 11, "got `bool`", "'count' or 'ignore'"),
        ("reason: first release", "reason: no", 16, "waivers[0].reason", "put it in quotes"),
        # evaluations that lie elsewhere
        ("model: tweets@9f2c41d", "model: tweets:v1", 18, "'tweets:v1' is a tag", "tweets@9f2c41d"),
        ("model: tweets@9f2c41d", "model: tweets", 18, "'tweets' is not a model", "tweets@9f2c41d"),
        ("held/v1.jsonl", "held/v2.jsonl", 18, "held/v2.jsonl is not a file", "write it there"),
        ("held/v1.jsonl", "../v1.jsonl", 18, "leads out of the folder of release.yaml", "a path inside"),
        ("held/v1.jsonl", "held/v1.py", 18, "'held/v1.py' is no .jsonl file", "a line an example"),
        # load
        ("seconds: 20", "seconds: 5", 11, "500 planned requests cannot decide p99, 1,000 can", "10 seconds"),
        # addresses
        ("8081", "8080", 14, "127.0.0.1:8080 is the address of 'staging' too", "own port"),
        ("8081", "99999", 14, "127.0.0.1:99999 is not an address", "a port is 1 to 65535"),
        ("production:", "Production:", 14, "'Production' is not an environment's name", "a-z"),
        # what leads nowhere
        ("tweets:candidate", "tweets", 2, "model: 'tweets' is not a model", "write it like tweets@9f2c41d"),
        ("tweets:candidate", '"@candidate"', 2, "candidate cannot be read", "whose first line is a model"),
        ("store: store", "store: stor", 3, "store: the folder stor is not there", "models publish"),
        ("store: store", "store: gs://models", 3, "'gs://models' is not a place on S3", "s3://bucket/prefix"),
        ("5000/tweets", "5000/tweets:v1", 4, "is an image, and a repository is wanted", "registry."),
        ("5000/tweets", "5000/Tweets", 4, "is not a repository", "registry.example.org"),
        ("python:3.11-slim-bookworm", "Python!", 5, "image.base: 'Python!' is not an image", "write it like"),
        ("python:3.11-slim-bookworm", "python", 5, "image.base: 'python' names no version", "python:3.11"),
        ("path: tests", "path: test", 6, "unit_tests.path: test is not there", "name where they are"),
        ("path: tests", "path: ../x", 6, "leads out of the folder of release.yaml", "name a path inside"),
        ("lock: test.lock", "lock: tests.lock", 6, "unit_tests.lock: tests.lock is not there", "leave it"),
        ("[registry", "[http://registry", 7, "plain_http[0]: 'http://registry.", "write it like"),
        ("[numpy.ndarray]", "[numpy.*]", 8, "scan.allow[0]: 'numpy.*' allows nothing", "exact name"),
        ("model/predictor.py", "/model/predictor.py", 8, "scan.code[0]: '/model/pre", "as model/"),
        ("model/predictor.py", "./model/predictor.py", 8, "is no file of a model", "model/predictor.py"),
        # waivers
        ("metrics.baseline", "metrics.baselin", 16, "'check-metrics.baselin'", "mean 'check-metrics.base"),
        ("2026-12-31", "2999-12-31", 16, "covers nothing: a waiver holds a year at most", "until 2027-06-02"),
        ("2026-12-31", "2026-12-31, environment: stagin", 16, "called 'stagin': the", "mean 'staging'"),
        ("2026-12-31", "2026-12-31, environment: x", 16, "covers nothing", "there are staging, production"),
        ("check-metrics.baseline", "quux", 16, "no check is called 'quux'", "check-interface, "),
    ],
)  # fmt: skip
def test_what_would_stop_a_release_is_an_error_with_its_line(
    file: ReleaseYaml, old: str, new: str, where: int, what: str, then: str
) -> None:
    [problem] = changed(file, old, new)

    assert problem.where == f"release.yaml:{where}"
    assert what in problem.what
    assert then in problem.next
    assert not problem.warning


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("2026-12-31", "2026-05-31", "the waiver of check-metrics.baseline ended on 2026-05-31"),
        ("2026-12-31", "2026-06-01", "the waiver of check-metrics.baseline ends today"),
        ("2026-12-31", "2026-06-02", "the waiver of check-metrics.baseline ends tomorrow"),
        ("2026-12-31", "2026-06-15", "the waiver of check-metrics.baseline ends in 14 days, on 2026-06-15"),
        ("check-metrics.baseline", "scan-model.global", "scan-model.global is never inconclusive"),
    ],
)
def test_what_may_stop_a_release_later_is_a_warning(file: ReleaseYaml, old: str, new: str, what: str) -> None:
    [problem] = changed(file, old, new)

    assert what in problem.what
    assert problem.warning


def test_a_waiver_that_holds_for_15_days_is_not_worth_a_word(file: ReleaseYaml) -> None:
    assert changed(file, "2026-12-31", "2026-06-16") == []


def test_a_waiver_for_longer_than_a_year_answers_for_nothing(file: ReleaseYaml) -> None:
    text = SOUND.replace("path: tests", "path: none").replace("check-metrics.baseline", "unit-tests.none")
    file.path.write_text(text.replace("2026-12-31", "2999-12-31"))

    assert [problem.warning for problem in file.problems(TODAY)] == [False, False]


@pytest.mark.parametrize(("environment", "warning"), [("", True), (", environment: staging", False)])
def test_what_is_answered_for_in_one_environment_alone_stops_the_others(
    file: ReleaseYaml, environment: str, warning: bool
) -> None:
    text = SOUND.replace("path: tests", "path: none").replace("check-metrics.baseline", "unit-tests.none")
    file.path.write_text(text.replace("2026-12-31", f"2026-12-31{environment}"))

    assert [problem.warning for problem in file.problems(TODAY)] == [warning]


def test_a_limit_that_nothing_can_decide_is_a_warning_while_somebody_answers_for_it(
    file: ReleaseYaml,
) -> None:
    text = SOUND.replace("seconds: 20", "seconds: 5").replace("check-metrics.baseline", "load-test.p99")
    file.path.write_text(text)

    assert [problem.warning for problem in file.problems(TODAY)] == [True]
    assert [problem.warning for problem in file.problems(date(2027, 1, 1))] == [False, True]


def test_tests_that_are_not_there_are_a_warning_while_somebody_answers_for_it(file: ReleaseYaml) -> None:
    text = SOUND.replace("path: tests", "path: none").replace("check-metrics.baseline", "unit-tests.none")
    file.path.write_text(text)

    [problem] = file.problems(TODAY)

    assert problem.warning


def test_the_tests_that_are_meant_by_default_are_looked_for_too(file: ReleaseYaml) -> None:
    (file.path.parent / "tests").rmdir()

    [problem] = changed(file, "{path: tests, lock: test.lock}", "{}")

    assert "unit_tests.path: tests is not there" in problem.what


def test_a_pointer_to_a_model_is_followed(file: ReleaseYaml) -> None:
    (file.path.parent / "candidate").write_text("tweets@9f2c41d\nand words about it\n")

    assert changed(file, "tweets:candidate", '"@candidate"') == []


def test_a_pointer_that_is_empty_names_no_model(file: ReleaseYaml) -> None:
    (file.path.parent / "candidate").write_text("\n")

    [problem] = changed(file, "tweets:candidate", '"@candidate"')

    assert "'' is not a model" in problem.what


def test_evidence_that_is_a_link_out_of_the_folder_is_told(file: ReleaseYaml, tmp_path: Path) -> None:
    evidence = tmp_path / "held" / "v1.jsonl"
    evidence.unlink()
    evidence.symlink_to("/etc/hostname")

    [problem] = file.problems(TODAY)

    assert "leads out of the folder" in problem.what


def test_evidence_of_one_model_by_two_lengths_of_its_sha_is_told_with_both_lines(file: ReleaseYaml) -> None:
    file.path.write_text(SOUND + "  - {model: tweets@9f2c41d0aa, evaluations: held/v1.jsonl}\n")

    [problem] = file.problems(TODAY)

    assert problem.line == 19
    assert "evaluations of tweets@9f2c41d0aa are named twice, first in release.yaml:18" in problem.what


def test_no_rule_is_a_warning_while_somebody_answers_for_it(file: ReleaseYaml) -> None:
    waived = SOUND.replace("check-metrics.baseline", "check-metrics.rules")
    file.path.write_text(waived.replace("metrics:\n" + RULE, "metrics: []\n"))

    assert [problem.warning for problem in file.problems(TODAY)] == [True]


@pytest.mark.parametrize(
    ("written", "word"), [("1", "1"), ("true", "true"), ("0.5", "0.5"), ("spam", "spam")]
)
def test_a_positive_label_may_look_like_a_number_or_true(file: ReleaseYaml, written: str, word: str) -> None:
    rule = f"metric: recall, direction: higher, positive: {written}, floor: 0.7"

    assert changed(file, "metric: accuracy, direction: higher, floor: 0.70", rule) == []
    assert file.settings().metrics[0].positive == word


def test_a_star_without_quotes_says_how_to_quote_it(file: ReleaseYaml) -> None:
    with pytest.raises(InputError, match=r"release.yaml:10: \* alone is an alias in YAML") as refused:
        changed(file, "floor: 0.70", "floor: 0.7, slices: [*]")

    assert refused.value.hint == 'quote it: slices: ["*"]'


def test_evidence_that_is_named_twice_is_told_with_both_lines(file: ReleaseYaml) -> None:
    line = "  - {model: tweets@9f2c41d, evaluations: held/v1.jsonl}\n"
    file.path.write_text(SOUND + line)

    [problem] = file.problems(TODAY)

    assert problem.where == "release.yaml:19"
    assert "named twice, first in release.yaml:18" in problem.what


@pytest.mark.parametrize("name", ["v\\0.jsonl", f"{'v' * 300}.jsonl"])
def test_evidence_that_no_file_can_be_called_is_told_once(file: ReleaseYaml, name: str) -> None:
    [problem] = changed(file, "held/v1.jsonl", f'"{name}"')

    assert "no folder or file can be called" in problem.what


def test_a_bucket_is_a_store_and_is_not_asked(file: ReleaseYaml) -> None:
    assert changed(file, "store: store", "store: s3://models/tweets") == []


def test_all_problems_are_told_at_once_in_the_order_of_their_lines(file: ReleaseYaml) -> None:
    text = SOUND.replace("store: store", "store: stor").replace("floor: 0.70", "flor: 0.7")
    file.path.write_text(
        text.replace("p95_ms: 50", "p95_ms: -1").replace("8081", "8080").replace("2026-12", "2026-05")
    )

    problems = file.problems(TODAY)

    assert [problem.line for problem in problems] == [3, 10, 11, 14, 16]
    assert [problem.warning for problem in problems] == [False] * 4 + [True]


def test_a_broken_item_does_not_hide_what_is_wrong_with_its_neighbour(file: ReleaseYaml) -> None:
    more = "floor: 0.70}\n  - {metric: f1, direction: lower, floor: 0.5}"

    problems = changed(file, "floor: 0.70}", more.replace("0.70", "high"))

    assert [problem.what for problem in problems] == [
        "expected `float | null`, got `str` in metrics[0].floor",
        "direction of f1 is 'lower'",
    ]


@pytest.mark.parametrize("text", ["a: [", "- a list", ""])
def test_a_file_that_is_no_yaml_mapping_is_one_error(file: ReleaseYaml, text: str) -> None:
    file.path.write_text(text)

    with pytest.raises(InputError, match=r"release\.yaml"):
        file.problems(TODAY)


@pytest.mark.parametrize("day", ["2026-13-45", "2026-02-30"])
def test_a_day_that_the_calendar_does_not_have_is_told_with_its_line(file: ReleaseYaml, day: str) -> None:
    file.path.write_text(SOUND.replace("2026-12-31", day))

    with pytest.raises(InputError, match=r"release\.yaml:16: .*(range|month)"):
        file.settings()
