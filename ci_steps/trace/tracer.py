"""From what runs back to everything that it stands on."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta

from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.guess import among
from ci_steps.model.ledger import Ending, History, LedgerEntry
from ci_steps.model.refs import ModelRef
from ci_steps.model.release import Release
from ci_steps.model.verdict import Verdict, Waived
from ci_steps.model.wire import Wire, canonical
from ci_steps.ports import Inspected, Inspector, Ledger, ModelStore

_NUMBERS = {
    *(f"check-metrics.{kind}" for kind in ("floor", "ceiling", "versus")),
    *(f"load-test.{kind}" for kind in ("p50", "p95", "p99", "errors")),
}
"""The findings that a person who asks for a trace wants to see; all of them stand in the JSON form."""


class Traced(Wire, frozen=True, kw_only=True):
    """One release and everything behind it."""

    what: Annotated[str, Meta(description="what was asked for")]
    service: Annotated[str, Meta(description="the service")]
    environment: Annotated[str, Meta(description="the environment")]
    live: Annotated[bool, Meta(description="whether the ledger says that it serves now")]
    container: Annotated[str, Meta(description="name of the container, where one was asked for")] = ""
    release: Annotated[Release, Meta(description="release, model SHA and image")]
    ingredients: Annotated[
        dict[str, Any], Meta(description="code, data, config and environment of the model")
    ]
    gates: Annotated[dict[str, Verdict], Meta(description="verdict of each document it stood on")]
    values: Annotated[dict[str, str], Meta(description="what the gates saw")]
    waived: Annotated[tuple[Waived, ...], Meta(description="what did not stop it, and who answers")] = ()
    by: Annotated[str, Meta(description="who released it")]
    at: Annotated[str, Meta(description="when it went live, RFC 3339, UTC")]
    run: Annotated[str, Meta(description="id of the run")]

    def lines(self) -> Iterator[str]:
        """Give it as lines for a person, the answer first."""
        release = self.release
        yield f"{self.container or self.what} is {release.model}@{release.sha.hex}"
        live = "live" if self.live else "not live"
        yield f"  release      {release.id} of {self.service}, {live} by the ledger"
        yield f"  image        {release.reference}"
        yield f"  by           {self.by} at {self.at}, run {self.run}"
        code = self.ingredients["code"]
        dirty = " (dirty)" if code["dirty"] else ""
        yield f"  code         {code['commit']} {code['repository']}{dirty}".rstrip()
        for source in self.ingredients["data"]:
            yield f"  data         {(source.get('sha256') or source['mark'])[:12]} {source['uri']}"
        config = self.ingredients["config"]["values"]
        told = (f"{key}={canonical(value).decode()}" for key, value in sorted(config.items()))
        yield f"  config       {', '.join(told)}"
        environment = self.ingredients["environment"]
        yield f"  environment  Python {environment['python']}, lock {environment['lock_sha256'][:12]}"
        for module in self.ingredients.get("modules", ()):
            yield f"  module       {module['name']}@{module['sha'].removeprefix('sha256:')}"
        if origin := self.ingredients.get("origin"):
            yield f"  origin       {origin['address']}"
            for fact, said in origin["facts"].items():
                yield f"    {fact}: {said}"
        for name, verdict in self.gates.items():
            yield f"  {verdict.value:<12} {name}"
            for check, seen in self.values.items():
                if check.partition(" ")[0] in _NUMBERS and check.startswith(f"{name}."):
                    yield f"    {check.removeprefix(f'{name}.')}: {seen}"
            for waiver in dict.fromkeys(waived.waiver for waived in self.waived):
                if waiver.check.startswith(f"{name}."):
                    yield f"    {waiver.what} waived by {waiver.by} until {waiver.until}: {waiver.reason}"


@dataclass(frozen=True, slots=True)
class Tracer:
    """Joins what a platform says of itself with the ledger and the model's manifest."""

    service: str
    environments: tuple[str, ...]
    inspector: Inspector
    ledger: Callable[[str], Ledger]
    store: ModelStore

    def traced(self, what: str) -> tuple[Traced, ...]:
        """Return what stands behind a service, a container or an image; unknown is an input error."""
        histories = {name: self.ledger(name).history() for name in self.environments}
        service, _, environment = what.partition("/")
        if service == self.service and environment in {"", *self.environments}:
            asked = {environment: histories[environment]} if environment else histories
            found = tuple(
                self._joined(what, history.live_entry.release.id, asked)
                for history in asked.values()
                if history.live_entry and history.live_entry.release
            )
            if not found:
                raise _nothing_live(what, asked)
            return found
        if service == self.service:
            raise InputError(
                f"{environment!r} is not an environment of {service}",
                hint=among(environment, self.environments),
            )
        inspected = self._inspected(what)
        # Release ids are counted in each service and environment: production-3 is another one elsewhere.
        owner = inspected.labels.get("ci_steps.service", self.service)
        if owner != self.service:
            raise InputError(
                f"{what} belongs to the service {owner!r}, not to {self.service!r}",
                hint=f"name the release.yaml of {owner} with --config",
            )
        into = inspected.labels.get("ci_steps.environment")
        histories = {name: each for name, each in histories.items() if into in {None, name}}
        release = inspected.labels.get("ci_steps.release") or self._released(inspected.image, histories)
        if not release:
            raise InputError(
                f"{what} was not released by {self.service} into {into or ', '.join(self.environments)}",
                hint="`history` lists what was",
            )
        return (self._joined(what, release, histories, inspected.container),)

    def _inspected(self, what: str) -> Inspected:
        """Return what the engine knows; the ledger knows a digest also where no engine holds the image."""
        inspected = self.inspector.inspect(what)
        if inspected is not None:
            return inspected
        try:
            return Inspected(Digest.parse(what.rpartition("@")[2]))
        except InputError as error:
            raise InputError(
                f"{what!r} is not a container or an image of this engine, nor the service {self.service!r}",
                hint="see `docker ps`; name an image of a registry by its digest, or name the service",
            ) from error

    def _released(self, image: Digest | None, histories: Mapping[str, History]) -> str:
        """Return the newest release of an image."""
        for history in histories.values():
            for entry in reversed(history.entries):
                if image and entry.release and entry.release.image == image and entry.kind == "outcome":
                    return entry.release.id
        return ""

    def _joined(
        self, what: str, release: str, histories: Mapping[str, History], container: str = ""
    ) -> Traced:
        for name, history in histories.items():
            for entry in reversed(history.entries):
                if entry.kind == "outcome" and entry.release and entry.release.id == release:
                    first = _rollout_of(history, entry)
                    return self._one(what, name, history, first, container)
        raise InputError(
            f"{what} runs release {release!r}, which the ledger of {self.service} does not know",
            hint="is this the right release.yaml?",
        )

    def _one(
        self, what: str, environment: str, history: History, entry: LedgerEntry, container: str
    ) -> Traced:
        release = entry.release
        assert release is not None
        manifest = self.store.manifest(ModelRef.exact(release.model, release.sha))
        return Traced(
            what=what,
            service=self.service,
            environment=environment,
            live=history.live is not None and history.live.id == release.id,
            container=container,
            release=release,
            ingredients=manifest.ingredients,
            gates=entry.gates,
            values=entry.values,
            waived=entry.waived,
            by=entry.by,
            at=entry.at,
            run=entry.run,
        )


def first_release(history: History, environment: str) -> str:
    """Return what to do where nothing is live: release, after whatever kept an earlier try from it."""
    asked = f"release one with `python -m ci_steps release --environment {environment}`"
    tried = history.entries[-1] if history.entries else None
    if tried and tried.ending is None:
        return f"run {tried.run} is at work or was cut off; where it was, {asked}, which settles it first"
    return f"mend what kept it back, then {asked}" if tried and tried.ending is not Ending.LIVE else asked


def _nothing_live(what: str, asked: Mapping[str, History]) -> InputError:
    """Return the error that says how the last try ended, in an environment where one was made."""
    environment = max(asked, key=lambda name: bool(asked[name].entries))
    history = asked[environment]
    said = f"nothing is live for {what}, by the ledger"
    tried = history.entries[-1] if history.entries else None
    if tried and tried.ending not in (None, Ending.LIVE):
        why = f": {tried.reason}" if tried.reason else ""
        said += f"; the last {tried.action} to {environment} ended {tried.ending.value}{why}"
    return InputError(said, hint=first_release(history, environment))


def _rollout_of(history: History, entry: LedgerEntry) -> LedgerEntry:
    """Return the entry that first rolled this release out: a rollback's knows nothing of the gates."""
    return next(
        (
            e
            for e in history.entries
            if e.kind == "outcome" and e.action == "rollout" and e.release == entry.release and e.gates
        ),
        entry,
    )
