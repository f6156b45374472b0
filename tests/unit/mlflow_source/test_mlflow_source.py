"""What of MLflow needs no server: addresses, places, a run's notes, and its variables."""

import pytest

from ci_steps.adapters.mlflow_source import TrackingServer
from ci_steps.adapters.mlflow_source.artifacts import elsewhere
from ci_steps.adapters.mlflow_source.marks import mark_of
from ci_steps.adapters.mlflow_source.named import InRun, Logged, Registered, named
from ci_steps.adapters.mlflow_source.run_notes import as_name, bare, facts_of, known_of
from ci_steps.adapters.mlflow_source.told import (
    Dataset,
    DatasetInput,
    Inputs,
    Measured,
    Pair,
    Run,
    RunInfo,
    RunNotes,
)
from ci_steps.errors import InputError, OutsideError, StepError
from ci_steps.model.address import Address
from ci_steps.model.sourced import SourceFile
from ci_steps.ports import ChangedError, Request
from tests.servers.doors import door

ID = "0123456789abcdef" * 2
URI = {"MLFLOW_TRACKING_URI": "https://mlflow.example.org/"}


@pytest.mark.parametrize(
    ("rest", "wanted"),
    [
        ("models/Tweets 2@champion", Registered("Tweets 2", alias="champion")),
        ("models/tweets/12", Registered("tweets", version="12")),
        ("/models/tweets/12", Registered("tweets", version="12")),
        (f"models/m-{ID}", Logged(f"m-{ID}")),
        (f"runs/{ID}/a/model", InRun(ID, "a/model")),
    ],
)
def test_an_address_names_a_version_a_logged_model_or_a_place_in_a_run(rest: str, wanted: object) -> None:
    assert named(Address("mlflow", rest)) == wanted


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("models/tweets", "names no model"),
        ("models/tweets/Production", "'Production' is not a version's number"),
        ("models/tweets/latest", "'latest' is not a version's number"),
        ("models/@champion", "names no model"),
        (f"runs/{ID}", "names no model"),
        (f"runs/{ID}/../x", "names no model"),
        ("runs/short/model", "names no model"),
        ("experiments/1", "names no model"),
    ],
)
def test_what_names_no_model_is_bad_input_with_the_forms(rest: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        named(Address("mlflow", rest))

    assert error.value.hint


@pytest.mark.parametrize(
    ("location", "wanted"),
    [
        ("s3://bucket/1/models/m-1/artifacts", "s3://bucket/1/models/m-1/artifacts"),
        ("gs://bucket/1", "gs://bucket/1"),
        ("wasbs://models@acme.blob.core.windows.net/1/a", "azure://acme/models/1/a"),
        ("abfss://models@acme.dfs.core.windows.net/1/a", "azure://acme/models/1/a"),
        ("file:///srv/mlruns/1/my%20model", "file:/srv/mlruns/1/my model"),
        ("/srv/mlruns/1", "file:/srv/mlruns/1"),
    ],
)
def test_artifacts_that_are_not_proxied_lie_at_an_address(location: str, wanted: str) -> None:
    assert str(elsewhere(location, "it")) == wanted


@pytest.mark.parametrize("location", ["dbfs:/databricks/1", "hdfs://host/1", "ftp://me:pw@host/1"])
def test_a_store_that_the_kit_does_not_read_is_bad_input_that_says_what_helps(location: str) -> None:
    with pytest.raises(InputError, match="which the kit does not read") as error:
        elsewhere(location, "mlflow:models/tweets/1")

    assert "--serve-artifacts" in error.value.hint
    assert "pw" not in str(error.value)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "MLFLOW_TRACKING_URI is not set"),
        ({"MLFLOW_TRACKING_URI": "sqlite:///mlflow.db"}, "not the URL of a tracking server"),
        ({"MLFLOW_TRACKING_URI": "databricks"}, "not the URL of a tracking server"),
        ({"MLFLOW_TRACKING_URI": "https://me:s3cr3t@host"}, "has a login in it"),
        (URI | {"MLFLOW_TRACKING_INSECURE_TLS": "true"}, "MLFLOW_TRACKING_INSECURE_TLS is set"),
        (
            {"MLFLOW_TRACKING_URI": "http://mlflow.example.org", "MLFLOW_TRACKING_TOKEN": "s3cr3t"},
            "in clear",
        ),
        (URI | {"MLFLOW_TRACKING_TOKEN": "s3cr3t\n"}, "MLFLOW_TRACKING_TOKEN is not a token"),
    ],
)
def test_variables_that_would_not_do_are_bad_input(variables: dict[str, str], said: str) -> None:
    with pytest.raises(InputError) as error:
        TrackingServer.of(variables)

    assert said in f"{error.value} {error.value.hint}"
    assert "s3cr3t" not in f"{error.value} {error.value.hint}"


def test_a_login_goes_before_a_token_as_in_mlflows_client_and_neither_is_shown() -> None:
    login = {"MLFLOW_TRACKING_USERNAME": "me", "MLFLOW_TRACKING_PASSWORD": "s3cr3t"}

    server = TrackingServer.of(URI | login | {"MLFLOW_TRACKING_TOKEN": "t0ken"})

    assert server.url == "https://mlflow.example.org"
    assert server.headers["Authorization"].startswith("Basic ")
    assert TrackingServer.of(URI | {"MLFLOW_TRACKING_TOKEN": "t0ken"}).headers == {
        "Authorization": "Bearer t0ken"
    }
    assert "Basic" not in repr(server)


def test_plain_http_will_do_where_nothing_secret_is_sent_or_nobody_else_hears_it() -> None:
    assert TrackingServer.of({"MLFLOW_TRACKING_URI": "http://mlflow.example.org"}).headers == {}
    assert TrackingServer.of({"MLFLOW_TRACKING_URI": "http://127.0.0.1:5000", "MLFLOW_TRACKING_TOKEN": "t"})


def run(**notes: object) -> Run:
    info = RunInfo(run_id=ID, experiment_id="3", user_id="ada")
    return Run(info=info, **notes)  # type: ignore[arg-type]  # a test's own words


def test_what_a_run_noted_becomes_ingredients() -> None:
    tags = (
        Pair("mlflow.source.git.commit", "ab" * 20),
        Pair("mlflow.source.git.repoURL", "https://me:s3cr3t@example.org/flowers.git?token=s3cr3t"),
        Pair("mlflow.source.git.dirty", "true"),
    )
    data = RunNotes(
        params=(Pair("C", "0.5"),),
        metrics=(Measured("accuracy", 0.9), Measured("loss", "NaN")),
        tags=tags,
    )

    known = known_of(run(data=data), "Flower Sizes")

    assert known.name == "flower-sizes"
    assert known.code
    assert (known.code.repository, known.code.dirty) == ("https://example.org/flowers.git", True)
    assert known.config == {"C": "0.5"}
    assert known.metrics == {"accuracy": 0.9}
    assert facts_of(run()) == {"run": ID, "experiment": "3", "user": "ada"}
    assert "s3cr3t" not in repr(known)


@pytest.mark.parametrize("commit", ["", "main", "ab" * 19])
def test_a_tag_that_is_no_commit_is_no_code(commit: str) -> None:
    tags = (Pair("mlflow.source.git.commit", commit),)

    assert known_of(run(data=RunNotes(tags=tags)), "x").code is None


def test_datasets_are_told_apart_by_name_and_known_by_mlflows_digest() -> None:
    source = '{"uri": "https://me:s3cr3t@example.org/x.csv?sig=s3cr3t"}'
    sets = (
        Dataset("train", "aa11", "http", source),
        Dataset("test", "bb22", "http", source),
        Dataset("train", "aa11", "http", source),
        Dataset("made", "cc33", "code", '{"tags": {}}'),
        Dataset("odd", "dd44", "code", "no JSON"),
        Dataset("nameless bytes", "", "code", "{}"),
    )

    found = known_of(run(inputs=Inputs(tuple(map(DatasetInput, sets)))), "x").data

    assert [(data.uri, data.mark) for data in found] == [
        ("https://example.org/x.csv#train", "mlflow:aa11"),
        ("https://example.org/x.csv#test", "mlflow:bb22"),
        ("mlflow-dataset:made", "mlflow:cc33"),
        ("mlflow-dataset:odd", "mlflow:dd44"),
    ]


def test_a_run_that_is_gone_leaves_the_name_alone() -> None:
    assert known_of(None, "Tweets").name == "tweets"
    assert facts_of(None) == {}
    assert as_name("日本") == ""
    assert bare("not a url") == "not a url"


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (404, ChangedError, "model.pkl is not there any more"),
        (403, InputError, "model.pkl is not given to us: HTTP 403"),
        (501, OutsideError, "the MLflow server at 127.0.0.1 does not give model.pkl: HTTP 501"),
    ],
)
def test_a_file_that_is_not_given_is_one_line_on_whose_fault_it_is(
    status: int, kind: type[StepError], said: str
) -> None:
    file = SourceFile(path="model.pkl", size=10, locator="artifacts/model.pkl")

    with door("http://127.0.0.1:1", lambda _: None, (status, b"")) as url, pytest.raises(kind) as failed:
        mark_of(file, Request(f"{url}/artifacts/model.pkl", {}))

    assert str(failed.value) == said
    assert failed.value.hint
