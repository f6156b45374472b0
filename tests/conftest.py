"""What every test stands on."""

import gc
import signal

import pytest

# A job in the background of a shell, as many a CI's, ignores Ctrl-C and hands that down to its children;
# the tests that interrupt them mean a person's terminal.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Programs for the environments of other systems' clients, which have modules that ours has not.
collect_ignore = [
    "dvc_program.py",
    *(f"servers/clearml_{part}.py" for part in ("client", "schemas", "server")),
]

LONGEST_FIRST = (
    "doors/test_side_by_side",
    "mutation/",
    "docs/",
    "e2e/",
    "doors/",
    "simulation/",
    "contracts",
)
"""Files that take minutes: one of them begun last would keep one worker busy while the others wait."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_turn)


def pytest_collection_finish() -> None:
    gc.freeze()  # nine thousand tests stay to the end: walking over them takes a tenth of the time otherwise


def _turn(item: pytest.Item) -> int:
    found = (number for number, part in enumerate(LONGEST_FIRST) if part in item.nodeid)
    return next(found, len(LONGEST_FIRST))
