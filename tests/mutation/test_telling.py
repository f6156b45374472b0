"""What is told of a module's calls: which mutants a case can find stands on it."""

from pathlib import Path
from typing import Any

from tests.mutation.telling import TELLS, told_by

SOURCE = '''\
def outer(items):
    """Its docstring stays."""

    def inner(item):
        return item > 1

    return [inner(item) for item in items]


class Limit:
    def keeps(self, value):
        return value < 3

    def never(self):
        return None


is_small = lambda value: value < 2
'''


def test_functions_methods_and_lambdas_tell_of_their_calls_and_answer_as_before(tmp_path: Path) -> None:
    path = tmp_path / "limits.py"
    path.write_text(SOURCE)
    called: list[str] = []
    names: dict[str, Any] = {TELLS: called.append, "__name__": "limits"}

    exec(told_by("limits", path), names)

    assert called == []
    assert names["outer"]([1, 2]) == [False, True]
    assert called == ["limits:outer", "limits:outer.inner", "limits:outer.inner"]
    assert names["outer"].__doc__ == "Its docstring stays."
    assert names["Limit"]().keeps(2)
    assert called[3:] == ["limits:Limit.keeps"]
    assert not names["is_small"](2)
    assert called[4:] == ["limits:"]
