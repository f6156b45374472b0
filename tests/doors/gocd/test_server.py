"""The server and its agents do as GoCD does, seen on small pipelines whose tasks are really run."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from tests.doors.gocd.server import Cancel, GoCD

SECRETS = {"vault": {"token": "hunter2"}}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "-c", "init.defaultBranch=main", "init", "-q")
    commit(folder, "release.yaml", "service: one\n")
    return folder


def test_each_job_has_a_folder_of_its_own_with_the_material_at_one_revision(
    repository: Path, tmp_path: Path
) -> None:
    gocd = server(
        repository,
        tmp_path,
        stages=[stage("one", "cat release.yaml; touch mine"), stage("two", "cat release.yaml; ls")],
    )

    run = gocd.run("main")

    assert [(one.name, one.result) for one in run.stages] == [("one", "Passed"), ("two", "Passed")]
    assert "service: one" in run.stage("two").console
    assert "mine" not in run.stage("two").console
    assert run.revision == gocd.revision()


def test_artifacts_travel_and_nothing_else_does(repository: Path, tmp_path: Path) -> None:
    make = "mkdir -p .out/deep model; touch .out/a.json .out/deep/b.json model/m .out/r"
    gocd = server(
        repository,
        tmp_path,
        stages=[
            stage(
                "one",
                make,
                artifacts=[build(".out/*.json", ".out"), build(".out/deep", ".out"), build(".out/r")],
            ),
            stage("two", "find .out model -type f", fetch={"stage": "one", "job": "one", "source": ".out"}),
        ],
    )

    run = gocd.run("main")

    lines = run.stage("two").console.splitlines()
    assert sorted(line for line in lines if line.startswith(".out")) == [".out/a.json", ".out/deep/b.json"]
    assert (run.stage("one").artifacts / "r").is_file()
    assert not list(run.stage("one").artifacts.rglob("m"))


def test_a_failed_task_fails_the_stage_with_its_exit_code_and_stops_the_pipeline(
    repository: Path, tmp_path: Path
) -> None:
    gocd = server(repository, tmp_path, stages=[stage("one", "exit 4"), stage("two", "true")])

    run = gocd.run("main")

    assert [(one.name, one.result, one.exit) for one in run.stages] == [("one", "Failed", 4)]


def test_artifacts_are_kept_also_of_a_failed_job(repository: Path, tmp_path: Path) -> None:
    failing = stage("one", "echo why >why.txt; exit 4", artifacts=[build("why.txt")])
    gocd = server(repository, tmp_path, stages=[failing])

    run = gocd.run("main")

    assert run.result == "Failed"
    assert (run.stage("one").artifacts / "why.txt").read_text() == "why\n"


@pytest.mark.parametrize(("kind", "result"), [("build", "Failed"), ("test", "Passed")])
def test_a_build_artifact_that_is_not_there_fails_the_job_and_a_test_artifact_does_not(
    kind: str, result: str, repository: Path, tmp_path: Path
) -> None:
    gocd = server(
        repository, tmp_path, stages=[stage("one", "true", artifacts=[{kind: {"source": "gone/*.xml"}}])]
    )

    run = gocd.run("main")

    assert run.result == result
    assert "The rule [gone/*.xml] cannot match any resource" in run.stage("one").console


def test_tasks_run_by_what_the_job_came_to_so_far(repository: Path, tmp_path: Path) -> None:
    tasks = [
        shell("exit 3"),
        shell("echo by-default"),
        shell("echo when-failed", run_if="failed"),
        shell("echo in-any-case", run_if="any"),
    ]
    gocd = server(repository, tmp_path, stages=[{"one": {"jobs": {"one": {"tasks": tasks}}}}])

    run = gocd.run("main")

    assert run.stage("one").exit == 3
    said = run.stage("one").console.splitlines()
    assert "by-default" not in said
    assert {"when-failed", "in-any-case"} <= set(said)


def test_there_is_no_shell_and_no_variable_in_an_argument_unless_a_task_asks_for_one(
    repository: Path, tmp_path: Path
) -> None:
    plain = {"exec": {"command": "echo", "arguments": ["$MODEL"]}}
    tasks = [plain, shell('echo "<$MODEL>"')]
    gocd = server(repository, tmp_path, stages=[{"one": {"jobs": {"one": {"tasks": tasks}}}}])

    run = gocd.run("main", variables={"MODEL": "tweets:v1"})

    assert "$MODEL" in run.stage("one").console.splitlines()
    assert "<tweets:v1>" in run.stage("one").console.splitlines()


def test_variables_of_the_narrower_scope_win_and_only_known_ones_can_be_given(
    repository: Path, tmp_path: Path
) -> None:
    told = stage("one", "echo $MODEL $SCOPE") | {}
    told["one"]["environment_variables"] = {"SCOPE": "stage"}
    gocd = server(
        repository, tmp_path, stages=[told], environment_variables={"MODEL": "", "SCOPE": "pipeline"}
    )

    run = gocd.run("main", variables={"MODEL": "given", "SCOPE": "given"})

    assert "given stage" in run.stage("one").console.splitlines()
    with pytest.raises(LookupError, match="main has no variable MODLE"):
        gocd.run("main", variables={"MODLE": "x"})


def test_a_task_knows_who_and_what_triggered_it_and_nothing_of_this_process(
    repository: Path, tmp_path: Path
) -> None:
    gocd = server(repository, tmp_path, stages=[stage("one", "env"), stage("two", "env")])

    run = gocd.run("main", by="m.jansen")

    first, second = (run.stage(name).console.splitlines() for name in ("one", "two"))
    assert {
        "GO_TRIGGER_USER=m.jansen",
        "GO_PIPELINE_NAME=main",
        "GO_PIPELINE_LABEL=1",
        "GO_STAGE_NAME=one",
        f"GO_REVISION={run.revision}",
    } <= set(first)
    # A stage that nobody approved has no user of its own.
    assert "GO_TRIGGER_USER=changes" in second
    assert not [line for line in first if line.startswith("PYTEST_")]


def test_a_secret_reaches_the_task_and_not_the_console(repository: Path, tmp_path: Path) -> None:
    variables = {"MODEL": "", "TOKEN": "{{SECRET:[vault][token]}}"}
    gocd = server(
        repository,
        tmp_path,
        stages=[stage("one", 'test "$TOKEN" = hunter2 && echo "token $TOKEN"')],
        environment_variables=variables,
    )

    run = gocd.run("main")

    assert run.result == "Passed", run.said
    assert "token ********" in run.stage("one").console
    assert "hunter2" not in run.said


def test_a_secret_that_is_not_there_fails_the_job_before_any_task(repository: Path, tmp_path: Path) -> None:
    variables = {"MODEL": "", "TOKEN": "{{SECRET:[vault][tokens]}}"}
    gocd = server(repository, tmp_path, stages=[stage("one", "echo begun")], environment_variables=variables)

    run = gocd.run("main")

    assert (run.result, run.stage("one").console) == ("Failed", "[go] no secret tokens in vault\n")


def test_two_hashes_are_one_for_the_task_and_a_parameter_is_its_value(
    repository: Path, tmp_path: Path
) -> None:
    line = "echo 'a ## b #{word}'"
    gocd = server(repository, tmp_path, stages=[stage("one", line)], parameters={"word": "given"})

    run = gocd.run("main")

    assert "a # b given" in run.stage("one").console.splitlines()


def test_a_cancel_ends_every_process_of_the_task_with_sigterm_and_keeps_no_artifacts(
    repository: Path, tmp_path: Path
) -> None:
    # The shell waits for a child that cleans up, as a step does with its load generator.
    child = "trap 'echo cleaned >cleaned; exit 1' TERM; : >started; tail -f /dev/null & wait"
    tasks = [
        {"exec": {"command": "bash", "arguments": ["-c", f"bash -c {quoted(child)}; wait"]}},
        shell("echo afterwards", run_if="any"),
    ]
    job = {"tasks": tasks, "artifacts": [build("started")]}
    gocd = server(repository, tmp_path, stages=[{"one": {"jobs": {"one": job}}}, stage("two", "true")])

    run = gocd.run("main", cancel=Cancel("one", lambda folder: (folder / "started").exists()))

    work = tmp_path / "server" / "agents" / "main" / "1" / "one" / "1" / "one"
    assert [(one.name, one.result) for one in run.stages] == [("one", "Cancelled")]
    assert (work / "cleaned").exists()
    assert "afterwards" not in run.stage("one").console.splitlines()
    assert [path.name for path in run.stage("one").artifacts.iterdir()] == ["cruise-output"]
    assert not [one for one in psutil.process_iter(["cwd"]) if one.info["cwd"] == str(work)]


def test_a_task_with_its_own_cancelling_is_not_killed(repository: Path, tmp_path: Path) -> None:
    waiting = (
        "trap 'echo killed >killed' TERM; : >started; until [ -e stop ]; do read -t 0.05 _ <> <(:); done"
    )
    task: dict[str, Any] = {"exec": {"command": "bash", "arguments": ["-c", waiting]}}
    task["exec"]["on_cancel"] = {"exec": {"command": "touch", "arguments": ["stop"]}}
    gocd = server(repository, tmp_path, stages=[{"one": {"jobs": {"one": {"tasks": [task]}}}}])

    run = gocd.run("main", cancel=Cancel("one", lambda folder: (folder / "started").exists()))

    assert run.result == "Cancelled"
    assert not list((tmp_path / "server").rglob("killed"))


def test_a_stage_that_is_run_again_starts_from_what_the_one_before_left(
    repository: Path, tmp_path: Path
) -> None:
    once = "ls; : >started; test $GO_STAGE_COUNTER = 2 || tail -f /dev/null"
    gocd = server(
        repository,
        tmp_path,
        stages=[
            stage("one", "mkdir out; echo x >out/x", artifacts=[build("out")]),
            stage("two", once, fetch={"stage": "one", "job": "one", "source": "out"}),
            stage("three", "true"),
        ],
    )
    first = gocd.run("main", cancel=Cancel("two", lambda folder: (folder / "started").exists()))
    assert first.result == "Cancelled"

    again = gocd.rerun(first, "two", by="m.jansen")

    assert [(one.name, one.counter, one.result) for one in again.stages] == [
        ("one", 1, "Passed"),
        ("two", 1, "Cancelled"),
        ("two", 2, "Passed"),
        ("three", 1, "Passed"),
    ]
    assert "out" in again.stage("two").console.splitlines()


def test_a_manual_stage_waits_for_one_who_may_approve(repository: Path, tmp_path: Path) -> None:
    manual = stage("two", "echo $GO_TRIGGER_USER")
    manual["two"]["approval"] = {"type": "manual", "users": ["m.jansen"]}
    gocd = server(repository, tmp_path, stages=[stage("one", "true"), manual])

    run = gocd.run("main")

    assert (run.waiting, [one.name for one in run.stages]) == ("two", ["one"])
    with pytest.raises(PermissionError, match=r"a\.smith may not approve two"):
        gocd.approve(run, by="a.smith")
    approved = gocd.approve(run, by="m.jansen")
    assert approved.result == "Passed"
    assert "m.jansen" in approved.stage("two").console.splitlines()


def test_a_stage_that_passes_triggers_the_pipeline_that_depends_on_it_and_one_that_fails_does_not(
    repository: Path, tmp_path: Path
) -> None:
    fetch = {"pipeline": "main", "stage": "one", "job": "one", "source": "out"}
    gocd = server(
        repository,
        tmp_path,
        stages=[stage("one", "mkdir out; echo $MODEL >out/it; test $MODEL", artifacts=[build("out")])],
        downstream=[stage("next", "cat out/it; env", fetch=fetch)],
    )

    refused = gocd.run("main")
    passed = gocd.run("main", variables={"MODEL": "second"})
    gocd.run("main")
    run = gocd.run("after")

    assert (gocd.downstream(refused), gocd.downstream(passed)) == ((), ("after",))
    lines = run.stage("next").console.splitlines()
    assert {"second", "GO_DEPENDENCY_LABEL_MAIN=2", "GO_DEPENDENCY_LOCATOR_MAIN=main/2/one/1"} <= set(lines)


def test_a_commit_triggers_only_the_pipelines_whose_files_it_changes(
    repository: Path, tmp_path: Path
) -> None:
    gocd = server(repository, tmp_path, stages=[stage("one", "true")], includes=["release.yaml", "*.model"])
    first = gocd.revision()
    commit(repository, "README.md", "words\n")
    words = gocd.revision()
    commit(repository, "candidate.model", "tweets@9f2c41d\n")
    pointer = gocd.revision()
    commit(repository, "docs/other.model", "not beside release.yaml\n")

    assert gocd.changed(first, words) == ()
    assert gocd.changed(words, pointer) == ("main",)
    assert gocd.changed(first, pointer) == ("main",)
    assert gocd.changed(pointer, gocd.revision()) == ()


def test_a_timer_triggers_at_its_time_and_only_on_changes_if_it_says_so(
    repository: Path, tmp_path: Path
) -> None:
    timer = {"spec": "0 0 2 * * ?", "only_on_changes": "true"}
    gocd = server(repository, tmp_path, stages=[stage("one", "true")], timer=timer)
    night, day = datetime(2026, 5, 1, 2, 0, tzinfo=UTC), datetime(2026, 5, 1, 14, 0, tzinfo=UTC)

    assert (gocd.due(night), gocd.due(day)) == (("main",), ())
    gocd.run("main", by="timer")
    assert gocd.due(night) == ()
    commit(repository, "README.md", "words\n")
    assert gocd.due(night) == ("main",)


def test_a_fetch_of_what_a_job_did_not_leave_fails(repository: Path, tmp_path: Path) -> None:
    fetch = {"stage": "one", "job": "one", "source": "out/gone"}
    gocd = server(
        repository,
        tmp_path,
        stages=[stage("one", "mkdir out", artifacts=[build("out")]), stage("two", "true", fetch=fetch)],
    )

    run = gocd.run("main")

    assert run.stage("two").result == "Failed"
    assert "Could not fetch artifact out/gone" in run.stage("two").console


def test_a_configuration_that_is_not_sound_is_not_run(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown key 'tabz'"):
        server(
            repository,
            tmp_path,
            stages=[{"one": {"jobs": {"one": {"tasks": [shell("true")], "tabz": {"a": "b"}}}}}],
        )


def server(
    repository: Path,
    tmp_path: Path,
    *,
    stages: list[dict[str, Any]],
    downstream: list[dict[str, Any]] | None = None,
    includes: list[str] | None = None,
    **more: object,
) -> GoCD:
    """Write a configuration with the pipeline `main`, and perhaps `after` it, and serve it."""
    material: dict[str, object] = {"type": "configrepo"} | ({"includes": includes} if includes else {})
    main = {"group": "models", "environment_variables": {"MODEL": ""}, "materials": {"code": material}}
    pipelines: dict[str, Any] = {"main": main | {"stages": stages} | more}
    if downstream:
        materials = {"main": {"pipeline": "main", "stage": next(iter(stages[-1].keys()))}}
        pipelines["after"] = {"group": "models", "materials": materials, "stages": downstream}
    path = tmp_path / "small.yaml"
    written = yaml.safe_dump({"format_version": 10, "pipelines": pipelines}, default_flow_style=False)
    path.write_text(written, encoding="utf-8")
    return GoCD(path, repository, tmp_path / "server", secrets=SECRETS)


def stage(
    name: str,
    line: str,
    *,
    artifacts: list[dict[str, Any]] | None = None,
    fetch: dict[str, str] | None = None,
) -> dict[str, Any]:
    tasks = ([{"fetch": fetch}] if fetch else []) + [shell(line)]
    job: dict[str, Any] = {"tasks": tasks} | ({"artifacts": artifacts} if artifacts else {})
    return {name: {"jobs": {name: job}}}


def shell(line: str, **more: str) -> dict[str, Any]:
    return {"exec": {"command": "sh", "arguments": ["-c", line], **more}}


def build(source: str, destination: str = "") -> dict[str, Any]:
    return {"build": {"source": source} | ({"destination": destination} if destination else {})}


def quoted(line: str) -> str:
    return "'" + line.replace("'", "'\\''") + "'"


def commit(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    git(folder, "add", "-A")
    who = ("-c", "user.name=tests", "-c", "user.email=tests@example.org")
    git(folder, *who, "commit", "-q", "--no-gpg-sign", "-m", name)


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True)
