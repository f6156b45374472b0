"""Registries that refuse, and what is never written down about how we log in to them."""

import base64
import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from tests.e2e import stages
from tests.e2e.complaints import complaint_of
from tests.e2e.origin import Origin
from tests.e2e.project import Project
from tests.e2e.stages import GATES, planned_again, whole
from tests.registry_servers import PASSWORD, USER, Faults, serving

BAD_INPUT, OUTSIDE = 2, 3


@pytest.fixture(scope="module")
def gated(by_heart: Origin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    with stages.gated(by_heart, tmp_path_factory.mktemp("gated") / "tweets") as project:
        yield project


def refusing(status: int) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        handler.send_response(status)
        if status == 401:
            handler.send_header("WWW-Authenticate", 'Basic realm="test"')
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


@pytest.mark.parametrize(
    ("status", "code", "error", "hint"),
    [
        (401, BAD_INPUT, "wants a login", "docker login"),
        (403, BAD_INPUT, "refuses", "docker login"),
        (404, BAD_INPUT, "there is no image", "name"),
        (500, OUTSIDE, "answers 500", "try again later"),
    ],
)
def test_a_registry_that_refuses_the_base_image_stops_the_build_and_a_rerun_goes_on(
    gated: Project, status: int, code: int, error: str, hint: str
) -> None:
    with serving(refusing(status)) as host:
        planned_again(gated, image={"base": f"{host}/base/python:3.11"})
        complaint = complaint_of(gated.ci_steps("build-image"), code)

    assert host in complaint.error
    assert error in complaint.error
    assert hint in complaint.next
    assert not (gated.run_dir / "build-image.json").exists()
    planned_again(gated)
    assert gated.ci_steps("build-image").code == 0


def test_a_registry_that_nobody_serves_stops_the_build(gated: Project) -> None:
    planned_again(gated, image={"base": f"{gated.address}/base/python:3.11"})

    complaint = complaint_of(gated.ci_steps("build-image"), OUTSIDE)

    assert f"registry {gated.address} does not answer: connection refused" in complaint.error
    assert complaint.next == "try again later"


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [(401, BAD_INPUT, "wants a login"), (403, BAD_INPUT, "refuses"), (500, OUTSIDE, "answers 500")],
)
def test_a_registry_that_refuses_the_image_stops_the_push_and_a_rerun_goes_on(
    gated: Project, status: int, code: int, error: str
) -> None:
    upstream, refuses, mended = Faults(gated.engine.registry), refusing(status), False

    def answer(handler: BaseHTTPRequestHandler) -> None:
        (upstream.answer if mended else refuses)(handler)

    with serving(answer) as host:
        planned_again(gated, registry=f"{host}/ci-steps-e2e/tweets")
        assert gated.ci_steps("build-image").code == 0
        complaint = complaint_of(gated.ci_steps("push-image"), code)
        left = (gated.run_dir / "push-image.json").exists()
        mended = True
        done = gated.ci_steps("push-image")

    assert f"registry {host}" in complaint.error
    assert error in complaint.error
    assert not left
    assert done.code == 0, done.said
    assert whole(gated.run_dir)


def test_no_password_of_a_registry_is_in_anything_that_is_written(project: Project) -> None:
    wrong_password = f"{PASSWORD}-but-wrong"
    right, wrong = (_encoded(password) for password in (PASSWORD, wrong_password))
    upstream, let_in, said = Faults(project.engine.registry), list[str](), ""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.headers.get("Authorization") != f"Basic {right}":
            refusing(401)(handler)
            return
        let_in.append(handler.path)
        accepts = handler.headers.get_all("Accept", [])
        del handler.headers["Accept"]
        handler.headers["Accept"] = ", ".join(accepts)  # the engine sends a line for each
        upstream.answer(handler)

    with serving(answer) as host:
        base = project.engine.python_image.partition("/")[2]
        project.configure(registry=f"{host}/ci-steps-e2e/tweets", image={"base": f"{host}/{base}"})
        environ = _logged_in(project, host, wrong)
        for step in ("plan --model tweets:v1", *GATES):
            assert project.ci_steps(*step.split(), environ=environ).code == 0
        refused = project.ci_steps("build-image", environ=environ)
        complaint = complaint_of(refused, BAD_INPUT)
        said += refused.said
        environ = _logged_in(project, host, right)
        for step in ("build-image", "push-image", "integration-test", "report"):
            done = project.ci_steps(step, environ=environ)
            assert done.code == 0, done.said
            said += done.said

    assert "docker login" in complaint.next
    assert any(f"/manifests/model-{project.shas['v1'][:12]}" in path for path in let_in)
    written = {path: path.read_bytes() for path in project.run_dir.rglob("*") if path.is_file()}
    assert {"report.html", "push-image.json"} <= {path.name for path in written}
    for secret in (PASSWORD, wrong_password, right, wrong):
        assert secret not in said
        assert [path for path, content in written.items() if secret.encode() in content] == []


def _encoded(password: str) -> str:
    return base64.b64encode(f"{USER}:{password}".encode()).decode()


def _logged_in(project: Project, host: str, login: str) -> dict[str, str]:
    """Log in as `docker login` does, in a folder of Docker's configuration of its own."""
    folder = project.folder / "docker"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": login}}}))
    return project.environ(DOCKER_CONFIG=str(folder))
