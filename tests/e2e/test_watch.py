"""`watch` as a program: real sources and stores, and a Jenkins and a GoCD of our own (tests/ci_servers)."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ci_servers.gocd import Gocd
from tests.ci_servers.jenkins import Jenkins
from tests.ci_servers.serving import Call, HungUpError
from tests.e2e.watching import GOCD_TOKEN, TOKEN, WEBHOOK_SECRET, Watched, Watcher
from tests.fakes.platforms import until


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched.in_(tmp_path)


@pytest.fixture
def jenkins() -> Iterator[Jenkins]:
    with Jenkins(users={"watcher": TOKEN}).serving() as server:
        yield server
        assert server.faults == []


@pytest.fixture
def gocd() -> Iterator[Gocd]:
    with Gocd(users={GOCD_TOKEN: "watcher"}).serving() as server:
        yield server
        assert server.faults == []


def test_a_new_model_gets_one_jenkins_build_that_is_followed_to_its_result(
    watched: Watched, jenkins: Jenkins
) -> None:
    first = watched.publish(1)
    with watched.watcher("--jenkins", jenkins.job, "--environment", "production") as watcher:
        ended = watcher.until("ended")
        second = watched.publish(2)
        watcher.until("ended", 2)
        code = watcher.ended(signal.SIGTERM)

    assert jenkins.models == [first, second]
    assert jenkins.items[0].parameters["ENVIRONMENT"] == "production"
    assert (ended["model"], ended["result"], ended["url"]) == (first, "SUCCESS", f"{jenkins.job}/1/")
    assert code == 130
    assert "interrupted" in watcher.errors
    assert [event for event in watcher.events() if event != "waiting"] == [
        "watching",
        *("new", "triggered", "running", "ended") * 2,
    ]


def test_a_new_model_gets_one_gocd_run_that_is_followed_to_its_result(watched: Watched, gocd: Gocd) -> None:
    first = watched.publish(1)
    gocd.ends = lambda _, stage: "Failed" if stage == "rollout" else "Passed"
    with watched.watcher("--gocd", gocd.url, "release") as watcher:
        ended = watcher.until("ended")
        code = watcher.ended(signal.SIGINT)

    assert gocd.models == [first]
    assert (ended["result"], ended["text"].partition(": ")[2].partition(":")[0]) == (
        "Failed",
        "build 1 ended Failed (stage rollout)",
    )
    assert code == 130


def test_of_two_watchers_over_twenty_models_each_gets_one_build(watched: Watched, jenkins: Jenkins) -> None:
    models = [watched.publish(0)]
    with (
        watched.watcher("--jenkins", jenkins.job) as one,
        watched.watcher("--jenkins", jenkins.job) as other,
    ):
        one.until("watching")
        other.until("watching")
        for seed in range(1, 20):
            until(lambda: len(jenkins.models) == len(models))
            models.append(watched.publish(seed))
        until(lambda: len(watched.endings) == 20)

    assert jenkins.models == models
    assert watched.endings == ["SUCCESS"] * 20
    assert one.events().count("triggered") + other.events().count("triggered") == 20


_PLACES = {
    "before it claims": ("before", "/job/team/job/tweets/api/json"),
    "after its claim": ("before", "/crumbIssuer/api/json"),
    "while it asks": ("before", "/buildWithParameters"),
    "before it hears that it was asked": ("after", "/buildWithParameters"),
    "while it waits": ("before", "/queue/item/101/api/json"),
    "while it follows": ("after", "/job/team/job/tweets/1/api/json"),
}


@pytest.mark.parametrize("place", _PLACES)
def test_a_watcher_that_is_killed_leaves_its_model_to_the_next_which_builds_it_once(
    place: str, watched: Watched, jenkins: Jenkins
) -> None:
    model = watched.publish(1)
    when, path = _PLACES[place]
    with watched.watcher("--jenkins", jenkins.job, "--lease", "1s") as watcher:
        _at(jenkins, when, path, watcher)
        until(lambda: watcher.child.poll() is not None)

    with watched.watcher("--jenkins", jenkins.job, "--lease", "1s", "--once") as heir:
        assert heir.ended() == 0, heir.errors

    assert jenkins.models == [model]
    assert watched.endings == ["SUCCESS"]


def test_a_gocd_run_whose_watcher_was_killed_before_it_heard_of_it_is_found_by_the_next(
    watched: Watched, gocd: Gocd
) -> None:
    model = watched.publish(1)
    gocd.locks = False
    with watched.watcher("--gocd", gocd.url, "release", "--lease", "1s") as watcher:
        _at(gocd, "after", "/schedule", watcher)
        until(lambda: watcher.child.poll() is not None)

    with watched.watcher("--gocd", gocd.url, "release", "--lease", "1s", "--once") as heir:
        assert heir.ended() == 0, heir.errors

    assert gocd.models == [model]
    assert watched.endings == ["Passed"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_command_that_was_cut_off_with_its_watcher_is_run_again_by_the_next(
    how: signal.Signals, watched: Watched, tmp_path: Path
) -> None:
    model = watched.publish(1)
    script = tmp_path / "build.sh"
    script.write_text(
        'echo "$1 $CI_STEPS_MODEL $JENKINS_TOKEN$GOCD_TOKEN" >>built\n'
        "echo $$ >pid\nif [ ! -e go ]; then sleep 600; fi\n"
    )
    command = ("--lease", "1s", "--", "sh", str(script), "{model}")
    with watched.watcher(*command) as watcher:
        until((tmp_path / "pid").exists)
        assert watcher.ended(how) in {130, -signal.SIGKILL}
    until(lambda: not Path(f"/proc/{(tmp_path / 'pid').read_text().strip()}").exists())
    (tmp_path / "go").touch()

    with watched.watcher("--once", *command) as heir:
        assert heir.ended() == 0, heir.errors

    assert (tmp_path / "built").read_text() == f"{model} {model} \n" * 2
    assert watched.endings == ["with exit code 0"]


def test_a_failed_build_ends_a_single_look_with_four_and_is_not_built_again(
    watched: Watched, jenkins: Jenkins
) -> None:
    watched.publish(1)
    jenkins.ends, jenkins.description = lambda _: "FAILURE", "refused: accuracy 0.71"

    codes = []
    for _ in range(2):
        with watched.watcher("--jenkins", jenkins.job, "--once") as watcher:
            codes.append(watcher.ended())

    assert codes == [4, 0]
    assert len(jenkins.models) == 1
    assert "refused: accuracy 0.71" in watched.everything()
    assert watcher.events() == ["watching", "known"]


def test_a_folder_whose_files_change_gets_a_build_for_each_state_of_it(
    watched: Watched, jenkins: Jenkins, tmp_path: Path
) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.yaml").write_text("name: specimen\n")
    with watched.watcher("--jenkins", jenkins.job, "--settle", "0s", what="file:model") as watcher:
        watcher.until("ended")
        (tmp_path / "model" / "weights").write_bytes(b"new")
        watcher.until("ended", 2)

    assert jenkins.models == ["file:model"] * 2


def test_a_wrong_login_is_an_input_error_that_names_the_variable(watched: Watched, jenkins: Jenkins) -> None:
    watched.publish(1)

    wrong = {"JENKINS_TOKEN": "wrong"}
    with watched.watcher("--jenkins", jenkins.job, variables=wrong) as watcher:
        code = watcher.ended()

    assert code == 2
    assert "does not know this login (401)" in watcher.errors
    assert "JENKINS_TOKEN" in watcher.errors
    assert jenkins.models == []


def test_a_jenkins_that_comes_back_gets_what_came_while_it_was_down(
    watched: Watched, jenkins: Jenkins
) -> None:
    model = watched.publish(1)
    jenkins.down = True
    with watched.watcher("--jenkins", jenkins.job) as watcher:
        watcher.until("failed")
        jenkins.down = False
        watcher.until("ended")

    assert jenkins.models == [model]


def test_no_secret_is_in_what_it_says_or_notes_or_in_its_arguments(
    watched: Watched, jenkins: Jenkins
) -> None:
    watched.publish(1)
    with watched.watcher("--jenkins", jenkins.job, "--listen", "127.0.0.1:0") as watcher:
        watcher.until("ended")
        arguments = Path(f"/proc/{watcher.child.pid}/cmdline").read_text(encoding="utf-8")

    for told in (str(watcher.said), watcher.errors, watched.everything(), arguments):
        for secret in (TOKEN, GOCD_TOKEN, WEBHOOK_SECRET):
            assert secret not in told


def _at(server: Jenkins | Gocd, when: str, path: str, watcher: Watcher) -> None:
    """Kill a watcher at the first such moment, and take its request no further."""

    def moment(now: str, call: Call) -> None:
        if now == when and call.path.endswith(path) and watcher.child.poll() is None:
            watcher.kill()
            raise HungUpError

    server.moment = moment
