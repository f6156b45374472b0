"""What a store has, as it is listed: noted when a model is published, and never what a release goes by."""

import msgspec

from ci_steps.model.digest import Digest


class OnShelf(msgspec.Struct, frozen=True, array_like=True):
    """One version of a model. A list has thousands, so it is an array in its JSON."""

    sha: str
    mark: str
    """That of its manifest: another one is another content, and the line is made anew."""
    at: float
    """When it was published, in seconds since 1970."""
    size: int | None = None
    """Bytes of all files."""
    metric: str | None = None
    """The first claim of its metrics.json, and its value."""
    value: float | None = None
    problem: str = ""
    """Why it cannot be read; never noted."""


class TagOnShelf(msgspec.Struct, frozen=True, array_like=True):
    """Where a tag points."""

    tag: str
    mark: str
    sha: str


class Shelf(msgspec.Struct, frozen=True):
    """All versions of one model, and its tags."""

    rows: tuple[OnShelf, ...] = ()
    tags: tuple[TagOnShelf, ...] = ()

    @property
    def newest(self) -> tuple[OnShelf, ...]:
        """All rows, the last published one first."""
        return tuple(sorted(self.rows, key=lambda row: (-row.at, row.sha)))

    @property
    def tagged(self) -> dict[str, Digest]:
        return {each.tag: Digest(each.sha) for each in sorted(self.tags, key=lambda each: each.tag)}

    def with_row(self, row: OnShelf) -> "Shelf":
        return Shelf((*(each for each in self.rows if each.sha != row.sha), row), self.tags)

    def with_tag(self, tag: TagOnShelf) -> "Shelf":
        return Shelf(self.rows, (*(each for each in self.tags if each.tag != tag.tag), tag))


class Overview(msgspec.Struct, frozen=True, array_like=True):
    """One model of a store: its newest version, and how many there are."""

    name: str
    mark: str
    """That of its shelf."""
    versions: int
    newest: OnShelf
    tags: tuple[TagOnShelf, ...] = ()

    @property
    def tagged(self) -> dict[str, Digest]:
        return {each.tag: Digest(each.sha) for each in self.tags}


class Overviews(msgspec.Struct, frozen=True):
    """Every model of a store."""

    models: tuple[Overview, ...] = ()
