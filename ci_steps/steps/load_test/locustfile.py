"""Requests at planned moments, for Locust: started as a child process, because importing Locust patches it.

An open loop: a request that is slow does not hold back the next, and latency counts from the planned moment,
so that a service which stands still is seen to stand still (Tene, "How NOT to Measure Latency", 2015).

One process conducts and the workers send, each its share of a round against a common start; where there is
one worker, it is the same process. The conductor waits for all answers of a round before it begins the next.
"""

import hmac
import json
import os
import statistics
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import gevent
import msgspec
from gevent.pool import Group
from gevent.queue import Queue
from locust import FastHttpUser, events, task
from locust.contrib.fasthttp import LocustUserAgent
from locust.env import Environment
from locust.runners import MasterRunner, Runner, WorkerRunner

from ci_steps.steps.load_test.steady import is_steady
from ci_steps.steps.load_test.tallies import machine_times, summed

_ORDER: dict[str, Any] = json.loads(Path(os.environ["CI_STEPS_LOAD_ORDER"]).read_text(encoding="utf-8"))
_FOLDER = Path(os.environ["CI_STEPS_LOAD_ORDER"]).parent
_ROUNDS: list[dict[str, Any]] = json.loads((_FOLDER / "arrivals.json").read_text(encoding="utf-8"))
_WORKERS: int = _ORDER["workers"]
_BODIES: list[str] = _ORDER["bodies"]
_LONGEST_STALL_SECONDS = 30
_CLOCK = float(os.environ.get("CI_STEPS_LOAD_CLOCK", "0"))
"""How much further this machine's monotonic clock is than the conductor's, seconds."""
_TOLD_AT_ONCE = 5000
_ANY_JSON = msgspec.json.Decoder(msgspec.Raw)
_NAMES = ("/predict", "/predict (live release)")

_GOES: "Queue[dict[str, Any]]" = Queue()
"""What the conductor told this worker to send."""

# Another address is no answer. Asked of one request, Locust would set it for all that fly at the same time.
LocustUserAgent.redirect_response_codes = frozenset()

with suppress(OSError):
    # Where it may (as root), the generator goes first: it is the clock that the service is measured by.
    os.setpriority(os.PRIO_PROCESS, 0, -10)


class Planned(FastHttpUser):
    """The only user of a worker: it starts a greenlet for each planned moment of its share."""

    # Its default of 10 would make a closed loop of it: the pool must hold what a stall lets pile up.
    concurrency = max(10, int(_ORDER["greatest_rate"] * _LONGEST_STALL_SECONDS / _WORKERS) + 1)
    connection_timeout = 5.0
    network_timeout = float(_LONGEST_STALL_SECONDS)
    taken = False

    @task
    def everything(self) -> None:
        """Send round after round, as told, until the runner quits."""
        if Planned.taken:  # Locust gives a lost worker's user to another; its share stays unsent
            gevent.sleep(1e6)
        Planned.taken = True
        runner: Runner = self.environment.runner
        runner.send_message(
            "here", {"token": _ORDER["token"], "name": os.environ.get("CI_STEPS_LOAD_NAME", "")}
        )
        fresh = False
        for go in _GOES:
            if not fresh and go["round"] is not None:
                self.environment.stats.reset_all()  # Locust's own report is without the warm-up
                fresh = True
            self._send_all(runner, go)

    def _send_all(self, runner: Runner, go: dict[str, Any]) -> None:
        share, moments = range(_number_of(runner, go), go["requests"], _WORKERS), _moments(go)
        rows: list[list[Any]] = []
        # By the clocks that nobody sets: what a machine takes for the time of day may jump.
        began = time.perf_counter() + go["ticks"] + _CLOCK - time.monotonic()
        worked, told_at = time.process_time(), 0.0
        flying = Group()
        for sent, number in enumerate(share):
            planned = began + moments(number)
            gevent.sleep(max(0.0, planned - time.perf_counter()))
            flying.spawn(self._send, go["side"], number, planned, began, rows)
            if planned - told_at >= 1:
                told_at = planned
                runner.send_message("sent", {"at": go["at"], "count": sent})
        if go["round"] == len(_ROUNDS) - 1:
            runner.send_message("sent", {"at": go["at"], "count": len(share)})
        flying.join()
        cpu = (time.process_time() - worked) / max(1e-6, time.perf_counter() - began)
        for start in range(0, len(rows) or 1, _TOLD_AT_ONCE):
            last = start + _TOLD_AT_ONCE >= len(rows)
            some = rows[start : start + _TOLD_AT_ONCE]
            told = {"token": _ORDER["token"], "at": go["at"], "rows": some, "cpu": cpu, "last": last}
            runner.send_message("recorded", told)

    def _send(self, side: int, number: int, planned: float, began: float, rows: list[list[Any]]) -> None:
        lag = time.perf_counter() - planned
        url, body = f"{_ORDER['targets'][side]}/predict", _BODIES[number % len(_BODIES)]
        again, failure, latency = 0, "", 0.0
        while True:
            with self.client.post(
                url,
                data=body,
                headers={"Content-Type": "application/json"},
                name=_NAMES[side],
                catch_response=True,
            ) as answer:
                latency = time.perf_counter() - planned
                # What Locust reports is counted from the plan as well.
                answer.request_meta["response_time"] = latency * 1000
                failure = _failure(answer)
                if failure == "HTTPConnectionClosed" and not again:
                    # The server may close an idle connection at the moment we use it; any client asks
                    # again on a fresh one (RFC 9112, 9.3.1). The time it took counts.
                    again = 1
                    answer.request_meta["name"] = f"{_NAMES[side]} (closed while idle)"
                    answer.success()
                    continue
                if failure:
                    answer.failure(failure)
                else:
                    answer.success()
                break
        rows.append(
            [round(planned - began, 6), round(lag * 1000, 3), round(latency * 1000, 3), failure, again]
        )


class Conductor:
    """Says which round begins when, writes down what comes back, and ends the run."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._workers: set[str] = set()
        self._shares: dict[str, int] = {}
        self._each: dict[str, dict[str, Any]] = {}
        self._waited_for: set[str] = set()
        self._rows: list[list[Any]] = []
        self._cpu: list[float] = []
        self._counts: dict[str, int] = {}
        self._sent_before = 0
        self._said, self._left, self._at = "", 0.0, 0.0
        self._warm_s: float | None = None
        """How long the service has been warming up, up to this window; None: it is warm."""
        self._side = 0
        self._idle: float | None = None
        self._seen: dict[str, Any] = {"workers": _WORKERS, "lost": 0, "warm_ups": [], "rounds": []}
        for name, listener in (("here", self._here), ("sent", self._sent), ("recorded", self._recorded)):
            runner.register_message(name, listener)

    def conduct(self) -> None:
        """Go through the whole plan. What was recorded is on the disk after each round."""
        try:
            while len(self._workers) < _WORKERS:
                gevent.sleep(0.01)
            self._shares = {worker: number for number, worker in enumerate(sorted(self._workers))}
            self._write()
            for side in range(len(_ORDER["targets"])):
                if _ORDER["window_s"]:
                    self._warm_up(side)
            with (_FOLDER / "latencies.jsonl").open("w", encoding="utf-8") as file:
                for number, planned in enumerate(_ROUNDS):
                    self._one(file, number, planned)
            _tell("answered")
        finally:
            gevent.spawn(self._runner.quit)

    def _one(self, file: Any, number: int, planned: dict[str, Any]) -> None:
        turns = " in turns with the live release" if planned["in_turns"] else ""
        self._said = f"{_ORDER['stages'][planned['stage']]}{turns}"
        self._left = sum(later["moments"][-1] for later in _ROUNDS[number:])
        at = self._sent_to(planned["side"], number, len(planned["moments"]))
        keys = ("planned_s", "lag_ms", "latency_ms", "failure", "again")
        for row in self._rows:
            file.write(json.dumps({"round": number, **dict(zip(keys, row, strict=True))}) + "\n")
        file.flush()
        self._sent_before += len(planned["moments"])
        cpu = [round(cpu, 4) for cpu in self._cpu]
        self._seen["rounds"].append({"began": round(at, 6), "cpu": cpu, "idle": self._idle})
        self._write()

    def _warm_up(self, side: int) -> None:
        window, rate = _ORDER["window_s"], _ORDER["warm_up_rate"]
        seen: dict[str, Any] = {"window_s": window, "medians_ms": [], "requests": 0, "failed": 0}
        self._seen["warm_ups"].append(seen)
        self._side = side
        medians = seen["medians_ms"]
        while not medians or len(medians) * window < _ORDER["warm_up_most_s"] - 1e-6:
            self._warm_s = len(medians) * window
            self._sent_to(side, None, max(1, round(window * rate)))
            medians.append(statistics.median([row[2] for row in self._rows] or [0.0]))
            seen["requests"] += len(self._rows)
            failed = sum(bool(row[3]) for row in self._rows)
            seen["failed"] += failed
            seen |= {"last_requests": len(self._rows), "last_failed": failed}
            self._write()
            if len(medians) * window > _ORDER["warm_up_least_s"] - 1e-6 and is_steady(medians):
                break
        self._warm_s = None

    def _sent_to(self, side: int, number: int | None, requests: int) -> float:
        """Have a round sent, wait until every worker has told what came of it, and return when it began."""
        self._waited_for, self._rows, self._cpu, self._counts = set(self._workers), [], [], {}
        before = machine_times()
        lead = float(_ORDER["lead_s"])
        self._at = at = time.time() + lead
        go = {"round": number, "side": side, "requests": requests, "at": at, "ticks": time.monotonic() + lead}
        self._runner.send_message("go", {**go, "shares": self._shares})
        while self._waited_for:
            gevent.sleep(0.01)
            if isinstance(self._runner, MasterRunner):
                clients = self._runner.clients  # without those that said goodbye
                lost = self._waited_for - (set(clients) - {client.id for client in clients.missing})
                self._waited_for -= lost
                self._workers -= lost
                self._seen["lost"] += len(lost)
                for worker in lost:
                    self._each[worker]["gone"] = True
        idle, whole = (after - then for after, then in zip(machine_times(), before, strict=True))
        self._idle = round(idle / whole, 4) if whole else None
        return at

    def _here(self, environment: Environment, msg: Any, **_: Any) -> None:
        del environment
        if _is_ours(msg) and not self._shares:
            self._workers.add(msg.node_id)
            self._each[msg.node_id] = {"name": msg.data["name"], "requests": 0, "cpu": 0.0, "lags": []}

    def _sent(self, environment: Environment, msg: Any, **_: Any) -> None:
        del environment
        if msg.node_id not in self._workers or msg.data["at"] != self._at:  # of a round that is over
            return
        since = max(0.0, time.time() - self._at)
        if self._warm_s is not None:
            most = _ORDER["warm_up_most_s"]
            _tell(f"warming {min(most, self._warm_s + since):.0f} {most:.0f} {self._side}")
            return
        self._counts[msg.node_id] = msg.data["count"]
        done = self._sent_before + sum(self._counts.values())
        _tell(f"sent {done} {_ORDER['planned']} {max(0.0, self._left - since):.0f} {self._said}")

    def _recorded(self, environment: Environment, msg: Any, **_: Any) -> None:
        del environment
        if not _is_ours(msg) or msg.node_id not in self._waited_for or msg.data["at"] != self._at:
            return
        self._rows += msg.data["rows"]
        each = self._each[msg.node_id]
        if self._warm_s is None:
            each["requests"] += len(msg.data["rows"])
            each["lags"] += [max(0.0, row[1]) for row in msg.data["rows"]]
            each["cpu"] = max(each["cpu"], msg.data["cpu"])
        if msg.data["last"]:
            self._cpu.append(msg.data["cpu"])
            self._waited_for.discard(msg.node_id)

    def _write(self) -> None:
        if any(each["name"] for each in self._each.values()):
            self._seen["each"] = [summed(each) for each in self._each.values()]
        half = _FOLDER / ".generator.json"
        half.write_text(json.dumps(self._seen), encoding="utf-8")
        half.replace(_FOLDER / "generator.json")


def ready(environment: Environment, **_: Any) -> None:
    """Have this process conduct, send, or, where it is alone, both."""
    runner = environment.runner
    assert runner
    if not isinstance(runner, MasterRunner):
        runner.register_message("go", _to_send)
    if not isinstance(runner, WorkerRunner):
        gevent.spawn(Conductor(runner).conduct)


events.init.add_listener(ready)  # type: ignore[no-untyped-call]  # as they give it


def _tell(told: str) -> None:
    print(told, file=sys.stderr, flush=True)  # noqa: T201 - the step reads it


def _to_send(environment: Environment, msg: Any, **_: Any) -> None:
    del environment
    _GOES.put(msg.data)


def _number_of(runner: Runner, go: dict[str, Any]) -> int:
    """Return which share of a round is this process's."""
    return int(go["shares"][runner.client_id]) if isinstance(runner, WorkerRunner) else 0


def _is_ours(msg: Any) -> bool:
    """Whether it comes from somebody who was given the order: the port alone would let anyone record."""
    token = msg.data.get("token") if isinstance(msg.data, dict) else None
    return isinstance(token, str) and hmac.compare_digest(token.encode(), _ORDER["token"].encode())


def _moments(go: dict[str, Any]) -> Any:
    """Return the function from a request's number to its planned moment."""
    if go["round"] is None:
        return lambda number: number / _ORDER["warm_up_rate"]
    moments: list[float] = _ROUNDS[go["round"]]["moments"]
    return moments.__getitem__


def _is_json(content: bytes) -> bool:
    """Whether an answer came whole: a server that is overrun may say 200, and then not what was asked."""
    try:
        _ANY_JSON.decode(content or b"")
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _failure(answer: Any) -> str:
    if answer.status_code == 200:
        return "" if _is_json(answer.content) else "not JSON"
    error = getattr(answer, "error", None)
    return (
        type(error).__name__
        if error is not None and not answer.status_code
        else f"status {answer.status_code}"
    )
