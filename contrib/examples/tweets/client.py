"""Ask a service for the sentiment of tweets at a planned rate until told to stop, and count the answers.

`python client.py http://127.0.0.1:8081 --rate 50` ends with SIGINT or SIGTERM and prints one JSON object.
It is an open loop: each request has its planned moment, and one that is slow does not hold back the next.
"""

import argparse
import json
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from folder import HERE
from tweets import SOURCE, read_tweets

LIMIT = 60_000


class Client:
    """Sends, and keeps what came back."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._bodies = [json.dumps({"text": tweet.text}).encode() for tweet in read_tweets(HERE / SOURCE)]
        self._lock = threading.Lock()
        self._latencies: list[float] = []
        self._failures: Counter[str] = Counter()
        self._releases: Counter[str] = Counter()

    def send(self, number: int, planned: float) -> None:
        """Ask once; the latency counts from the planned moment."""
        failure, release = "", ""
        request = urllib.request.Request(
            f"{self._address}/predict",
            self._bodies[number % len(self._bodies)],
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                json.load(answer)
                release = answer.headers.get("X-Release") or "?"
        except urllib.error.HTTPError as error:
            failure = f"status {error.code}"
        except (OSError, ValueError) as error:
            failure = type(getattr(error, "reason", error)).__name__
        latency = time.monotonic() - planned
        with self._lock:
            self._latencies.append(latency)
            if failure:
                self._failures[failure] += 1
            else:
                self._releases[release] += 1

    def counts(self) -> dict[str, object]:
        """Return what came back so far."""
        with self._lock:
            latencies = sorted(self._latencies)
            return {
                "requests": len(latencies),
                "failed": sum(self._failures.values()),
                "failures": dict(self._failures),
                "answered_by": dict(self._releases),
                "p99_ms": round(latencies[int(len(latencies) * 0.99)] * 1000, 1) if latencies else None,
            }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", help="URL of the service")
    parser.add_argument("--rate", type=float, default=50, help="planned requests a second")
    parser.add_argument("--least", type=int, default=0, help="requests to send before it may end")
    options = parser.parse_args()
    ended = threading.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: ended.set())
    client = Client(options.address)
    print(f"asking {options.address} {options.rate:g} times a second", file=sys.stderr, flush=True)
    began = time.monotonic()
    with ThreadPoolExecutor(64) as pool:
        for number in range(LIMIT):
            planned = began + number / options.rate
            wait = max(0.0, planned - time.monotonic())
            if number < options.least:
                time.sleep(wait)
            elif ended.wait(wait):
                break
            pool.submit(client.send, number, planned)
    print(json.dumps(client.counts()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
