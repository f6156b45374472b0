"""What holds for every CI that a watcher triggers: in memory, and over HTTP against servers of our own.

Neither Jenkins nor GoCD can be had here: `tests/ci_servers` takes only what they document.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from ci_steps.adapters.gocd_trigger import Client as GocdClient
from ci_steps.adapters.gocd_trigger import GocdTrigger, Pipeline
from ci_steps.adapters.jenkins_trigger import Client as JenkinsClient
from ci_steps.adapters.jenkins_trigger import JenkinsTrigger, Job
from ci_steps.errors import InputError, OutsideError
from ci_steps.ports.triggers import Asked, Build, BusyError, Trigger
from tests.ci_servers.gocd import Gocd
from tests.ci_servers.jenkins import Jenkins
from tests.ci_servers.serving import Call, HungUpError
from tests.fakes.triggers import MemoryTrigger
from tests.free_ports import free_port
from tests.s3_servers import answering

SECRET = "a-planted-secret-3f9c"


@dataclass
class Case:
    """A CI, and how it is made to be bad."""

    trigger: Trigger
    server: MemoryTrigger | Jenkins | Gocd
    lose_one_answer: Callable[[], None]

    @property
    def models(self) -> list[str]:
        return self.server.models


@pytest.fixture(params=["memory", "jenkins", "gocd"])
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    if request.param == "memory":
        memory = MemoryTrigger()

        def lose() -> None:
            memory.loses_answer = 1

        yield Case(memory, memory, lose)
        return
    if request.param == "jenkins":
        with Jenkins().serving() as jenkins:
            yield Case(_jenkins(jenkins), jenkins, lambda: _lose(jenkins, "buildWithParameters"))
            assert jenkins.faults == []
        return
    with Gocd().serving() as gocd:
        yield Case(_gocd(gocd), gocd, lambda: _lose(gocd, "schedule"))
        assert gocd.faults == []


def test_a_build_waits_runs_and_ends_with_its_result(case: Case) -> None:
    seen = _followed(case.trigger, _asked(case.trigger, "mlflow:models/tweets/7"))

    assert [state for state, *_ in seen] == ["waiting", "running", "ended"]
    assert seen[-1][1].sound
    assert seen[-1][1].result in {"SUCCESS", "Passed"}
    assert case.models == ["mlflow:models/tweets/7"]


def test_a_build_that_fails_is_told_from_one_that_is_sound(case: Case) -> None:
    case.server.ends = lambda *_: "Failed"

    *_, (_, build) = _followed(case.trigger, _asked(case.trigger, "tweets@0123456"))

    assert build.result == "Failed"
    assert not build.sound


def test_what_was_never_asked_for_is_not_there(case: Case) -> None:
    asked = _asked(case.trigger, "tweets@0123456")

    assert case.trigger.look(asked, None) is None


def test_a_build_whose_answer_was_lost_is_found_again_by_its_model(case: Case) -> None:
    asked = _asked(case.trigger, "tweets@0123456")
    case.lose_one_answer()
    with pytest.raises(OutsideError, match="does not answer"):
        case.trigger.start(asked)

    found = _until(lambda: case.trigger.look(asked, None), lambda build: build is not None)

    assert found is not None
    assert _followed(case.trigger, asked, found)[-1][1].sound
    assert case.models == ["tweets@0123456"]


def test_a_build_of_before_the_mark_is_not_taken_for_the_new_one(case: Case) -> None:
    _followed(case.trigger, _asked(case.trigger, "tweets@0123456"))

    again = _asked(case.trigger, "tweets@0123456")

    assert case.trigger.look(again, None) is None


def test_a_ci_that_is_down_is_an_outside_error(case: Case) -> None:
    asked = _asked(case.trigger, "tweets@0123456")
    case.server.down = True

    for call in (
        case.trigger.mark,
        lambda: case.trigger.start(asked),
        lambda: case.trigger.look(asked, None),
    ):
        with pytest.raises(OutsideError, match=r"does not answer|503"):
            call()


@pytest.mark.parametrize("body", [b"<html>Please log in</html>", b"[]", b'{"pipelines": 7, "property": 7}'])
def test_what_answers_something_else_is_an_outside_error_that_says_so(body: bytes) -> None:
    with answering(lambda _method, _path: (200, {}, body)) as (url, _):
        job, pipeline = Job.parse(f"{url}/job/x", with_login=True), Pipeline.parse(url, "x", with_login=True)

        with pytest.raises(OutsideError, match="not what Jenkins says"):
            JenkinsTrigger(job, JenkinsClient(job, "", "")).mark()
        with pytest.raises(OutsideError, match="not what GoCD says"):
            GocdTrigger(pipeline, GocdClient(pipeline, "")).mark()


def test_a_redirect_is_not_followed_and_a_login_of_netrc_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with Gocd().serving() as gocd:
        _gocd(gocd).mark()
    with answering(lambda _method, _path: (302, {"Location": "https://ci.example.org/login"}, b"")) as (
        url,
        asked,
    ):
        job = Job.parse(f"{url}/job/x", with_login=True)
        with pytest.raises(InputError, match=r"sends elsewhere \(302\)"):
            JenkinsTrigger(job, JenkinsClient(job, "", "")).mark()

    assert len(asked.lines) == 1


# What only Jenkins does.


@pytest.fixture
def jenkins() -> Iterator[Jenkins]:
    with Jenkins().serving() as server:
        yield server
        assert server.faults == []


def test_a_crumb_is_got_in_the_same_session_and_used_again(jenkins: Jenkins) -> None:
    trigger = _jenkins(jenkins)

    trigger.start(_asked(trigger, "tweets@0123456"))
    trigger.start(_asked(trigger, "tweets@1123456"))

    assert jenkins.calls.count("GET /crumbIssuer/api/json") == 1
    assert len(jenkins.items) == 2


def test_a_crumb_of_a_session_that_is_over_is_replaced(jenkins: Jenkins) -> None:
    trigger = _jenkins(jenkins)
    trigger.start(_asked(trigger, "tweets@0123456"))
    jenkins.forget_sessions()

    trigger.start(_asked(trigger, "tweets@1123456"))

    assert jenkins.models == ["tweets@0123456", "tweets@1123456"]


def test_a_jenkins_without_crumbs_is_triggered_too(jenkins: Jenkins) -> None:
    jenkins.protection = False
    trigger = _jenkins(jenkins)

    trigger.start(_asked(trigger, "tweets@0123456"))

    assert jenkins.models == ["tweets@0123456"]


def test_the_environment_goes_along(jenkins: Jenkins) -> None:
    trigger = _jenkins(jenkins, environment="production")

    trigger.start(Asked("tweets@0123456", "production", trigger.mark()))

    assert jenkins.items[0].parameters["ENVIRONMENT"] == "production"


def test_an_environment_that_the_job_has_not_is_told_with_those_it_has(jenkins: Jenkins) -> None:
    with pytest.raises(InputError, match="no ENVIRONMENT 'prod'") as refused:
        _jenkins(jenkins, environment="prod").mark()

    assert refused.value.hint == "it has staging, production"


def test_a_job_that_does_not_know_model_yet_is_an_input_error(jenkins: Jenkins) -> None:
    jenkins.parameters = ()

    with pytest.raises(InputError, match="no parameter MODEL") as refused:
        _jenkins(jenkins).mark()

    assert "first build" in refused.value.hint


def test_the_tokens_cause_names_the_model(jenkins: Jenkins) -> None:
    jenkins.job_token, jenkins.users = SECRET, {}
    trigger = _jenkins(jenkins, user="", token="", job_token=SECRET)

    trigger.start(_asked(trigger, "tweets@0123456"))

    assert jenkins.items[0].causes[0]["shortDescription"].endswith("watch found tweets@0123456")


def test_a_build_is_found_by_its_queue_id_once_the_queue_forgot_it(jenkins: Jenkins) -> None:
    jenkins.forgets, jenkins.queue_looks = True, 0
    trigger = _jenkins(jenkins)

    seen = _followed(trigger, _asked(trigger, "tweets@0123456"))

    assert seen[-1][1].number == "1"
    assert seen[-1][1].sound


def test_one_that_was_taken_out_of_the_queue_ends_cancelled(jenkins: Jenkins) -> None:
    trigger = _jenkins(jenkins)
    asked = _asked(trigger, "tweets@0123456")
    build = trigger.start(asked)
    jenkins.items[0].cancelled = True

    ended = trigger.look(asked, build)

    assert ended
    assert (ended.state, ended.result, ended.sound) == ("ended", "CANCELLED", False)


def test_a_build_that_was_deleted_ends_unknown(jenkins: Jenkins) -> None:
    trigger = _jenkins(jenkins)
    asked = _asked(trigger, "tweets@0123456")
    build = _until(lambda: trigger.look(asked, trigger.start(asked)), lambda seen: bool(seen and seen.number))
    jenkins.runs.clear()

    ended = trigger.look(asked, build)

    assert ended
    assert (ended.result, ended.why) == ("UNKNOWN", "somebody deleted it")


def test_the_description_of_a_failed_build_says_why(jenkins: Jenkins) -> None:
    jenkins.ends, jenkins.description = lambda _: "FAILURE", "refused:  accuracy 0.71"
    trigger = _jenkins(jenkins)

    *_, (_, build) = _followed(trigger, _asked(trigger, "tweets@0123456"))

    assert build.why == "refused: accuracy 0.71"


def test_a_disabled_job_is_busy(jenkins: Jenkins) -> None:
    trigger = _jenkins(jenkins)
    asked = _asked(trigger, "tweets@0123456")
    jenkins.disabled = True

    with pytest.raises(BusyError, match="disabled"):
        trigger.mark()
    with pytest.raises(OutsideError, match="409"):
        trigger.start(asked)


@pytest.mark.parametrize(
    ("user", "token", "says"),
    [("watcher", SECRET, r"does not know this login \(401\)"), ("", "", r"nobody in particular .*\(403\)")],
)
def test_a_wrong_login_is_an_input_error_that_names_the_variables(
    jenkins: Jenkins, user: str, token: str, says: str
) -> None:
    with pytest.raises(InputError, match=says) as refused:
        _jenkins(jenkins, user=user, token=token).mark()

    assert "JENKINS_TOKEN" in refused.value.hint
    assert SECRET not in f"{refused.value} {refused.value.hint}"


def test_a_job_that_is_not_there_is_an_input_error(jenkins: Jenkins) -> None:
    job = Job.parse(f"{jenkins.url}/job/other", with_login=True)

    with pytest.raises(InputError, match=r"no Jenkins job at .*/job/other"):
        JenkinsTrigger(job, JenkinsClient(job, "watcher", "an-api-token")).mark()


def test_nothing_that_listens_is_an_outside_error_without_the_secret() -> None:
    job = Job.parse(f"http://127.0.0.1:{free_port()}/job/x", with_login=True)

    with pytest.raises(OutsideError, match="does not answer: connection refused") as refused:
        JenkinsTrigger(job, JenkinsClient(job, "watcher", SECRET)).mark()

    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://watcher:secret@ci.example.org/job/x", "has a login in it"),
        ("http://ci.example.org/job/x", "JENKINS_TOKEN in clear"),
        ("https://ci.example.org/view/all", "is not the address of a Jenkins job"),
        ("ci.example.org/job/x", "is not the address of a Jenkins job"),
        ("https://ci.example.org/job/x?token=1", "more behind the job's name"),
    ],
)
def test_an_address_that_is_no_jobs_is_an_input_error(url: str, says: str) -> None:
    with pytest.raises(InputError, match=says) as refused:
        Job.parse(url, with_login=True)

    assert "secret" not in str(refused.value)


# What only GoCD does.


@pytest.fixture
def gocd() -> Iterator[Gocd]:
    with Gocd().serving() as server:
        yield server
        assert server.faults == []


def test_a_run_of_another_model_or_of_somebody_else_is_not_taken_for_ours(gocd: Gocd) -> None:
    gocd.locks, gocd.late = False, 0
    trigger = _gocd(gocd)
    asked = _asked(trigger, "tweets@0123456")
    for model, by in (("tweets@0123456", "somebody"), ("tweets@9999999", "watcher")):
        gocd.triggered(model, by=by)
        _let_pass(trigger)

    *_, (_, build) = _followed(trigger, asked)

    assert build.number == "3"
    assert gocd.models == ["tweets@0123456", "tweets@9999999", "tweets@0123456"]


def test_without_a_readable_log_the_run_of_our_user_counts_once_it_has_ended(gocd: Gocd) -> None:
    gocd.logs = False
    trigger = _gocd(gocd)

    seen = _followed(trigger, _asked(trigger, "tweets@0123456"))

    assert [state for state, *_ in seen] == ["waiting", "ended"]
    assert seen[-1][1].number == "1"


def test_a_run_that_may_be_the_lost_one_keeps_another_from_being_triggered(gocd: Gocd) -> None:
    gocd.locks, gocd.logs, gocd.late = False, False, 0
    trigger = _gocd(gocd)
    asked = _asked(trigger, "tweets@0123456")
    _lose(gocd, "schedule")
    with pytest.raises(OutsideError):
        trigger.start(asked)

    with pytest.raises(BusyError, match="run 1 of release may be it"):
        trigger.look(asked, None)


def test_a_pipeline_that_takes_no_trigger_now_is_busy(gocd: Gocd) -> None:
    trigger = _gocd(gocd)
    asked = _asked(trigger, "tweets@0123456")
    gocd.paused = True
    with pytest.raises(BusyError, match="Pipeline release is paused"):
        trigger.start(asked)
    gocd.paused = False
    gocd.triggered("tweets@1123456", by="somebody")

    for says in ("already triggered", "is still in progress", "is locked"):
        with pytest.raises(BusyError, match=says):
            trigger.start(asked)
        _let_pass(trigger, looks=1)


def test_a_run_that_a_hundred_others_followed_has_ended_unknown(gocd: Gocd) -> None:
    trigger = _gocd(gocd)
    build = Build(state="running", number="7")

    ended = trigger.look(_asked(trigger, "tweets@0123456"), build)

    assert ended
    assert (ended.state, ended.result, ended.why) == ("ended", "Unknown", "a hundred runs came after it")


def test_a_run_that_waits_for_an_approval_has_ended_for_the_watcher(gocd: Gocd) -> None:
    gocd.stages = (("plan", "success"), ("production", "manual"))
    trigger = _gocd(gocd)

    *_, (_, build) = _followed(trigger, _asked(trigger, "tweets@0123456"))

    assert (build.result, build.why, build.sound) == ("Passed", "production waits for an approval", True)


def test_the_stage_that_failed_is_named(gocd: Gocd) -> None:
    gocd.ends = lambda _, stage: "Failed" if stage == "rollout" else "Passed"
    trigger = _gocd(gocd)

    *_, (_, build) = _followed(trigger, _asked(trigger, "tweets@0123456"))

    assert build.why == "stage rollout"
    assert build.url.endswith("/go/pipelines/release/1/rollout/1")


def test_a_pipeline_without_model_is_an_input_error(gocd: Gocd) -> None:
    gocd.variables = ()
    trigger = _gocd(gocd)

    with pytest.raises(InputError, match="'MODEL' has not been configured") as refused:
        trigger.start(_asked(trigger, "tweets@0123456"))

    assert "environment variable MODEL" in refused.value.hint


@pytest.mark.parametrize(("token", "says"), [(SECRET, "401"), ("", "401"), ("of-a-viewer", "403")])
def test_a_wrong_token_is_an_input_error_without_it(gocd: Gocd, token: str, says: str) -> None:
    gocd.users = {"of-a-viewer": "viewer"}
    pipeline = Pipeline.parse(gocd.url, "release", with_login=True)
    trigger = GocdTrigger(pipeline, GocdClient(pipeline, token))

    with pytest.raises(InputError, match=says) as refused:
        trigger.start(Asked("tweets@0123456", "", trigger.mark()))

    assert SECRET not in f"{refused.value} {refused.value.hint}"
    assert "GOCD_TOKEN" in f"{refused.value} {refused.value.hint}"


def test_a_pipeline_that_is_not_there_is_an_input_error(gocd: Gocd) -> None:
    pipeline = Pipeline.parse(gocd.url, "other", with_login=True)

    with pytest.raises(InputError, match="has no pipeline other"):
        GocdTrigger(pipeline, GocdClient(pipeline, "a-personal-token")).mark()


@pytest.mark.parametrize(
    ("url", "name", "says"),
    [
        ("https://token:x@go.example.org", "release", "has a login in it"),
        ("http://go.example.org", "release", "GOCD_TOKEN in clear"),
        ("https://go.example.org/go/pipelines", "release", "is not the address of a GoCD server"),
        ("https://go.example.org", "../admin", "is not a pipeline's name"),
    ],
)
def test_an_address_that_is_no_pipelines_is_an_input_error(url: str, name: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        Pipeline.parse(url, name, with_login=True)


def _jenkins(
    server: Jenkins,
    *,
    user: str = "watcher",
    token: str = "an-api-token",
    environment: str = "",
    job_token: str = "",
) -> JenkinsTrigger:
    job = Job.parse(server.job, with_login=True)
    return JenkinsTrigger(job, JenkinsClient(job, user, token), environment, job_token)


def _gocd(server: Gocd) -> GocdTrigger:
    pipeline = Pipeline.parse(server.url, "release", with_login=True)
    return GocdTrigger(pipeline, GocdClient(pipeline, "a-personal-token"))


def _asked(trigger: Trigger, model: str) -> Asked:
    return Asked(model, "", trigger.mark())


def _followed(trigger: Trigger, asked: Asked, build: Build | None = None) -> list[tuple[str, Build]]:
    """Follow a build to its end; gives each state once, with how it was seen first."""
    now = build or trigger.start(asked)
    seen: list[tuple[str, Build]] = [(now.state, now)]
    for _ in range(50):
        if now.state == "ended":
            return seen
        now = trigger.look(asked, now) or now
        if now.state != seen[-1][0]:
            seen.append((now.state, now))
    raise AssertionError(f"it does not end: {seen}")


def _let_pass(trigger: Trigger, looks: int = 6) -> None:
    """Let the server's time go on, which it does with each look."""
    for _ in range(looks):
        trigger.mark()


def _until(look: Callable[[], Build | None], good: Callable[[Build | None], bool]) -> Build | None:
    for _ in range(50):
        with suppress(BusyError):
            if good(build := look()):
                return build
    raise AssertionError("it does not come")


def _lose(server: Jenkins | Gocd, what: str) -> None:
    """Hang up on the next such request, once it was taken."""

    def moment(when: str, call: Call) -> None:
        if when == "after" and call.path.endswith(what):
            server.moment = lambda _when, _call: None
            raise HungUpError

    server.moment = moment
