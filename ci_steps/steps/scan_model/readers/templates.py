"""Jinja templates of chats: what is proven to write text, what must be read, what nobody should render.

llama-cpp-python rendered them without a sandbox (CVE-2024-34359): an attribute of an attribute is any code.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from ci_steps.steps.scan_model.content import Problem, Shown, trick
from ci_steps.steps.scan_model.names import words

LONGEST = 1 << 18
# Python's own objects, and a web framework's: nobody needs them in a chat.
_PYTHONS = frozenset(
    {"cycler", "joiner", "lipsum", "request", "config", "self", "url_for", "get_flashed_messages"}
)
_METHODS = words(
    "strip lstrip rstrip split rsplit splitlines startswith endswith upper lower title capitalize replace "
    "join items keys values get append find index count cycle isdigit removeprefix removesuffix"
)
_FILTERS = words(
    "trim upper lower title capitalize replace join length count tojson string int float list first last "
    "default d safe e escape indent items dictsort unique reverse round abs sum max min sort batch "
    "map select reject selectattr rejectattr"
)
_TAKES_A_NAME = words("map selectattr rejectattr sort sum max min unique")
_DUNDER = re.compile(r"_+\w+__+")
# A generator, which some filters return, leads to its frame, and a frame to everything.
_INNER = re.compile(
    r"_.*|(gi|cr|ag|tb|co|im|func)_\w+|f_(globals|builtins|locals|back|code)|mro|format(_map)?"
)


def of_templates(kind: str, templates: Mapping[str, str], problems: tuple[Problem, ...] = ()) -> Shown:
    """Return a file of this kind that holds these templates."""
    found = list(problems)
    unproven = []
    for name, template in templates.items():
        bad, doubtful = judged(template)
        if bad:
            found.append(trick(f"the template in {name} reaches for Python itself: {bad}"))
        elif doubtful:
            unproven.append(f"a template in {name} that can do more than write text: {doubtful}")
    return Shown(
        kind,
        problems=tuple(found),
        runs=unproven[0] if unproven else "",
        source=bool(unproven),
        notes=tuple(f"which prompt the template in {name} writes" for name in templates),
    )


def judged(template: str) -> tuple[str, str]:
    """Return what in it reaches for Python's inside, and what keeps it from being proven harmless."""
    from jinja2 import Environment, TemplateError, nodes

    if len(template) > LONGEST:
        return "", f"it is longer than {LONGEST >> 10} KiB"
    try:
        # Parsing alone: nothing is compiled, folded or rendered.
        tree = Environment(extensions=["jinja2.ext.loopcontrols"], autoescape=True).parse(_plain(template))
        found = list(tree.find_all(nodes.Node))
    except (TemplateError, RecursionError, ValueError) as error:
        dunder = _DUNDER.search(template)
        reason = " ".join(str(error).split())[:100]
        return (f"{dunder[0][:60]!a}", "") if dunder else ("", f"it cannot be parsed: {reason}")
    bad = next(filter(None, map(_reaches, found)), "")
    return bad, "" if bad else next(filter(None, map(_doubt, found)), "")


def _plain(template: str) -> str:
    # Hugging Face's own tag, which marks what an assistant said and does nothing else.
    return re.sub(r"\{%(-?)\s*(?:end)?generation\s*(-?)%\}", "", template)


def _reaches(node: Any) -> str:
    from jinja2 import nodes

    if isinstance(node, nodes.Getattr) and _INNER.fullmatch(node.attr):
        return f"attribute {node.attr[:60]!a}"
    if isinstance(node, nodes.Name) and node.name.startswith("__"):
        return f"name {node.name[:60]!a}"
    if isinstance(node, nodes.Getitem) and _is_inner(node.arg):
        return f"subscript {str(getattr(node.arg, 'value', None))[:60]!a}"
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and _is_dunder(node.value):
        return f"text {node.value[:60]!a}"
    if isinstance(node, nodes.Import | nodes.FromImport | nodes.Include | nodes.Extends):
        return "it takes in another template"
    return "filter attr" if isinstance(node, nodes.Filter) and node.name == "attr" else ""


def _is_dunder(text: str) -> bool:
    return any(map(_DUNDER.fullmatch, text.split(".")))


def _is_inner(node: Any) -> bool:
    value = getattr(node, "value", None)
    return isinstance(value, str) and any(map(_INNER.fullmatch, value.split(".")))


def _doubt(node: Any) -> str:
    return _DOUBTS[type(node).__name__](node) if type(node).__name__ in _DOUBTS else ""


def _named(node: Any) -> str:
    return "a loop of its own making" if node.name == "loop" and node.ctx != "load" else ""


def _written(node: Any) -> str:
    doubtful = isinstance(node.value, str) and "__" in node.value
    return f"text {node.value[:60]!a}" if doubtful else ""


def _taken(node: Any) -> str:
    return "" if _is_plain_key(node.arg) else "a subscript whose key is made while it is rendered"


def _formatted(node: Any) -> str:
    return "a text that is formatted" if type(node.left).__name__ == "Const" else ""


def _called(node: Any) -> str:
    from jinja2 import nodes

    called = node.node
    if isinstance(called, nodes.Name):
        # A macro of the template's own is made of the same nodes.
        return f"calls {called.name}" if called.name in _PYTHONS else ""
    method = getattr(called, "attr", None)
    return "" if method in _METHODS else f"calls {method or 'what another call returned'}"[:80]


def _filtered(node: Any) -> str:
    if node.name not in _FILTERS:
        return f"filter {node.name}"[:80]
    if node.name in _TAKES_A_NAME and not all(map(_is_name, _arguments(node))):
        return f"filter {node.name} with a name that is made while it is rendered"
    return ""


_DOUBTS: dict[str, Callable[[Any], str]] = {
    "Name": _named,
    "Const": _written,
    "Getitem": _taken,
    "Call": _called,
    "Filter": _filtered,
    "Mod": _formatted,
}


def _arguments(node: Any) -> list[Any]:
    return [*node.args, *(pair.value for pair in node.kwargs)]


def _is_name(node: Any) -> bool:
    from jinja2 import nodes

    return isinstance(node, nodes.Const) and not _is_inner(node)


def _is_plain_key(node: Any) -> bool:
    """Whether a subscript's key is a number or a name that is written out."""
    from jinja2 import nodes

    if isinstance(node, nodes.Slice):
        return all(part is None or _is_number(part) for part in (node.start, node.stop, node.step))
    return _is_name(node) or _is_number(node)


def _is_number(node: Any) -> bool:
    from jinja2 import nodes

    if isinstance(node, nodes.Const):
        return isinstance(node.value, int)
    if isinstance(node, nodes.Neg):
        return _is_number(node.node)
    if isinstance(node, nodes.Sub | nodes.Add):  # a text is never subtracted, and never added to a number
        return _is_number(node.left) or _is_number(node.right)
    if isinstance(node, nodes.Filter):
        return node.name in {"length", "count", "int"} and not _arguments(node)
    of_loop = (
        isinstance(node, nodes.Getattr) and isinstance(node.node, nodes.Name) and node.node.name == "loop"
    )
    return of_loop and node.attr in {"index", "index0", "revindex", "revindex0", "length"}
