import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from msgspec.structs import replace

from ci_steps.adapters.pool import Pool
from ci_steps.adapters.shelves.notes import Note
from ci_steps.errors import InputError, StepError
from ci_steps.model.claims import claims_in
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Manifest
from ci_steps.model.refs import NAME, ModelRef
from ci_steps.model.shelf import OnShelf, Overview, Overviews, Shelf, TagOnShelf
from ci_steps.ports import Listed, Progress, StoreBlobs

_SHA = re.compile(r"[0-9a-f]{64}\.json")
_OVERVIEW = "shelves.json"
_AT_ONCE = 16
_LOOK = 1000
"""Manifests whose marks are compared at once, also in a folder, where each is asked for by itself."""
_HEX = "0123456789abcdef"


@dataclass(frozen=True, slots=True)
class Shelves:
    """A note for each model, `shelf/<name>.json`, and one of all models, `shelves.json`.

    Manifests and tags are the truth, and each look compares the note with a listing of them: with all of up
    to some 900 versions, which is what one request brings, beyond that with a part that is chosen by chance,
    and another one the next time; names in a folder are all compared. What differs is read and noted anew.
    """

    blobs: StoreBlobs
    place: str
    progress: Progress
    manifest: Callable[[str, str], Manifest]
    """Reads one by name and SHA."""
    content: Callable[[Digest], bytes]
    tagged: Callable[[str, str], str]
    """Reads which SHA a tag of a model stands for."""

    def noted(self, name: str) -> Shelf:
        """Return what is noted of a model, which may be behind."""
        return self._shelf(name).read()[0]

    def of(self, name: str) -> Shelf:
        """Return every version and tag of a model."""
        return self._compared(name)[0]

    def models(self) -> tuple[Overview, ...]:
        """Return every model."""
        note = self._overview()
        noted, mark = note.read()
        known = {one.name: one for one in noted.models}
        counts, names = self._counted(known)
        marks = {each.key: each.mark for each in self.blobs.listed("shelf/")}
        right = {
            name: known[name]
            for name in names
            if name in known
            and known[name].mark == marks.get(_key(name))
            and counts.get(name, known[name].versions) == known[name].versions
        }
        behind = sorted(set(names) - right.keys())
        with Pool(4) as pool:
            found = dict(zip(behind, pool.map(self._seen_of, behind), strict=True))
        right |= {name: one for name, one in found.items() if one}
        now = tuple(right[name] for name in sorted(right))
        sound = Overviews(tuple(one for one in now if not one.newest.problem))
        if sound != noted:
            self._kept(lambda: note.put(sound, mark))
        return now

    def published(self, manifest: Manifest) -> None:
        """Note a version that was put into the store."""
        key = f"models/{manifest.name}/{manifest.sha.hex}.json"

        def noted() -> None:
            there = self.blobs.version(key)
            row = self._row(manifest.name, Listed(key, there.mark if there else "", time.time()))
            known = {each.sha: each.mark for each in self.noted(manifest.name).rows}
            if known.get(row.sha) != row.mark:
                self._change(manifest.name, lambda shelf: shelf.with_row(row))

        self._kept(noted)

    def moved(self, name: str, tag: str) -> None:
        """Note where a tag points now."""
        self._kept(lambda: self._change(name, lambda shelf: self._with_tag(shelf, name, tag)))

    def _change(self, name: str, changed: Callable[[Shelf], Shelf]) -> None:
        shelf, mark = self._shelf(name).change(changed)
        self._overview().change(lambda all_: _with_model(all_, _seen(name, mark, shelf)))

    def _with_tag(self, shelf: Shelf, name: str, tag: str) -> Shelf:
        # Read anew at each try: whoever moved it last is noted last.
        there = self.blobs.version(f"tags/{name}/{tag}")
        mark = there.mark if there else ""
        return shelf.with_tag(TagOnShelf(tag, mark, self.tagged(name, tag)))

    def _seen_of(self, name: str) -> Overview | None:
        shelf, mark = self._compared(name)
        return _seen(name, mark or "", shelf)

    def _counted(self, known: Mapping[str, Overview]) -> tuple[dict[str, int], list[str]]:
        """Return how many versions each model has, where one request tells that, and the names of all."""
        if sum(one.versions for one in known.values()) < 0.9 * self.blobs.page:
            counts: dict[str, int] = {}
            for key in self.blobs.keys("models/"):
                name, _, file = key.removeprefix("models/").rpartition("/")
                if _SHA.fullmatch(file):
                    counts[name] = counts.get(name, 0) + 1
            return counts, [name for name in counts if NAME.fullmatch(name)]
        return {}, [name for name in self.blobs.folders("models/") if NAME.fullmatch(name)]

    def _compared(self, name: str) -> tuple[Shelf, str | None]:
        """Return the note of a model, brought up to date where it is behind, and its mark."""
        note = self._shelf(name)
        noted, mark = note.read()
        part = _part(len(noted.rows), min(self.blobs.page, _LOOK))
        there = self._manifests(name, part)
        behind = not _agree(noted.rows, there, part) or (bool(part) and not self._named(name, noted))
        if behind and part:
            there, part = self._manifests(name, ""), ""
        tags = dict(self._tag_marks(name))
        if not behind and {each.tag: each.mark for each in noted.tags} == tags:
            return noted, mark
        rows = self._rows(name, noted, there) if behind else noted.rows
        now = Shelf(rows, tuple(self._tags(name, noted, tags)))
        sound = Shelf(tuple(row for row in now.rows if not row.problem), now.tags)
        if sound != noted:
            mark = self._kept(lambda: note.put(sound, mark)) or mark
        return now, mark

    def _named(self, name: str, noted: Shelf) -> bool:
        """Whether all names are as noted, where one look brings all names."""
        if len(noted.rows) > self.blobs.page:
            return True
        prefix = f"models/{name}/"
        there = {key.removeprefix(prefix) for key in self.blobs.keys(prefix)}
        return {file for file in there if _SHA.fullmatch(file)} == {f"{row.sha}.json" for row in noted.rows}

    def _manifests(self, name: str, part: str) -> dict[str, Listed]:
        prefix = f"models/{name}/"
        listed = {each.key.removeprefix(prefix): each for each in self.blobs.listed(prefix + part)}
        return {file[:64]: each for file, each in listed.items() if _SHA.fullmatch(file)}

    def _tag_marks(self, name: str) -> Iterator[tuple[str, str]]:
        """Give each key that can be a tag, in their order, and its mark."""
        for each in sorted(self.blobs.listed(f"tags/{name}/"), key=lambda each: each.key):
            tag = each.key.removeprefix(f"tags/{name}/")
            with suppress(InputError):
                yield ModelRef.parse(f"{name}:{tag}").tag, each.mark

    def _rows(self, name: str, noted: Shelf, there: Mapping[str, Listed]) -> tuple[OnShelf, ...]:
        known = {row.sha: row for row in noted.rows if row.sha in there and row.mark == there[row.sha].mark}
        new = [each for sha, each in there.items() if sha not in known]
        if len(new) > 50:
            self.progress.say(f"reading {len(new):,} manifests of {name} that are not listed yet")
        # A bucket takes 10 ms or more to answer, and is asked twice for each.
        with Pool(_AT_ONCE) as pool:
            return (*known.values(), *pool.map(lambda each: self._row(name, each), new))

    def _tags(self, name: str, noted: Shelf, marks: Mapping[str, str]) -> Iterable[TagOnShelf]:
        known = {each.tag: each for each in noted.tags}
        for tag, mark in marks.items():
            if tag in known and known[tag].mark == mark:
                yield known[tag]
                continue
            try:
                yield TagOnShelf(tag, mark, self.tagged(name, tag))
            except InputError as error:
                self.progress.say(str(error))

    def _row(self, name: str, there: Listed) -> OnShelf:
        row = OnShelf(there.key.rpartition("/")[2][:64], there.mark, there.at)
        try:
            manifest = self.manifest(name, row.sha)
            row = replace(row, size=sum(file.size for file in manifest.files))
            claims = self._claims(manifest)
        except InputError as error:
            return replace(row, problem=str(error))
        except KeyError:
            return replace(row, problem=f"{self.place} has lost the manifest of {name}@{row.sha[:12]}")
        metric = next(iter(claims), None)
        return replace(row, metric=metric, value=claims[metric]) if metric else row

    def _claims(self, manifest: Manifest) -> dict[str, float]:
        if not manifest.has("metrics.json"):
            return {}
        content = self.content(manifest.file("metrics.json").digest)
        return claims_in(content, where=f"metrics.json of {manifest.name}@{manifest.sha.short}")

    def _shelf(self, name: str) -> Note[Shelf]:
        return Note(self.blobs, _key(name), Shelf, Shelf())

    def _overview(self) -> Note[Overviews]:
        return Note(self.blobs, _OVERVIEW, Overviews, Overviews())

    def _kept(self, write: Callable[[], str | None]) -> str | None:
        """Write a note; without it the next look takes longer, and nothing else is lost."""
        try:
            return write()
        except StepError as error:
            self.progress.say(f"the list of models could not be noted: {error}")
            return None


def _key(name: str) -> str:
    return f"shelf/{name}.json"


def _seen(name: str, mark: str, shelf: Shelf) -> Overview | None:
    return Overview(name, mark, len(shelf.rows), shelf.newest[0], shelf.tags) if shelf.rows else None


def _with_model(noted: Overviews, one: Overview | None) -> Overviews:
    if one is None:
        return noted
    return Overviews((*(each for each in noted.models if each.name != one.name), one))


def _part(count: int, page: int) -> str:
    """Return the beginning of the SHAs that are compared: as many as one request brings."""
    part = ""
    while count > 0.9 * page:
        part += random.choice(_HEX)  # noqa: S311  (another part each time)
        count //= len(_HEX)
    return part


def _agree(rows: Iterable[OnShelf], there: Mapping[str, Listed], part: str) -> bool:
    noted = {row.sha: row.mark for row in rows if row.sha.startswith(part)}
    return noted == {sha: each.mark for sha, each in there.items()}
