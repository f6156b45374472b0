"""What whoever runs programs does, the fake included; and what only the real one can be asked."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ci_steps.adapters.programs import ChildPrograms
from ci_steps.errors import OutsideError
from ci_steps.ports import Ended, Programs
from tests.fakes.programs import Asked, ScriptedPrograms

PATH = os.environ["PATH"]


def shell(asked: Asked) -> Ended:
    """Answer the few scripts of the tests below as a shell would."""
    script = asked.command[-1]
    if script == "cat":
        return Ended(0, asked.stdin)
    if script.startswith("echo $"):
        return Ended(0, asked.env.get(script.removeprefix("echo $"), "") + "\n")
    if script.startswith("sleep"):
        return Ended(-1, "", timed_out=True)
    return Ended(3, "one\ntwo\n")


PROGRAMS: dict[str, Callable[[], Programs]] = {
    "scripted": lambda: ScriptedPrograms({"sh": shell}),
    "child": lambda: ChildPrograms({"PATH": PATH, "HOME": "/root", "AWS_SECRET_ACCESS_KEY": "hush"}),
}


@pytest.fixture(params=PROGRAMS)
def programs(request: pytest.FixtureRequest) -> Programs:
    return PROGRAMS[request.param]()


@pytest.fixture
def real() -> ChildPrograms:
    return ChildPrograms({"PATH": PATH}, grace=0.5)


def test_the_exit_code_and_each_line_come_back(programs: Programs, tmp_path: Path) -> None:
    lines: list[str] = []

    ended = programs.run(
        ["sh", "-c", "echo one; echo two >&2; exit 3"], cwd=tmp_path, env={}, timeout=10, on_line=lines.append
    )

    assert ended == Ended(3, "one\ntwo\n")
    assert lines == ["one", "two"]


def test_what_is_said_to_a_program_is_read_by_it(programs: Programs, tmp_path: Path) -> None:
    ended = programs.run(["sh", "-c", "cat"], cwd=tmp_path, env={}, timeout=10, stdin="registry.example.org")

    assert ended == Ended(0, "registry.example.org")


def test_a_program_gets_the_environment_that_was_named(programs: Programs, tmp_path: Path) -> None:
    ended = programs.run(["sh", "-c", "echo $COLOUR"], cwd=tmp_path, env={"COLOUR": "green"}, timeout=10)

    assert ended.output == "green\n"


def test_a_secret_of_ours_is_not_passed_on(programs: Programs, tmp_path: Path) -> None:
    ended = programs.run(["sh", "-c", "echo $AWS_SECRET_ACCESS_KEY"], cwd=tmp_path, env={}, timeout=10)

    assert ended.output == "\n"


def test_a_program_past_its_time_is_stopped(programs: Programs, tmp_path: Path) -> None:
    ended = programs.run(["sh", "-c", "sleep 600"], cwd=tmp_path, env={}, timeout=0.3)

    assert ended.timed_out


def test_a_program_that_is_not_there_is_an_outside_error(programs: Programs, tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match="the program no-such-program is not there"):
        programs.run(["no-such-program"], cwd=tmp_path, env={}, timeout=10)


def test_a_program_without_its_interpreter_is_an_outside_error(real: ChildPrograms, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)

    with pytest.raises(OutsideError, match="cannot be run: no such file"):
        real.run([str(script)], cwd=tmp_path, env={}, timeout=10)


def test_a_line_without_an_end_is_told_too(real: ChildPrograms, tmp_path: Path) -> None:
    lines: list[str] = []

    real.run(["printf", "no newline \\377"], cwd=tmp_path, env={}, timeout=10, on_line=lines.append)

    assert lines == ["no newline \N{REPLACEMENT CHARACTER}"]


def test_a_program_killed_by_a_signal_ends_as_in_a_shell(real: ChildPrograms, tmp_path: Path) -> None:
    assert real.run(["sh", "-c", "kill -SEGV $$"], cwd=tmp_path, env={}, timeout=10).code == 128 + 11


def test_a_program_that_closed_its_output_still_has_to_keep_its_time(
    real: ChildPrograms, tmp_path: Path
) -> None:
    ended = real.run(["sh", "-c", "exec >&- 2>&-; sleep 600"], cwd=tmp_path, env={}, timeout=0.3)

    assert ended.timed_out


FAMILY = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        open("grandchild", "w").write(str(os.getpid()))
        time.sleep(600)
    os._exit(0)
while not (os.path.exists("grandchild") and open("grandchild").read()):
    time.sleep(0.01)
print("family", flush=True)
"""


def gone(pid: int, within: float = 10) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (ProcessLookupError, FileNotFoundError):
            return True
        if state == "Z":
            return True
        os.sched_yield()
    return False


def test_a_daemon_that_a_program_left_behind_goes_with_it(real: ChildPrograms, tmp_path: Path) -> None:
    ended = real.run([sys.executable, "-c", FAMILY], cwd=tmp_path, env={}, timeout=20)

    assert ended.output == "family\n"
    assert gone(int((tmp_path / "grandchild").read_text()))


def test_the_whole_family_goes_when_the_time_is_over(real: ChildPrograms, tmp_path: Path) -> None:
    ended = real.run([sys.executable, "-c", FAMILY + "time.sleep(600)"], cwd=tmp_path, env={}, timeout=1.5)

    assert ended.timed_out
    assert gone(int((tmp_path / "grandchild").read_text()))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_the_whole_family_goes_when_we_do(how: signal.Signals, tmp_path: Path) -> None:
    caller = f"""
import os
from pathlib import Path
from ci_steps.adapters.programs import ChildPrograms
ChildPrograms(os.environ, grace=0.2).run(
    [{sys.executable!r}, "-c", {FAMILY + "time.sleep(600)"!r}],
    cwd=Path({str(tmp_path)!r}), env={{}}, timeout=60, on_line=lambda line: print(line, flush=True))
"""
    with subprocess.Popen(
        [sys.executable, "-c", caller], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=Path.cwd()
    ) as us:
        assert us.stdout
        assert us.stdout.readline() == b"family\n"

        us.send_signal(how)
        us.wait(timeout=20)

    assert us.returncode != 0
    assert gone(int((tmp_path / "grandchild").read_text()))


def test_a_name_with_spaces_stays_one_argument(real: ChildPrograms, tmp_path: Path) -> None:
    ended = real.run(["echo", "a  b", shlex.quote("c")], cwd=tmp_path, env={}, timeout=10)

    assert ended.output == "a  b c\n"
