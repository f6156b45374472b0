"""Importing a module as its mutant."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType

from tests.mutation.mutants import Mutant, compiled, source_of


class _Loader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, code: CodeType) -> None:
        super().__init__(fullname, path)
        self._code = code

    def get_code(self, fullname: str) -> CodeType:
        return self._code


class MutantFinder(MetaPathFinder):
    """Finds one module as its mutant, and leaves all others to Python."""

    def __init__(self, mutant: Mutant) -> None:
        path = str(source_of(mutant.module))
        loader = _Loader(mutant.module, path, compiled(mutant))
        self._module = mutant.module
        self._spec = spec_from_file_location(mutant.module, path, loader=loader)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return self._spec if fullname == self._module else None


def put_in_place(mutant: Mutant) -> None:
    """Let whoever imports the module from now on get its mutant."""
    finder = MutantFinder(mutant)
    forget()
    sys.meta_path.insert(0, finder)


def forget() -> None:
    """Let every module of the kit be imported anew."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "ci_steps"]:
        del sys.modules[name]
