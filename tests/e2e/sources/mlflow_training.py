"""A training that logs with MLflow's own client. A script for the Python of the server's environment.

    mlflow_training.py NAME

It runs in the repository of its code, registers what it learnt as NAME with the alias `champion`, and its
last line says as JSON what MLflow calls it.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

PACKAGES = ("mlflow-skinny", "pandas", "scikit-learn", "skops")
"""What serving takes: of MLflow no more than its small half."""


def main(name: str) -> None:
    import mlflow  # type: ignore[import-not-found]  # in the server's environment alone
    import numpy as np
    import pandas as pd  # type: ignore[import-untyped]
    from mlflow.models import infer_signature  # type: ignore[import-not-found]  # the same
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
    from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped]
    from sklearn.preprocessing import StandardScaler  # type: ignore[import-untyped]

    chance = np.random.default_rng(7)
    table = pd.DataFrame(chance.normal(size=(800, 3)), columns=["length", "width", "petal size"])
    noise = chance.normal(size=800) * 0.2
    labels = np.where(table["length"] + table["width"] + noise > 0, "large", "small")
    learn, test = slice(0, 400), slice(400, 800)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.5)).fit(table[learn], labels[learn])
    predicted, truth = model.predict(table[test]), labels[test]

    mlflow.set_experiment("flowers")
    with mlflow.start_run() as run:
        mlflow.log_params({"C": 0.5, "seed": 7})
        mlflow.log_metric("accuracy", float((predicted == truth).mean()))
        mlflow.log_input(
            mlflow.data.from_pandas(table[learn], source="https://example.org/flowers.csv", name="flowers"),
            context="training",
        )
        how: dict[str, Any] = {
            "name": "flowers",
            "signature": infer_signature(table, predicted),
            "input_example": table.head(3),
            "pip_requirements": [f"{each}=={version(each)}" for each in PACKAGES],
            "registered_model_name": name,
        }
        info = mlflow.sklearn.log_model(model, serialization_format="skops", **how)
        with tempfile.TemporaryDirectory() as folder:
            rows = zip(table[test].to_dict("records"), truth, predicted, strict=True)
            write(Path(folder), [(f"t{n}", *row) for n, row in enumerate(rows)])
            mlflow.log_artifacts(folder, "ci_steps")
    version_ = info.registered_model_version
    mlflow.MlflowClient().set_registered_model_alias(name, "champion", str(version_))
    told = {"run": run.info.run_id, "version": str(version_), "id": info.model_id}
    sys.stdout.write(json.dumps(told) + "\n")


def version(package: str) -> str:
    from importlib.metadata import version as of

    return of(package)


def write(folder: Path, rows: list[tuple[str, dict[str, float], str, str]]) -> None:
    golden = [{"id": id_, "request": request, "answer": {"label": found}} for id_, request, _, found in rows]
    evaluations = [{"id": id_, "truth": truth, "prediction": found} for id_, _, truth, found in rows]
    for name, lines in (("golden", golden), ("evaluations", evaluations)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


if __name__ == "__main__":
    main(sys.argv[1])
