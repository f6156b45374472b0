"""The form that MLflow saves a model in: a folder with a file `MLmodel`, wherever it lies."""

from ci_steps.adapters.mlflow_shape.shape import MlflowShape

__all__ = ["MlflowShape"]
