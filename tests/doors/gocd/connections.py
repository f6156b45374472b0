"""Whether what a configuration's parts say of each other holds: stages, jobs, artifacts, pipelines."""

from collections.abc import Iterator

from tests.doors.gocd.configuration import Artifact, Configuration, Dependency, Fetch, Pipeline

Place = tuple[str | int, ...]
"""Where in the file something stands: the keys and numbers that lead there."""


def connections(pipelines: Configuration) -> Iterator[tuple[Place, str]]:
    """Give what does not fit together, and where; jobs are looked at where the materials are sound."""
    for name, pipeline in pipelines.items():
        problems = list(_materials(pipeline, pipelines)) or list(_stages(pipeline, pipelines))
        yield from ((("pipelines", name, *place), problem) for place, problem in problems)


def _materials(pipeline: Pipeline, pipelines: Configuration) -> Iterator[tuple[Place, str]]:
    if len(pipeline.repositories) > 1 and not all(one.destination for one in pipeline.repositories):
        yield ("materials",), "of several repositories each needs a destination"
    for dependency in pipeline.dependencies:
        if problem := _dependency(dependency, pipelines):
            yield ("materials", dependency.name), problem


def _stages(pipeline: Pipeline, pipelines: Configuration) -> Iterator[tuple[Place, str]]:
    names = [stage.name for stage in pipeline.stages]
    for number, stage in enumerate(pipeline.stages):
        if names.index(stage.name) != number:
            yield ("stages", number), f"a second stage {stage.name}"
        for job in stage.jobs:
            where: Place = ("stages", number, stage.name, "jobs", job.name)
            for tab, path in job.tabs.items():
                if not any(_holds(artifact, path) for artifact in job.artifacts):
                    yield (*where, "tabs", tab), f"no artifact of the job is {path}"
            for place, task in enumerate(job.tasks):
                if isinstance(task, Fetch) and (problem := _fetch(task, pipeline, number, pipelines)):
                    yield (*where, "tasks", place), problem


def _dependency(dependency: Dependency, pipelines: Configuration) -> str:
    upstream = pipelines.get(dependency.pipeline)
    if upstream is None:
        return f"there is no pipeline {dependency.pipeline}"
    if dependency.stage not in {stage.name for stage in upstream.stages}:
        return f"{upstream.name} has no stage {dependency.stage}"
    return ""


def _fetch(fetch: Fetch, pipeline: Pipeline, number: int, pipelines: Configuration) -> str:
    """Say what is wrong with a fetch in the stage of that number."""
    upstream, before, which = pipeline, number, f"before {pipeline.stages[number].name}"
    if fetch.pipeline and fetch.pipeline != pipeline.name:
        material = next((one for one in pipeline.dependencies if one.pipeline == fetch.pipeline), None)
        if material is None:
            return f"{pipeline.name} does not depend on {fetch.pipeline}"
        upstream, which = pipelines[fetch.pipeline], f"up to {material.stage} in {fetch.pipeline}"
        before = [stage.name for stage in upstream.stages].index(material.stage) + 1
    stage = next((stage for stage in upstream.stages[:before] if stage.name == fetch.stage), None)
    if stage is None:
        return f"no stage {fetch.stage} comes {which}"
    job = next((job for job in stage.jobs if job.name == fetch.job), None)
    if job is None:
        return f"stage {fetch.stage} has no job {fetch.job}"
    if not any(_holds(artifact, fetch.source) for artifact in job.artifacts):
        return f"job {fetch.job} leaves no artifact {fetch.source}"
    return ""


def _holds(artifact: Artifact, path: str) -> bool:
    """Whether the path is the artifact, or a folder around it, or may be something in it."""
    there = artifact.on_server
    return there in {path, ""} or there.startswith(f"{path}/") or path.startswith(f"{there}/")
