"""A schema keyword by keyword, down through its properties and items: what each says, and where it stands."""

from collections.abc import Callable, Iterator
from typing import Any

from ci_steps.model.value import Value
from ci_steps.steps.check_interface.forms.compiling import Compiler, Said
from ci_steps.steps.check_interface.forms.dialects import DRAFT_7
from ci_steps.steps.check_interface.forms.form import Form
from ci_steps.steps.check_interface.pointers import pointer_of


class Part(Value, frozen=True):
    """What one keyword says about the whole value."""

    pointer: str
    """Where the keyword stands in the schema, as it was written."""
    keyword: str
    said: Any
    """What is written there."""
    form: Form
    within: Form
    """What it says about the part of the value that it speaks of."""
    parts: "Callable[[], Iterator[Part]]"
    """What is in it, keyword by keyword; together they say the same."""


def parts_of(compiler: Compiler) -> Iterator[Part]:
    """Yield what each keyword of a whole schema says; together they are what the schema says."""
    schema = compiler.document.root
    yield from _parts(schema, "", compiler, lambda form: form, frozenset())


def _parts(
    schema: Any, pointer: str, compiler: Compiler, around: Callable[[Form], Form], refs: frozenset[str]
) -> Iterator[Part]:
    if isinstance(schema, bool):
        if not schema:
            form = compiler.forms.false
            yield Part(pointer, "", False, around(form), form, lambda: iter(()))
        return
    for said in compiler.said(schema):
        yield Part(
            pointer=pointer + pointer_of(*_names(said, schema, compiler)),
            keyword=said.path[0],
            said=_written(schema, said),
            form=around(said.form),
            within=said.form,
            parts=_inside(said, schema, pointer, compiler, around, refs),
        )


def _inside(
    said: Said,
    schema: Any,
    pointer: str,
    compiler: Compiler,
    around: Callable[[Form], Form],
    refs: frozenset[str],
) -> Callable[[], Iterator[Part]]:
    if said.inner is None:
        return lambda: iter(())
    inner, wrap = said.inner
    at = pointer + pointer_of(*_names(said, schema, compiler))
    if said.path == ("$ref",):
        ref = schema["$ref"]
        if ref in refs:
            return lambda: iter(())
        refs |= {ref}
        leads_to = compiler.document.pointer(ref)
        at = at if leads_to is None else leads_to
    return lambda: _parts(inner, at, compiler, lambda form: around(wrap(form)), refs)


def _written(schema: Any, said: Said) -> Any:
    written = schema.get(said.path[0])
    if said.path[0] == "required":
        return said.form
    for name in said.path[1:]:
        written = written[int(name)] if isinstance(written, list) else written[name]
    return written


def _names(said: Said, schema: Any, compiler: Compiler) -> tuple[str, ...]:
    """Return the words of the pointer, as the schema's own dialect has them."""
    if compiler.document.dialect != DRAFT_7:
        return said.path
    word, rest = said.path[0], said.path[1:]
    if word == "prefixItems":
        return ("items", *rest)
    if word == "items" and "prefixItems" in schema:
        return ("additionalItems",)
    return ("dependencies", *rest) if word in {"dependentRequired", "dependentSchemas"} else said.path
