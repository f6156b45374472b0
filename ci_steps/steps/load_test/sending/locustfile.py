"""Requests at planned moments, for Locust: started as a child process, because importing Locust patches it.

An open loop: a request that is slow does not hold back the next, and latency counts from the planned moment,
so that a service which stands still is seen to stand still (Tene, "How NOT to Measure Latency", 2015).

One process conducts and the workers send, each its share of a round against a common start; where there is
one worker, it is the same process. The conductor waits for all answers of a round before it begins the next.
"""

import os
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

from ci_steps.steps.load_test.sending.conductor import Conductor
from ci_steps.steps.load_test.sending.order import read

_PATH = Path(os.environ["CI_STEPS_LOAD_ORDER"])
_ORDER, _ROUNDS = read(_PATH)
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
    concurrency = max(10, int(_ORDER.greatest_rate * _LONGEST_STALL_SECONDS / _ORDER.workers) + 1)
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
        runner.send_message("here", {"token": _ORDER.token, "name": os.environ.get("CI_STEPS_LOAD_NAME", "")})
        fresh = False
        for go in _GOES:
            if not fresh and go["round"] is not None:
                self.environment.stats.reset_all()  # Locust's own report is without the warm-up
                fresh = True
            self._send_all(runner, go)

    def _send_all(self, runner: Runner, go: dict[str, Any]) -> None:
        share, moments = range(_number_of(runner, go), go["requests"], _ORDER.workers), _moments(go)
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
            told = {"token": _ORDER.token, "at": go["at"], "rows": some, "cpu": cpu, "last": last}
            runner.send_message("recorded", told)

    def _send(self, side: int, number: int, planned: float, began: float, rows: list[list[Any]]) -> None:
        lag = time.perf_counter() - planned
        url, body = f"{_ORDER.targets[side]}/predict", _ORDER.bodies[number % len(_ORDER.bodies)]
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


def ready(environment: Environment, **_: Any) -> None:
    """Have this process conduct, send, or, where it is alone, both."""
    runner = environment.runner
    assert runner
    if not isinstance(runner, MasterRunner):
        runner.register_message("go", _to_send)
    if not isinstance(runner, WorkerRunner):
        gevent.spawn(Conductor(runner, _ORDER, _ROUNDS, _PATH.parent).conduct)


events.init.add_listener(ready)  # type: ignore[no-untyped-call]  # as they give it


def _to_send(environment: Environment, msg: Any, **_: Any) -> None:
    del environment
    _GOES.put(msg.data)


def _number_of(runner: Runner, go: dict[str, Any]) -> int:
    """Return which share of a round is this process's."""
    return int(go["shares"][runner.client_id]) if isinstance(runner, WorkerRunner) else 0


def _moments(go: dict[str, Any]) -> Any:
    """Return the function from a request's number to its planned moment."""
    if go["round"] is None:
        return lambda number: number / _ORDER.warm_up_rate
    return _ROUNDS[go["round"]].moments.__getitem__


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
