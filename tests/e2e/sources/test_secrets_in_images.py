"""A model that needs a secret, in an image that needs another: neither is in what the release leaves."""

import base64
import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import docker
import pytest

from tests.e2e.project import Project
from tests.e2e.sources.kit_files import LOAD
from tests.e2e.sources.planted import Planted, process_list
from tests.e2e.sources.test_release_from_file import without_manifest
from tests.registry_servers import Faults, serving
from tests.s3_servers import a_prefix, client

USER, PASSWORD = "releases", "pl4nted/+for=the&registry"


@contextmanager
def closed_registry(upstream: str) -> Iterator[tuple[str, list[str]]]:
    """Let only those through to the real registry who know the password; note what they asked for."""
    right = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    there, let_in = Faults(upstream), list[str]()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.headers.get("Authorization") != right:
            handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
            handler.send_response(401)
            handler.send_header("WWW-Authenticate", 'Basic realm="tests"')
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        let_in.append(f"{handler.command} {handler.path}")
        accepts = handler.headers.get_all("Accept", [])
        del handler.headers["Accept"]
        handler.headers["Accept"] = ", ".join(accepts)  # the engine sends a line for each
        there.answer(handler)

    with serving(answer) as host:
        yield host, let_in


@pytest.mark.timeout(240)
def test_a_release_leaves_no_secret_of_its_source_or_of_its_registry(
    project: Project, tmp_path: Path
) -> None:
    secrets = {"the registry's": PASSWORD, "the bucket's": os.environ["AWS_SECRET_ACCESS_KEY"]}
    place, planted = a_prefix(), Planted(secrets)
    model = without_manifest(project, "v1", tmp_path / "v1")
    for path in (path for path in model.rglob("*") if path.is_file()):
        key = f"{place.prefix}{path.relative_to(model).as_posix()}"
        client().put_object(Bucket=place.bucket, Key=key, Body=path.read_bytes())
    login, cache = tmp_path / "docker", tmp_path / "cache"
    login.mkdir()

    with (
        closed_registry(project.engine.registry) as (host, let_in),
        process_list(tmp_path / "hook") as watched,
    ):
        listed, variables = watched
        coded = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        (login / "config.json").write_text(json.dumps({"auths": {host: {"auth": coded}}}))
        base = project.engine.python_image.partition("/")[2]
        # A repository of its own, into which all has to be sent.
        project.configure(
            load=LOAD, registry=f"{host}/ci-steps-e2e/{project.service}", image={"base": f"{host}/{base}"}
        )
        environ = project.environ(DOCKER_CONFIG=str(login), CI_STEPS_CACHE=str(cache), **variables)
        for arguments in (
            ("release", "--model", str(place), "--environment", "production"),
            ("trace", f"{project.service}/production", "--json"),
            ("history", "--json"),
            ("report",),
        ):
            done = project.ci_steps(*arguments, environ=environ)
            assert done.code == 0, done.said
            planted.look(" ".join(arguments), done.said.encode())
        planted.look("the process list", listed.content)

    assert any("/manifests/" in line for line in let_in if line.startswith("PUT"))
    with closing(docker.from_env()) as engine:
        pushed = project.document("push-image")
        image = engine.images.get(f"{pushed['repository']}@{pushed['image']}")
        label = f"ci_steps.service={project.service}"
        containers = engine.containers.list(all=True, filters={"label": label})
        shown = [image.attrs, image.history(), *(container.attrs for container in containers)]
    assert len(containers) >= 2
    planted.look("what the engine shows", json.dumps(shown).encode())
    planted.look("/info", json.dumps(project.get("/info")).encode())
    planted.look_below(project.folder, project.state, cache)
    assert planted.seen == []
    assert planted.looked_at > 100_000_000, "the layers were not looked at"
