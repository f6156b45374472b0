"""Whether a value keeps to a formula."""

from collections.abc import Iterable
from typing import Any

from ci_steps.steps.check_interface.decimals import is_multiple
from ci_steps.steps.check_interface.effort import Effort
from ci_steps.steps.check_interface.forms.form import (
    All,
    Always,
    Among,
    AnyOf,
    AtLeast,
    AtMost,
    Contains,
    ContainsAtMost,
    Distinct,
    Form,
    From,
    Further,
    Item,
    Matches,
    Multiple,
    Named,
    Names,
    Not,
    OfKind,
    OneOf,
    Property,
    Ref,
    Required,
    Rest,
    To,
    key,
    kind_of,
)
from ci_steps.steps.check_interface.forms.making import Forms
from ci_steps.steps.check_interface.patterns import PatternError, parsed, takes


def keeps_to(value: Any, form: Form, forms: Forms, effort: Effort) -> bool | None:  # noqa: PLR0911 - one for each form
    """Return whether the value keeps to the formula; None where nobody can tell."""
    effort.spend()
    match form:
        case Always(said):
            return said
        case Among(_, keys):
            return key(value) in keys
        case OfKind(kinds):
            return kind_of(value) in kinds
        case All(parts):
            return every(keeps_to(value, part, forms, effort) for part in parts)
        case AnyOf(parts):
            return some(keeps_to(value, part, forms, effort) for part in parts)
        case OneOf(parts):
            said_of = [keeps_to(value, part, forms, effort) for part in parts]
            return False if said_of.count(True) > 1 else None if None in said_of else True in said_of
        case Not(part):
            return opposite(keeps_to(value, part, forms, effort))
        case Ref():
            return keeps_to(value, forms.meant(form), forms, effort)
    if not form.kind:
        return None
    return True if kind_of(value) != form.kind else _keeps_to_own(value, form, forms, effort)


def every(said: Iterable[bool | None]) -> bool | None:
    answers = set(said)
    return False if False in answers else None if None in answers else True


def some(said: Iterable[bool | None]) -> bool | None:
    return opposite(every(opposite(each) for each in said))


def opposite(said: bool | None) -> bool | None:
    return None if said is None else not said


def matches(text: str, pattern: str, effort: Effort) -> bool | None:
    """Return whether the pattern is found in the text; None for one that goes beyond regular expressions."""
    try:
        return takes(parsed(pattern), text, effort)
    except PatternError:
        return None


def _keeps_to_own(value: Any, form: Form, forms: Forms, effort: Effort) -> bool | None:  # noqa: C901, PLR0911, PLR0912 - one for each form
    match form:
        case From(number, above):
            return bool(value > number if above else value >= number)
        case To(number, below):
            return bool(value < number if below else value <= number)
        case Multiple(step):
            return is_multiple(value, step)
        case AtLeast(_, count):
            return len(value) >= count
        case AtMost(_, count):
            return len(value) <= count
        case Matches(pattern):
            return matches(value, pattern, effort)
        case Item(index, part):
            return keeps_to(value[index], part, forms, effort) if index < len(value) else True
        case Rest(start, part):
            return every(keeps_to(item, part, forms, effort) for item in value[start:])
        case Distinct():
            return len({key(item) for item in value}) == len(value)
        case Contains(part, count) | ContainsAtMost(part, count):
            said = [keeps_to(item, part, forms, effort) for item in value]
            sure, perhaps = said.count(True), said.count(True) + said.count(None)
            if isinstance(form, Contains):
                return True if sure >= count else None if perhaps >= count else False
            return False if sure > count else None if perhaps > count else True
        case Required(name):
            return name in value
        case Property(name, part):
            return keeps_to(value[name], part, forms, effort) if name in value else True
        case Named(pattern, part):
            return every(
                some((opposite(matches(name, pattern, effort)), keeps_to(inner, part, forms, effort)))
                for name, inner in value.items()
            )
        case Further(names, patterns, part):
            return every(
                some(
                    (
                        *(matches(name, pattern, effort) for pattern in patterns),
                        keeps_to(inner, part, forms, effort),
                    )
                )
                for name, inner in value.items()
                if name not in names
            )
        case Names(part):
            return every(keeps_to(name, part, forms, effort) for name in value)
    return None
