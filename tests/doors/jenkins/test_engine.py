"""What contrib/engine/groovy promises."""

import os
import re
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).parents[3] / "contrib" / "engine" / "groovy"


def test_it_says_which_java_groovy_runs_on_also_where_java_home_leads_nowhere() -> None:
    environ = {**os.environ, "JAVA_HOME": "/nowhere"}

    done = subprocess.run([SCRIPT], env=environ, capture_output=True, text=True, check=True)

    said = re.fullmatch(r"export JAVA_HOME=(\S+)\n", done.stdout)
    assert said
    version = subprocess.run(
        ["groovy", "--version"],
        env={**os.environ, "JAVA_HOME": said[1]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert version.stdout.startswith("Groovy Version: ")
    assert done.stderr == ""
