"""The unit for systemd runs a command that is one."""

import re
import shlex
from pathlib import Path

from ci_steps.cli.watch import watch

UNIT = Path(__file__).parents[3] / "contrib" / "systemd" / "ci-steps-watch.service"


def test_the_unit_starts_a_watcher_with_options_that_there_are() -> None:
    started = re.search(r"^ExecStart=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    assert started
    program, *rest = shlex.split(started[1])

    parsed = watch.make_context("watch", rest[3:])

    assert program.endswith("/python")
    assert rest[:3] == ["-m", "ci_steps", "watch"]
    assert parsed.params["what"] == "mlflow:models/tweets@champion"
    assert parsed.params["every"] == 60.0
