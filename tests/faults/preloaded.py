"""What every fetch imports, so that a process of one begins in some milliseconds."""

import importlib

for _module in (
    "boto3",
    "ci_steps.adapters.folder_blobs",
    "ci_steps.adapters.kit_store",
    "ci_steps.adapters.release_yaml",
    "ci_steps.adapters.sourcing",
    "ci_steps.adapters.transfer.fetching",
    "ci_steps.adapters.s3_blobs",
    "ci_steps.adapters.s3_source",
    "ci_steps.adapters.azure_source",
    "ci_steps.adapters.gcs_source",
    "ci_steps.adapters.mlflow_source",
    "ci_steps.adapters.mlflow_shape",
    "ci_steps.adapters.dvc_source",
    "ci_steps.adapters.modeldb_source",
    "ci_steps.adapters.clearml_source",
    "ci_steps.adapters.tracked_shape",
    "ci_steps.steps.fetch_model",
    "ci_steps.steps.plan",
    "tests.faults.fetching",
):
    importlib.import_module(_module)
