"""The process that says which round begins when, and writes down what comes back."""

import hmac
import json
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gevent
from locust.env import Environment
from locust.runners import MasterRunner, Runner

from ci_steps.steps.load_test.arrivals import Round
from ci_steps.steps.load_test.sending.order import Order
from ci_steps.steps.load_test.sending.steady import is_steady
from ci_steps.steps.load_test.sending.tallies import machine_times, summed


class Conductor:
    """Says which round begins when, writes down what comes back, and ends the run."""

    def __init__(self, runner: Runner, order: Order, rounds: Sequence[Round], folder: Path) -> None:
        self._runner, self._order, self._rounds, self._folder = runner, order, rounds, folder
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
        self._seen: dict[str, Any] = {"workers": order.workers, "lost": 0, "warm_ups": [], "rounds": []}
        for name, listener in (("here", self._here), ("sent", self._sent), ("recorded", self._recorded)):
            runner.register_message(name, listener)

    def conduct(self) -> None:
        """Go through the whole plan. What was recorded is on the disk after each round."""
        try:
            while len(self._workers) < self._order.workers:
                gevent.sleep(0.01)
            self._shares = {worker: number for number, worker in enumerate(sorted(self._workers))}
            self._write()
            for side in range(len(self._order.targets)):
                if self._order.window_s:
                    self._warm_up(side)
            with (self._folder / "latencies.jsonl").open("w", encoding="utf-8") as file:
                for number, planned in enumerate(self._rounds):
                    self._one(file, number, planned)
            _tell("answered")
        finally:
            gevent.spawn(self._runner.quit)

    def _one(self, file: Any, number: int, planned: Round) -> None:
        turns = " in turns with the live release" if planned.in_turns else ""
        self._said = f"{self._order.stages[planned.stage]}{turns}"
        self._left = sum(later.moments[-1] for later in self._rounds[number:])
        at = self._sent_to(planned.side, number, len(planned.moments))
        keys = ("planned_s", "lag_ms", "latency_ms", "failure", "again")
        for row in self._rows:
            file.write(json.dumps({"round": number, **dict(zip(keys, row, strict=True))}) + "\n")
        file.flush()
        self._sent_before += len(planned.moments)
        cpu = [round(cpu, 4) for cpu in self._cpu]
        self._seen["rounds"].append({"began": round(at, 6), "cpu": cpu, "idle": self._idle})
        self._write()

    def _warm_up(self, side: int) -> None:
        window, rate = self._order.window_s, self._order.warm_up_rate
        seen: dict[str, Any] = {"window_s": window, "medians_ms": [], "requests": 0, "failed": 0}
        self._seen["warm_ups"].append(seen)
        self._side = side
        medians = seen["medians_ms"]
        while not medians or len(medians) * window < self._order.warm_up_most_s - 1e-6:
            self._warm_s = len(medians) * window
            self._sent_to(side, None, max(1, round(window * rate)))
            medians.append(statistics.median([row[2] for row in self._rows] or [0.0]))
            seen["requests"] += len(self._rows)
            failed = sum(bool(row[3]) for row in self._rows)
            seen["failed"] += failed
            seen |= {"last_requests": len(self._rows), "last_failed": failed}
            self._write()
            if len(medians) * window > self._order.warm_up_least_s - 1e-6 and is_steady(medians):
                break
        self._warm_s = None

    def _sent_to(self, side: int, number: int | None, requests: int) -> float:
        """Have a round sent, wait until every worker has told what came of it, and return when it began."""
        self._waited_for, self._rows, self._cpu, self._counts = set(self._workers), [], [], {}
        before = machine_times()
        lead = float(self._order.lead_s)
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
        if self._is_ours(msg) and not self._shares:
            self._workers.add(msg.node_id)
            self._each[msg.node_id] = {"name": msg.data["name"], "requests": 0, "cpu": 0.0, "lags": []}

    def _sent(self, environment: Environment, msg: Any, **_: Any) -> None:
        del environment
        if msg.node_id not in self._workers or msg.data["at"] != self._at:  # of a round that is over
            return
        since = max(0.0, time.time() - self._at)
        if self._warm_s is not None:
            most = self._order.warm_up_most_s
            _tell(f"warming {min(most, self._warm_s + since):.0f} {most:.0f} {self._side}")
            return
        self._counts[msg.node_id] = msg.data["count"]
        done = self._sent_before + sum(self._counts.values())
        _tell(f"sent {done} {self._order.planned} {max(0.0, self._left - since):.0f} {self._said}")

    def _recorded(self, environment: Environment, msg: Any, **_: Any) -> None:
        del environment
        if not self._is_ours(msg) or msg.node_id not in self._waited_for or msg.data["at"] != self._at:
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
        half = self._folder / ".generator.json"
        half.write_text(json.dumps(self._seen), encoding="utf-8")
        half.replace(self._folder / "generator.json")

    def _is_ours(self, msg: Any) -> bool:
        """Whether it comes from somebody who was given the order: the port alone would let anyone record."""
        token = msg.data.get("token") if isinstance(msg.data, dict) else None
        return isinstance(token, str) and hmac.compare_digest(token.encode(), self._order.token.encode())


def _tell(told: str) -> None:
    print(told, file=sys.stderr, flush=True)  # noqa: T201 - the step reads it
