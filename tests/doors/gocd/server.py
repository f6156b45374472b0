"""A GoCD server and its agents, as far as a pipeline can tell: everything that it runs is really run.

gocd = GoCD(file, repository, folder, environ=…, secrets={"ci-steps": {"token": "…"}})
run = gocd.run("release", variables={"MODEL": "tweets:v1"})
carried = gocd.approve(gocd.run("release-production"), by="m.jansen")
"""

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from tests.doors.gocd.agent import Agent
from tests.doors.gocd.checks import complaints
from tests.doors.gocd.configuration import Configuration, Fetch, Repository, Stage, configuration
from tests.doors.gocd.patterns import ant, fires
from tests.doors.gocd.records import Run, StageRun

_REFERENCE = re.compile(r"\{\{SECRET:\[(?P<config>[^\]]+)\]\[(?P<key>[^\]]+)\]\}\}")


@dataclass(frozen=True, slots=True)
class Cancel:
    """Somebody cancels a stage as soon as ``when``, asked of the job's folder, says yes."""

    stage: str
    when: Callable[[Path], bool]


@dataclass(slots=True)
class GoCD:
    """One server with one configuration repository; each job gets an agent of its own."""

    file: Path
    repository: Path
    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    """What the agents' processes have, beside PATH and HOME."""
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By id of the secret config and key."""
    runs: dict[str, list[Run]] = field(default_factory=dict)
    pipelines: Configuration = field(init=False)

    def __post_init__(self) -> None:
        if found := complaints(self.file):
            raise ValueError("\n".join(found))
        self.pipelines = configuration(self.file)

    def run(
        self,
        name: str,
        *,
        variables: Mapping[str, str] | None = None,
        by: str = "changes",
        cancel: Cancel | None = None,
    ) -> Run:
        """Trigger a pipeline and run it until it ends or somebody must approve.

        Whoever triggers it by hand with options may set variables that it has. It takes the newest
        revision, and of each pipeline that it depends on the newest run whose stage passed.
        """
        pipeline = self.pipelines[name]
        if unknown := set(variables or ()) - set(pipeline.variables):
            raise LookupError(f"{name} has no variable {', '.join(sorted(unknown))}")
        upstream = {one.name: self._passed(one.pipeline, one.stage) for one in pipeline.dependencies}
        counter, revision = len(self.runs.setdefault(name, [])) + 1, self.revision()
        words = {"COUNT": str(counter)} | {key: run.label for key, run in upstream.items()}
        words |= {one.name: revision for one in pipeline.repositories}
        run = Run(
            pipeline=name,
            counter=counter,
            label=re.sub(r"\$\{([\w.-]+)\}", lambda found: words[found[1]], pipeline.label_template),
            revision=revision,
            variables=dict(variables or {}),
            upstream={one.pipeline: upstream[one.name].counter for one in pipeline.dependencies},
        )
        self.runs[name].append(run)
        # Who triggers a pipeline whose first stage is manual has approved it.
        return self._from(run, pipeline.stages[0], by, cancel)

    def approve(self, run: Run, *, by: str, cancel: Cancel | None = None) -> Run:
        """Go on with the stage that waits, in the name of who approves."""
        if not run.waiting:
            raise LookupError(f"{run.pipeline} {run.label} waits for nobody")
        stage = self.pipelines[run.pipeline].stage(run.waiting)
        if stage.users and by not in stage.users:
            raise PermissionError(f"{by} may not approve {stage.name}")
        if stage.only_on_success and run.result != "Passed":
            raise PermissionError(f"{stage.name} can be approved only after a stage that passed")
        return self._from(run, stage, by, cancel)

    def rerun(self, run: Run, stage: str, *, by: str = "anonymous", cancel: Cancel | None = None) -> Run:
        """Run a stage of a run again, and what comes after it."""
        return self._from(run, self.pipelines[run.pipeline].stage(run.stage(stage).name), by, cancel)

    def changed(self, before: str, after: str) -> tuple[str, ...]:
        """Return the pipelines that the commits between two revisions trigger by themselves."""
        files = self._git("diff", "--name-only", before, after).splitlines()
        return tuple(
            name
            for name, pipeline in self.pipelines.items()
            # Where a pipeline depends on one of the same repository, GoCD waits for that one to pass.
            if not pipeline.dependencies
            and not pipeline.stages[0].manual
            and any(_wants(material, files) for material in pipeline.repositories)
        )

    def downstream(self, run: Run) -> tuple[str, ...]:
        """Return the pipelines that a run triggers, because a stage that they depend on passed."""
        return tuple(
            name
            for name, pipeline in self.pipelines.items()
            for one in pipeline.dependencies
            if one.pipeline == run.pipeline
            and one.schedules
            and not pipeline.stages[0].manual
            and any(stage.name == one.stage and stage.result == "Passed" for stage in run.stages)
        )

    def due(self, at: datetime) -> tuple[str, ...]:
        """Return the pipelines that their timer triggers at that second."""
        return tuple(
            name
            for name, pipeline in self.pipelines.items()
            if pipeline.timer
            and fires(pipeline.timer, at)
            and not (
                pipeline.timer_only_on_changes
                and self.runs.get(name)
                and self.runs[name][-1].revision == self.revision()
            )
        )

    def revision(self) -> str:
        return self._git("rev-parse", "HEAD").strip()

    def _passed(self, name: str, stage: str) -> Run:
        for run in reversed(self.runs.get(name, [])):
            if any(one.name == stage and one.result == "Passed" for one in run.stages):
                return run
        raise LookupError(f"no run of {name} passed {stage}")

    def _from(self, run: Run, first: Stage, by: str, cancel: Cancel | None) -> Run:
        stages = self.pipelines[run.pipeline].stages
        for stage in stages[stages.index(first) :]:
            if stage.manual and stage is not first:
                run = self._kept(replace(run, waiting=stage.name))
                break
            done = self._stage(run, stage, by if stage is first else "changes", cancel)
            run = self._kept(replace(run, stages=(*run.stages, done), waiting=""))
            if done.result != "Passed":
                break
        return run

    def _kept(self, run: Run) -> Run:
        self.runs[run.pipeline][run.counter - 1] = run
        return run

    def _stage(self, run: Run, stage: Stage, by: str, cancel: Cancel | None) -> StageRun:
        counter = 1 + sum(one.name == stage.name for one in run.stages)
        [job] = stage.jobs
        place = Path(run.pipeline, str(run.counter), stage.name, str(counter), job.name)
        left, work = self.folder / "artifacts" / place, self.folder / "agents" / place
        work.mkdir(parents=True)
        pipeline = self.pipelines[run.pipeline]
        if stage.fetch_materials:
            for material in pipeline.repositories:
                self._checked_out(material, run.revision, work)
        said = {**pipeline.variables, **run.variables, **stage.variables, **job.variables}
        try:
            resolved = {name: _REFERENCE.sub(self._secret, value) for name, value in said.items()}
        except LookupError as error:
            return self._unresolved(stage.name, counter, by, job.name, left, str(error))
        mine = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        facts = self._facts(run, stage.name, counter, job.name, by)
        agent = Agent(
            folder=work,
            environ={**mine, **self.environ, **facts, **resolved},
            secrets=frozenset(resolved[name] for name in said if resolved[name] != said[name]) - {""},
            source_of=lambda fetch: self._source(fetch, run),
            cancelled=cancel.when if cancel and cancel.stage == stage.name else lambda _: False,
        )
        result = agent.does(job, left)
        return StageRun(stage.name, counter, result, agent.exit, by, job.name, left)

    def _unresolved(self, stage: str, counter: int, by: str, job: str, left: Path, why: str) -> StageRun:
        """Fail a job that nothing of was run, because a secret was not to be had."""
        (left / "cruise-output").mkdir(parents=True)
        (left / "cruise-output" / "console.log").write_text(f"[go] {why}\n", encoding="utf-8")
        return StageRun(stage, counter, "Failed", 0, by, job, left)

    def _secret(self, found: "re.Match[str]") -> str:
        try:
            return self.secrets[found["config"]][found["key"]]
        except KeyError as error:
            raise LookupError(f"no secret {found['key']} in {found['config']}") from error

    def _facts(self, run: Run, stage: str, counter: int, job: str, by: str) -> dict[str, str]:
        """Return the variables that GoCD sets for every task."""
        facts = {
            "GO_SERVER_URL": "https://gocd.example.org/go",
            "GO_PIPELINE_NAME": run.pipeline,
            "GO_PIPELINE_COUNTER": str(run.counter),
            "GO_PIPELINE_LABEL": run.label,
            "GO_STAGE_NAME": stage,
            "GO_STAGE_COUNTER": str(counter),
            "GO_JOB_NAME": job,
            "GO_TRIGGER_USER": by,
        }
        pipeline = self.pipelines[run.pipeline]
        alone = len(pipeline.repositories) + len(pipeline.dependencies) == 1
        for material in pipeline.repositories:
            suffixes = ["", f"_{_variable(material.name)}"] if alone else [f"_{_variable(material.name)}"]
            for suffix in suffixes:
                facts |= dict.fromkeys((f"GO_REVISION{suffix}", f"GO_TO_REVISION{suffix}"), run.revision)
        for one in pipeline.dependencies:
            upstream = self.runs[one.pipeline][run.upstream[one.pipeline] - 1]
            number = upstream.stage(one.stage).counter
            facts[f"GO_DEPENDENCY_LABEL_{_variable(one.name)}"] = upstream.label
            locator = f"{one.pipeline}/{upstream.counter}/{one.stage}/{number}"
            facts[f"GO_DEPENDENCY_LOCATOR_{_variable(one.name)}"] = locator
        return facts

    def _source(self, fetch: Fetch, run: Run) -> Path:
        here = not fetch.pipeline or fetch.pipeline == run.pipeline
        of = run if here else self.runs[fetch.pipeline][run.upstream[fetch.pipeline] - 1]
        return of.stage(fetch.stage).artifacts / fetch.source

    def _checked_out(self, material: Repository, revision: str, work: Path) -> None:
        into = work / material.destination
        branch = ["--branch", material.branch] if material.branch else []
        source = material.url or str(self.repository)
        self._git("clone", "--quiet", "--no-checkout", *branch, source, str(into))
        self._git("reset", "--quiet", "--hard", revision, at=into)

    def _git(self, *arguments: str, at: Path | None = None) -> str:
        command = ["git", "-C", str(at or self.repository), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _wants(material: Repository, files: list[str]) -> bool:
    """Whether a change of these files triggers; without a filter any does."""
    rules = [
        re.compile(ant(pattern).pattern, re.IGNORECASE) for pattern in material.includes or material.ignore
    ]
    hits = [any(rule.fullmatch(file) for rule in rules) for file in files]
    return any(hits) if material.includes else not all(hits) if files else False


def _variable(name: str) -> str:
    return re.sub(r"\W", "_", name).upper()
