import pytest

from ci_steps.model.verdict import Verdict
from ci_steps.steps.golden.service import Reply
from ci_steps.steps.integration_test.metrics_page import Sample, counted, counting, samples

PAGE = """\
# HELP serving_requests_total Requests answered.
# TYPE serving_requests_total counter
serving_requests_total{route="/predict",status="200"} 101.0
serving_requests_total{route="/predict",status="422"} 2.0
serving_requests_total{route="/info",status="200"} 7.0
process_start_time_seconds 1.79e+09
"""


def page(text: str, content_type: str = "text/plain; version=0.0.4") -> Reply:
    return Reply(200, text.encode(), content_type)


def test_requests_to_predict_are_counted_over_every_status() -> None:
    assert counted(page(PAGE)) == 103


def test_labels_may_hold_quotes_braces_and_spaces() -> None:
    assert samples('a{x="b\\"} c",y=""} -1.5e3 1700000000\n') == [
        Sample("a", {"x": 'b\\"} c', "y": ""}, -1500)
    ]
    assert samples('le{le="+Inf"} +Inf') == [Sample("le", {"le": "+Inf"}, float("inf"))]


@pytest.mark.parametrize("line", ["<html>", "name", "name one", "name{x=1} 2", 'name{x="1"', "1name 2"])
def test_a_line_that_is_no_sample_is_named(line: str) -> None:
    with pytest.raises(ValueError, match="line 2 is no sample"):
        samples(f"good 1\n{line}\n")


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(404), "status 404"),
        (page(PAGE, "text/html"), "is text/html"),
        (page("up 1\n"), "has no serving_requests_total"),
        (page("<html>"), "line 1 is no sample"),
    ],
)
def test_a_page_that_is_none_is_refused_with_the_reason(reply: Reply, why: str) -> None:
    finding = counting(page(PAGE), lambda: reply, 3)

    assert finding.verdict is Verdict.REFUSED
    assert why in finding.observed


def test_a_counter_that_moves_late_passes() -> None:
    looks = iter([PAGE, PAGE.replace("101.0", "104.0")])

    assert counting(page(PAGE), lambda: page(next(looks)), 3).verdict is Verdict.PASSED


def test_a_counter_that_moves_too_far_is_refused() -> None:
    finding = counting(page(PAGE), lambda: page(PAGE.replace("101.0", "105.0")), 3)

    assert finding.verdict is Verdict.REFUSED
    assert finding.observed == "it moved by 4 while 3 requests were sent"


def test_where_nothing_was_sent_nothing_is_known() -> None:
    assert counting(page(PAGE), lambda: page(PAGE), 0).verdict is Verdict.INCONCLUSIVE
