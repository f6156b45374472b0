"""A model that is refused stays refused, whatever is given, set, written or copied."""

import datetime as dt
import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

import ci_steps
from ci_steps import kit
from ci_steps.cli import cli
from tests.e2e.project import Completed, Project

# Whoever adds an option, a variable or a key reads it here first: may it let a refused model pass? Then no.
OPTIONS = {
    "ci",  # init: which files it writes
    "code",  # models publish: the checkout that trained it
    "config",
    "digest",  # models import: this image and no other
    "dry_run",  # less is done, never more
    "environment",
    # watch: when it looks and whom it tells; what it starts goes through every gate
    *("every", "from_now", "gocd", "jenkins", "lease", "listen", "once", "retry", "settle", "state"),
    "gate",  # selftest: only this one
    "image",  # models export, import: the released image; a rollout goes by the digest of its own run
    "as_json",
    "keep",  # only what holds and lets go on is not done again, as in `release`
    "last",  # history: how many
    "master",  # load-worker: whose load test it joins, which knows it by the secret
    "model",
    "promote",  # every gate is asked again, and the image must be the same
    "propose",  # scan-model: prints what it would take to pass, and runs no gate
    "reason",  # rollback: for the ledger
    "registry",  # models import: where the image goes
    "run_dir",
    "short",  # models list: says less
    "source",  # models import: what was exported, verified
    "tags",  # models publish
    "to",  # models export: where to
    "verbose",  # selftest: says more
    "wait",  # load-worker: how long for the load test to begin
}
ARGUMENTS = {"folder", "key", "name", "new", "old", "ref", "shell", "tag", "what"} | {
    *("base", "a", "b"),  # models merge: reads three models
    "command",  # watch: what is run for a new model, by hand as well
}
VARIABLES = {
    "CI_STEPS_BY",
    "CI_STEPS_CACHE",
    "CI_STEPS_CACHE_GB",
    "CI_STEPS_ENVIRONMENT",  # from watch to the command that it runs
    "CI_STEPS_FETCH_CONNECTIONS",  # how bytes are asked for; each is verified
    "CI_STEPS_FETCH_STALL_SECONDS",
    "CI_STEPS_FETCH_TRIES",
    "CI_STEPS_HAPROXY_IMAGE",
    "CI_STEPS_LOAD_CLOCK",  # from load-worker to its own child
    "CI_STEPS_LOAD_NAME",  # from load-worker to its own child
    "CI_STEPS_LOAD_ORDER",  # from load-test to its own child
    "CI_STEPS_LOAD_SECRET",  # who may send requests and record them
    "CI_STEPS_MODEL",  # from watch to the command that it runs
    "CI_STEPS_STATE",
}
KEYS = {
    "": "environments evidence image integration interface load metrics model plain_http registry scan"
    " service store unit_tests waivers where",
    "EnvironmentSettings": "address drain_seconds memory_mb ready_seconds replicas target where",
    # evidence: its digest is in the plan, the model has no evaluations of its own, and a warning says so
    "EvidenceSettings": "evaluations model where",
    "ImageSettings": "base platform where",
    "IntegrationSettings": "absolute memory_mb ready_seconds replay_seconds rows tolerance where",
    "InterfaceSettings": "policy unknown_fields where",
    "LoadSettings": "achieved arrivals errors p50_ms p95_ms p99_ms payloads rate remote seconds"
    " slower_by_at_most_ms stages versus warmup_at_most_seconds warmup_seconds where workers",
    # guard: warnings alone are no evidence, so a rule that shows nothing stays inconclusive
    "MetricRule": "better_by_at_least ceiling confidence direction floor guard metric min_n positive slices"
    " versus where worse_by_at_most",
    # workers: more of them send the same plan; the share of one that does not come stays unsent
    "RemoteWorkers": "join_seconds listen where workers",
    "ScanSettings": "allow code where",
    "Stage": "rate seconds where",
    "UnitTestSettings": "lock path timeout_seconds where",
    # environment and subject: a waiver covers less with them
    "Waiver": "by check environment reason subject until where",
}


def test_no_command_takes_an_option_that_nobody_thought_about() -> None:
    taken = {(type(p), p.name) for command in commands(cli) for p in command.params}

    assert {name for of, name in taken if issubclass(of, click.Option)} - {"version"} == OPTIONS
    assert {name for of, name in taken if issubclass(of, click.Argument)} == ARGUMENTS


def test_no_option_is_read_from_the_environment() -> None:
    assert cli.context_settings.get("auto_envvar_prefix") is None
    assert [p.name for command in commands(cli) for p in command.params if p.envvar] == []


def test_the_kit_reads_no_variable_of_its_own_that_nobody_thought_about() -> None:
    sources = Path(ci_steps.__file__).parent.rglob("*.py")

    named = {name for path in sources for name in re.findall(r"\bCI_STEPS_[A-Z_]+", path.read_text())}

    assert named == VARIABLES


def test_release_yaml_has_no_key_that_nobody_thought_about() -> None:
    schema = json.loads((kit.schemas() / "release-yaml.schema.json").read_bytes())
    sections: Mapping[str, Any] = schema["$defs"]
    whole = schema["$ref"].rpartition("/")[2]

    found = {
        "" if name == whole else name: set(section["properties"])
        for name, section in sections.items()
        if "properties" in section
    }

    assert found == {name: set(keys.split()) for name, keys in KEYS.items()}


def test_neither_an_allowance_nor_a_waiver_lets_a_file_pass_that_runs_a_command(project: Project) -> None:
    settings = project.settings()
    scan = settings["scan"] | {"allow": [*settings["scan"]["allow"], "posix.system", "os.system"]}
    project.configure(scan=scan, waivers=[*settings["waivers"], waiver("scan-model.global")])

    done = project.release("evil")

    assert done.code == 4, done.said
    assert project.ledger() == []


def test_a_refusal_is_not_waived(project: Project) -> None:
    floor = {"metric": "accuracy", "direction": "higher", "floor": 0.99}
    waivers = [*project.settings()["waivers"], waiver("check-metrics.floor")]
    project.configure(metrics=[floor], waivers=waivers)

    done = project.release("v1")

    assert done.code == 4, done.said
    assert "refused check-metrics.floor" in done.output
    assert project.ledger() == []


def test_no_rule_at_all_is_no_way_around_the_rules(project: Project) -> None:
    project.configure(metrics=[])

    done = project.release("v1")

    assert done.code in {4, 5}, done.said
    assert project.ledger() == []


def test_a_verdict_that_somebody_edited_is_not_read(project: Project) -> None:
    gates(project, "evil")
    path = project.run_dir / "scan-model.json"
    path.write_text(path.read_text().replace('"refused"', '"passed"'))

    done = project.ci_steps("build-image")

    assert done.code == 2, done.said
    assert "scan-model.json was edited after its step wrote it" in done.errors


def test_a_waiver_that_somebody_wrote_into_the_plan_is_not_read(project: Project) -> None:
    project.configure(waivers=[])
    gates(project, "v1")
    path = project.run_dir / "plan.json"
    plan = json.loads(path.read_bytes())
    plan["waivers"] = [waiver("check-metrics.baseline"), waiver("check-interface.baseline")]
    path.write_text(json.dumps(plan))

    done = project.ci_steps("build-image")

    assert done.code == 2, done.said
    assert "plan.json was edited after its step wrote it" in done.errors


def test_what_was_found_of_a_good_model_does_not_speak_for_another(project: Project) -> None:
    good = project.folder / "good"
    gates(project, "v1")
    project.run_dir.rename(good)
    gates(project, "evil")
    for name in ("unit-tests", "scan-model", "check-metrics", "check-interface"):
        shutil.copy(good / f"{name}.json", project.run_dir)

    done = project.ci_steps("build-image")

    assert done.code == 2, done.said
    assert "was changed after" in done.errors


def test_no_step_starts_from_a_refusal(project: Project) -> None:
    gates(project, "evil")

    done = project.ci_steps("build-image")

    assert done.code == 4, done.said
    assert "not started - scan-model is refused" in done.output
    assert not (project.run_dir / "build-image.json").exists()


def test_a_rollout_does_not_start_before_every_verdict_is_there(project: Project) -> None:
    gates(project, "v1")

    done = project.ci_steps("rollout")

    assert done.code == 2, done.said
    assert "is missing" in done.errors
    assert project.ledger() == []


def commands(group: click.Group) -> Iterator[click.Command]:
    context = click.Context(group)
    yield group
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command
        if isinstance(command, click.Group):
            yield from commands(command)
        else:
            yield command


def waiver(check: str) -> dict[str, str]:
    until = dt.datetime.now(dt.UTC).date() + dt.timedelta(days=90)
    return {"check": check, "reason": "we would like to", "by": "m.jansen", "until": until.isoformat()}


def gates(project: Project, variant: str) -> Completed:
    """Do every step up to the gates, whatever they find."""
    for step in (("plan", "--model", f"tweets:{variant}"), ("unit-tests",), ("fetch-model",)):
        done = project.ci_steps(*step)
        assert done.code == 0, done.said
    return project.ci_steps("check")
