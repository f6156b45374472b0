"""All of `release.yaml`, with its defaults. `plan` reads it once; later steps read only the plan."""

from typing import Annotated

from msgspec import Meta

from ci_steps.model.settings.image import ImageSettings
from ci_steps.model.settings.interface import InterfaceSettings
from ci_steps.model.settings.load import LoadSettings
from ci_steps.model.settings.metrics import EvidenceSettings, MetricRule
from ci_steps.model.settings.scan import ScanSettings
from ci_steps.model.settings.section import Section
from ci_steps.model.settings.serving import SERVICE, EnvironmentSettings, IntegrationSettings
from ci_steps.model.settings.unit_tests import UnitTestSettings
from ci_steps.model.verdict import Waiver


class Settings(Section, frozen=True, kw_only=True):
    """All of `release.yaml`."""

    service: Annotated[str, Meta(description="name of the service", pattern=SERVICE)]
    model: Annotated[str, Meta(description="default of --model")] = ""
    store: Annotated[
        str,
        Meta(description="folder of models and ledger, relative to release.yaml, or s3://bucket/prefix"),
    ]
    registry: Annotated[str, Meta(description="host:port/repository that images are pushed to")]
    plain_http: Annotated[
        tuple[str, ...], Meta(description="registries beyond loopback that are spoken to without TLS")
    ] = ()
    image: Annotated[ImageSettings, Meta(description="what the serving image stands on")]
    unit_tests: Annotated[UnitTestSettings, Meta(description="the model repository's tests")] = (
        UnitTestSettings()
    )
    scan: Annotated[ScanSettings, Meta(description="what files may do when loaded")] = ScanSettings()
    metrics: Annotated[tuple[MetricRule, ...], Meta(description="what the metrics are held to")] = ()
    interface: Annotated[InterfaceSettings, Meta(description="how the interface may change")] = (
        InterfaceSettings()
    )
    integration: Annotated[IntegrationSettings, Meta(description="container against raw model")] = (
        IntegrationSettings()
    )
    load: Annotated[LoadSettings, Meta(description="load and limits")]
    environments: Annotated[dict[str, EnvironmentSettings], Meta(description="where releases serve")]
    evidence: Annotated[
        tuple[EvidenceSettings, ...], Meta(description="evaluations of models that come without")
    ] = ()
    waivers: Annotated[tuple[Waiver, ...], Meta(description="who answers for what nobody could decide")] = ()
