"""Run by DVC's own interpreter: does one thing a line, so that DVC is imported once and not for each."""

import json
import os
import sys
import traceback
from typing import Any

from dvc.repo import Repo  # type: ignore[import-not-found]  # DVC has an environment of its own


def done(asked: dict[str, Any]) -> None:
    os.chdir(asked["folder"])
    os.environ.update(asked["environ"])
    if asked["verb"] == "init":
        Repo.init().close()
        return
    with Repo() as repo:
        getattr(repo, asked["verb"])(*asked["arguments"])
        if asked["push"]:
            repo.push()


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what DVC and the stages say must not stand between our answers
    for line in sys.stdin:
        try:
            done(json.loads(line))
            said = ""
        except BaseException:  # noqa: BLE001  (whatever it is, the test is told)
            said = traceback.format_exc()
        print(json.dumps(said), file=answers, flush=True)
