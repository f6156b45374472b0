"""Requests at planned moments, for Locust: started as a child process, because importing Locust patches it.

An open loop: a request that is slow does not hold back the next, and latency counts from the planned moment,
so that a service which stands still is seen to stand still (Tene, "How NOT to Measure Latency", 2015).
"""

import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import gevent
from locust import FastHttpUser, task
from locust.runners import Runner

_ORDER: dict[str, Any] = json.loads(Path(os.environ["CI_STEPS_LOAD_ORDER"]).read_text(encoding="utf-8"))
_RATE: float = _ORDER["rate"]
_PLANNED: int = _ORDER["planned"]
_WARM_UP: int = _ORDER["warm_up"]
_LONGEST_STALL_SECONDS = 30


with suppress(OSError):
    # Where it may (as root), the generator goes first: it is the clock that the service is measured by.
    os.setpriority(os.PRIO_PROCESS, 0, -10)


class Planned(FastHttpUser):
    """One user, whose scheduler starts a greenlet for each planned moment."""

    # Its default of 10 would make a closed loop of it: the pool must hold what a stall lets pile up.
    concurrency = max(10, int(_RATE * _LONGEST_STALL_SECONDS))
    connection_timeout = 5.0
    network_timeout = float(_LONGEST_STALL_SECONDS)

    @task
    def everything(self) -> None:
        """Send the whole plan, keep every latency, and end the run."""
        self._send_all(_WARM_UP, [])
        self.environment.stats.reset_all()
        rows: list[dict[str, Any]] = []
        self._send_all(_PLANNED, rows)
        with Path(_ORDER["out"]).open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
        runner: Runner = self.environment.runner
        gevent.spawn(runner.quit)
        gevent.sleep(_LONGEST_STALL_SECONDS)

    def _send_all(self, count: int, rows: list[dict[str, Any]]) -> None:
        began = time.perf_counter()
        flying = []
        for number in range(count):
            planned = began + number / _RATE
            gevent.sleep(max(0.0, planned - time.perf_counter()))
            flying.append(gevent.spawn(self._send, number, planned, began, rows))
            if number % max(1, int(_RATE)) == 0:
                print(f"sent {number} {count}", file=sys.stderr, flush=True)  # noqa: T201
        gevent.joinall(flying)

    def _send(self, number: int, planned: float, began: float, rows: list[dict[str, Any]]) -> None:
        lag = time.perf_counter() - planned
        body = _ORDER["bodies"][number % len(_ORDER["bodies"])]
        again, failure = 0, ""
        while True:
            with self.client.post(
                "/predict", data=body, headers={"Content-Type": "application/json"}, catch_response=True
            ) as answer:
                latency = time.perf_counter() - planned
                # What Locust reports is counted from the plan as well.
                answer.request_meta["response_time"] = latency * 1000
                failure = "" if answer.status_code == 200 else _failure(answer)
                if failure == "HTTPConnectionClosed" and not again:
                    # The server may close an idle connection at the moment we use it; any client asks
                    # again on a fresh one (RFC 9112, 9.3.1). The time it took counts.
                    again = 1
                    answer.request_meta["name"] = "/predict (closed while idle)"
                    answer.success()
                    continue
                if failure:
                    answer.failure(failure)
                else:
                    answer.success()
                break
        rows.append(
            {
                "planned_s": round(planned - began, 6),
                "lag_ms": round(lag * 1000, 3),
                "latency_ms": round(latency * 1000, 3),
                "failure": failure,
                "again": again,
            }
        )


def _failure(answer: Any) -> str:
    error = getattr(answer, "error", None)
    return (
        type(error).__name__
        if error is not None and not answer.status_code
        else f"status {answer.status_code}"
    )
