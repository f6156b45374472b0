from typing import Annotated, ClassVar

from msgspec import Meta

from ci_steps.documents.base import Document, Report
from ci_steps.model.digest import Digest
from ci_steps.model.manifest import Hex64, Manifest, ModelFile
from ci_steps.model.settings import (
    EnvironmentSettings,
    ImageSettings,
    IntegrationSettings,
    InterfaceSettings,
    LoadSettings,
    MetricRule,
    ScanSettings,
    UnitTestSettings,
)
from ci_steps.model.verdict import Waiver
from ci_steps.model.wire import Wire, digest_of


class Baseline(Wire, frozen=True, kw_only=True):
    """The release that serves while this one is planned, by the ledger."""

    release: Annotated[str, Meta(description="its id")]
    model: Annotated[str, Meta(description="its model's name")]
    sha: Annotated[Digest, Meta(description="its model's SHA")]
    repository: Annotated[str, Meta(description="host/repository of its image")]
    image: Annotated[Digest, Meta(description="digest of its image")]

    @property
    def reference(self) -> str:
        """What a registry and an engine know its image by."""
        return f"{self.repository}@{self.image}"


class Promoted(Wire, frozen=True, kw_only=True):
    """The release of another environment that this one carries on: the same model, the same image."""

    environment: Annotated[str, Meta(description="where it is live")]
    release: Annotated[str, Meta(description="its id there")]
    image: Annotated[Digest, Meta(description="digest of its image")]


class Reference(Wire, frozen=True, kw_only=True):
    """A model that a metric rule compares with, other than what is live."""

    versus: Annotated[str, Meta(description="what the rule calls it: tweets@9f2c41d")]
    model: Annotated[str, Meta(description="its name")]
    sha: Annotated[Digest, Meta(description="its SHA, in full")]


class Evidence(Wire, frozen=True, kw_only=True):
    """Evaluations beside release.yaml, of a model that was published without; its SHA does not cover them."""

    model: Annotated[str, Meta(description="the model's name")]
    sha: Annotated[Digest, Meta(description="the model's SHA")]
    path: Annotated[str, Meta(description="the file, relative to release.yaml")]
    size: Annotated[int, Meta(description="its bytes", ge=0)]
    sha256: Annotated[Hex64, Meta(description="SHA-256 of its bytes when this was planned")]
    where: Annotated[str, Meta(description="where it is named: release.yaml:40")] = ""


class Plan(Document, frozen=True, kw_only=True):
    """Everything that was decided before anything was done. Each step reads its own section."""

    name: ClassVar[str] = "plan"

    run: Annotated[str, Meta(description="id of the run; kept over a cut and a second try")]
    project: Annotated[str, Meta(description="folder of release.yaml, relative to the run directory")]
    service: Annotated[str, Meta(description="the service")]
    environment: Annotated[str, Meta(description="the environment")]
    dry_run: Annotated[bool, Meta(description="the rollout prints what it would change")] = False
    model: Annotated[str, Meta(description="the model's name")]
    sha: Annotated[Digest, Meta(description="the model's SHA")]
    manifest: Annotated[Manifest, Meta(description="the model's files and ingredients")]
    asked: Annotated[str, Meta(description="the address it was asked for by; empty: it is the store's")] = ""
    baseline: Annotated[Baseline | None, Meta(description="the live release; null on a first release")]
    promoted: Annotated[
        Promoted | None, Meta(description="the release that is carried on; null: none is")
    ] = None
    references: Annotated[
        tuple[Reference, ...], Meta(description="models that metric rules name to compare with")
    ] = ()
    evidence: Annotated[
        tuple[Evidence, ...], Meta(description="evaluations of models that were published without")
    ] = ()
    ledger_length: Annotated[int, Meta(description="entries in the ledger when this was planned", ge=0)]
    ledger_head: Annotated[Digest | None, Meta(description="digest of the last of them")]
    store: Annotated[str, Meta(description="where models and ledger lie, as release.yaml says it")]
    registry: Annotated[str, Meta(description="host:port/repository of the images")]
    plain_http: Annotated[tuple[str, ...], Meta(description="registries spoken to without TLS")] = ()
    image: Annotated[ImageSettings, Meta(description="section of build-image")]
    unit_tests: Annotated[UnitTestSettings, Meta(description="section of unit-tests")]
    scan: Annotated[ScanSettings, Meta(description="section of scan-model")]
    metrics: Annotated[tuple[MetricRule, ...], Meta(description="section of check-metrics")]
    interface: Annotated[InterfaceSettings, Meta(description="section of check-interface")]
    integration: Annotated[IntegrationSettings, Meta(description="section of integration-test")]
    load: Annotated[LoadSettings, Meta(description="section of load-test")]
    target: Annotated[EnvironmentSettings, Meta(description="section of rollout")]
    waivers: Annotated[tuple[Waiver, ...], Meta(description="who answers for what nobody could decide")] = ()
    config: Annotated[str, Meta(description="file name of release.yaml")] = "release.yaml"
    pointer: Annotated[str, Meta(description="file beside it that names the model; empty: none does")] = ""

    @property
    def headline(self) -> str:
        beside = f"{self.baseline.model}@{self.baseline.sha.short}" if self.baseline else "nothing"
        return f"{self.model}@{self.sha.short} to {self.environment}, where {beside} is live"

    @property
    def models(self) -> frozenset[Digest]:
        """The models whose evaluations this release may need: its own, the live one's, the references'."""
        live = {self.baseline.sha} if self.baseline else set()
        return frozenset({self.sha, *live, *(reference.sha for reference in self.references)})

    def section(self, fields: tuple[str, ...]) -> Digest:
        """Return the digest of the part of the plan that one step reads."""
        return digest_of({field: getattr(self, field) for field in fields})


class FetchedReference(Wire, frozen=True, kw_only=True):
    """What came of a model that a rule compares with."""

    sha: Annotated[Digest, Meta(description="the model's SHA")]
    folder: Annotated[str, Meta(description="its folder in the run directory")]
    files: Annotated[tuple[ModelFile, ...], Meta(description="its files that came")]


class FetchedEvidence(Wire, frozen=True, kw_only=True):
    """Evaluations that came from beside release.yaml and not from the store."""

    sha: Annotated[Digest, Meta(description="the SHA of the model that they are said to be of")]
    source: Annotated[str, Meta(description="the file, relative to release.yaml")]
    folder: Annotated[str, Meta(description="its folder in the run directory")]
    file: Annotated[ModelFile, Meta(description="the copy, in that folder")]


class FetchedModel(Report, frozen=True, kw_only=True):
    """The model's files, and others' evidence, as they came: verified while they were copied."""

    name: ClassVar[str] = "fetch-model"

    folder: Annotated[str, Meta(description="folder of the model in the run directory")] = "model"
    files: Annotated[tuple[ModelFile, ...], Meta(description="every file that came")]
    baseline_folder: Annotated[
        str | None, Meta(description="folder of the baseline; null where there is none")
    ] = None
    baseline_files: Annotated[tuple[ModelFile, ...], Meta(description="the baseline's files that came")] = ()
    references: Annotated[
        tuple[FetchedReference, ...], Meta(description="what came of models that rules compare with")
    ] = ()
    evidence: Annotated[
        tuple[FetchedEvidence, ...], Meta(description="evaluations that came from beside release.yaml")
    ] = ()

    def evidence_of(self, sha: Digest) -> FetchedEvidence | None:
        """Return the evaluations that release.yaml names for a model."""
        return next((each for each in self.evidence if each.sha == sha), None)
