"""`config`, completion and suggestions, as they are typed: no engine, no network, a real shell."""

import datetime as dt
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ci_steps.adapters.folder_blobs import FolderBlobs
from ci_steps.adapters.kit_store import KitStore
from ci_steps.selftest.specimen import manifest_of, model_files
from tests.e2e.complaints import complaint_of
from tests.e2e.project import Completed
from tests.fakes.progress import Told

UNTIL = (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=90)).isoformat()
TEXT = f"""\
service: specimen
model: specimen:candidate
store: store
registry: 127.0.0.1:5000/specimen
image: {{base: "python:3.11"}}
metrics: [{{metric: accuracy, direction: higher, floor: 0.7}}]
load: {{rate: 20, seconds: 10, p95_ms: 50}}
environments:
  staging: {{target: docker, address: "127.0.0.1:8080"}}
  production: {{target: docker, address: "127.0.0.1:8081", replicas: 2}}
waivers:
  - {{check: check-metrics.baseline, reason: first release, by: m.jansen, until: {UNTIL}}}
"""
PROGRAM = Path(sys.executable).with_name("ci-steps")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "release.yaml").write_text(TEXT)
    (tmp_path / "tests").mkdir()
    files = model_files()
    for path, content in files.items():
        (tmp_path / "model" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "model" / path).write_bytes(content)
    manifest = manifest_of(files)
    store = KitStore(FolderBlobs(tmp_path / "store"), "store", Told())
    store.publish(manifest, tmp_path / "model")
    store.tag("specimen", "candidate", manifest.sha, by="the tests")
    return tmp_path


def ci_steps(folder: Path, *arguments: str, **variables: str) -> Completed:
    done = subprocess.run(
        [sys.executable, "-m", "ci_steps", *arguments],
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Completed(done.returncode, done.stdout, done.stderr)


# config explain


def test_a_value_is_explained_with_its_line_its_default_and_what_it_may_be(folder: Path) -> None:
    done = ci_steps(folder, "config", "explain", "environments.production.replicas")

    assert done.code == 0, done.said
    assert done.output.splitlines() == [
        "environments.production.replicas: containers that serve",
        "  value    2",
        "  from     release.yaml:10",
        "  default  1",
        "  takes    a whole number at least 1 and at most 32",
    ]


def test_a_value_that_nobody_gave_is_said_to_be_the_default(folder: Path) -> None:
    done = ci_steps(folder, "config", "explain", "load.warmup_seconds")

    assert "  value    2\n  from     nowhere: the default holds\n" in done.output, done.said


def test_a_section_is_a_table_that_says_what_each_key_means(folder: Path) -> None:
    done = ci_steps(folder, "config", "explain", "load")

    rows = {line.split()[0]: line for line in done.output.splitlines()[2:]}
    assert rows["load.p95_ms"].split()[1:3] == ["50", "release.yaml:7"], done.said
    assert rows["load.p95_ms"].endswith("limit of the 95th percentile, ms")
    assert rows["load.p99_ms"].split()[1:3] == ["nothing", "default"]


def test_without_a_key_all_settings_are_told(folder: Path) -> None:
    done = ci_steps(folder, "config", "explain")

    lines = done.output.splitlines()
    assert done.code == 0, done.said
    assert lines[1].split() == ["key", "value", "from", "default"]
    assert lines[2].split() == ["service", "specimen", "release.yaml:1", "required"]
    assert sum(line.startswith("environments.staging.") for line in lines) == 6


def test_machines_get_one_object_a_value(folder: Path) -> None:
    done = ci_steps(folder, "config", "explain", "waivers.until", "--json")

    [until] = done.objects
    assert (until["value"], until["where"], until["required"]) == (UNTIL, "release.yaml:12", True)


def test_a_key_that_does_not_exist_is_bad_input_with_a_suggestion(folder: Path) -> None:
    complaint = complaint_of(ci_steps(folder, "config", "explain", "load.p95"), 2)

    assert complaint.error == "'load.p95' is not a key of release.yaml"
    assert complaint.next == "did you mean 'load.p95_ms'?"


def test_what_a_value_hides_from_the_eye_is_shown(folder: Path) -> None:
    (folder / "release.yaml").write_text(TEXT.replace("first release", '"first \\e[2J release"'))

    done = ci_steps(folder, "config", "explain", "waivers.0.reason")

    assert "first \\x1b[2J release" in done.output, done.said


# config check


def test_a_sound_file_is_one_line_and_exit_0(folder: Path) -> None:
    done = ci_steps(folder, "config", "check")

    assert (done.code, done.output, done.errors) == (0, "release.yaml: nothing wrong\n", "")


def test_everything_wrong_is_a_line_each_and_exit_2(folder: Path) -> None:
    text = TEXT.replace("floor: 0.7", "flor: 0.7").replace("seconds: 10", "seconds: 5")
    (folder / "release.yaml").write_text(
        text.replace("store: store", "store: stor").replace(UNTIL, "2025-12-31")
    )

    done = ci_steps(folder, "config", "check")

    assert done.code == 2, done.said
    assert [line.partition("; ")[0] for line in done.output.splitlines()] == [
        "release.yaml:3: error: store: the folder stor is not there",
        "release.yaml:6: error: unknown key 'flor' in metrics[0]",
        "release.yaml:7: error: 100 planned requests cannot decide p95, 200 can",
        "release.yaml:12: warning: the waiver of check-metrics.baseline ended on 2025-12-31",
        "release.yaml: 3 errors, 1 warning",
    ]


def test_warnings_alone_do_not_fail(folder: Path) -> None:
    (folder / "release.yaml").write_text(TEXT.replace("check-metrics.baseline", "scan-model.global"))

    done = ci_steps(folder, "config", "check")

    assert done.code == 0, done.said
    assert done.output.endswith("release.yaml: 1 warning\n")


def test_machines_get_one_object_a_problem(folder: Path) -> None:
    (folder / "release.yaml").write_text(TEXT.replace("higher", "hihger"))

    done = ci_steps(folder, "config", "check", "--json")

    [problem] = done.objects
    assert done.code == 2, done.said
    assert (problem["kind"], problem["where"]) == ("error", "release.yaml:6")
    assert problem["next"] == "did you mean 'higher'?"


def test_a_file_that_is_not_there_says_where_to_look(folder: Path) -> None:
    complaint = complaint_of(ci_steps(folder, "config", "check", "--config", "other.yaml"), 2)

    assert complaint.error == "other.yaml is missing"


def test_nothing_is_written_and_nobody_is_asked(folder: Path) -> None:
    """The registry and the engine that are named do not exist."""
    before = sorted(folder.rglob("*"))

    done = ci_steps(folder, "config", "check", DOCKER_HOST="tcp://127.0.0.1:1")

    assert done.code == 0, done.said
    assert sorted(folder.rglob("*")) == before


# What may have been meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (("relase",), "'release'"),
        (("check-interfase",), "'check-interface'"),
        (("models", "publsh"), "'publish'"),
        (("config", "explane"), "'explain'"),
        (("plan", "--enviroment", "production"), "'--environment'"),
    ],
)
def test_a_command_or_option_that_is_nearly_one_is_suggested(
    folder: Path, typed: tuple[str, ...], meant: str
) -> None:
    done = ci_steps(folder, *typed)

    assert done.code == 2, done.said
    assert meant in done.errors.partition("Did you mean")[2]


@pytest.mark.parametrize("command", ["plan", "rollback", "history"])
def test_an_environment_that_is_nearly_one_is_suggested(folder: Path, command: str) -> None:
    complaint = complaint_of(ci_steps(folder, command, "--environment", "prodution"), 2)

    assert complaint.error == "'prodution' is not an environment"
    assert complaint.next.startswith("did you mean 'production'? ")
    assert complaint.next.endswith("one of: staging, production")


@pytest.mark.parametrize("command", ["config", "models", "release", "plan", "completion", "selftest"])
def test_help_fits_a_terminal_of_80_columns(folder: Path, command: str) -> None:
    done = ci_steps(folder, command, "--help", COLUMNS="80")

    assert done.code == 0, done.said
    assert [line for line in done.output.splitlines() if len(line) > 80] == []


def test_the_list_of_commands_has_a_line_each(folder: Path) -> None:
    done = ci_steps(folder, "--help", COLUMNS="80")

    listed = done.output.partition("Release:")[2]
    assert [line for line in listed.splitlines() if line.startswith("     ")] == []


@pytest.mark.parametrize(
    "typed", [(b"plan", b"--config", b"\xff.yaml"), (b"\xff",), (b"models", b"show", b"a\xffb")]
)
def test_an_argument_that_is_not_utf_8_is_bad_input(folder: Path, typed: tuple[bytes, ...]) -> None:
    done = subprocess.run(
        [os.fsencode(sys.executable), b"-m", b"ci_steps", *typed],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    complaint = complaint_of(Completed(done.returncode, done.stdout, done.stderr), 2)
    assert complaint.error.endswith("is not UTF-8")
    assert "\\xff" in complaint.error


# Completion


def offered(folder: Path, line: str) -> list[str]:
    """Ask the installed program as a shell does."""
    variables = {"_CI_STEPS_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": "1"}
    done = subprocess.run(
        [PROGRAM],
        cwd=folder,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return [each.partition(",")[2] for each in done.stdout.splitlines() if each]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("ci-steps rel", ["release"]),
        ("ci-steps check", ["check", "check-metrics", "check-interface"]),
        ("ci-steps plan --env", ["--environment"]),
        ("ci-steps plan --environment ", ["staging", "production"]),
        ("ci-steps release --environment=p", ["production"]),
        ("ci-steps history --config none.yaml --environment ", []),
        ("ci-steps plan --model ", ["specimen:candidate"]),
        ("ci-steps models show spec", ["specimen:candidate"]),
        ("ci-steps selftest --gate load", ["load-test"]),
        ("ci-steps config ex", ["explain"]),
        ("ci-steps config explain load.p9", ["load.p95_ms", "load.p99_ms"]),
        ("ci-steps config explain environments.production.r", ["environments.production.replicas",
                                                               "environments.production.ready_seconds"]),
        ("ci-steps completion ", ["bash", "zsh", "fish"]),
        ("ci-steps nothing ", []),
    ],
)  # fmt: skip
def test_commands_options_and_their_values_are_offered(folder: Path, line: str, wanted: list[str]) -> None:
    found = offered(folder, line)

    assert found == wanted if wanted else not {"staging", "production"} & set(found)


def test_a_sha_is_offered_after_an_at(folder: Path) -> None:
    [sha] = offered(folder, "ci-steps plan --model specimen@")

    assert sha.startswith("specimen@")
    assert len(sha) == len("specimen@") + 12


@pytest.mark.parametrize(
    "text", ["service: [", TEXT.replace("store: store", "store: s3://bucket/prefix"), ""]
)
def test_what_cannot_be_read_is_offered_nothing_and_says_nothing(folder: Path, text: str) -> None:
    (folder / "release.yaml").write_text(text)

    assert offered(folder, "ci-steps plan --model ") == []


@pytest.mark.parametrize(
    "text",
    [
        "environments: 3",
        "environments: [staging, production]",
        "metrics: 7",
        "scan: {allow: 3}",
        "load: !!bool x",
        TEXT.replace("store: store", 'store: "\\0"'),
        TEXT.replace("store: store", f"store: {'a' * 5000}"),
        TEXT.replace("store: store", "store: loop"),
    ],
)
@pytest.mark.parametrize("line", ["plan --environment ", "plan --model ", "config explain nothing"])
def test_a_hostile_file_is_offered_nothing_and_says_nothing(folder: Path, text: str, line: str) -> None:
    (folder / "loop").symlink_to("loop")
    (folder / "release.yaml").write_text(text)

    assert offered(folder, f"ci-steps {line}") in ([], ["staging", "production"])


def test_only_what_is_a_name_is_offered(folder: Path) -> None:
    tags, models = folder / "store" / "tags", folder / "store" / "models"
    [tag] = tags.rglob("candidate")
    (tag.parent / "$(touch pwn)").write_bytes(tag.read_bytes())
    (tag.parent / "two\nplain,lines").write_bytes(tag.read_bytes())
    (models / "`id`").mkdir()
    (models / "`id`" / f"{'0' * 64}.json").touch()
    (models / "specimen" / "$(id).json").touch()
    hostile = "".join(f"\n  {name}: {{}}" for name in ('"`id`"', '"two\\nlines"', '"$(id)"', "7"))
    (folder / "release.yaml").write_text(TEXT.replace("\nenvironments:", f"\nenvironments:{hostile}"))

    assert offered(folder, "ci-steps plan --environment ") == ["7", "staging", "production"]
    assert not [key for key in offered(folder, "ci-steps config explain ") if set(key) & set("`$ ")]

    (folder / "release.yaml").write_text(TEXT)
    assert offered(folder, "ci-steps plan --model ") == ["specimen:candidate"]
    assert len(offered(folder, "ci-steps plan --model specimen@")) == 1


def test_a_tag_that_is_a_pipe_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "store" / "tags" / "specimen" / "pipe")

    assert offered(folder, "ci-steps plan --model ") == ["specimen:candidate", "specimen:pipe"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_asks_the_program_in_that_shells_way(folder: Path, shell: str) -> None:
    done = ci_steps(folder, "completion", shell)

    assert done.code == 0, done.said
    assert f"_CI_STEPS_COMPLETE={shell}_complete" in done.output
    assert "ci-steps" in done.output


def test_an_unknown_shell_is_bad_input(folder: Path) -> None:
    done = ci_steps(folder, "completion", "csh")

    assert done.code == 2, done.said
    assert "'bash', 'zsh', 'fish'" in done.errors


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("rollb", "rollback "),
        ("plan --model spec", "plan --model specimen:candidate "),
        ("plan --model specimen:cand", "plan --model specimen:candidate "),
        ("plan --environment=prod", "plan --environment=production "),
        ("config explain load.warmup_s", "config explain load.warmup_seconds "),
    ],
)
def test_bash_completes_a_line_on_tab(folder: Path, typed: str, completed: str) -> None:
    with bash(folder) as terminal:
        os.write(terminal, f"ci-steps {typed}\t".encode())

        assert said(terminal, f"ci-steps {completed}")


@contextmanager
def bash(folder: Path) -> Iterator[int]:
    """Start a bash in a terminal of its own that has read the script, and wait for its prompt."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        variables = {"PATH": f"{PROGRAM.parent}:{os.environ['PATH']}", "PS1": "ready> ", "TERM": "dumb"}
        os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"], os.environ | variables)
    try:
        os.write(
            terminal,
            b'eval "$(ci-steps completion bash)"; bind "set enable-bracketed-paste off"; echo is set\n',
        )
        assert said(terminal, "\nis set")
        yield terminal
    finally:
        os.close(terminal)  # hangs up on bash
        os.waitpid(pid, 0)


def said(terminal: int, text: str, seconds: float = 30) -> bool:
    """Read on until ``text`` was shown."""
    shown, deadline = "", time.monotonic() + seconds
    while text not in shown.replace("\r", "") and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.2)[0]:
            shown += os.read(terminal, 4096).decode(errors="replace")
    return text in shown.replace("\r", "")


# Starting soon


def test_what_few_commands_need_is_not_imported_by_all(folder: Path) -> None:
    heavy = (
        "yaml",
        "jsonschema",
        "requests",
        "boto3",
        "docker",
        "rich",
        "numpy",
        "ci_steps.adapters.kit_store",
    )
    asked = f"import ci_steps.cli.steps, sys; print([name for name in {heavy} if name in sys.modules])"

    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout == "[]\n"


def test_to_know_all_steps_nothing_is_imported_that_only_doing_them_needs(folder: Path) -> None:
    heavy = (
        "numpy",
        "jsonschema",
        "requests",
        "ci_steps.steps.scan_model.reading",
        "ci_steps.steps.check_interface.baseline",
        "ci_steps.steps.build_image.layers",
    )
    asked = f"""
import sys
from ci_steps.wiring import STEPS, kind
for name in STEPS:
    kind(name)
print([name for name in {heavy} if name in sys.modules])
"""

    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout == "[]\n"
