"""Registers small models in the real MLflow, by its REST API: enough for a watcher, which fetches nothing."""

import os
import secrets
from dataclasses import dataclass
from typing import Any, Self

import pytest
import requests

_MLMODEL = "artifact_path: model\nflavors: {}\n"


@dataclass(frozen=True, slots=True)
class Registry:
    """One registered model of the server that `contrib/engine/mlflow` started."""

    root: str
    login: tuple[str, str]
    name: str
    experiment: str

    @classmethod
    def of_this_machine(cls) -> Self:
        names = ("MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD")
        if missing := [name for name in names if not os.environ.get(name)]:
            pytest.fail(
                f'{", ".join(missing)} not set: run `make test`, or eval "$(contrib/engine/mlflow)"',
                pytrace=False,
            )
        root, user, password = (os.environ[name] for name in names)
        made = cls(root, (user, password), f"watched-{secrets.token_hex(4)}", "")
        experiment = made.post("experiments/create", name=made.name)["experiment_id"]
        made.post("registered-models/create", name=made.name)
        return cls(root, (user, password), made.name, experiment)

    def version(self) -> str:
        """Register a new version, point the alias `champion` at it, and return its number."""
        run = self.post("runs/create", experiment_id=self.experiment)["run"]["info"]
        place = run["artifact_uri"].removeprefix("mlflow-artifacts:/").strip("/")
        uploaded = requests.put(
            f"{self.root}/api/2.0/mlflow-artifacts/artifacts/{place}/model/MLmodel",
            _MLMODEL,
            auth=self.login,
            timeout=20,
        )
        assert uploaded.ok, uploaded.text
        source = f"{run['artifact_uri']}/model"
        made = self.post("model-versions/create", name=self.name, source=source, run_id=run["run_id"])
        number = str(made["model_version"]["version"])
        self.post("registered-models/alias", name=self.name, alias="champion", version=number)
        return number

    def webhook(self, url: str, secret: str) -> str:
        """Have it deliver to ``url`` whenever an alias is set, and return the webhook's id."""
        events = [{"entity": "MODEL_VERSION_ALIAS", "action": "CREATED"}]
        name = f"watch-{self.name}"
        made = self.post("webhooks", name=name, url=url, events=events, secret=secret, status="ACTIVE")
        return str(made["webhook"]["webhook_id"])

    def deliver(self, webhook: str) -> int:
        """Have it deliver a trial now, signed as any: it reads its list of webhooks once a minute only."""
        answer = self.post(f"webhooks/{webhook}/test")
        return int(answer["result"]["response_status"])

    def post(self, path: str, **body: object) -> Any:
        answer = requests.post(f"{self.root}/api/2.0/mlflow/{path}", json=body, auth=self.login, timeout=20)
        assert answer.ok, answer.text
        return answer.json()
