"""The life of one service, told in order: each test stands on what those above it left."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.origin import Origin, a_copy
from tests.e2e.project import Project, ended

MARKER = Path("/tmp/evil-was-loaded")
"""What `evil`'s command makes, on whatever machine it runs."""


@pytest.fixture(scope="module")
def service(origin: Origin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with a_copy(origin, tmp_path_factory.mktemp("life") / "tweets") as copy:
        production = {"target": "docker", "address": copy.address, "replicas": 2}
        copy.configure(environments={"production": production})
        copy.configure("starving.yaml", environments={"production": production | {"memory_mb": 32}})
        yield copy


def test_a_first_release_goes_live_with_its_waivers(service: Project) -> None:
    done = service.release("v1")

    assert done.code == 0, done.said
    assert "waived by m.jansen" in done.output
    assert service.live_sha() == service.shas["v1"]
    assert service.outcomes() == ["live"]


def test_a_model_that_the_environment_starves_is_rolled_back_and_nobody_notices(service: Project) -> None:
    with service.client() as counts:
        done = service.release("v2", "--config", "starving.yaml")

    assert done.code == 6, done.said
    assert "out of memory (limit 32 MiB)" in done.output
    assert counts["failed"] == 0, f"{counts}\n{done.said}"
    assert set(counts["answered_by"]) == {"production-1"}
    assert service.live_sha() == service.shas["v1"]
    assert service.outcomes() == ["live", "rolled-back"]


def test_a_better_model_takes_over_without_a_failed_request(service: Project) -> None:
    with service.client(rate=100, least=2_000) as counts:
        done = service.release("v2")

    assert done.code == 0, done.said
    assert counts["requests"] >= 2_000
    assert counts["failed"] == 0, f"{counts}\n{done.said}"
    assert set(counts["answered_by"]) == {"production-1", "production-5"}
    assert service.live_sha() == service.shas["v2"]


def test_a_regression_that_the_average_hides_is_refused_by_the_name_of_its_slice(service: Project) -> None:
    refused(service, "worse", "check-metrics.versus")

    [finding] = blocking(service, "check-metrics")
    assert "length=long" in finding["subject"]


def test_a_changed_shape_is_refused_with_a_witness_that_shows_it(service: Project) -> None:
    refused(service, "breaking", "check-interface.output")

    witnesses = [finding["witness"] for finding in blocking(service, "check-interface")]
    assert witnesses
    answer = json.loads((service.run_dir / witnesses[0]).read_bytes())
    assert "sentiment" in json.dumps(answer)


def test_a_slow_model_is_refused_under_load(service: Project) -> None:
    # By steps, without the integration test: that asks more than a hundred times, one by one.
    asked = ("plan", "--model", "tweets:slow", "--environment", "production")
    assert service.ci_steps(*asked).code == 0
    for step in ("unit-tests", "fetch-model", "check", "build-image", "push-image"):
        done = service.ci_steps(step)
        assert done.code == 0, done.said

    under_load, after_it = service.ci_steps("load-test"), service.ci_steps("rollout")

    assert under_load.code == 4, under_load.said
    assert "load-test.p50" in {finding["check"] for finding in blocking(service, "load-test")}
    assert after_it.code == 2, after_it.said
    assert service.test_containers() == []
    assert service.live_sha() == service.shas["v2"]


def test_a_model_that_does_not_load_is_refused_before_it_gets_traffic(service: Project) -> None:
    refused(service, "broken", "integration-test.health")

    assert service.test_containers() == []


def test_a_model_file_that_would_run_a_command_is_refused_and_the_command_never_ran(service: Project) -> None:
    MARKER.unlink(missing_ok=True)

    refused(service, "evil", "scan-model.global")

    assert "build-image" not in documents(service)
    assert not MARKER.exists()


def test_a_rollback_restores_the_release_before(service: Project) -> None:
    with service.client() as counts:
        done = service.ci_steps("rollback", "--environment", "production", "--reason", "complaints")

    assert done.code == 0, done.said
    assert counts["failed"] == 0, f"{counts}\n{done.said}"
    assert service.live_sha() == service.shas["v1"]


def test_a_second_rollback_does_not_bring_back_what_the_first_one_left(service: Project) -> None:
    done = service.ci_steps("rollback", "--environment", "production")

    assert done.code == 2, done.said
    assert "no verified release to go back to" in done.output
    assert service.live_sha() == service.shas["v1"]


def test_history_tells_every_ending_in_order_and_who_asked(service: Project) -> None:
    told = service.ci_steps("history", "--environment", "production", "--json")

    endings = [(e["action"], e["ending"]) for e in told.objects if e["kind"] == "outcome"]
    assert endings == [
        ("rollout", "live"),
        ("rollout", "rolled-back"),
        ("rollout", "live"),
        ("rollback", "live"),
    ]
    assert all(e["by"] for e in told.objects)
    assert "complaints" in service.ci_steps("history").output


def test_a_trace_leads_from_the_service_and_from_its_container_to_the_same_model(service: Project) -> None:
    of_service = service.ci_steps("trace", f"{service.service}/production", "--json")
    [traced] = of_service.objects
    container = traced["release"]["image"]

    of_image = service.ci_steps("trace", container, "--json")

    assert of_service.code == of_image.code == 0, of_service.said + of_image.said
    assert traced["release"]["sha"] == f"sha256:{service.shas['v1']}"
    assert traced["live"]
    assert set(traced["ingredients"]) == {"code", "data", "config", "environment"}
    assert traced["gates"]["check-metrics"] == "inconclusive"
    assert [w["waiver"]["by"] for w in traced["waived"]]
    assert of_image.objects[0]["release"] == traced["release"]


def test_a_dry_run_passes_every_gate_and_touches_nothing(service: Project) -> None:
    ledger = service.ledger()

    # By its SHA: somebody rolled back from it, and its tag does not bring it back.
    asked = ("--model", f"tweets@{service.shas['v2']}", "--environment", "production")
    done = service.ci_steps("release", *asked, "--run-dir", "one", "--dry-run")

    assert done.code == 0, done.said
    assert "would put production-9" in done.output
    assert json.loads((service.folder / "one/rollout.json").read_bytes())["not_checked"] == [
        "golden rows through the live address: a dry run sends nothing"
    ]
    assert service.ledger() == ledger
    assert service.live_sha() == service.shas["v1"]


def test_of_two_releases_planned_at_once_one_wins_and_v2_goes_live_again(service: Project) -> None:
    assert service.ci_steps("plan", "--model", "tweets:v2", "--environment", "production").code == 2
    asked = ("--model", f"tweets@{service.shas['v2']}", "--environment", "production")
    assert service.ci_steps("plan", *asked, "--run-dir", "one").code == 0
    environments = service.settings()["environments"]
    # The other run wants more memory and nothing else: what was found of the model holds for both.
    service.configure(environments={"production": environments["production"] | {"memory_mb": 512}})
    assert service.ci_steps("plan", *asked, "--run-dir", "other").code == 0
    for path in (service.folder / "one").glob("*.json"):
        if path.name not in {"plan.json", "rollout.json"}:
            shutil.copy(path, service.folder / "other")

    both = [service.started("rollout", "--run-dir", name) for name in ("one", "other")]
    done = [ended(program, 120) for program in both]

    codes = sorted(one.code for one in done)
    assert codes in ([0, 5], [0, 8]), "".join(one.said for one in done)
    assert service.outcomes() == ["live", "rolled-back", "live", "live", "live"]
    assert service.live_sha() == service.shas["v2"]


def refused(service: Project, variant: str, check: str) -> None:
    """See a variant refused by ``check``, while v2 goes on serving and the ledger hears nothing of it."""
    ledger = service.ledger()

    done = service.release(variant)

    assert done.code == 4, done.said
    step = check.partition(".")[0]
    assert check in {finding["check"] for finding in blocking(service, step)}, done.said
    assert service.ledger() == ledger
    assert "rollout" not in documents(service)
    assert service.live_sha() == service.shas["v2"]


def blocking(service: Project, step: str) -> list[dict[str, str]]:
    return [one for one in service.document(step)["findings"] if one["verdict"] == "refused"]


def documents(service: Project) -> set[str]:
    return {path.stem for path in service.run_dir.glob("*.json")}
