"""`/api/pipelines/NAME/schedule`, and how the run that comes of it is found and followed."""

import re
from dataclasses import dataclass, field

from msgspec.structs import replace

from ci_steps.adapters.gocd_trigger.client import Client, Pipeline
from ci_steps.adapters.gocd_trigger.told import History, Run, User
from ci_steps.ports.triggers import Asked, Build, BusyError

_FAILED = ("Failed", "Cancelled")
# What an agent writes at the top of a job's log, whatever the job is.
_MODEL = re.compile(r"environment variable 'MODEL' (?:to|with) value '(.*)'\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class GocdTrigger:
    """A pipeline with an environment variable MODEL.

    GoCD answers that it took the request and not which run will come of it, and takes no word of ours that
    it would give back. So a run is ours if it came after our mark, was forced by our user, and an agent
    says in the log of one of its jobs that MODEL has our value. What has no readable log counts by the
    first two, once all of its stages have ended.
    """

    pipeline: Pipeline
    client: Client
    models: dict[int, str] = field(default_factory=dict)
    """What runs were asked for, as far as agents have said: that does not change."""

    @property
    def place(self) -> str:
        return f"{self.pipeline.root} {self.pipeline.name}"

    def mark(self) -> str:
        return str(max((run.counter for run in self._runs()), default=0))

    def start(self, asked: Asked) -> Build:
        variables = [{"name": "MODEL", "value": asked.model, "secure": False}]
        self.client.post(
            f"{self.pipeline.api}/schedule",
            {"environment_variables": variables, "update_materials_before_scheduling": True},
        )
        return Build(state="waiting", url=self.pipeline.page, why="GoCD took the request")

    def look(self, asked: Asked, build: Build | None) -> Build | None:
        runs = self._runs()
        if build is None or not build.number:
            run, unclear = self._ours(runs, asked)
            if run is None and unclear and build is None:
                # To trigger another now could be to trigger it twice.
                raise BusyError(f"run {unclear} of {self.pipeline.name} may be it: no agent has said so yet")
            return self._seen(run) if run else build
        for run in runs:
            if str(run.counter) == build.number:
                return self._seen(run)
        return replace(build, state="ended", result="Unknown", why="a hundred runs came after it")

    def _runs(self) -> tuple[Run, ...]:
        # One by itself is asked for differently by different versions of GoCD.
        return self.client.get(f"{self.pipeline.api}/history?page_size=100", History).pipelines

    def _ours(self, runs: tuple[Run, ...], asked: Asked) -> tuple[Run | None, int | None]:
        """Return our run; else one that may be, as nothing is known yet of what it was asked for."""
        me, unclear = self.client.get(f"{self.pipeline.root}/api/current_user", User).login_name, None
        for run in sorted(runs, key=lambda run: run.counter):
            forced = run.build_cause.trigger_forced and run.build_cause.approver == me
            if forced and run.counter > int(asked.mark or 0):
                model = self._model(run)
                if model == asked.model or (model is None and self._seen(run).state == "ended"):
                    return run, None
                unclear = run.counter if model is None else unclear
        return None, unclear

    def _model(self, run: Run) -> str | None:
        """Return what MODEL was set to at last, by the log of the first job that has one."""
        for stage in run.stages if run.counter not in self.models else ():
            for job in stage.jobs:
                path = f"{run.name}/{run.counter}/{stage.name}/{stage.counter}/{job.name}"
                if found := _MODEL.findall(self.client.log(path)):
                    return self.models.setdefault(run.counter, str(found[-1]))
        return self.models.get(run.counter)

    def _seen(self, run: Run) -> Build:
        """Return a run as far as it is: a stage that waits for somebody ends what was asked for."""
        page = f"{self.pipeline.root}/pipelines"
        counter, url = str(run.counter), f"{page}/value_stream_map/{run.name}/{run.counter}"
        running = Build(state="running", number=counter, url=url)
        passed = Build(state="ended", number=counter, url=url, result="Passed", sound=True)
        for stage in run.stages:
            if not stage.scheduled:
                waits = stage.approval_type == "manual"
                return replace(passed, why=f"{stage.name} waits for an approval") if waits else running
            if stage.result in _FAILED:
                url = f"{page}/{run.name}/{run.counter}/{stage.name}/{stage.counter}"
                failed = replace(running, state="ended", url=url, result=stage.result)
                return replace(failed, why=f"stage {stage.name}")
            if stage.result != "Passed":
                return running
        return passed if run.stages else running
