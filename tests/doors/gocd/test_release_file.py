"""The file itself: what it must hold beyond being sound."""

import pytest

from ci_steps.cli.commands import EVERY, command
from ci_steps.wiring import GATES, RELEASE
from tests.doors.gocd.checks import REFERENCE, complaints
from tests.doors.gocd.configuration import Exec, Fetch, Job, Pipeline, configuration
from tests.doors.gocd.served import FILE


@pytest.fixture(scope="module")
def release() -> Pipeline:
    return configuration(FILE)["release"]


@pytest.fixture(scope="module")
def production() -> Pipeline:
    return configuration(FILE)["release-production"]


def test_nothing_is_wrong_with_it() -> None:
    assert complaints(FILE) == []


def test_its_stages_are_the_steps_of_a_release_in_their_order(release: Pipeline) -> None:
    steps = [step for stage in release.stages for step in (GATES if stage.name == "check" else (stage.name,))]

    assert tuple(steps) == RELEASE


def test_each_stage_runs_the_one_step_that_it_is_named_after(release: Pipeline) -> None:
    for stage in release.stages:
        [line] = commands(stage.jobs[0])
        assert line[:4] == [".venv/bin/python", "-m", "ci_steps", stage.name]
        assert stage.name in EVERY


def test_every_line_is_one_that_the_command_line_takes() -> None:
    for pipeline in configuration(FILE).values():
        for line in (line for stage in pipeline.stages for line in commands(stage.jobs[0])):
            called = command(line[3])
            assert called
            called.make_context(line[3], line[4:])


def test_each_job_sets_itself_up_in_a_clean_workspace_and_starts_from_the_stage_before(
    release: Pipeline,
) -> None:
    before = ""
    for stage in release.stages:
        [job] = stage.jobs
        fetches = [task for task in job.tasks if isinstance(task, Fetch)]
        assert stage.clean_workspace
        assert [fetch.stage for fetch in fetches] == ([before] if before else [])
        assert Exec("make", ("setup",)) in job.tasks
        before = stage.name


def test_every_job_leaves_documents_findings_and_a_page_and_none_leaves_model_files() -> None:
    for pipeline in configuration(FILE).values():
        for stage in pipeline.stages:
            sources = {artifact.source: artifact for artifact in stage.jobs[0].artifacts}
            folder = ".release-production" if stage.name == "production" else ".release"
            assert {f"{folder}/report.html", f"{folder}/ending.txt"} <= set(sources)
            assert sources[f"{folder}/*.xml"].kind == "test"
            assert not {source for source in sources if "model" in source or "**" in source}


def test_a_person_who_triggers_it_may_name_the_model(release: Pipeline) -> None:
    [plan] = commands(release.stages[0].jobs[0])

    assert release.variables["MODEL"] == ""
    assert plan[plan.index("--model") + 1] == '"$MODEL"'


def test_secrets_are_there_by_reference_only() -> None:
    for pipeline in configuration(FILE).values():
        secrets = {name: value for name, value in pipeline.variables.items() if name != "MODEL"}
        assert set(secrets) == {"DOCKER_AUTH_CONFIG", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
        assert all(REFERENCE.fullmatch(value) for value in secrets.values())


def test_runs_of_a_pipeline_never_overlap() -> None:
    assert {pipeline.lock_behavior for pipeline in configuration(FILE).values()} == {"unlockWhenFinished"}


def test_production_follows_staging_and_waits_for_a_person(release: Pipeline, production: Pipeline) -> None:
    [upstream] = production.dependencies
    [_, last] = production.stages

    assert (upstream.pipeline, upstream.stage) == (release.name, release.stages[-1].name)
    assert not production.stages[0].manual
    assert last.manual
    assert last.only_on_success


def test_production_is_one_line_that_carries_on_what_staging_serves(production: Pipeline) -> None:
    [job] = production.stages[-1].jobs

    [line] = commands(job)

    assert " ".join(line) == (
        ".venv/bin/python -m ci_steps release --promote .release --environment production "
        "--run-dir .release-production"
    )
    assert Fetch("rollout", "rollout", ".release", pipeline="release") in job.tasks


def commands(job: Job) -> list[list[str]]:
    """Return the command lines of a job, but for its set-up; of a shell, those that it is given."""
    lines = [list(task.line) for task in job.tasks if isinstance(task, Exec)]
    lines = [line[2].split() if line[:2] == ["sh", "-c"] else line for line in lines]
    return [line for line in lines if line != ["make", "setup"]]
