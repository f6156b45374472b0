"""`mlflow:…`: models that an MLflow tracking server knows, MLflow 2 and 3, by its documented REST API."""

from ci_steps.adapters.mlflow_source.artifacts import Artifacts
from ci_steps.adapters.mlflow_source.server import TrackingServer
from ci_steps.adapters.mlflow_source.source import MlflowSource

__all__ = ["Artifacts", "MlflowSource", "TrackingServer"]
