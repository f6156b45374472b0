"""Models that DVC tracks, in repositories of git: made by both, read by the kit alone."""

import hashlib
import os
import secrets
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from ci_steps.adapters.dvc_source import DvcSource, Storage
from ci_steps.adapters.file_source import FileSource
from ci_steps.adapters.programs import ChildPrograms
from ci_steps.adapters.s3_place import S3Place
from ci_steps.adapters.transfer import Transfer
from ci_steps.errors import InputError, OutsideError
from ci_steps.model.address import Address
from ci_steps.model.manifest import DataSource
from ci_steps.model.sourced import Found
from ci_steps.ports import ChangedError, MovedError, PartialError
from tests.contracts.sources.azure_place import Container
from tests.contracts.sources.gcs_front import fronted
from tests.contracts.sources.gcs_place import Bucket as GcsBucket
from tests.contracts.sources.promises import Changing, Guarded, Promises, Remote, kit_model, sourced
from tests.dvc_repositories import DvcRepository
from tests.s3_servers import a_prefix, client

PACHYDERM = "pach://default/tweets@0f1e2d3c4b5a4f6e8d7c6b5a49382716:/raw"


def source(project: Path, **changes: str) -> DvcSource:
    variables = os.environ | changes
    storage = Storage(variables, lambda _: FileSource(project))
    return DvcSource(project, project / "cache", ChildPrograms(variables), variables, storage)


@dataclass(frozen=True)
class Bucket:
    """A repository whose every model is in a place of its own of the S3 server."""

    project: Path
    repository: DvcRepository
    place: S3Place

    @property
    def secrets(self) -> tuple[str, ...]:
        return (os.environ["AWS_SECRET_ACCESS_KEY"],)

    def publish(self, files: Mapping[str, bytes]) -> str:
        name = secrets.token_hex(4)
        self.repository.point(f"{self.place}/{name}")
        self.repository.write({f"models/{name}/{path}": content for path, content in files.items()})
        self.repository.add(f"models/{name}")
        self.repository.commit(name, tag=name)
        return f"dvc:repository@{name}:models/{name}"

    def source(self) -> DvcSource:
        return source(self.project)

    def nothing(self) -> str:
        return "dvc:repository@main:models/nothing-here"

    def change(self, address: str, path: str, content: bytes) -> None:
        self._client("put", address, path, Body=content)

    def delete(self, address: str, path: str) -> None:
        self._client("delete", address, path)

    def stranger(self) -> tuple[DvcSource, str]:
        secret = secrets.token_hex(20)
        return source(self.project, AWS_SECRET_ACCESS_KEY=secret), secret

    def at(self, port: int) -> DvcSource:
        return source(self.project, AWS_ENDPOINT_URL_S3=f"http://127.0.0.1:{port}")

    def _client(self, verb: str, address: str, path: str, **arguments: object) -> None:
        name = address.rpartition("/")[2]
        content = (self.repository.folder / "models" / name / path).read_bytes()
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        key = f"{self.place.prefix}{name}/files/md5/{md5[:2]}/{md5[2:]}"
        getattr(client(), f"{verb}_object")(Bucket=self.place.bucket, Key=key, **arguments)


class TestOfDvcWithABucket(Promises, Changing, Guarded, Remote):
    @pytest.fixture(scope="class")
    @classmethod
    def place(cls, tmp_path_factory: pytest.TempPathFactory) -> Bucket:
        project, place = tmp_path_factory.mktemp("project"), a_prefix()
        return Bucket(project, DvcRepository.begun(project / "repository", str(place)), place)

    def test_a_changed_model_is_not_the_pinned_one(self, place: Bucket, tmp_path: Path) -> None:  # type: ignore[override]  # one kind of place
        """What a commit names never changes: it is the branch that moves."""
        address = place.publish(kit_model()).replace("@", "@main-of-", 1)
        tag = place.repository.git("describe", "--tags")
        place.repository.git("branch", f"main-of-{tag}")
        models, _ = sourced(place.source(), tmp_path)
        pin = models.manifest(Address.parse(address)).sha.hex

        place.repository.write({f"models/{tag}/golden.jsonl": b""})
        place.repository.add(f"models/{tag}")
        place.repository.git("branch", "-f", f"main-of-{tag}", place.repository.commit("other"))

        with pytest.raises(MovedError, match=f"main-of-{tag}:models/{tag} moved: it was dvc:repository@"):
            models.manifest(Address.parse(f"{address}#sha256={pin}"))


# One repository with a pipeline, and DVC's remote in a folder beside it


@dataclass(frozen=True)
class House:
    project: Path
    repository: DvcRepository
    commit: str

    def found(self, address: str) -> Found:
        return source(self.project).resolve(Address.parse(address))

    def refused(self, address: str) -> InputError:
        with pytest.raises(InputError) as error:
            self.found(address)
        assert error.value.hint
        return error.value

    def stored(self, content: bytes) -> Path:
        md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
        return self.project / "store" / "files" / "md5" / md5[:2] / md5[2:]


TRAIN = b"print('trained')\n"
PARAMS = f"train: {{C: 1.0, seed: 7}}\nunused: 1\nraw: {PACHYDERM}\n".encode()
STAGES: dict[str, dict[str, object]] = {
    "prepare": {
        "cmd": "cp data/raw.csv data/ready.csv",
        "deps": ["data/raw.csv"],
        "params": ["raw"],
        "outs": ["data/ready.csv"],
    },
    "train": {
        "cmd": "cd release && mkdir -p model && cp ../data/ready.csv model/weights && touch model/empty",
        "deps": ["data/ready.csv", "src/train.py"],
        "params": ["train"],
        "outs": ["release/model"],
    },
    "evaluate": {
        "cmd": """printf '{"accuracy": 0.5, "by": {"long": 0.25}}' > scores.json""",
        "deps": ["release/model"],
        "metrics": [{"scores.json": {"cache": False}}],
    },
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    project = tmp_path_factory.mktemp("project")
    repository = DvcRepository.begun(project / "repository", "../../store")
    repository.write({"data/raw.csv": b"text,label\n", "src/train.py": TRAIN, "params.yaml": PARAMS})
    repository.write(
        {"release/notes.txt": b"windows\r\n$Format:%H$\n", "release/.gitattributes": b"* text\n"}
    )
    repository.write({".gitattributes": b"notes.txt export-subst eol=crlf\n"})
    repository.add("data/raw.csv")
    repository.pipeline(**STAGES)
    return House(project, repository, repository.commit("train", tag="tweets@v1"))


def test_what_is_known_of_a_model_is_what_its_pipeline_noted(house: House) -> None:
    found = house.found("dvc:repository@tweets@v1:release")

    assert found.origin.address == f"dvc:repository@{house.commit}:release"
    assert found.origin.facts["stage"] == "train"
    assert found.origin.facts["author"] == "Ada"
    assert found.known.code is not None
    assert (found.known.code.commit, found.known.code.dirty) == (house.commit, False)
    assert found.known.config == {"train": {"C": 1.0, "seed": 7}, "raw": PACHYDERM}
    assert found.known.metrics == {"accuracy": 0.5, "by.long": 0.25}
    md5 = hashlib.md5(b"text,label\n", usedforsecurity=False).hexdigest()
    assert found.known.data == (
        DataSource(uri="dvc:repository:data/raw.csv", mark=f"md5:{md5}"),
        DataSource(uri="dvc:repository:data/ready.csv", mark=f"md5:{md5}"),
        DataSource(uri=PACHYDERM, mark="commit:0f1e2d3c4b5a4f6e8d7c6b5a49382716"),
    )


def test_files_of_git_and_of_dvc_come_together_to_the_byte(
    house: House, transfer: Transfer, tmp_path: Path
) -> None:
    found = house.found("dvc:repository@main:release")

    brought = transfer.bring(source(house.project), found.files)

    assert {path: file.size for path, file in brought.items()} == {
        "model/empty": 0,
        "model/weights": 11,
        "notes.txt": 20,
    }
    blob = house.repository.git("rev-parse", "HEAD:release/notes.txt")
    assert transfer.put(brought["notes.txt"], tmp_path / "notes.txt")
    assert house.repository.git("hash-object", "--no-filters", str(tmp_path / "notes.txt")) == blob


def test_a_file_of_git_is_found_again_where_the_clone_is_gone(
    house: House, transfer: Transfer, tmp_path: Path
) -> None:
    [notes] = [f for f in house.found("dvc:repository@main:release").files if f.path == "notes.txt"]
    other = source(house.project)
    elsewhere = DvcSource(other.project, tmp_path / "new", other.programs, other.variables, other.storage)

    assert transfer.bring(elsewhere, (notes,))["notes.txt"].size == notes.size


def test_several_at_once_share_one_clone(house: House, tmp_path: Path) -> None:
    (tmp_path / "repository").symlink_to(house.repository.folder)
    address = Address.parse("dvc:repository@main:release")

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: source(tmp_path).resolve(address), range(4)))

    assert all(each == found[0] for each in found)
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_repository_by_its_url_is_the_same_model(house: House, tmp_path: Path) -> None:
    bare = tmp_path / "tweets.git"
    house.repository.git("clone", "-q", "--bare", ".", str(bare))

    there = house.found(f"dvc:{house.repository.folder.as_uri()}@main:scores.json")
    bared = house.found(f"dvc:{bare.as_uri()}@{house.commit}:scores.json")

    assert [file.checksums for file in there.files] == [file.checksums for file in bared.files]
    assert bared.known.config == there.known.config
    with pytest.raises(InputError, match=r"relative to a checkout that is not on this machine"):
        house.found(f"dvc:{bare.as_uri()}@main:release")


def test_a_large_file_of_git_comes_when_it_is_wanted(tmp_path: Path, transfer: Transfer) -> None:
    repository = DvcRepository.begun(tmp_path / "repository", "../../store")
    repository.write(
        {"model/large": secrets.token_bytes(3 << 20), "other/large": secrets.token_bytes(3 << 20)}
    )
    repository.commit("large files")
    dvc = source(tmp_path)

    found = dvc.resolve(Address.parse("dvc:repository@main:model"))

    [large] = transfer.bring(dvc, found.files).values()
    assert large.sha256 == hashlib.sha256((repository.folder / "model" / "large").read_bytes()).hexdigest()
    kept = sum(path.stat().st_size for path in (tmp_path / "cache").rglob("*.pack"))
    assert 3 << 20 < kept < 4 << 20, "what is not of the model was fetched too"


@pytest.mark.parametrize("scheme", ["azure", "gs"])
def test_a_remote_in_another_cloud_is_read_by_the_source_of_that_cloud(
    house: House, scheme: str, transfer: Transfer, tmp_path: Path
) -> None:
    store = house.project / "store"
    files = {
        path.relative_to(store).as_posix(): path.read_bytes() for path in store.rglob("*") if path.is_file()
    }
    with ExitStack() as stack:
        cloud = Container() if scheme == "azure" else GcsBucket(stack.enter_context(fronted()), tmp_path)
        place = cloud.publish(files)
        account = place.split("/")[2]
        url = place.replace(f"//{account}/", "//") if scheme == "azure" else place
        house.repository.git("switch", "-q", "--detach", "main")
        house.repository.point(url, account_name=account)
        commit = house.repository.commit("another cloud")
        house.repository.git("switch", "-q", "main")
        programs = ChildPrograms(os.environ)
        storage = Storage(os.environ, lambda _: cloud.source())
        dvc = DvcSource(house.project, house.project / "cache", programs, os.environ, storage)

        found = dvc.resolve(Address.parse(f"dvc:repository@{commit}:release/model"))

        assert {path: file.size for path, file in transfer.bring(dvc, found.files).items()} == {
            "empty": 0,
            "weights": 11,
        }


def test_what_is_imported_from_another_repository_is_data_by_its_commit(house: House, tmp_path: Path) -> None:
    other = DvcRepository.begun(tmp_path / "other", "../../other-store")
    other.write({"words": b"good\nbad\n"})
    other.dvc("imp", str(house.repository.folder), "data/ready.csv")
    other.pipeline(
        train={"cmd": "cat words ready.csv > model", "deps": ["words", "ready.csv"], "outs": ["model"]}
    )
    other.commit("train")

    found = source(tmp_path).resolve(Address.parse("dvc:other@main:model"))

    assert (
        DataSource(uri=f"dvc:{house.repository.folder}:data/ready.csv", mark=f"commit:{house.commit}")
        in found.known.data
    )
    assert [data.uri for data in found.known.data if data.uri.endswith(":words")]


def test_code_that_changed_since_the_model_was_trained_is_not_what_trained_it(house: House) -> None:
    house.repository.git("switch", "-q", "-c", "stale")
    house.repository.write({"src/train.py": b"print('other')\n", "params.yaml": PARAMS.replace(b"7", b"8")})
    house.repository.commit("change without training")
    house.repository.git("switch", "-q", "main")

    found = house.found("dvc:repository@stale:release")

    assert found.known.code is not None
    assert found.known.code.dirty
    assert any("src/train.py is not what the stage train was last run with" in line for line in found.said)
    assert any("train of params.yaml" in line for line in found.said)


# What can be wrong


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("dvc:repository@v9:release", "repository has no tag and no branch 'v9'"),
        (
            f"dvc:repository@{'0' * 40}:release",
            f"repository has no commit {'0' * 40} in its branches and tags",
        ),
        ("dvc:nowhere@main:release", "the repository nowhere is not a folder"),
        ("dvc:repository@main:relese", "neither DVC nor git tracks 'relese'"),
        ("dvc:repository@main:release/model/no", "'release/model/no' is not in release/model"),
        ("dvc:cache@main:release", "cache is not a git repository"),
    ],
)
def test_what_is_not_there_is_one_line(house: House, address: str, says: str) -> None:
    (house.project / "cache").mkdir(exist_ok=True)

    assert says in str(house.refused(address))


def test_an_output_that_was_not_pushed_says_so(house: House) -> None:
    weights = house.stored(b"text,label\n")
    kept = weights.rename(weights.with_suffix(".kept"))
    try:
        error = house.refused("dvc:repository@main:release")
    finally:
        kept.rename(weights)

    assert "release/model/weights is not in DVC's remote 'storage'" in str(error)
    assert error.hint == "where it was made: dvc push -r storage"


def test_a_listing_that_was_not_pushed_or_is_another_says_so(house: House) -> None:
    [listing] = (house.project / "store").rglob("*.dir")
    content = listing.read_bytes()
    listing.chmod(0o644)
    try:
        listing.write_bytes(content.replace(b"empty", b"other"))
        with pytest.raises(ChangedError, match="the listing of release/model in DVC's remote is not what"):
            house.found("dvc:repository@main:release")
        listing.unlink()
        assert "the listing of release/model is not in DVC's remote" in str(
            house.refused("dvc:repository@main:release")
        )
    finally:
        listing.write_bytes(content)


def test_other_bytes_or_fewer_under_a_hash_are_two_errors(house: House, transfer: Transfer) -> None:
    raw = house.stored(b"text,label\n")
    raw.chmod(0o644)
    try:
        raw.write_bytes(b"text,labels")
        with pytest.raises(ChangedError, match="md5"):
            transfer.bring(source(house.project), house.found("dvc:repository@main:data/raw.csv").files)
        raw.write_bytes(b"text")
        with pytest.raises(PartialError, match=r"data/raw\.csv in DVC's remote has 4 bytes"):
            house.found("dvc:repository@main:data/raw.csv")
    finally:
        raw.write_bytes(b"text,label\n")


@pytest.mark.parametrize(
    ("remote", "settings", "says"),
    [
        ("ssh://host/store", {}, "is at ssh://, which the kit does not read from"),
        (
            "s3://bucket/store",
            {"version_aware": "true"},
            "is version_aware: its files lie under their own names",
        ),
        ("https://127.0.0.1:1/store", {"auth": "basic"}, "wants a login, which the kit does not have"),
        ("https://ada:hunter22@127.0.0.1:1/store", {}, "wants a login, which the kit does not have"),
    ],
)
def test_a_remote_that_is_not_read_from_is_named(
    house: House, remote: str, settings: dict[str, str], says: str
) -> None:
    house.repository.git("switch", "-q", "--detach", "main")
    house.repository.point(remote, **settings)
    commit = house.repository.commit("another remote")
    house.repository.git("switch", "-q", "main")

    error = house.refused(f"dvc:repository@{commit}:release")

    assert says in str(error)
    assert "hunter22" not in f"{error} {error.hint} {error.__cause__!r}"


def test_a_repository_without_a_remote_is_told_how_to_get_one(house: House) -> None:
    house.repository.git("switch", "-q", "--detach", "main")
    house.repository.write({".dvc/config": b""})
    commit = house.repository.commit("no remote")
    house.repository.git("switch", "-q", "main")

    error = house.refused(f"dvc:repository@{commit}:release")

    assert "has no default remote of DVC's" in str(error)
    assert "dvc remote add --default" in error.hint


def test_a_git_server_that_does_not_answer_is_an_outside_error(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match=r"https://127\.0\.0\.1:1/tweets does not answer git"):
        source(tmp_path).resolve(Address.parse("dvc:https://127.0.0.1:1/tweets@v1:model"))


def test_a_model_noted_by_dvc_2_is_read_from_its_layout_and_said_to_be(tmp_path: Path) -> None:
    repository = DvcRepository.begun(tmp_path / "repository", "../../store")
    md5 = hashlib.md5(b"weights", usedforsecurity=False).hexdigest()
    outs = f"outs:\n- md5: {md5}\n  size: 7\n  path: weights\n"
    repository.write({"model/weights.dvc": outs.encode(), f"../store/{md5[:2]}/{md5[2:]}": b"weights"})
    repository.commit("as of DVC 2", tag="v2")

    found = source(tmp_path).resolve(Address.parse("dvc:repository@v2:model"))

    assert [(file.path, file.checksums) for file in found.files] == [("weights", {"md5": md5})]
    assert any("noted by DVC 2" in line for line in found.said)
