"""A variant of the example as training leaves it, to be put somewhere else."""

import yaml

from tests.e2e.project import Project

LOAD = {"rate": 40, "seconds": 0.5, "warmup_seconds": 0.5, "p50_ms": 5000, "errors": 0, "achieved": 0.5}
"""As few requests as a median takes: what load does to a service is tested elsewhere."""
REPOSITORY = "https://example.org/tweets.git"


def files_of(project: Project, variant: str) -> dict[str, bytes]:
    """Return a model's files, without a manifest, and with the commit that trained it in model.yaml."""
    folder = project.folder / "models" / variant
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json" and "__pycache__" not in path.parts
    }
    code = {"repository": REPOSITORY, "commit": project.commit}
    card = yaml.safe_load(files["model.yaml"])
    return files | {"model.yaml": yaml.safe_dump(card | {"code": code}).encode()}
