"""Waiting, overtaking and being stopped."""

import pytest

from tests.doors.jenkins.build import Build, Question, StillQueuedError
from tests.doors.jenkins.conftest import Job
from tests.doors.jenkins.small import told, two_stages

INPUT = """
    pipeline {
        agent none
        options {
            disableConcurrentBuilds()
        }
        parameters {
            booleanParam(name: 'ASK')
        }
        stages {
            stage('wait') {
                when {
                    beforeInput true
                    expression { params.ASK }
                }
                agent any
                input {
                    message "Release ${params.ASK}?"
                    submitterParameter 'BY'
                }
                steps {
                    sh 'echo "by $BY"'
                }
            }
        }
    }
"""


def test_an_input_waits_without_an_executor_and_is_approved_or_aborted_or_not_asked(job: Job) -> None:
    jenkins = job(INPUT)

    approved = jenkins.build({"ASK": True}, approve=lambda _: "alice")
    rejected = jenkins.build({"ASK": True}, approve=lambda _: None)
    passed_by = jenkins.build({"ASK": False})

    assert approved.result == "SUCCESS"
    assert approved.asked == (Question("Release true?", None, holds_executor=False),)
    assert "\nby alice\n" in approved.log
    assert (rejected.result, rejected.ended) == ("ABORTED", {"wait": "ABORTED"})
    assert (passed_by.result, passed_by.ended) == ("SUCCESS", {"wait": "SKIPPED"})
    with pytest.raises(AssertionError, match="nobody was to be asked"):
        jenkins.build({"ASK": True})


def test_a_job_that_runs_one_build_at_a_time_queues_the_next(job: Job) -> None:
    jenkins = job(INPUT)
    queued = []

    def meanwhile(_question: Question) -> str:
        with pytest.raises(StillQueuedError):
            jenkins.build({"ASK": False})
        queued.append(True)
        return "alice"

    assert jenkins.build({"ASK": True}, approve=meanwhile).result == "SUCCESS"
    assert queued


def test_an_older_build_that_comes_late_to_a_milestone_is_not_built_further(job: Job) -> None:
    text = INPUT.replace("sh 'echo \"by $BY\"'", "milestone 1").replace(
        "disableConcurrentBuilds()", "timestamps()"
    )
    jenkins = job(text)
    newer: list[Build] = []

    def overtaken(_question: Question) -> str:
        newer.append(jenkins.build({"ASK": True}, approve=lambda _: "bob"))
        return "alice"

    older = jenkins.build({"ASK": True}, approve=overtaken)

    assert (newer[0].number, newer[0].result) == (2, "SUCCESS")
    assert (older.number, older.result) == (1, "NOT_BUILT")
    assert "build #2 already got here" in older.log


# dash -x tells the command itself, so the word to wait for must not stand in it.
SLOW = """python3 -c "import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.7), print('cleaned up', flush=True), sys.exit(130)))
print('be' + 'gun', flush=True)
time.sleep(60)"
"""


@pytest.mark.parametrize(("run", "awaited"), [("exec ", True), ("", False)])
def test_an_abort_waits_for_the_shell_and_so_only_for_a_program_that_took_its_place(
    job: Job, *, run: str, awaited: bool
) -> None:
    post = "aborted {\n echo 'told aborted'\n}\n cleanup {\n echo 'told cleanup'\n}"
    jenkins = job(two_stages(f"sh '''{run}{SLOW}'''", post=post))

    build = jenkins.build({}, abort_at="begun")

    assert build.result == "ABORTED"
    assert build.ended == {"one": "ABORTED", "two": "SKIPPED"}
    assert told(build) == ["aborted", "cleanup"]
    assert ("\ncleaned up\n" in build.log) is awaited


def test_a_timeout_aborts_what_runs(job: Job) -> None:
    build = job(two_stages("timeout(time: 300, unit: 'MILLISECONDS') {\n sh 'exec sleep 60'\n}")).build({})

    assert build.result == "ABORTED"
    assert "Timeout has been exceeded" in build.log
