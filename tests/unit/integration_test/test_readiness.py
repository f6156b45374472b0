from ci_steps.steps.integration_test.readiness import exit_in_words, last_exception, reason


def test_the_last_error_of_a_json_log_is_the_reason() -> None:
    log = (
        '{"level": "error", "event": "first"}\n'
        '{"level": "ERROR", "event": "cannot start", "reason": "PORT is \'x\'"}\n'
        '{"level": "info", "event": "stopped"}\n'
    )

    assert reason(log) == "cannot start: PORT is 'x'"


def test_a_traceback_is_told_by_its_last_line() -> None:
    log = 'Traceback (most recent call last):\n  File "x.py", line 1\nMemoryError\n\n'

    assert reason(log) == "MemoryError"


def test_json_that_is_no_log_line_is_a_line_like_others() -> None:
    assert reason('[1, 2]\n"text"') == '"text"'


def test_silence_is_said() -> None:
    assert reason(" \n") == "it logged nothing"


def test_a_long_line_is_cut() -> None:
    assert len(reason("x" * 10_000)) == 300


def test_the_last_exception_is_told_past_the_lines_that_follow_it() -> None:
    log = (
        '{"level": "error", "event": "the model failed", "exception": "TypeError", "message": "first"}\n'
        '{"level": "error", "event": "the model failed", "exception": "KeyError", "message": "\'alcohol\'"}\n'
        '{"level": "error", "event": "request", "status": 500}\n'
        '{"level": "warning", "event": "warm-up failed", "reason": "no example"}\n'
        "a line of the model's own\n"
    )

    assert last_exception(log) == "KeyError: 'alcohol'"
    assert last_exception("Traceback\n[1]\n") == ""


def test_a_killed_container_is_told_so() -> None:
    assert "memory" in exit_in_words(137)
    assert exit_in_words(3) == "exit code 3"
