"""Which adapter stands behind the scheme of an address."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path

from ci_steps import kit
from ci_steps.errors import InputError
from ci_steps.model.address import Address
from ci_steps.model.manifest import Manifest
from ci_steps.model.value import Value
from ci_steps.ports import Programs, Shape, Source, Sources


class Late(Value, frozen=True):
    """Models of other systems, whose adapters are imported when one is asked for."""

    make: Callable[[], Sources]

    def manifest(self, address: Address) -> Manifest:
        return self.make().manifest(address)


def source(
    scheme: str, project: Path, variables: Mapping[str, str], programs: Programs, cache: Path
) -> Source:
    """Return the source of a scheme; its credentials come from ``variables`` alone."""
    makers: dict[str, Callable[[], Source]] = {
        "clearml": lambda: _clearml(project, variables, programs, cache),
        "azure": lambda: _azure(variables),
        "dvc": lambda: _dvc(project, variables, programs, cache),
        "file": lambda: _file(project),
        "gs": lambda: _gcs(variables),
        "mlflow": lambda: _mlflow(project, variables, programs, cache),
        "modeldb": lambda: _modeldb(project, variables, programs, cache),
        "s3": lambda: _s3(variables.get("AWS_REGION") or None),
    }
    if scheme not in makers:
        raise InputError(f"{scheme}: is not known here", hint=f"known are {', '.join(makers)}")
    return makers[scheme]()


def shapes(programs: Programs, variables: Mapping[str, str]) -> tuple[Shape, ...]:
    """Return the forms that a model's files may have beside the kit's own."""
    from ci_steps.adapters.locking import Locking
    from ci_steps.adapters.mlflow_shape import MlflowShape
    from ci_steps.adapters.tracked_shape import TrackedShape

    server = kit.serving() / "requirements.lock"
    locking = Locking(programs, variables, server.read_bytes())
    return (MlflowShape(locking), TrackedShape(locking))


def _file(project: Path) -> Source:
    from ci_steps.adapters.file_source import FileSource

    return FileSource(project)


def _azure(variables: Mapping[str, str]) -> Source:
    from ci_steps.adapters.azure_source import AzureSource

    return AzureSource(variables)


def _gcs(variables: Mapping[str, str]) -> Source:
    from ci_steps.adapters.gcs_source import GcsSource

    return GcsSource(variables)


def _mlflow(project: Path, variables: Mapping[str, str], programs: Programs, cache: Path) -> Source:
    from ci_steps.adapters.mlflow_source import Artifacts, MlflowSource, TrackingServer

    server = TrackingServer.of(variables)
    others = partial(source, project=project, variables=variables, programs=programs, cache=cache)
    return MlflowSource(server, Artifacts(server, others))


@cache
def _s3(region: str | None) -> Source:
    """Return the buckets, with one client each for all steps of a run."""
    from ci_steps.adapters.s3_source import S3Source

    return S3Source(region)


def _dvc(project: Path, variables: Mapping[str, str], programs: Programs, cache: Path) -> Source:
    from ci_steps.adapters.dvc_source import DvcSource, Storage

    others = partial(source, project=project, variables=variables, programs=programs, cache=cache)
    return DvcSource(project, cache / "dvc", programs, variables, Storage(variables, others))


def _clearml(project: Path, variables: Mapping[str, str], programs: Programs, cache: Path) -> Source:
    from ci_steps.adapters.clearml_source import ClearMLSource, Server
    from ci_steps.adapters.handed_on import HandedOn

    others = partial(source, project=project, variables=variables, programs=programs, cache=cache)
    return ClearMLSource(Server.of(variables), HandedOn(others))


def _modeldb(project: Path, variables: Mapping[str, str], programs: Programs, cache: Path) -> Source:
    from ci_steps.adapters.handed_on import HandedOn
    from ci_steps.adapters.modeldb_source import ModelDBSource, Server

    others = partial(source, project=project, variables=variables, programs=programs, cache=cache)
    return ModelDBSource(Server.of(variables), HandedOn(others), variables.get("MODELDB_REPOSITORY", ""))
