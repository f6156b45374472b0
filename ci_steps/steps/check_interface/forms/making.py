"""Where formulas are made, each once."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

from ci_steps.steps.check_interface.forms.form import All, Always, Among, AnyOf, Form, Not, Ref, key

F = TypeVar("F", bound=Form)


class Forms:
    """The formulas of one comparison: both sides share them, so what is said on both is one formula."""

    def __init__(self) -> None:
        self._made: dict[Hashable, Form] = {}
        self._meant: dict[Ref, Callable[[], Form]] = {}
        self._found: dict[Ref, Form] = {}
        self.true = self.of(Always, True)
        self.false = self.of(Always, False)

    def of(self, sort: type[F], *parts: Any) -> F:
        """Return the formula with these parts, the one that there is."""
        # Beside the parts their types, because 1 is True to a dictionary.
        told = (sort, *parts, *map(type, parts))
        found = self._made.get(told)
        if found is None:
            found = self._made[told] = sort(*parts)
        return found  # type: ignore[return-value]

    def all(self, forms: Iterable[Form]) -> Form:
        flat = self._flat(All, forms, nothing=self.true)
        if self.false in flat:
            return self.false
        return self.of(All, flat) if len(flat) > 1 else next(iter(flat), self.true)

    def any(self, forms: Iterable[Form]) -> Form:
        flat = self._flat(AnyOf, forms, nothing=self.false)
        if self.true in flat:
            return self.true
        return self.of(AnyOf, flat) if len(flat) > 1 else next(iter(flat), self.false)

    def no(self, form: Form) -> Form:
        if isinstance(form, Always):
            return self.false if form.said else self.true
        return form.form if isinstance(form, Not) else self.of(Not, form)

    def among(self, values: Iterable[Any]) -> Form:
        """Return the formula of one of the values; of none, false."""
        by_key = {key(value): value for value in values}
        keys = frozenset(by_key)
        if not keys:
            return self.false
        found = self._made.get((Among, keys))
        if found is None:
            found = self._made[Among, keys] = Among(tuple(by_key.values()), keys)
        return found

    def ref(self, at: Hashable, meant: Callable[[], Form]) -> Ref:
        """Return the formula of a definition; ``meant`` makes what it says, once and later."""
        ref = self.of(Ref, at)
        self._meant.setdefault(ref, meant)
        return ref

    def meant(self, ref: Ref) -> Form:
        """Return what a definition says."""
        if ref not in self._found:
            self._found[ref] = self._meant[ref]()
        return self._found[ref]

    @staticmethod
    def _flat(sort: type[All] | type[AnyOf], forms: Iterable[Form], *, nothing: Form) -> tuple[Form, ...]:
        flat: dict[Form, None] = {}
        for form in forms:
            for each in form.forms if isinstance(form, sort) else (form,):
                flat[each] = None
        flat.pop(nothing, None)
        return tuple(flat)
