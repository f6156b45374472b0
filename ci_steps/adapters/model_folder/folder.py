"""A model folder on disk, as training leaves it."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rfc8785 import CanonicalizationError

from ci_steps.adapters.model_folder.card import (
    CodeCard,
    ModelCard,
    PredictorCard,
    completed,
    read_card,
    without_password,
)
from ci_steps.adapters.model_folder.shortfalls import shortfalls
from ci_steps.errors import InputError, OutsideError
from ci_steps.model import checkout as git
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import (
    SCHEMA,
    Code,
    Config,
    Environment,
    Manifest,
    ModelFile,
    Module,
    Predictor,
    PyfuncPredictor,
    PythonPredictor,
    SklearnPredictor,
)
from ci_steps.model.sourced import Found
from ci_steps.model.wire import digest_of
from ci_steps.ports import Programs

MANIFEST = "manifest.json"
REQUIRED = ("interface.json", "metrics.json", "golden.jsonl", "requirements.lock")


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder with a model and its `model.yaml`; ``checkout`` is the git checkout that trained it.

    ``config`` is the release.yaml by which it is published, and may change after the training. A model that
    was ``found`` elsewhere has no checkout: what is known of it there completes its `model.yaml`.
    """

    path: Path
    checkout: Path
    config: Path
    programs: Programs
    module: Callable[[str], Manifest]
    """Finds a model that `modules:` names."""
    found: Found | None = None

    @property
    def card(self) -> ModelCard:
        """What `model.yaml` says."""
        if not self.path.is_dir():
            raise InputError(f"{self.path} is not a folder", hint="give the folder that training wrote")
        return completed(self._card_path, self.found) if self.found else read_card(self._card_path)

    @property
    def _card_path(self) -> Path:
        return self.path / "model.yaml"

    def manifest(self) -> Manifest:
        """Return the manifest of what lies here now; a file or an ingredient that is missing is bad input."""
        card, card_path = self.card, self._card_path
        files = tuple(
            ModelFile(path=name, size=path.stat().st_size, sha256=Digest.of_file(path).hex)
            for name, path in sorted(self._files())
        )
        names = {file.path for file in files}
        if missing := [required for required in REQUIRED if required not in names]:
            raise InputError(f"{self.path} has no {', '.join(missing)}", hint="see 'A model' in the README")
        predictor = self._predictor(card.predictor, names, card_path)
        try:
            config = Config(values=card.config, sha256=digest_of(card.config).hex)
        except CanonicalizationError as error:
            raise InputError(
                f"{card_path}: config cannot be JSON: {error}", hint="use strings there"
            ) from error
        manifest = Manifest(
            schema=SCHEMA,
            name=card.name,
            files=files,
            predictor=predictor,
            code=self._code(card.code),
            data=card.data,
            config=config,
            environment=Environment(
                python=card.python,
                lock="requirements.lock",
                lock_sha256=next(file.sha256 for file in files if file.path == "requirements.lock"),
            ),
            origin=self.found.origin if self.found else None,
            modules=self._modules(card),
        )
        manifest.validate(str(card_path))
        return manifest

    def warnings(self, manifest: Manifest, *, rows: int) -> tuple[str, ...]:
        """Return why the model cannot be released, a line each: what, which step says so, and what to do.

        ``rows`` are replayed by integration-test.
        """
        found = list(shortfalls(self.path, manifest, rows))
        if manifest.code.dirty:
            changes = self._changes()
            have, them = ("have", "them") if len(changes) > 1 else ("has", "it")
            found.append(
                f"{git.listed(changes) or self.checkout} {have} changes that no commit holds, and unit-tests "
                f"will be inconclusive; commit or ignore {them}, then publish again"
            )
        return tuple(found)

    def _files(self) -> Iterator[tuple[str, Path]]:
        for folder, folders, names in os.walk(self.path):
            for name in (*folders, *names):
                path = Path(folder) / name
                mode = path.lstat().st_mode
                if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                    raise InputError(f"{path} is a link or a device", hint="a model holds plain files only")
            folders[:] = [name for name in folders if name != "__pycache__"]
            for name in names:
                path = Path(folder) / name
                relative = path.relative_to(self.path).as_posix()
                if relative != MANIFEST:
                    yield relative, path

    def _modules(self, card: ModelCard) -> tuple[Module, ...]:
        """Return the models that this one stands on, by their SHAs."""
        found = []
        for text in card.modules:
            manifest = self.module(text)
            where = f"{self._card_path}: module {manifest.name}@{manifest.sha.short}"
            if manifest.modules:
                raise InputError(
                    f"{where} has modules itself", hint="name those here as well; modules do not nest"
                )
            if manifest.environment.python != card.python:
                raise InputError(
                    f"{where} is of Python {manifest.environment.python}, the model of {card.python}",
                    hint="train both on the same Python: they are loaded by one process",
                )
            found.append(Module(name=manifest.name, sha=manifest.sha))
        return tuple(sorted(found, key=lambda module: module.name))

    def _predictor(self, card: PredictorCard, names: set[str], where: Path) -> Predictor:
        if [card.sklearn, card.python, card.pyfunc].count(None) != 2:
            raise InputError(
                f"{where}: the predictor is not one of sklearn, python and pyfunc", hint="name one"
            )
        if card.pyfunc is not None:
            if card.pyfunc.partition("/")[0] != "model" or f"{card.pyfunc}/MLmodel" not in names:
                raise InputError(
                    f"{where}: there is no {card.pyfunc}/MLmodel in model/",
                    hint="name the folder below model/ that MLflow saved the model in",
                )
            return PyfuncPredictor(folder=card.pyfunc)
        if card.python:
            module = f"model/{card.python.partition(':')[0].replace('.', '/')}"
            if not names & {f"{module}.py", f"{module}/__init__.py"}:
                raise InputError(f"{where}: there is no {module}.py for {card.python!r}", hint="put it there")
            return PythonPredictor(entry=card.python)
        assert card.sklearn is not None
        if card.sklearn not in names or not card.sklearn.startswith("model/"):
            raise InputError(
                f"{where}: there is no {card.sklearn} in model/", hint="name the estimator's file"
            )
        if not card.features:
            raise InputError(
                f"{where}: the predictor names no features", hint="list the request's properties"
            )
        return SklearnPredictor(file=card.sklearn, features=card.features)

    def _code(self, card: CodeCard | None) -> Code:
        if card:
            known = self.found.known.code if self.found else None
            dirty = known is not None and known.commit == card.commit and known.dirty
            return Code(repository=card.repository, commit=card.commit, dirty=dirty)
        if self.found:
            return self.found.known.code or Code(repository="", commit="", dirty=False)
        commit = self._git("rev-parse", "HEAD")
        if not commit:
            raise InputError(
                f"{self.checkout} is not a git checkout with a commit",
                hint="name the training code with --code, or write `code:` in model.yaml",
            )
        remote = self._git("config", "--get", "remote.origin.url")
        return Code(repository=without_password(remote), commit=commit, dirty=bool(self._changes()))

    def _changes(self) -> tuple[str, ...]:
        """Return the paths whose changes no commit holds; those of release.yaml and pointers are none."""
        project = self.config.resolve().parent
        root = self._git("rev-parse", "--show-toplevel")
        within = bool(root) and self._git("rev-parse", "--show-toplevel", cwd=project) == root
        but = git.may_differ(project, self.config.name) if within else ()
        cwd = project if within else self.checkout
        asked = ["git", *git.STATUS, *git.all_but(but)]
        ended = self.programs.run(asked, cwd=cwd, env=git.ENVIRON, timeout=60)
        if ended.code:
            said = (ended.output.strip().splitlines() or ["nothing"])[0]
            raise OutsideError(
                f"git cannot say what changed in {cwd}: {said}",
                hint="see `git status` there, or write `code:` in model.yaml",
            )
        return git.changed(ended.output)

    def _git(self, *arguments: str, cwd: Path | None = None) -> str:
        at = cwd or self.checkout
        ended = self.programs.run(["git", *arguments], cwd=at, env=git.ENVIRON, timeout=30)
        return ended.output.strip() if ended.code == 0 else ""
