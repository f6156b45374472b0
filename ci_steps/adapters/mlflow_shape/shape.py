from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from ci_steps.adapters.locking import Locking
from ci_steps.adapters.mlflow_shape.claims import claimed
from ci_steps.adapters.mlflow_shape.examples import evaluated, examples
from ci_steps.adapters.mlflow_shape.interface import UnservedError, answer_of, interface, names_of
from ci_steps.adapters.mlflow_shape.mlmodel import MLmodel
from ci_steps.adapters.mlflow_shape.packages import listed
from ci_steps.errors import InputError
from ci_steps.model.sourced import EVIDENCE, Found, SourceFile
from ci_steps.model.wire import pretty

MLMODEL, CARD, LIST, LOCK, TABLE = (
    "MLmodel",
    "model.yaml",
    "requirements.txt",
    "requirements.lock",
    "eval_results_table.json",
)
FOLDER = "ci_steps"
"""What the kit wants to know lies beside MLmodel, or below this, and is taken as it is."""
_WORTH_A_LOOK = 32 << 20
Read = Callable[[SourceFile], bytes]


@dataclass(frozen=True, slots=True)
class MlflowShape:
    """A model as MLflow saves it: moved below `model/`, and what it says of itself in the kit's files."""

    locking: Locking

    def fits(self, found: Found) -> bool:
        paths = {file.path for file in found.files}
        return MLMODEL in paths and "manifest.json" not in paths

    def shaped(self, found: Found, read: Read) -> Found:
        files = _placed(found.files)
        about = MLmodel.read(read(files[f"model/{MLMODEL}"]), where=f"{MLMODEL} of {found.origin.address}")
        python = found.known.python or about.python
        if not python:
            raise InputError(
                f"{MLMODEL} of {found.origin.address} does not say which Python saved it",
                hint="log the model anew",
            )
        if not found.known.name and CARD not in files:
            raise InputError(
                f"nothing says the name of the model at {found.origin.address}",
                hint=f"put a {CARD} with `name: …` and `predictor: {{pyfunc: model}}` beside {MLMODEL}",
            )
        taken, said = {path: file for path, file in files.items() if path != TABLE}, list[str]()
        making = _Making(found, about, files, read, said)
        made = {path: content for path, content in making.all() if path not in taken}
        if LOCK not in taken:
            made[LOCK] = self._lock(making, python)
        known = msgspec.structs.replace(found.known, python=python)
        placed = tuple(taken[path] for path in sorted(taken))
        return msgspec.structs.replace(
            found, files=placed, made={**made, **found.made}, known=known, said=(*found.said, *said)
        )

    def _lock(self, making: "_Making", python: str) -> bytes:
        where = f"{LIST} of {making.found.origin.address}"
        file = making.files.get(f"model/{LIST}")
        if file is None:
            raise InputError(f"there is no {where}", hint=f"log the model anew, or a {LOCK} beside it")
        packages, loose = listed(making.read(file), where)
        if loose:
            making.said.append(f"{LIST} pins no version of {', '.join(loose)}: the lock holds today's")
        try:
            return self.locking.locked(packages, python=python, where=where, before=making.about.created)
        except InputError:
            lock = self.locking.locked(packages, python=python, where=where)
        making.said.append(
            f"the lock of {LIST} is of today: not all of it is known to be as old as the model"
        )
        return lock


@dataclass(frozen=True, slots=True)
class _Making:
    """The files that MLflow has no word for, made of those that it has."""

    found: Found
    about: MLmodel
    files: dict[str, SourceFile]
    read: Read
    said: list[str]

    def all(self) -> Iterator[tuple[str, bytes]]:
        """Give each file that can be made; a line is said of each that cannot."""
        yield CARD, f"name: {self.found.known.name}\npredictor: {{pyfunc: model}}\n".encode()
        yield from self._interface()
        tables = self._tables()
        yield from tables.items()
        yield from self._claims(tables.get("evaluations.jsonl", b""))

    def _claims(self, evaluations: bytes) -> Iterator[tuple[str, bytes]]:
        measured = self.found.known.metrics
        if not measured or "metrics.json" in self.files:
            return
        claims = claimed(measured, self._read("evaluations.jsonl") or evaluations, self.found.origin.address)
        if claims:
            yield "metrics.json", claims
        else:
            self.said.append(
                "MLflow does not say on which rows its metrics were measured: nothing is claimed"
            )

    def _interface(self) -> Iterator[tuple[str, bytes]]:
        signature = self.about.signature
        if signature is None or signature.inputs is None:
            self.said.append("the model was logged without a signature, so nothing says what it takes")
            return
        try:
            made = interface(signature.inputs, signature.outputs, self._examples())
        except UnservedError as error:
            self.said.append(f"no interface.json can be made of its signature: {error}")
            return
        yield "interface.json", pretty(made)

    def _examples(self) -> list[Any]:
        note = self.about.saved_input_example_info
        return examples(self._read(f"model/{note.artifact_path}"), note) if note else []

    def _read(self, path: str) -> bytes:
        """Return a file's bytes; none of one that is not there, or larger than is worth a look."""
        file = self.files.get(path)
        return self.read(file) if file and file.size <= _WORTH_A_LOOK else b""

    def _tables(self) -> dict[str, bytes]:
        """Return evaluations and golden rows of the run's own evaluation, where it logged a table of it."""
        if TABLE not in self.files or "evaluations.jsonl" in self.files or "golden.jsonl" in self.files:
            return {}
        signature = self.about.signature
        named = names_of(signature.inputs if signature else None)
        answer = answer_of(signature.outputs if signature else None)
        found = evaluated(self._read(TABLE), named, answer)
        if not found:
            self.said.append(
                f"{TABLE} has other columns than the signature's, `outputs` and one of the truth"
            )
        return found


def _placed(files: tuple[SourceFile, ...]) -> dict[str, SourceFile]:
    """Return each file by its place in the model's folder; of two for one place, that beside MLmodel."""
    placed: dict[str, SourceFile] = {}
    for file in sorted(files, key=lambda file: file.path.startswith(f"{FOLDER}/")):
        own = file.path.removeprefix(f"{FOLDER}/")
        path = own if own in EVIDENCE or file.path == TABLE else f"model/{file.path}"
        placed.setdefault(path, msgspec.structs.replace(file, path=path))
    return placed
