"""Which models were claimed, triggered and ended, in any place for blobs."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, Self

from ci_steps.model.wire import canonical, decoded, digest_of
from ci_steps.ports import Blobs
from ci_steps.watch.entries import Ended, Entry, Known, told

_MODEL = re.compile(r"(?P<key>[0-9a-f]{64})/(?P<what>ended|\d{4})\.json")


@dataclass(frozen=True, slots=True)
class Journal:
    """What all watchers of one thing know together: `watches/<watch>/<model>/<number>.json` and `ended.json`.

    An entry is put only where none has its number, so of two watchers that go by the same entries one
    is first, and the other sees that. Nothing is changed and nothing deleted.
    """

    blobs: Blobs
    prefix: str

    @classmethod
    def of(cls, blobs: Blobs, what: str, place: str) -> Self:
        """Return the journal of watching ``what`` for the builds of ``place``."""
        words = re.sub(r"[^a-z0-9]+", "-", what.lower()).strip("-")[:40]
        return cls(blobs, f"watches/{words}-{digest_of((what, place)).short}")

    def begin(self, what: str, place: str) -> None:
        """Note in words what is watched, for people who look into the store."""
        said = canonical({"watches": what, "triggers": place})
        self.blobs.put_if_absent(f"{self.prefix}/watch.json", BytesIO(said))

    @property
    def begun(self) -> bool:
        """Whether anything was ever watched here."""
        return any(True for _ in self.blobs.keys(f"{self.prefix}/"))

    def known(self, key: str) -> Known:
        """Return what is noted of a model."""
        entries: list[Entry] = []
        while (entry := self._read(f"{key}/{len(entries) + 1:04}.json", Entry)) is not None:
            entries.append(entry)
        return told(tuple(entries))

    def add(self, key: str, count: int, entry: Entry) -> bool:
        """Add an entry behind the first ``count``; false where another watcher did meanwhile."""
        return self._put(f"{key}/{count + 1:04}.json", entry)

    def more(self, key: str, count: int) -> bool:
        """Whether a model has more than that many entries."""
        return self._read(f"{key}/{count + 1:04}.json", Entry) is not None

    def end(self, key: str, ended: Ended) -> bool:
        """Note how a model's build ended; false where that was noted before."""
        return self._put(f"{key}/ended.json", ended)

    def ended(self, key: str) -> Ended | None:
        """Return how a model's build ended; None: it did not."""
        ended: Ended | None = self._read(f"{key}/ended.json", Ended)
        return ended

    def retried(self, key: str) -> str:
        """Return the key of the try that is behind all that failed."""
        attempt, count = key, 0
        while (ended := self.ended(attempt)) and ended.failed:
            count += 1
            attempt = digest_of((key, count)).hex
        return attempt

    def open(self) -> tuple[str, ...]:
        """Return the models that were begun and are not ended; one listing, nothing is read."""
        begun: set[str] = set()
        ended: set[str] = set()
        for key in self.blobs.keys(f"{self.prefix}/"):
            if found := _MODEL.fullmatch(key.removeprefix(f"{self.prefix}/")):
                (ended if found["what"] == "ended" else begun).add(found["key"])
        return tuple(sorted(begun - ended))

    def _read(self, key: str, kind: Any) -> Any:
        try:
            with self.blobs.open(f"{self.prefix}/{key}") as stream:
                return decoded(stream.read(), kind, where=f"{self.prefix}/{key}")
        except KeyError:
            return None

    def _put(self, key: str, entry: Entry | Ended) -> bool:
        return self.blobs.put_if_absent(f"{self.prefix}/{key}", BytesIO(canonical(entry)))


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
