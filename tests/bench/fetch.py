"""A model's files from a store in a bucket, beside programs that only copy them."""

import hashlib
import multiprocessing
import os
import random
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from ci_steps.model.manifest import ModelFile
from tests.bench.table import Row, Section
from tests.bench.timing import ENVIRON, interleaved, tell

MOST_MEMORY = 100
_OURS, _LIMIT = "ours", "limit"
_SCRIPT = Path(__file__).with_name("fetch_limit.py")
_LARGE, _MANY = "one file of 1 GiB", "2,000 files of 256 KiB"
_SHAPES = {_LARGE: (1, 1 << 30), _MANY: (2000, 256 << 10)}
_GOALS: Mapping[str, Mapping[str, float | None]] = {
    _LARGE: {
        "aws": 1 / 2.5,
        "boto3": 1 / 2.5,
        "s5cmd": 1,
        "rclone": None,
        "rclone, tuned": 1 / 0.9,
        _LIMIT: None,
    },
    _MANY: {"aws": 1 / 4, "boto3": 1 / 4, "s5cmd": 1, "rclone": None, "rclone, tuned": 1 / 0.9},
}
_TUNED = (
    "--transfers=16",
    "--multi-thread-streams=8",
    "--multi-thread-chunk-size=64M",
    "--ignore-checksum",
)
_RCLONE = {
    "RCLONE_CONFIG_S_TYPE": "s3",
    "RCLONE_CONFIG_S_PROVIDER": "SeaweedFS",
    "RCLONE_CONFIG_S_ENV_AUTH": "true",
    "RCLONE_CONFIG_S_FORCE_PATH_STYLE": "true",
    "RCLONE_CONFIG": os.devnull,
}
_DOWNLOAD = """
import sys, boto3
from concurrent.futures import ThreadPoolExecutor
client, (bucket, prefix, folder) = boto3.client("s3"), sys.argv[1:]
pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
keys = [item["Key"] for page in pages for item in page["Contents"]]
with ThreadPoolExecutor(10) as pool:
    list(pool.map(lambda key: client.download_file(bucket, key, folder + key.rpartition("/")[2]), keys))
"""
_NOTES = """\
- ours: `fetch-model`'s part: a store in a bucket, its cache empty. Every byte's SHA-256 is compared with the
  manifest's while it arrives. No peer compares any. Each ratio is ours to the peer's.
- `aws s3 cp`; boto3: `download_file`, of the many ten at once; s5cmd `cp`; rclone `copy`, tuned:
  `{tuned}`.
- limit: `tests/bench/fetch_limit.py`: two connections, 64 MiB ranges, the next request sent ahead, written
  and hashed in one loop, each range by itself: no checks, and it could not tell what the file is.
- Server and clients share this machine's {cores} cores: whoever takes less of them leaves the server more.
- Peak memory, the most of all rounds: {memory}; the goal is below {most} MiB, met: {met}."""


@dataclass(frozen=True, slots=True)
class _Model:
    """Objects that every contender fetches."""

    bucket: str
    prefix: str
    files: Path
    """The list of them, as JSON."""
    count: int
    size: int

    @property
    def place(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"

    @property
    def signed(self) -> Path:
        """A file with an address of the first object that needs no keys."""
        return self.files.with_suffix(".url")


def measured(rounds: int) -> Section:
    """Fetch the large file and the many, by each in turn."""
    programs, rows, memory = _programs(), [], dict[str, float]()
    with tempfile.TemporaryDirectory(prefix="ci-steps-bench-") as name, _bucket() as bucket:
        for what, (count, size) in _SHAPES.items():
            tell(f"fetch: putting {what} into {bucket}")
            model = _Model(bucket, secrets.token_hex(4), Path(name) / f"{count}.json", count, size)
            _elsewhere(_lay_out, model)
            _elsewhere(_sign, model)
            contenders = {
                who: partial(_once, who, command, model, Path(name) / "out", memory)
                for who, command in _commands(programs, model, Path(name) / "out").items()
                if who == _OURS or who in _GOALS[what]
            }
            seen = interleaved(contenders, rounds)
            for peer, goal in _GOALS[what].items():
                rows.append(Row(what, seen[_OURS], peer, seen[peer], goal))
    notes = _NOTES.format(
        tuned=" ".join(_TUNED),
        cores=os.cpu_count(),
        memory=", ".join(f"{who} {mebibytes:,.0f} MiB" for who, mebibytes in memory.items()),
        most=MOST_MEMORY,
        met="yes" if memory[_OURS] < MOST_MEMORY else "no",
    )
    return Section("Fetching", f"python -m tests.bench fetch --rounds {rounds}", rows, notes)


def _commands(programs: Path, model: _Model, out: Path) -> dict[str, list[str | Path]]:
    objects, into = f"{model.place}/objects", f"{out}/"
    rclone: list[str | Path] = [
        programs / "rclone",
        "copy",
        f"S:{model.bucket}/{model.prefix}/objects",
        out,
    ]
    return {
        _OURS: [sys.executable, "-m", "tests.bench.fetched", model.place, model.files, out],
        "aws": [programs / "aws", "s3", "cp", "--quiet", "--recursive", objects, out],
        "boto3": [programs / "python", "-c", _DOWNLOAD, model.bucket, f"{model.prefix}/objects/", into],
        "s5cmd": [programs / "s5cmd", "cp", f"{objects}/*", into],
        "rclone": rclone,
        "rclone, tuned": [*rclone, *_TUNED],
        _LIMIT: [sys.executable, _SCRIPT, model.signed.read_text(), str(model.size), out / "it"],
    }


def _once(
    who: str, command: Sequence[str | Path], model: _Model, out: Path, memory: dict[str, float]
) -> float:
    """Let one fetch all into an empty folder; its seconds."""
    out.mkdir()
    environ = ENVIRON | _RCLONE | {"CI_STEPS_CACHE": str(out.with_name("cache"))}
    endpoint = os.environ["AWS_ENDPOINT_URL_S3"]
    environ |= {"RCLONE_CONFIG_S_ENDPOINT": endpoint, "S3_ENDPOINT_URL": endpoint}
    began = time.perf_counter()
    with out.with_name("said").open("w+") as said:
        started = subprocess.Popen(command, env=environ, stdout=said, stderr=said)
        _, status, usage = os.wait4(started.pid, 0)
        seconds = time.perf_counter() - began
        said.seek(0)
        words = said.read()
    started.returncode = os.waitstatus_to_exitcode(status)
    there = [path.stat().st_size for path in out.rglob("*") if path.is_file()]
    if started.returncode or there != [model.size] * model.count:
        raise SystemExit(f"{who}: exit {started.returncode}, {len(there)} files\n{words}")
    # Linux counts the memory of who starts a process as the process's own: ours says itself what it took.
    mebibytes = int(words.split()[-1]) / 1024 if who == _OURS else usage.ru_maxrss / 1024
    memory[who] = max(memory.get(who, 0), mebibytes)
    for folder in (out, out.with_name("cache")):
        _emptied(folder)
    return seconds


def _emptied(folder: Path) -> None:
    """Make room for the next, but keep the files: ext4 takes long to make some where many were deleted."""
    if not folder.exists():
        return
    for path in filter(Path.is_file, folder.rglob("*")):
        path.chmod(0o600)
        os.truncate(path, 0)
    folder.rename(folder.with_name(f"{folder.name}-{secrets.token_hex(4)}"))


def _programs() -> Path:
    try:
        return Path(os.environ["CI_STEPS_FETCHERS"])
    except KeyError:
        raise SystemExit('CI_STEPS_FETCHERS is not set: eval "$(contrib/engine/fetchers)"') from None


@contextmanager
def _bucket() -> Iterator[str]:
    """Give a bucket of this run, which is emptied and taken away at its end."""
    if not os.environ.get("AWS_ENDPOINT_URL_S3"):
        raise SystemExit('AWS_ENDPOINT_URL_S3 is not set: eval "$(contrib/engine/s3)"')
    bucket = f"ci-steps-bench-{secrets.token_hex(4)}"
    _elsewhere(_made, bucket)
    try:
        yield bucket
    finally:
        _elsewhere(_removed, bucket)


def _elsewhere(work: object, *arguments: object) -> None:
    """Do it in a process of its own: what it takes of memory must not be ours, and so our children's."""
    worker = multiprocessing.get_context("spawn").Process(target=work, args=arguments)  # type: ignore[arg-type]  # a function
    worker.start()
    worker.join()
    if worker.exitcode:
        raise SystemExit(f"{work} failed")


def _made(bucket: str) -> None:
    import boto3  # type: ignore[import-untyped]  # boto3 brings no types

    boto3.client("s3").create_bucket(Bucket=bucket)


def _removed(bucket: str) -> None:
    import boto3

    there = boto3.resource("s3").Bucket(bucket)
    there.objects.delete()
    there.delete()


def _lay_out(model: _Model) -> None:
    """Put the objects of a store, under the names of their contents."""
    from concurrent.futures import ThreadPoolExecutor

    import boto3

    client = boto3.client("s3")

    def put(number: int) -> ModelFile:
        with tempfile.TemporaryFile(dir=model.files.parent) as content:
            pseudo, hasher = random.Random(number), hashlib.sha256()
            for _ in range(0, model.size, 256 << 10):
                block = pseudo.randbytes(256 << 10)
                content.write(block)
                hasher.update(block)
            content.seek(0)
            key = f"{model.prefix}/objects/{hasher.hexdigest()}"
            client.upload_fileobj(content, model.bucket, key)
        return ModelFile(path=f"model/{number:04d}.bin", size=model.size, sha256=hasher.hexdigest())

    with ThreadPoolExecutor(4) as pool:
        model.files.write_bytes(msgspec.json.encode(list(pool.map(put, range(model.count)))))


def _sign(model: _Model) -> None:
    import boto3

    files = msgspec.json.decode(model.files.read_bytes(), type=tuple[ModelFile, ...])
    where = {"Bucket": model.bucket, "Key": f"{model.prefix}/objects/{files[0].sha256}"}
    model.signed.write_text(boto3.client("s3").generate_presigned_url("get_object", Params=where))
