"""From what runs back to everything that it stands on."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import msgspec
import pytest

from ci_steps.adapters.kit_store import KitStore
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.ledger import Ending, LedgerEntry
from ci_steps.model.manifest import Manifest
from ci_steps.model.release import Release
from ci_steps.model.shelf import OnShelf
from ci_steps.model.verdict import Finding, Verdict, Waived, Waiver
from ci_steps.ports import Inspected
from ci_steps.selftest.specimen import manifest_of, model_files
from ci_steps.trace.difference import claims, compared
from ci_steps.trace.shelf import Claimed, shelved
from ci_steps.trace.tracer import Tracer
from tests.fakes.blobs import MemoryBlobs
from tests.fakes.inspector import MemoryInspector
from tests.fakes.ledger import MemoryLedger
from tests.fakes.progress import Told


@dataclass
class House:
    """A service that has released, and what is known of it."""

    folder: Path
    store: KitStore = field(default_factory=lambda: KitStore(MemoryBlobs(), "the store", Told()))
    ledgers: dict[str, MemoryLedger] = field(
        default_factory=lambda: {"staging": MemoryLedger(), "production": MemoryLedger()}
    )
    known: dict[str, Inspected] = field(default_factory=dict)

    @property
    def tracer(self) -> Tracer:
        inspector = MemoryInspector(self.known)
        return Tracer("tweets", tuple(self.ledgers), inspector, self.ledgers.__getitem__, self.store)

    def publish(self, **changes: bytes) -> Manifest:
        files = model_files(**changes)
        manifest = manifest_of(files)
        folder = self.folder / manifest.sha.short
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        self.store.publish(manifest, folder)
        return manifest

    def release(
        self,
        manifest: Manifest,
        into: str = "production",
        *,
        ending: Ending | None = Ending.LIVE,
        reason: str = "",
    ) -> Release:
        ledger = self.ledgers[into]
        history = ledger.history()
        number = len(history.entries) + 1
        release = Release(
            id=f"{into}-{number}",
            model=manifest.name,
            sha=manifest.sha,
            repository="127.0.0.1:5000/tweets",
            image=Digest.of(manifest.sha.hex.encode()),
            replicas=1,
        )
        entry = LedgerEntry(
            number=number,
            previous=history.head,
            kind="outcome" if ending else "intent",
            action="rollout",
            run="run-1",
            service="tweets",
            environment=into,
            release=release,
            before=history.live,
            planned_at=0,
            ending=ending,
            reason=reason,
            gates={"check-metrics": Verdict.PASSED},
            values={"check-metrics.floor accuracy": "0.81 (floor 0.75)"},
            by="m.jansen",
            at="2026-01-01T00:00:00+00:00",
        )
        assert ledger.append(entry)
        return release


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_service_is_traced_to_what_is_live_in_each_environment(house: House) -> None:
    one, two = house.publish(), house.publish(**{"golden.jsonl": b"{}\n"})
    house.release(one, "staging")
    house.release(two, "production")

    traced = house.tracer.traced("tweets")

    assert [(t.environment, t.release.sha) for t in traced] == [("staging", one.sha), ("production", two.sha)]
    [staging] = house.tracer.traced("tweets/staging")
    assert staging.release == traced[0].release


def test_a_container_is_traced_to_its_release_ingredients_gates_and_who(house: House) -> None:
    manifest = house.publish()
    release = house.release(manifest)
    labels = {"ci_steps.release": release.id}
    house.known["a-container"] = Inspected(release.image, labels, container="a-container")

    [traced] = house.tracer.traced("a-container")

    assert traced.live
    assert traced.release == release
    assert traced.ingredients == manifest.ingredients
    assert traced.gates == {"check-metrics": Verdict.PASSED}
    assert (traced.by, traced.run) == ("m.jansen", "run-1")
    text = "\n".join(traced.lines())
    for part in (
        manifest.sha.hex,
        manifest.code.commit,
        "seed=1",
        "Python 3.11",
        "m.jansen",
        "0.81 (floor 0.75)",
    ):
        assert part in text


def test_an_image_is_traced_to_its_newest_release(house: House) -> None:
    manifest = house.publish()
    house.release(manifest)
    newest = house.release(manifest)
    house.known[str(newest.image)] = Inspected(newest.image)

    [traced] = house.tracer.traced(str(newest.image))

    assert traced.release.id == newest.id


def test_a_release_that_was_followed_is_not_live(house: House) -> None:
    old = house.release(house.publish())
    house.release(house.publish(**{"golden.jsonl": b"{}\n"}))
    house.known["old"] = Inspected(old.image, {"ci_steps.release": old.id}, container="old")

    [traced] = house.tracer.traced("old")

    assert not traced.live


def test_what_nobody_knows_is_bad_input(house: House) -> None:
    with pytest.raises(InputError, match="is not a container or an image"):
        house.tracer.traced("no-such-thing")


@pytest.mark.parametrize(
    ("what", "environment"),
    [("tweets", "staging"), ("tweets/staging", "staging"), ("tweets/production", "production")],
)
def test_a_service_without_a_release_is_bad_input_that_says_how_to_release(
    house: House, what: str, environment: str
) -> None:
    with pytest.raises(InputError) as error:
        house.tracer.traced(what)

    assert str(error.value) == f"nothing is live for {what}, by the ledger"
    asked = f"release one with `python -m ci_steps release --environment {environment}`"
    assert error.value.hint == asked


def test_after_a_first_rollout_that_failed_trace_says_why_and_what_to_do(house: House) -> None:
    house.release(house.publish(), ending=Ending.ROLLED_BACK, reason="it did not get ready")

    with pytest.raises(InputError) as error:
        house.tracer.traced("tweets")

    last = "the last rollout to production ended rolled-back: it did not get ready"
    assert str(error.value) == f"nothing is live for tweets, by the ledger; {last}"
    release = "release one with `python -m ci_steps release --environment production`"
    assert error.value.hint == f"mend what kept it back, then {release}"


def test_a_first_rollout_that_has_no_ending_yet_is_told(house: House) -> None:
    house.release(house.publish(), ending=None)

    with pytest.raises(InputError) as error:
        house.tracer.traced("tweets/production")

    assert error.value.hint.startswith("run run-1 is at work or was cut off")


def test_a_container_of_somebody_else_is_bad_input(house: House) -> None:
    house.known["theirs"] = Inspected(None, {}, container="theirs")

    with pytest.raises(InputError, match="was not released by tweets"):
        house.tracer.traced("theirs")


def test_a_container_of_another_service_is_never_taken_for_a_release_of_the_same_number(house: House) -> None:
    release = house.release(house.publish())
    labels = {"ci_steps.release": release.id, "ci_steps.service": "mails"}
    house.known["theirs"] = Inspected(release.image, labels, container="theirs")

    with pytest.raises(InputError, match="belongs to the service 'mails', not to 'tweets'"):
        house.tracer.traced("theirs")


def test_a_container_is_traced_in_its_own_environment(house: House) -> None:
    release = house.release(house.publish(), "production")
    labels = {"ci_steps.release": release.id, "ci_steps.environment": "staging"}
    house.known["strange"] = Inspected(release.image, labels, container="strange")

    with pytest.raises(InputError, match="which the ledger of tweets does not know"):
        house.tracer.traced("strange")


def test_an_image_that_no_engine_holds_is_traced_by_its_digest(house: House) -> None:
    release = house.release(house.publish())

    [traced] = house.tracer.traced(release.reference)

    assert traced.release == release


def test_an_environment_that_the_service_does_not_have_is_bad_input(house: House) -> None:
    with pytest.raises(InputError, match="'stagin' is not an environment of tweets"):
        house.tracer.traced("tweets/stagin")


def test_a_waiver_is_told_below_the_gate_that_it_was_for(house: House) -> None:
    release = house.release(house.publish())
    finding = Finding(
        check="check-metrics.baseline",
        verdict=Verdict.INCONCLUSIVE,
        observed="nothing is live",
        rule="no worse",
    )
    waiver = Waiver(check=finding.check, reason="first release", by="m.jansen", until=date(2026, 12, 31))
    [traced] = house.tracer.traced(release.reference)

    twice = (Waived(finding=finding, waiver=waiver),) * 2
    lines = list(msgspec.structs.replace(traced, waived=twice).lines())

    below = lines[lines.index("  passed       check-metrics") + 1 :]
    told = "    check-metrics.baseline waived by m.jansen until 2026-12-31: first release"
    assert below.count(told) == 1, "who answers is said once, however many findings it covers"


def test_configuration_is_told_as_json_so_that_words_and_numbers_are_told_apart(house: House) -> None:
    release = house.release(house.publish())
    [traced] = house.tracer.traced(release.reference)
    values = {"C": 1, "weight": None, "text": "1", "rated": False}
    ingredients = {**traced.ingredients, "config": {"values": values}}

    lines = list(msgspec.structs.replace(traced, ingredients=ingredients).lines())

    assert '  config       C=1, rated=false, text="1", weight=null' in lines


def test_a_release_that_the_ledger_does_not_know_is_bad_input(house: House) -> None:
    house.known["lost"] = Inspected(None, {"ci_steps.release": "production-99"}, container="lost")

    with pytest.raises(InputError, match="which the ledger of tweets does not know"):
        house.tracer.traced("lost")


def test_two_models_differ_in_files_ingredients_and_metrics(house: House) -> None:
    old = house.publish()
    new = house.publish(**{"metrics.json": b'{"metrics": [{"metric": "accuracy", "value": 0.5}]}'})

    told = {(line.kind, line.what): (line.old, line.new) for line in compared(old, new, house.store)}

    assert told["metric", "accuracy"] == ("0.9", "0.5")
    assert ("file", "metrics.json") in told
    assert compared(old, old, house.store) == []


@pytest.mark.parametrize("content", [b"[]", b'{"metrics": [{"value": 1}]}', b'{"metrics": [{"metric": 1}]}'])
def test_claims_that_are_none_are_bad_input_and_not_a_crash(house: House, content: bytes) -> None:
    spoilt = house.publish(**{"metrics.json": content})

    with pytest.raises(InputError, match=r"metrics\.json of specimen@"):
        claims(spoilt, house.store)


def test_a_version_is_listed_with_its_size_first_claim_tags_and_where_it_is_live(house: House) -> None:
    manifest = house.publish()
    live = {"staging": house.release(manifest, "staging"), "production": None}

    tags = {"v1": manifest.sha, "v2": Digest("a" * 64)}

    [listed] = house.store.shelves.of(manifest.name).rows
    row = shelved(manifest.name, listed, tags, live)

    assert row.size == sum(file.size for file in manifest.files)
    assert row.metric == Claimed(name="accuracy", value=0.9)
    assert (row.tags, row.live, row.problem) == (("v1",), ("staging",), "")


def test_another_version_or_another_model_is_not_the_live_one(house: House) -> None:
    one, two = house.publish(), house.publish(**{"golden.jsonl": b"{}\n"})
    release = house.release(one)
    namesake = msgspec.structs.replace(release, model="other")

    assert shelved(two.name, on_shelf(two.sha), {}, {"production": release}).live == ()
    assert shelved(one.name, on_shelf(one.sha), {}, {"production": namesake}).live == ()


def test_a_version_that_cannot_be_read_is_a_row_that_says_so() -> None:
    lost = Digest("a" * 64)

    row = shelved("specimen", on_shelf(lost, problem="it is lost"), {"lost": lost}, {})

    assert (row.size, row.metric, row.tags, row.problem) == (None, None, ("lost",), "it is lost")


def on_shelf(sha: Digest, problem: str = "") -> OnShelf:
    return OnShelf(sha.hex, "mark", 0.0, problem=problem)
