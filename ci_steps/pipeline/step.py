"""What a step is, and what its document was made from."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import ClassVar

from ci_steps.documents import Document, Plan
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.rundir import RunDir


class Step(ABC):
    """One step of a release: it reads the documents it declares and returns one."""

    name: ClassVar[str]
    needs: ClassVar[tuple[type[Document], ...]] = ()
    makes: ClassVar[type[Document]]
    reads: ClassVar[tuple[str, ...]] = ()
    """The fields of the plan that are this step's own section."""
    opens: ClassVar[tuple[type[Document], ...]] = ()
    """The documents whose content it opens, beyond what they say: files of a model, layers of an image."""
    settles: ClassVar[bool] = False
    """Always done, because only the world can tell whether it still holds."""

    @abstractmethod
    def run(self, run: RunDir) -> Document:
        """Do it, from a fresh start, and return what to leave behind."""

    def beside(self, run: RunDir) -> dict[str, Digest]:
        """Return what else it would be made from, now, that no document tells: as a checkout's state."""
        return {}

    def lost(self, run: RunDir) -> bool:
        """Whether content that this step's document names is not here, as on another machine."""
        return False

    def bring_back(self, run: RunDir) -> None:  # noqa: B027 - most documents name no content
        """Bring that content back, by the digests that were noted; other bytes are an input error."""


def sources(step: type[Step] | Step, run: RunDir) -> dict[str, Digest]:
    """Return what the step would be made from, now: the digests of its documents and of its section."""
    found = {kind.name: run.digest(kind) for kind in step.needs if kind is not Plan}
    if Plan in step.needs:
        found["plan"] = run.read(Plan).section(step.reads)
    return found


def refuse_changed_sources(
    kinds: Iterable[type[Document]], run: RunDir, table: Mapping[str, type[Step]]
) -> None:
    """Refuse to start from a document whose own sources have changed since it was made.

    A document is named after its step, so that only the steps that are asked about are imported.
    """
    _refuse(kinds, run, table, set())


def _refuse(
    kinds: Iterable[type[Document]],
    run: RunDir,
    table: Mapping[str, type[Step]],
    seen: set[type[Document]],
) -> None:
    for kind in kinds:
        if kind in seen:
            continue
        seen.add(kind)
        if kind is Plan:
            run.read(Plan)  # where there is none, that is what is said, and not what lacks after it
        if kind is Plan or kind.name not in table:
            continue
        maker = table[kind.name]
        document = run.read(kind)
        _refuse(maker.needs, run, table, seen)
        for name, digest in sources(maker, run).items():
            if document.made_from.get(name) != digest:
                changed = "its section of plan.json" if name == "plan" else f"{name}.json"
                raise InputError(
                    f"{run.path(kind)}: {changed} was changed after {kind.name} used it",
                    hint=f"run `python -m ci_steps {kind.name}` again",
                )
