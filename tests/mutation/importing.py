"""Importing a module as its mutant."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType

from tests.mutation.mutants import compiled, source_of


class _Loader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, code: CodeType) -> None:
        super().__init__(fullname, path)
        self._code = code

    def get_code(self, fullname: str) -> CodeType:
        return self._code


class MutantFinder(MetaPathFinder):
    """Finds one module as its mutant, and leaves all others to Python."""

    def __init__(self, module: str, number: int) -> None:
        path = str(source_of(module))
        self._module = module
        self._spec = spec_from_file_location(
            module, path, loader=_Loader(module, path, compiled(module, number))
        )

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return self._spec if fullname == self._module else None


def put_in_place(module: str, number: int) -> None:
    """Let whoever imports ``module`` from now on get its mutant."""
    finder = MutantFinder(module, number)
    forget()
    sys.meta_path.insert(0, finder)


def forget() -> None:
    """Let every module of the kit be imported anew."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "ci_steps"]:
        del sys.modules[name]
