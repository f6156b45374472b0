"""The same model at every kind of place, published once, and what sends the kit through a proxy to it."""

import base64
import hashlib
import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from re import Pattern
from urllib.parse import parse_qs

from tests.contracts.sources.azure_place import Container
from tests.contracts.sources.gcs_front import fronted
from tests.contracts.sources.gcs_place import Bucket
from tests.contracts.sources.own_clients import variable
from tests.contracts.sources.test_modeldb import Runs
from tests.faults.content import files
from tests.faults.plain_server import PlainSource, serving
from tests.free_ports import free_port
from tests.s3_servers import a_prefix, client
from tests.servers.clearml import ClearML, clearml
from tests.servers.doors import Bearer, Session, door
from tests.servers.git_server import git_server
from tests.servers.modeldb_server import EMAIL, modeldb


@dataclass(frozen=True, slots=True)
class Key:
    """A variable that opens a place, and one that does not."""

    variable: str
    value: str
    wrong: str = "wr0ng/planted=&+%secret"
    secrets: tuple[str, ...] = ()
    """What must be seen nowhere, where that is not the value itself."""
    wrong_secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """A model where it lives. ``bytes_`` tells requests of its bytes from all others."""

    name: str
    address: str
    server: str
    bytes_: Pattern[str]
    variables: Callable[[str], Mapping[str, str]]
    """What tells the kit to ask a proxy at this URL; an empty value takes a variable away."""
    keys: tuple[Key, ...] = ()
    """What opens it, where it is closed."""
    vouches: bool | None = None
    """Of the tests' own source: whether it has checksums."""
    lanes: int = 2
    """How many proxies may stand before it at once."""
    port: int = 0
    """Where a proxy has to stand, if that is noted at the place."""
    within: str = ""
    """Where its bytes lie, if that is another place; it names what failed as well as the address does."""

    def plain(self, proxy: str) -> PlainSource | None:
        return None if self.vouches is None else PlainSource(proxy, vouched=self.vouches)

    def environ(self, proxy: str, **changes: str) -> dict[str, str]:
        """Return what the kit runs with."""
        opened = {key.variable: key.value for key in self.keys}
        every = {**os.environ, **self.variables(proxy), **opened, **changes}
        return {name: value for name, value in every.items() if value}


Opening = Callable[[Path], AbstractContextManager[Place]]


@contextmanager
def vouched(_: Path) -> Iterator[Place]:
    with serving(files()) as url:
        every = re.compile(r"/(?!listing\.json)")
        yield Place("own, with checksums", "file:tweets", url, every, lambda _: {}, vouches=True)


@contextmanager
def unvouched(folder: Path) -> Iterator[Place]:
    with vouched(folder) as place:
        yield replace(place, name="own, without checksums", vouches=False)


@contextmanager
def s3(_: Path) -> Iterator[Place]:
    place = a_prefix()
    for path, content in files().items():
        client().put_object(Bucket=place.bucket, Key=f"{place.prefix}{path}", Body=content)
    yield Place(
        "s3",
        str(place),
        os.environ["AWS_ENDPOINT_URL_S3"],
        re.compile(rf"^GET /{place.bucket}/{re.escape(place.prefix)}"),
        lambda proxy: {"AWS_ENDPOINT_URL_S3": proxy},
        keys=(Key("AWS_SECRET_ACCESS_KEY", os.environ["AWS_SECRET_ACCESS_KEY"]),),
    )


@contextmanager
def s3_of_a_session(folder: Path) -> Iterator[Place]:
    """Open it with the keys of an hour, as a role has them."""
    own = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
    keys = Session(os.environ["AWS_ENDPOINT_URL_S3"], own)
    with s3(folder) as place, door(keys.behind, keys.opens, (403, _NOT_ALLOWED)) as url:
        yield replace(
            place,
            name="s3, of a session",
            server=url,
            variables=lambda proxy: {"AWS_ENDPOINT_URL_S3": proxy, "AWS_ACCESS_KEY_ID": keys.access},
            keys=(Key("AWS_SESSION_TOKEN", keys.token), Key("AWS_SECRET_ACCESS_KEY", keys.secret)),
        )


_NOT_ALLOWED = b"<Error><Code>InvalidToken</Code><Message>The token is not valid.</Message></Error>"


@contextmanager
def azure(_: Path) -> Iterator[Place]:
    there = Container()
    wrong = base64.b64encode(b"wrong" * 13).decode()
    yield Place(
        "azure",
        there.publish(files()),
        variable("AZURE_STORAGE_BLOB_ENDPOINT", "azure").removesuffix(f"/{there.account}"),
        re.compile(r"^GET [^?]*/models/"),
        lambda proxy: {"AZURE_STORAGE_BLOB_ENDPOINT": f"{proxy}/{there.account}"},
        keys=(Key("AZURE_STORAGE_KEY", there.key, wrong),),
    )


@contextmanager
def azure_signed(folder: Path) -> Iterator[Place]:
    """Open it by a shared access signature, which is a part of every URL, and not by the account's key."""
    token = Container().signature()
    secret = parse_qs(token)["sig"][0]
    wrong = base64.b64encode(b"wrong" * 6).decode()
    key = Key(
        "AZURE_STORAGE_SAS_TOKEN",
        token,
        re.sub("sig=.*", f"sig={wrong}", token),
        secrets=(secret,),
        wrong_secrets=(wrong,),
    )
    with azure(folder) as place:
        yield replace(
            place,
            name="azure, signed",
            variables=lambda proxy: {**place.variables(proxy), "AZURE_STORAGE_KEY": ""},
            keys=(key,),
        )


@contextmanager
def gcs(folder: Path) -> Iterator[Place]:
    variable("STORAGE_EMULATOR_HOST", "gcs")
    with fronted() as front:
        there = Bucket(front, folder)
        address = there.publish(files())
        token, *pem = there.secrets
        _, wrong = there.stranger()
        yield Place(
            "gs",
            address,
            front.url,
            re.compile(r"alt=media|/download/"),
            lambda proxy: {"STORAGE_EMULATOR_HOST": proxy},
            keys=(
                Key(
                    "GOOGLE_APPLICATION_CREDENTIALS",
                    str(folder / "key.json"),
                    str(folder / "other.json"),
                    secrets=(token, *pem),
                    wrong_secrets=(wrong,),
                ),
            ),
        )


_TRAINING = """
import sys, mlflow
mlflow.set_experiment("faults")
with mlflow.start_run() as run:
    mlflow.log_params({"C": 0.5, "depth": 3})
    mlflow.log_metric("accuracy", 0.8)
    mlflow.log_artifacts(sys.argv[1], "model")
print(run.info.run_id)
"""


@contextmanager
def mlflow(folder: Path) -> Iterator[Place]:
    model = _laid_out(folder / "model")
    python = variable("CI_STEPS_MLFLOW_PYTHON", "mlflow")
    command = [python, "-c", _TRAINING, str(model)]
    run = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]
    yield Place(
        "mlflow",
        f"mlflow:runs/{run}/model",
        variable("MLFLOW_TRACKING_URI", "mlflow"),
        re.compile(r"/mlflow-artifacts/artifacts/"),
        lambda proxy: {"MLFLOW_TRACKING_URI": proxy},
        keys=(Key("MLFLOW_TRACKING_PASSWORD", variable("MLFLOW_TRACKING_PASSWORD", "mlflow")),),
    )


@contextmanager
def mlflow_by_token(folder: Path) -> Iterator[Place]:
    """Open it with a token in place of a login."""
    names = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD")
    bearer = Bearer((os.environ[names[0]], os.environ[names[1]]))
    with mlflow(folder) as place, door(place.server, bearer.opens, (401, b"{}")) as url:
        yield replace(
            place,
            name="mlflow, by token",
            server=url,
            variables=lambda proxy: {"MLFLOW_TRACKING_URI": proxy, **dict.fromkeys(names, "")},
            keys=(Key("MLFLOW_TRACKING_TOKEN", bearer.token),),
        )


@contextmanager
def dvc(folder: Path) -> Iterator[Place]:
    """Lay out by hand what `dvc add` and `dvc push` would: those take seconds to start."""
    repository, remote = folder / "repository", a_prefix()

    def pushed(content: bytes, kind: str = "") -> str:
        md5 = hashlib.md5(content).hexdigest()
        key = f"{remote.prefix}files/md5/{md5[:2]}/{md5[2:]}{kind}"
        client().put_object(Bucket=remote.bucket, Key=key, Body=content)
        return md5 + kind

    listed = [{"md5": pushed(content), "relpath": path} for path, content in sorted(files().items())]
    out = {"md5": pushed(json.dumps(listed).encode(), ".dir"), "hash": "md5", "path": "tweets"}
    (repository / ".dvc").mkdir(parents=True)
    (repository / "tweets.dvc").write_text(json.dumps({"outs": [out]}), encoding="utf-8")
    (repository / ".dvc" / "config").write_text(
        f"[core]\n    remote = bucket\n['remote \"bucket\"']\n    url = {remote}\n", encoding="utf-8"
    )
    for command in (
        "git init -q -b main",
        "git add -A",
        "git -c user.name=tests -c user.email=tests@example.org commit -q -m tweets",
    ):
        subprocess.run(command.split(), cwd=repository, check=True, capture_output=True)
    yield Place(
        "dvc",
        f"dvc:{repository}@main:tweets",
        os.environ["AWS_ENDPOINT_URL_S3"],
        re.compile(r"/files/md5/../(?!.*\.dir)"),
        lambda proxy: {"AWS_ENDPOINT_URL_S3": proxy},
        keys=(Key("AWS_SECRET_ACCESS_KEY", os.environ["AWS_SECRET_ACCESS_KEY"]),),
        within=str(remote),
    )


@contextmanager
def dvc_by_login(folder: Path) -> Iterator[Place]:
    """Take the repository from a server that wants a login, which git is given as CI systems give it."""
    wrong = "not-the-token-of-anybody"
    with dvc(folder) as place, git_server(folder) as server:
        allowed = (("uploadpack.allowFilter", "true"), ("uploadpack.allowAnySHA1InWant", "true"))
        for setting in allowed:
            command = ["git", "config", *setting]
            subprocess.run(command, cwd=folder / "repository", check=True)
        header = f"Authorization: {server.authorization}"
        other = f"Authorization: Basic {base64.b64encode(f'{server.user}:{wrong}'.encode()).decode()}"
        key = Key("GIT_CONFIG_VALUE_0", header, other, secrets=(server.token,), wrong_secrets=(wrong,))
        given = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.extraHeader"}
        yield replace(
            place,
            name="dvc, by login",
            address=f"dvc:{server.url}/repository/.git@main:tweets",
            variables=lambda proxy: {**place.variables(proxy), **given},
            keys=(*place.keys, key),
        )


@contextmanager
def model_db(_: Path) -> Iterator[Place]:
    with modeldb() as server:
        there, own = Runs(server), server.root
        address = there.publish(files())

        def through(proxy: str) -> dict[str, str]:
            server.root = proxy  # the URLs of artifacts that it signs lead there too
            return {"MODELDB_HOST": proxy, "MODELDB_EMAIL": EMAIL}

        key = Key("MODELDB_DEV_KEY", server.key)
        yield Place("modeldb", address, own, re.compile("/storage/"), through, keys=(key,), lanes=1)


@dataclass(frozen=True)
class _Behind(ClearML):
    """A server that notes of what is uploaded that it lies behind a proxy."""

    front: str = ""

    def upload(self, path: str, content: bytes) -> str:
        return super().upload(path, content).replace(self.root, self.front)


@contextmanager
def clear_ml(_: Path) -> Iterator[Place]:
    with clearml() as server:
        port = free_port()
        there = _Behind(server.root, server.access, server.secret, server.python, f"http://127.0.0.1:{port}")
        yield Place(
            "clearml",
            f"clearml:{there.task(files())}",
            server.root,
            re.compile(r"/artifacts/"),
            lambda proxy: {**server.variables, "CLEARML_API_HOST": proxy, "CLEARML_FILES_HOST": proxy},
            keys=(Key("CLEARML_API_SECRET_KEY", server.secret),),
            lanes=1,
            port=port,
        )


def _laid_out(folder: Path) -> Path:
    for path, content in files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


PLACES: tuple[Opening, ...] = (vouched, unvouched, s3, azure, gcs, mlflow, dvc, model_db, clear_ml)
GUARDED: tuple[Opening, ...] = (
    s3,
    s3_of_a_session,
    azure,
    azure_signed,
    gcs,
    mlflow,
    mlflow_by_token,
    dvc,
    dvc_by_login,
    model_db,
    clear_ml,
)
"""Those that open with secrets only."""
