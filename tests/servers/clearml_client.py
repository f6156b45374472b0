"""Publishing with ClearML's own client, in its own environment: says on standard output what it made.

    python clearml_client.py < {"folder": …, "project": …, …}

The folder's files become artifacts by their paths, but for the weights of the model.
"""

import json
import os
import sys
from pathlib import Path

from clearml import OutputModel, Task  # type: ignore[import-not-found, unused-ignore]


def main() -> None:
    """Publish what standard input says."""
    told = json.load(sys.stdin)
    folder = Path(told["folder"])
    Task.ignore_requirements("clearml")
    for package, version in told.get("requirements", {}).items():
        Task.add_requirements(package, f"=={version}")
    task = Task.init(
        project_name="tweets",
        task_name="train tweets",
        output_uri=True,
        reuse_last_task_id=False,
        auto_connect_frameworks=False,
        auto_connect_arg_parser=False,
        auto_connect_streams=False,
        auto_resource_monitoring=False,
    )
    if told.get("config"):
        task.connect(told["config"])
    for alias, dataset in told.get("datasets", {}).items():
        task.set_parameter(f"Datasets/{alias}", dataset)
    for name, value in told.get("metrics", {}).items():
        task.get_logger().report_single_value(name, value)
    weights = told.get("weights", "")
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = path.relative_to(folder).as_posix()
        if name != weights:
            assert task.upload_artifact(name, artifact_object=path, wait_on_upload=True), name
    model = None
    if weights:
        model = OutputModel(task=task, name="tweets", framework="ScikitLearn", tags=told.get("tags", []))
        model.update_weights(str(folder / weights), auto_delete_file=False, async_enable=False)
    task.flush(wait_for_uploads=True)
    task.close()
    task = Task.get_task(task_id=task.id)
    task.mark_completed()
    if told.get("publish"):
        task.publish(ignore_errors=False)
        if model:
            model.publish()
    sys.stdout.flush()
    made = json.dumps({"task": task.id, "model": model.id if model else ""})
    os.write(int(os.environ["CLEARML_MADE"]), made.encode())


if __name__ == "__main__":
    main()
