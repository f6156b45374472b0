"""What makes environments and layouts does, the fake included; and what only uv can be asked."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from ci_steps.adapters.programs import ChildPrograms
from ci_steps.adapters.uv_environments import UvEnvironments
from ci_steps.errors import InputError, OutsideError
from ci_steps.ports import Environments
from tests.fakes.environments import PaperEnvironments
from tests.fakes.progress import Told
from tests.registry_servers import serving

INICONFIG = b"""\
iniconfig==2.3.1 \\
    --hash=sha256:9121e2c1fdb355232495be3194c8dfe87ccc2d5dee45947b78e68f499790d7a7
    # via pytest
"""
PLUGGY = b"""\
pluggy==1.7.0 --hash=sha256:7dd7b0d8832ba3cb632c306926ded123429211b83641b35dc5c41ad2d34f9bec
"""
OTHER_INICONFIG = INICONFIG.replace(b"2.3.1", b"2.1.0")
MARKED = b"colorama==0.4.6 ; sys_platform == 'win32' --hash=sha256:" + b"4" * 64 + b"\n"


def uv(tmp_path: Path) -> UvEnvironments:
    programs = ChildPrograms(os.environ)
    return UvEnvironments(programs, tmp_path / "cache", os.environ, Told(), timeout=120)


MAKERS: dict[str, Callable[[Path], Environments]] = {
    "paper": lambda tmp_path: PaperEnvironments(tmp_path / "paper"),
    "uv": uv,
}


@pytest.fixture(params=MAKERS)
def environments(request: pytest.FixtureRequest, tmp_path: Path) -> Environments:
    return MAKERS[request.param](tmp_path)


@pytest.fixture
def real(tmp_path: Path) -> UvEnvironments:
    return uv(tmp_path)


def laid_out(environments: Environments, into: Path, **locks: bytes) -> Path:
    into.mkdir(parents=True)
    environments.layout(locks, version="3.11.2", platform="linux/amd64", into=into)
    return into


def tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def names(folder: Path) -> set[str]:
    return {path.name.removesuffix(".py") for path in folder.iterdir() if "dist-info" not in path.name}


def test_a_layout_holds_the_packages_of_all_locks(environments: Environments, tmp_path: Path) -> None:
    folder = laid_out(environments, tmp_path / "deps", server=INICONFIG, model=PLUGGY + INICONFIG)

    assert names(folder) == {"iniconfig", "pluggy"}


def test_two_layouts_compiled_in_two_places_are_the_same_bytes(
    environments: Environments, tmp_path: Path
) -> None:
    trees = []
    for where in ("here", "there/deep"):
        folder = laid_out(environments, tmp_path / where, model=INICONFIG)
        assert environments.compile(folder, version="3.11", prefix="/opt/app/deps")
        trees.append(tree(folder))

    assert trees[0] == trees[1]
    assert any(path.endswith(".pyc") for path in trees[0])


def test_locks_that_disagree_are_bad_input(environments: Environments, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"pins iniconfig==2\.1\.0"):
        laid_out(environments, tmp_path / "deps", server=INICONFIG, model=OTHER_INICONFIG)


@pytest.mark.parametrize("lock", [b"iniconfig==2.3.1\n", b"iniconfig\n"])
def test_a_lock_without_hashes_is_bad_input(environments: Environments, lock: bytes, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        laid_out(environments, tmp_path / "deps", model=lock)


def test_a_version_that_nobody_can_compile_for_is_left_alone(
    environments: Environments, tmp_path: Path
) -> None:
    folder = laid_out(environments, tmp_path / "deps", model=INICONFIG)
    before = tree(folder)

    assert environments.compiler(version="3.99") == ""
    assert environments.compile(folder, version="3.99", prefix="/opt/app/deps") == ""
    assert tree(folder) == before


def test_the_compiler_is_the_one_that_compiles(environments: Environments, tmp_path: Path) -> None:
    folder = laid_out(environments, tmp_path / "deps", model=INICONFIG)

    assert environments.compiler(version="3.11.2") == environments.compile(
        folder, version="3.11.2", prefix="/opt/app/deps"
    )


def test_an_environment_is_made_once(environments: Environments) -> None:
    first = environments.python(INICONFIG, version="3.11")
    (first.parent.parent / "witness").touch()

    assert environments.python(INICONFIG, version="3.11") == first
    assert (first.parent.parent / "witness").exists()


# --- what only the real one can be asked ------------------------------------------------------------


def output_of(python: Path, code: str) -> str:
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def test_packages_own_tests_are_not_compiled_and_a_folder_named_tests_above_changes_nothing(
    real: UvEnvironments, tmp_path: Path
) -> None:
    for name in ("package/tests/test_it.py", "package/module.py"):
        (tmp_path / "tests" / "deps" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tests" / "deps" / name).write_text("X = 1\n")

    real.compile(tmp_path / "tests" / "deps", version="3.11", prefix="/opt/app/deps")

    compiled = {path.name.partition(".")[0] for path in tmp_path.rglob("*.pyc")}
    assert compiled == {"module"}


def test_a_file_that_is_not_python_does_not_stop_the_others(real: UvEnvironments, tmp_path: Path) -> None:
    (tmp_path / "template.py").write_text("{% if broken %}\n")
    (tmp_path / "module.py").write_text("X = 1\n")

    assert real.compile(tmp_path, version="3.11", prefix="/opt/app/deps")
    assert [path.name for path in tmp_path.rglob("*.pyc")] == ["module.cpython-311.pyc"]


def test_an_environment_holds_the_lock_and_what_was_added_to_it(real: UvEnvironments) -> None:
    python = real.python(INICONFIG + MARKED, version="3.11", extra=PLUGGY + OTHER_INICONFIG)

    code = "import importlib.metadata as m; print(sorted(d.name + d.version for d in m.distributions()))"
    assert output_of(python, code) == "['iniconfig2.3.1', 'pluggy1.7.0']"
    assert output_of(python, "import sys; print(sys.prefix)") != sys.prefix


def test_an_environment_that_was_cut_off_is_made_again(real: UvEnvironments) -> None:
    python = real.python(INICONFIG, version="3.11")
    (python.parent.parent / ".complete").unlink()
    shutil.rmtree(next(python.parent.parent.glob("lib/*/site-packages/iniconfig")))

    assert output_of(real.python(INICONFIG, version="3.11"), "import iniconfig; print('there')") == "there"


def test_two_at_once_get_one_whole_environment(real: UvEnvironments) -> None:
    with ThreadPoolExecutor() as pool:
        pythons = list(pool.map(lambda _: real.python(INICONFIG, version="3.11"), range(3)))

    assert len(set(pythons)) == 1
    assert output_of(pythons[0], "import iniconfig; print('there')") == "there"


def test_a_python_that_is_not_here_is_bad_input(real: UvEnvironments) -> None:
    with pytest.raises(InputError, match=r"wants Python 3\.99, which is not on this machine"):
        real.python(INICONFIG, version="3.99")


def test_a_wheel_with_another_hash_is_bad_input_in_one_line(real: UvEnvironments, tmp_path: Path) -> None:
    lock = b"iniconfig==2.3.1 --hash=sha256:" + b"0" * 64

    with pytest.raises(InputError, match=r"cannot be had: .*iniconfig==2\.3\.1.*[Hh]ash") as caught:
        laid_out(real, tmp_path / "deps", model=lock)
    assert "\n" not in str(caught.value)


def test_a_lock_that_leaves_out_a_dependency_is_bad_input(real: UvEnvironments, tmp_path: Path) -> None:
    lock = b"pytest==9.2.0 --hash=sha256:97c4f3b1f3c7414aa36465e09b8220f1d03627993bd51b1282e193753c80557b"

    with pytest.raises(InputError, match="cannot be had"):
        laid_out(real, tmp_path / "deps", model=lock)


def test_a_silent_package_index_is_an_outside_error_that_keeps_its_password(tmp_path: Path) -> None:
    environ = os.environ | {
        "UV_DEFAULT_INDEX": "http://someone:hush@127.0.0.1:9/simple",
        "UV_CACHE_DIR": str(tmp_path / "uv"),
        "UV_HTTP_RETRIES": "0",
    }
    programs = ChildPrograms(os.environ)
    real = UvEnvironments(programs, tmp_path / "cache", environ, Told(), timeout=60)

    with pytest.raises(OutsideError, match="uv failed") as caught:
        laid_out(real, tmp_path / "deps", model=INICONFIG)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("wheel", ["http://127.0.0.1:9/", "/broken/"])
def test_a_download_that_breaks_off_is_an_outside_error(tmp_path: Path, wheel: str) -> None:
    name = "iniconfig-2.3.1-py3-none-any.whl"

    def answer(handler: BaseHTTPRequestHandler) -> None:
        broken = handler.path.startswith("/broken")
        page = b"" if broken else f'<a href="{wheel}{name}">{name}</a>'.encode()
        handler.send_response(503 if broken else 200)
        handler.send_header("Content-Type", "text/html")
        handler.send_header("Content-Length", str(len(page)))
        handler.end_headers()
        handler.wfile.write(page)

    with serving(answer) as index:
        environ = os.environ | {
            "UV_DEFAULT_INDEX": f"http://{index}/simple",
            "UV_CACHE_DIR": str(tmp_path / "uv"),
            "UV_HTTP_RETRIES": "0",
        }
        programs = ChildPrograms(os.environ)
        real = UvEnvironments(programs, tmp_path / "cache", environ, Told(), timeout=60)
        with pytest.raises(OutsideError, match="uv failed"):
            laid_out(real, tmp_path / "deps", model=INICONFIG)


def test_a_platform_without_wheels_of_its_own_is_bad_input(real: UvEnvironments, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"image\.platform is 'plan9/mips'"):
        real.layout({"model": INICONFIG}, version="3.11.2", platform="plan9/mips", into=tmp_path)


def test_a_layout_keeps_nothing_of_the_machine(real: UvEnvironments, tmp_path: Path) -> None:
    folder = laid_out(real, tmp_path / "deps", model=PLUGGY)

    assert not (folder / "bin").exists()
    assert not (folder / ".lock").exists()
    assert not list(folder.rglob("INSTALLER"))
    assert b"INSTALLER" not in next(folder.glob("*.dist-info/RECORD")).read_bytes()


def test_a_folder_with_something_in_it_is_not_laid_out_into(real: UvEnvironments, tmp_path: Path) -> None:
    (tmp_path / "stale.py").touch()

    with pytest.raises(InputError, match="is not empty"):
        real.layout({"model": INICONFIG}, version="3.11.2", platform="linux/amd64", into=tmp_path)
