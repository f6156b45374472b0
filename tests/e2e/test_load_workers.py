"""Workers on other machines: here processes that share nothing but an address and a secret with it."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
import zmq

from ci_steps.adapters.programs import ChildPrograms
from ci_steps.documents import LoadReport, PushedImage
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.settings import LoadSettings, RemoteWorkers
from ci_steps.model.verdict import Finding, Verdict
from ci_steps.selftest.specimen import Specimen, model_files
from ci_steps.steps.load_test import LoadTest
from ci_steps.steps.load_test.remote.crew import Crew, gathered
from ci_steps.steps.load_test.remote.keys import keys
from ci_steps.steps.load_test.remote.wire import Hello, Kind, Message, hello
from tests.e2e.test_load import Services, of_locust
from tests.fakes.platforms import free_port, until

SECRET = secrets.token_hex(32)
FORGED_MS = 0.001
LOAD = LoadSettings(rate=40, seconds=3, warmup_seconds=0.5, p50_ms=1000)


@dataclass
class Elsewhere:
    """Another machine: its `load-worker` processes, and what each said."""

    address: str
    temporary: str
    """Where one that is killed leaves its files."""
    started: list["subprocess.Popen[str]"] = field(default_factory=list)

    def worker(self, secret: str = SECRET, address: str = "") -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "ci_steps", "load-worker", "--wait", "30", "--master"]
        self.started.append(
            subprocess.Popen(
                [*command, address or self.address],
                env={**_environment(secret), "TMPDIR": self.temporary},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        return self.started[-1]

    def load(self, workers: int, *, join_seconds: float = 30, **changes: Any) -> LoadSettings:
        remote = RemoteWorkers(workers=workers, listen=self.address, join_seconds=join_seconds)
        return msgspec.structs.replace(LOAD, remote=remote, **changes)


@contextlib.contextmanager
def another_machine() -> Iterator[Elsewhere]:
    """Give a machine whose processes end with the block."""
    with tempfile.TemporaryDirectory() as temporary:
        machine = Elsewhere(f"127.0.0.1:{free_port()}", temporary)
        try:
            yield machine
        finally:
            for process in machine.started:
                process.kill()
                process.communicate()


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    with another_machine() as machine:
        yield machine


def _environment(secret: str) -> Mapping[str, str]:
    root = str(Path(__file__).parents[2])
    return {**os.environ, "CI_STEPS_LOAD_SECRET": secret, "PYTHONPATH": root, "PYTHONUNBUFFERED": "1"}


def loaded(services: Services, folder: Path, load: LoadSettings, secret: str = SECRET) -> LoadReport:
    run = Specimen(plan={"load": load}, baseline=model_files()).laid_out(folder)
    run.write(PushedImage(repository="127.0.0.1:5000/specimen", image=Digest("2" * 64), findings=()))
    return LoadTest(services, ChildPrograms(os.environ), services, secret).run(run)


def found(report: LoadReport, check: str) -> Finding:
    return next(f for f in report.findings if f.check == f"load-test.{check}")


def told(process: "subprocess.Popen[str]") -> tuple[int, str]:
    output, _ = process.communicate(timeout=30)
    return process.returncode, output


def below(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if "--worker" in child.cmdline() and not child.children()]


@dataclass
class Seen:
    """One whole run, and who else came to it."""

    report: LoadReport
    services: Services
    address: str
    workers: list[tuple[int, str]]
    late: tuple[int, str]
    latencies: list[float]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """Two workers send; one speaks Locust's language and has no order; one comes when it has begun."""
    folder = tmp_path_factory.mktemp("run")
    with another_machine() as machine:
        workers = [machine.worker(), machine.worker()]
        late: list[tuple[int, str]] = []

        def come_late(_: Services) -> None:
            late.append(told(machine.worker()))

        services = Services(after=10, then=come_late)
        forger = threading.Thread(target=_forge)
        forger.start()
        report = loaded(services, folder, machine.load(2))
        forger.join()
        rows = (folder / "load-test/latencies.jsonl").read_text().splitlines()
        yield Seen(
            report=report,
            services=services,
            address=machine.address,
            workers=[told(worker) for worker in workers],
            late=late[0],
            latencies=[msgspec.json.decode(row)["latency_ms"] for row in rows],
        )


def _forge() -> None:
    """Say to Locust, as soon as it listens, that a worker is there which had everything answered at once."""

    def conductors() -> list[psutil.Process]:
        return [p for p in of_locust() if "--master" in p.cmdline()]

    until(lambda: bool(conductors()), 60)
    command = conductors()[0].cmdline()
    port = command[command.index("--master-bind-port") + 1]
    with zmq.Context() as context, context.socket(zmq.DEALER) as forger:
        forger.setsockopt(zmq.IDENTITY, b"forged")
        forger.connect(f"tcp://127.0.0.1:{port}")
        rows = [[n / 40, 0.0, FORGED_MS, "", 0] for n in range(120)]
        for kind, said in (
            ("here", {"token": "0" * 32, "name": "forged"}),
            ("here", {"name": "forged"}),
            ("recorded", {"token": "0" * 32, "at": 0, "rows": rows, "cpu": 0.0, "last": True}),
            ("recorded", ["no", "mapping"]),
        ):
            forger.send(msgspec.msgpack.encode((kind, said, "forged")))
        forger.close(linger=5000)


def test_two_machines_share_the_plan_and_say_what_their_way_costs(seen: Seen) -> None:
    report = seen.report

    assert (report.sent, report.failed, report.workers) == (120, 0, 2)
    assert [one.requests for one in report.remote] == [60, 60]
    assert all(one.way_p99_ms and one.clock_ms is not None for one in report.remote), report.remote
    assert f"  python -m ci_steps load-worker --master {seen.address}" in seen.services.said
    assert "ms on the way to the container" in found(report, "generator").observed
    assert any("latency without the workers' way" in each for each in report.not_checked)
    for code, output in seen.workers:
        assert code == 0, output
        assert "the load test is over" in output


def test_rows_of_one_that_only_found_locust_s_port_are_not_recorded(seen: Seen) -> None:
    assert FORGED_MS not in seen.latencies
    assert (len(seen.latencies), found(seen.report, "requests").verdict) == (120, Verdict.PASSED)


def test_one_that_comes_too_late_is_sent_away(seen: Seen) -> None:
    code, output = seen.late

    assert code == 2
    assert "it came too late: the load test has begun" in output


def test_one_without_the_secret_is_told_so_and_the_run_without_it_is_inconclusive(
    elsewhere: Elsewhere, tmp_path: Path
) -> None:
    worker = elsewhere.worker(secret=secrets.token_hex(32))

    report = loaded(Services(), tmp_path, elsewhere.load(1, join_seconds=5))

    missing = found(report, "generator")
    assert report.verdict is missing.verdict is Verdict.INCONCLUSIVE
    assert missing.observed == "0 of 1 joined within 5 s; not let in: somebody without the secret"
    code, output = told(worker)
    assert code == 2
    assert "does not know this secret" in output
    assert SECRET not in output


@pytest.mark.parametrize(("secret", "why"), [("", "is not set"), ("letmein", "has 7 characters")])
def test_a_secret_that_can_be_guessed_is_none(
    elsewhere: Elsewhere, tmp_path: Path, secret: str, why: str
) -> None:
    worker = elsewhere.worker(secret=secret)

    with pytest.raises(InputError, match=f"CI_STEPS_LOAD_SECRET {why}"):
        loaded(Services(), tmp_path, elsewhere.load(1), secret)

    code, output = told(worker)
    assert code == 2
    assert why in output


def test_a_worker_that_vanishes_leaves_the_run_inconclusive(elsewhere: Elsewhere, tmp_path: Path) -> None:
    gone, stays = elsewhere.worker(), elsewhere.worker()

    report = loaded(Services(after=20, then=lambda _: gone.kill()), tmp_path, elsewhere.load(2))

    lost = found(report, "requests")
    assert lost.verdict is report.verdict is Verdict.INCONCLUSIVE
    assert (
        lost.observed
        == "60 of 120 planned requests recorded: 1 of 2 workers ended before their share was sent"
    )
    assert [(one.gone, one.requests) for one in sorted(report.remote, key=lambda one: one.requests)] == [
        (True, 0),
        (False, 60),
    ]
    assert told(stays)[0] == 0


def test_a_worker_that_stands_still_is_late_and_not_the_service(elsewhere: Elsewhere, tmp_path: Path) -> None:
    worker = elsewhere.worker()

    def stand_still(_: Services) -> None:
        [locust] = below(worker)
        locust.send_signal(signal.SIGSTOP)
        timer = threading.Timer(1, locust.send_signal, [signal.SIGCONT])  # how long is what is tried
        timer.start()

    report = loaded(Services(after=20, then=stand_still), tmp_path, elsewhere.load(1, p50_ms=20))

    assert found(report, "generator").verdict is Verdict.INCONCLUSIVE
    assert found(report, "p50").verdict is not Verdict.REFUSED


def test_a_load_test_that_is_killed_ends_its_workers(elsewhere: Elsewhere, tmp_path: Path) -> None:
    worker = elsewhere.worker()

    def killed(_: Services) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        loaded(Services(after=10, then=killed), tmp_path, elsewhere.load(1, seconds=30))

    code, output = told(worker)
    assert code in {0, 3}, output
    assert of_locust() == []


@pytest.fixture
def crew(elsewhere: Elsewhere) -> Iterator[Crew]:
    with gathered(RemoteWorkers(workers=1, listen=elsewhere.address), SECRET) as crew:
        yield crew


@contextlib.contextmanager
def speaking(address: str, secret: str = SECRET) -> Iterator[Callable[..., Message | None]]:
    """Give a way to speak to the conductor's end with a worker's key, and to hear what it answers."""
    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        own = keys(secret, "worker")
        dealer.curve_secretkey, dealer.curve_publickey = own.private, own.public
        dealer.curve_serverkey = keys(SECRET, "conductor").public
        # Once it was sent away there is nobody left to send to, which zmq would wait for.
        dealer.rcvtimeo, dealer.sndtimeo, dealer.linger = 3000, 3000, 0
        dealer.connect(f"tcp://{address}")

        def say(*messages: Message) -> Message | None:
            for message in messages:
                dealer.send_multipart(message.frames)
            return Message.of(dealer.recv_multipart())

        yield say


def test_the_conductor_s_public_key_is_not_enough(crew: Crew, elsewhere: Elsewhere) -> None:
    with speaking(elsewhere.address, secret="x" * 64) as say, pytest.raises(zmq.Again):
        say(Message(Kind.HELLO, msgspec.json.encode(hello("one"))))

    assert (crew.joined, set(crew.refused)) == (0, {"somebody without the secret"})


def test_a_worker_of_other_code_is_sent_away(crew: Crew, elsewhere: Elsewhere) -> None:
    other = Hello(name="other", code="0" * 64, locust=hello("").locust)

    with speaking(elsewhere.address) as say:
        answer = say(Message(Kind.HELLO, msgspec.json.encode(other)))

    assert answer
    assert answer.kind is Kind.REFUSED
    assert b"it runs other code than load-test does" in answer.content
    assert crew.joined == 0


def test_nothing_is_reached_before_hello_nor_before_it_begins(crew: Crew, elsewhere: Elsewhere) -> None:
    with speaking(elsewhere.address) as say:
        unknown = say(Message(Kind.OPEN, b"locust", 1))
        welcome = say(Message(Kind.HELLO, msgspec.json.encode(hello("one"))))
        early = [say(Message(Kind.OPEN, where, 2)) for where in (b"locust", b"0", b"127.0.0.1:22", b"\xff")]

    assert unknown == Message(Kind.REFUSED, b"it did not say hello")
    assert welcome == Message(Kind.WELCOME)
    assert early == [Message(Kind.END, stream=2)] * 4
    assert crew.joined == 0


def test_what_was_recorded_of_a_worker_opens_nothing_when_it_is_sent_again(elsewhere: Elsewhere) -> None:
    remote = RemoteWorkers(workers=1, listen=elsewhere.address)
    with gathered(remote, SECRET) as crew, _recorded(elsewhere.address) as (between, heard):
        elsewhere.worker(address=between)
        until(lambda: crew.joined == 1)
        recorded = bytes(heard)
    assert len(recorded) > 1000

    with gathered(remote, SECRET) as crew:
        host, _, port = elsewhere.address.partition(":")
        with socket.create_connection((host, int(port))) as replay:
            replay.sendall(recorded)
            until(lambda: bool(crew.refused))

        assert (crew.joined, set(crew.refused)) == (0, {"somebody without the secret"})


@contextlib.contextmanager
def _recorded(address: str) -> Iterator[tuple[str, bytearray]]:
    """Give an address in the middle, and all that a worker says through it."""
    host, _, port = address.partition(":")
    heard = bytearray()
    open_ones: list[socket.socket] = []

    def passed_on(one: socket.socket, other: socket.socket, note: bytearray | None) -> None:
        with contextlib.suppress(OSError):
            while content := one.recv(65536):
                if note is not None:
                    note += content
                other.sendall(content)

    with socket.create_server(("127.0.0.1", 0)) as server:

        def carry() -> None:
            with contextlib.suppress(OSError):
                near, _ = server.accept()
                with near, socket.create_connection((host, int(port))) as far:
                    open_ones.extend((near, far))
                    back = threading.Thread(target=passed_on, args=(far, near, None))
                    back.start()
                    passed_on(near, far, heard)
                    far.shutdown(socket.SHUT_RDWR)
                    back.join()

        thread = threading.Thread(target=carry)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}", heard
        finally:
            for one in (server, *open_ones):
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=10)


def test_an_address_that_cannot_be_listened_on_is_bad_input(tmp_path: Path, elsewhere: Elsewhere) -> None:
    host, _, port = elsewhere.address.partition(":")
    began = time.monotonic()

    with (
        socket.create_server((host, int(port))),
        pytest.raises(InputError, match=f"{elsewhere.address} cannot be listened on: Address already in use"),
    ):
        loaded(Services(), tmp_path, elsewhere.load(1))

    assert time.monotonic() - began < 10
