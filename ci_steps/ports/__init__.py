"""What the steps ask of the outside: roles, each as narrow as the steps that use it."""

from ci_steps.ports.blobs import Blobs, Listed, StoreBlobs, Version, VersionedBlobs
from ci_steps.ports.containers import Container, Containers, Finished, Isolation
from ci_steps.ports.environments import Environments
from ci_steps.ports.inspector import Inspected, Inspector
from ci_steps.ports.ledger import Ledger
from ci_steps.ports.models import LostError, ModelStore
from ci_steps.ports.programs import Ended, Programs
from ci_steps.ports.progress import Progress
from ci_steps.ports.registry import Registry
from ci_steps.ports.shapes import Shape
from ci_steps.ports.sources import (
    ChangedError,
    MovedError,
    PartialError,
    Request,
    Source,
    Sources,
    Transfers,
)
from ci_steps.ports.target import Target

__all__ = [
    "Blobs",
    "ChangedError",
    "Container",
    "Containers",
    "Ended",
    "Environments",
    "Finished",
    "Inspected",
    "Inspector",
    "Isolation",
    "Ledger",
    "Listed",
    "LostError",
    "ModelStore",
    "MovedError",
    "PartialError",
    "Programs",
    "Progress",
    "Registry",
    "Request",
    "Shape",
    "Source",
    "Sources",
    "StoreBlobs",
    "Target",
    "Transfers",
    "Version",
    "VersionedBlobs",
]
