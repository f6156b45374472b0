"""Being another value than a given one, taken apart into conditions on its parts."""

from typing import Any

from ci_steps.steps.check_interface.forms.form import (
    AtLeast,
    Form,
    Further,
    Item,
    Property,
    Required,
)
from ci_steps.steps.check_interface.forms.making import Forms


def differing(value: Any, forms: Forms) -> Form:
    """Return that an object or array is not this one: longer, shorter, or another somewhere in it."""
    if isinstance(value, list):
        size = len(value)
        ways: list[Form] = [forms.of(AtLeast, "array", size + 1)]
        ways += [forms.no(forms.of(AtLeast, "array", size))] if size else []
        ways += [forms.no(forms.of(Item, index, forms.among([item]))) for index, item in enumerate(value)]
        return forms.any(ways)
    others = forms.of(Further, frozenset(value), frozenset(), forms.false)
    ways = [forms.no(others)]
    for name, inner in value.items():
        ways += [forms.no(forms.of(Required, name)), forms.no(forms.of(Property, name, forms.among([inner])))]
    return forms.any(ways)
