"""A model folder on disk, as training leaves it."""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta
from rfc8785 import CanonicalizationError

from ci_steps.adapters.yaml_file import YamlFile
from ci_steps.errors import InputError
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import (
    SCHEMA,
    Code,
    Config,
    DataSource,
    Environment,
    Manifest,
    ModelFile,
    PythonPredictor,
    SklearnPredictor,
)
from ci_steps.model.wire import Wire, digest_of
from ci_steps.ports import Programs

MANIFEST = "manifest.json"
_SIGNED = re.compile(
    r"[?&](x-amz-signature|x-goog-signature|sig|signature|token|access_token|password)=", re.IGNORECASE
)
REQUIRED = ("interface.json", "metrics.json", "evaluations.jsonl", "golden.jsonl", "requirements.lock")


class PredictorCard(Wire, frozen=True, kw_only=True):
    """How the model is loaded: one of the two."""

    sklearn: Annotated[str | None, Meta(description="path of a joblib or skops file")] = None
    features: Annotated[tuple[str, ...], Meta(description="request properties, in the order of columns")] = ()
    python: Annotated[
        Annotated[str, Meta(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")] | None,
        Meta(description="module:Class in model/"),
    ] = None


class CodeCard(Wire, frozen=True, kw_only=True):
    """The commit that trained the model, where it is not the checkout's."""

    repository: Annotated[str, Meta(description="where the code lives")]
    commit: Annotated[str, Meta(description="full commit id", pattern="^([0-9a-f]{40}|[0-9a-f]{64})$")]


class ModelCard(Wire, frozen=True, kw_only=True):
    """What `model.yaml` says: how the model came to be."""

    name: Annotated[str, Meta(description="the model's name")]
    predictor: Annotated[PredictorCard, Meta(description="how it is loaded")]
    code: Annotated[CodeCard | None, Meta(description="the commit that trained it")] = None
    data: Annotated[tuple[DataSource, ...], Meta(description="data it learnt from", min_length=1)]
    config: Annotated[dict[str, Any], Meta(description="hyperparameters and seeds")]
    python: Annotated[str, Meta(description="major.minor version", pattern=r"^3\.\d+$")]


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A folder with a model and its `model.yaml`; ``checkout`` is the git checkout that trained it."""

    path: Path
    checkout: Path
    programs: Programs

    def manifest(self) -> Manifest:
        """Return the manifest of what lies here now; a file or an ingredient that is missing is bad input."""
        if not self.path.is_dir():
            raise InputError(f"{self.path} is not a folder", hint="give the folder that training wrote")
        card_path = self.path / "model.yaml"
        card = YamlFile(card_path, ModelCard, "write how the model came to be; see the README").read()
        files = tuple(
            ModelFile(path=name, size=path.stat().st_size, sha256=Digest.of_file(path).hex)
            for name, path in sorted(self._files())
        )
        names = {file.path for file in files}
        for required in REQUIRED:
            if required not in names:
                raise InputError(f"{self.path} has no {required}", hint="see 'A model' in the README")
        _refuse_secrets(card, card_path)
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
        )
        manifest.validate(str(card_path))
        return manifest

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

    def _predictor(
        self, card: PredictorCard, names: set[str], where: Path
    ) -> SklearnPredictor | PythonPredictor:
        if (card.sklearn is None) == (card.python is None):
            raise InputError(
                f"{where}: the predictor is neither or both of sklearn and python", hint="name one"
            )
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
            return Code(repository=card.repository, commit=card.commit, dirty=False)
        commit = self._git("rev-parse", "HEAD")
        if not commit:
            raise InputError(
                f"{self.checkout} is not a git checkout with a commit",
                hint="name the training code with --code, or write `code:` in model.yaml",
            )
        remote = self._git("config", "--get", "remote.origin.url")
        dirty = self._git("status", "--porcelain", "--untracked-files=no")
        return Code(repository=_without_password(remote), commit=commit, dirty=bool(dirty))

    def _git(self, *arguments: str) -> str:
        ended = self.programs.run(["git", *arguments], cwd=self.checkout, env={}, timeout=30)
        return ended.output.strip() if ended.code == 0 else ""


def _without_password(url: str) -> str:
    scheme, there, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    # The last @ ends the login: a password may hold one itself.
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}" if there else url


def _refuse_secrets(card: ModelCard, where: Path) -> None:
    """Refuse an address with a login: the manifest is in the image's labels and on /info, for everyone."""
    named = [("data", source.uri) for source in card.data]
    for key, url in [*named, ("code", card.code.repository)] if card.code else named:
        login = url.partition("://")[2].partition("/")[0].rpartition("@")[0]
        if ":" in login or (login and url.startswith("http")) or _SIGNED.search(url):
            shown = _without_password(url).partition("?")[0]
            raise InputError(
                f"{where}: {key} has an address with a password or token in it: {shown}",
                hint="write it without; whoever may ask /info would read it",
            )
