"""Log and take away with MLflow's own client. A script for the Python of its environment.

Standard input is an order a line, in JSON; so is the answer to each. A client that takes seconds to be
imported stays for a whole test file.

    {"do": "log", "files": {PATH: BASE64}, "to": LOCATION?}   logs them below `model` of a new run: its id
    {"do": "put" | "delete", "run": ID, "path": PATH, "content": BASE64?}
"""

import base64
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any


def main() -> None:
    answers, sys.stdout = sys.stdout, sys.stderr  # where MLflow has more to say
    import mlflow  # type: ignore[import-not-found]  # in the server's environment alone

    client = mlflow.MlflowClient()
    for line in sys.stdin:
        order = json.loads(line)
        answers.write(json.dumps(done(client, **order)) + "\n")
        answers.flush()


def done(client: Any, *, do: str, **about: Any) -> str:
    if do == "log":
        run = client.create_run(experiment(client, about.get("to"))).info.run_id
        with tempfile.TemporaryDirectory() as folder:
            for path, content in about["files"].items():
                place = Path(folder, path)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(base64.b64decode(content))
            client.log_artifacts(run, folder, "model")
        client.set_terminated(run)
        return str(run)
    # A path that begins with ../ lies beside the model in its run.
    artifact = os.path.normpath(f"model/{about['path']}")
    artifacts, (folder, _, name) = store(client, about["run"]), artifact.rpartition("/")
    if do == "delete":
        artifacts.delete_artifacts(artifact)
        return "gone"
    with tempfile.TemporaryDirectory() as there:
        Path(there, name).write_bytes(base64.b64decode(about["content"]))
        artifacts.log_artifact(str(Path(there, name)), folder or None)
    return "put"


def experiment(client: Any, location: str | None) -> str:
    name = location or "contracts"
    found = client.get_experiment_by_name(name)
    return str(found.experiment_id if found else client.create_experiment(name, artifact_location=location))


def store(client: Any, run: str) -> Any:
    from mlflow.store.artifact.artifact_repository_registry import (  # type: ignore[import-not-found]  # the same
        get_artifact_repository,
    )

    return get_artifact_repository(client.get_run(run).info.artifact_uri)


if __name__ == "__main__":
    main()
