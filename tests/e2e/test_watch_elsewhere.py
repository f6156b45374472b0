"""`watch` of models in a real MLflow and a real S3 server, with its notes in a bucket."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ci_servers.jenkins import Jenkins
from tests.e2e.mlflow_registry import Registry
from tests.e2e.watching import TOKEN, WEBHOOK_SECRET, Watched
from tests.fakes.platforms import until
from tests.s3_servers import a_prefix, client


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    return Watched.in_(tmp_path)


@pytest.fixture
def jenkins() -> Iterator[Jenkins]:
    with Jenkins(users={"watcher": TOKEN}).serving() as server:
        yield server
        assert server.faults == []


def test_a_delivery_of_mlflow_has_a_new_version_built_at_once_and_not_an_hour_later(
    watched: Watched, jenkins: Jenkins
) -> None:
    registry = Registry.of_this_machine()
    registry.version()
    hourly = ("--every", "1h", "--listen", "127.0.0.1:0", "--jenkins", jenkins.job)
    with watched.watcher(*hourly, what=f"mlflow:models/{registry.name}@champion") as watcher:
        port = watcher.until("listening")["text"].partition(" for ")[0].rpartition(":")[2]
        right = registry.webhook(f"http://127.0.0.1:{port}/webhook", WEBHOOK_SECRET)
        wrong = registry.webhook(f"http://127.0.0.1:{port}/webhook", "another secret")
        watcher.until("triggered")
        registry.version()
        assert registry.deliver(wrong) == 401
        assert registry.deliver(right) == 202
        watcher.until("triggered", 2)

    assert jenkins.models == [f"mlflow:models/{registry.name}/{number}" for number in (1, 2)]


def test_new_objects_below_a_prefix_are_a_new_model_and_two_watchers_meet_in_a_bucket(
    tmp_path: Path, jenkins: Jenkins
) -> None:
    store, place = a_prefix(), a_prefix()
    watched = Watched.in_(tmp_path, store=str(store))
    put = client().put_object
    put(Bucket=place.bucket, Key=f"{place.prefix}model.yaml", Body=b"name: tweets\n")
    arguments = ("--jenkins", jenkins.job, "--settle", "0s")
    with (
        watched.watcher(*arguments, what=str(place)) as one,
        watched.watcher(*arguments, what=str(place)) as other,
    ):
        until(lambda: (one.events() + other.events()).count("ended") == 1)
        put(Bucket=place.bucket, Key=f"{place.prefix}model/weights", Body=b"other bytes")
        until(lambda: (one.events() + other.events()).count("ended") == 2)

    assert jenkins.models == [str(place)] * 2
