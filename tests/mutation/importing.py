"""Importing a module as its mutant, or one that tells which of its functions are called."""

import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType

from tests.mutation.mutants import Mutant, compiled, source_of
from tests.mutation.telling import TELLS, told_by


class _Loader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, code: CodeType) -> None:
        super().__init__(fullname, path)
        self._code = code

    def get_code(self, fullname: str) -> CodeType:
        return self._code


class _TellingLoader(_Loader):
    def __init__(self, fullname: str, path: str, code: CodeType, called: Callable[[str], None]) -> None:
        super().__init__(fullname, path, code)
        self._called = called

    def exec_module(self, module: ModuleType) -> None:
        vars(module)[TELLS] = self._called
        super().exec_module(module)


class OtherFinder(MetaPathFinder):
    """Finds some modules as other code, and leaves all others to Python."""

    def __init__(self, loaders: Iterable[_Loader]) -> None:
        self._specs = {
            loader.name: spec_from_file_location(loader.name, loader.path, loader=loader)
            for loader in loaders
        }

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return self._specs.get(fullname)


def put_in_place(mutant: Mutant) -> None:
    """Let whoever imports the module from now on get its mutant."""
    _instead(_Loader(mutant.module, str(source_of(mutant.module)), compiled(mutant)))


def let_tell(modules: Iterable[str], called: Callable[[str], None]) -> None:
    """Let whoever imports one of the modules from now on get one that says `module:function` at each call."""
    found = [(module, source_of(module)) for module in modules]
    _instead(*(_TellingLoader(m, str(path), told_by(m, path), called) for m, path in found))


def _instead(*loaders: _Loader) -> None:
    finder = OtherFinder(loaders)
    forget()
    sys.meta_path.insert(0, finder)


def forget() -> None:
    """Let every module of the kit be imported anew."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "ci_steps"]:
        del sys.modules[name]
