"""From a schema to its formula, keyword by keyword."""

from collections.abc import Hashable, Iterator
from typing import Any

from ci_steps.model.value import Value
from ci_steps.steps.check_interface.forms.dialects import Schema
from ci_steps.steps.check_interface.forms.document import Document
from ci_steps.steps.check_interface.forms.evaluated import evaluated_by
from ci_steps.steps.check_interface.forms.form import (
    KINDS,
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
    OfKind,
    OneOf,
    Opaque,
    Property,
    Required,
    Rest,
    To,
)
from ci_steps.steps.check_interface.forms.making import Forms
from ci_steps.steps.check_interface.forms.unnamed import closing

_COUNTED = {"Length": "string", "Items": "array", "Properties": "object"}


class Said(Value, frozen=True):
    """What one keyword says, where it stands, and the schema that it applies to a part of the value."""

    path: tuple[str, ...]
    form: Form
    inner: tuple[Any, "Wrap"] | None = None
    """The schema in it, and how what that says becomes something about the whole."""


class Wrap(Value, frozen=True):
    """Makes of a formula about a part one about what it is a part of."""

    forms: Forms
    sort: type[Form] | None = None
    args: tuple[Any, ...] = ()

    def __call__(self, form: Form) -> Form:
        if self.sort is None or form is self.forms.true:
            return form
        return self.forms.of(self.sort, *self.args, form)


class Compiler:
    """Makes the formulas of one side."""

    def __init__(self, document: Document, forms: Forms, *, closed: bool = False) -> None:
        self.document = document
        self.forms = forms
        self._closed = closed
        """Whether objects have no properties but those that the schema names."""
        self._told: dict[str, Hashable] = {}

    def place(self, schema: Any) -> Form:
        """Return the formula of a schema that is all that is said about a value."""
        form = self.form(schema)
        return self.forms.all((form, closing(schema, self.document, self.forms))) if self._closed else form

    def form(self, schema: Any) -> Form:
        if isinstance(schema, bool):
            return self.forms.true if schema else self.forms.false
        return self.forms.all(said.form for said in self.said(schema))

    def said(self, schema: Schema) -> Iterator[Said]:
        """Yield what each keyword of a schema says."""
        yield from self._whole(schema)
        yield from self._numbers(schema)
        yield from self._counts(schema)
        yield from self._arrays(schema)
        yield from self._objects(schema)
        yield from self._combined(schema)
        for word in ("unevaluatedProperties", "unevaluatedItems"):
            if schema.get(word, True) not in (True, {}):
                yield from self._unevaluated(schema, word)

    def _whole(self, schema: Schema) -> Iterator[Said]:
        forms = self.forms
        if "type" in schema:
            said = schema["type"]
            names = {said} if isinstance(said, str) else set(said)
            plain = frozenset(names & set(KINDS))
            kinds = forms.of(OfKind, plain) if plain else forms.false
            whole = forms.all((forms.of(OfKind, frozenset({"number"})), forms.of(Multiple, 1)))
            yield Said(("type",), forms.any((kinds, whole)) if "integer" in names else kinds)
        if "enum" in schema:
            yield Said(("enum",), forms.among(schema["enum"]))
        if "const" in schema:
            yield Said(("const",), forms.among([schema["const"]]))
        if "pattern" in schema:
            yield Said(("pattern",), forms.of(Matches, schema["pattern"]))
        if "$ref" in schema:
            yield self._reference(schema["$ref"])
        if "$dynamicRef" in schema:
            yield Said(("$dynamicRef",), self._opaque("$dynamicRef", schema))

    def _reference(self, ref: str) -> Said:
        target = self.document.target(ref)
        if target is None:
            return Said(("$ref",), self.forms.of(Opaque, "$ref", ("alien", id(self), ref)))
        if ref not in self._told:
            self._told[ref] = (self.document.text(target), self._closed, self.document.dialect)
        at = self._told[ref]
        return Said(("$ref",), self.forms.ref(at, lambda: self.form(target)), (target, Wrap(self.forms)))

    def _numbers(self, schema: Schema) -> Iterator[Said]:
        of = self.forms.of
        if "minimum" in schema:
            yield Said(("minimum",), of(From, schema["minimum"], False))
        if "exclusiveMinimum" in schema:
            yield Said(("exclusiveMinimum",), of(From, schema["exclusiveMinimum"], True))
        if "maximum" in schema:
            yield Said(("maximum",), of(To, schema["maximum"], False))
        if "exclusiveMaximum" in schema:
            yield Said(("exclusiveMaximum",), of(To, schema["exclusiveMaximum"], True))
        if "multipleOf" in schema:
            step = schema["multipleOf"]
            yield Said(("multipleOf",), of(Multiple, int(step) if step == step // 1 else step))

    def _counts(self, schema: Schema) -> Iterator[Said]:
        for what, kind in _COUNTED.items():
            if schema.get(f"min{what}", 0) > 0:
                yield Said((f"min{what}",), self.forms.of(AtLeast, kind, int(schema[f"min{what}"])))
            if f"max{what}" in schema:
                yield Said((f"max{what}",), self.forms.of(AtMost, kind, int(schema[f"max{what}"])))

    def _arrays(self, schema: Schema) -> Iterator[Said]:
        prefix = schema.get("prefixItems", [])
        for index, each in enumerate(prefix):
            yield self._within(("prefixItems", str(index)), each, Item, index)
        if "items" in schema:
            yield self._within(("items",), schema["items"], Rest, len(prefix))
        if schema.get("uniqueItems", False):
            yield Said(("uniqueItems",), self.forms.of(Distinct))
        if "contains" in schema:
            form = self.place(schema["contains"])
            least, most = int(schema.get("minContains", 1)), schema.get("maxContains")
            word = "minContains" if "minContains" in schema else "contains"
            if least:
                yield Said((word,), self.forms.of(Contains, form, least))
            if most is not None:
                yield Said(("maxContains",), self.forms.of(ContainsAtMost, form, int(most)))

    def _objects(self, schema: Schema) -> Iterator[Said]:
        forms, properties = self.forms, schema.get("properties", {})
        patterns = schema.get("patternProperties", {})
        for name, each in properties.items():
            yield self._within(("properties", name), each, Property, name)
        for name in schema.get("required", ()):
            yield Said(("required",), forms.of(Required, name))
        for pattern, each in patterns.items():
            yield self._within(("patternProperties", pattern), each, Named, pattern)
        if "additionalProperties" in schema:
            others = (frozenset(properties), frozenset(patterns))
            yield self._within(("additionalProperties",), schema["additionalProperties"], Further, *others)
        if "propertyNames" in schema:
            yield Said(("propertyNames",), Wrap(forms, Names)(self.form(schema["propertyNames"])))
        for name, needed in schema.get("dependentRequired", {}).items():
            absent = forms.no(forms.of(Required, name))
            each = forms.all(forms.of(Required, other) for other in needed)
            yield Said(("dependentRequired", name), forms.any((absent, each)))
        no_object = forms.of(OfKind, frozenset(KINDS) - {"object"})
        for name, schema_then in schema.get("dependentSchemas", {}).items():
            absent = forms.no(forms.of(Required, name))
            yield Said(("dependentSchemas", name), forms.any((no_object, absent, self.form(schema_then))))

    def _combined(self, schema: Schema) -> Iterator[Said]:
        forms = self.forms
        for number, each in enumerate(schema.get("allOf", ())):
            yield Said(("allOf", str(number)), self.form(each), (each, Wrap(forms)))
        if "anyOf" in schema:
            yield Said(("anyOf",), forms.any(map(self.form, schema["anyOf"])))
        if "oneOf" in schema:
            branches = tuple(form for each in schema["oneOf"] if (form := self.form(each)) is not forms.false)
            one = forms.any(branches) if len(branches) <= 1 else forms.of(OneOf, branches)
            yield Said(("oneOf",), one)
        if "not" in schema:
            yield Said(("not",), forms.no(self.form(schema["not"])))
        if "if" in schema:
            tested = self.form(schema["if"])
            if "then" in schema:
                yield Said(("then",), forms.any((forms.no(tested), self.form(schema["then"]))))
            if "else" in schema:
                yield Said(("else",), forms.any((tested, self.form(schema["else"]))))

    def _unevaluated(self, schema: Schema, word: str) -> Iterator[Said]:
        looked_at = evaluated_by(schema, self.document)
        if looked_at is None or (word == "unevaluatedItems" and looked_at.items_by_value):
            yield Said((word,), self._opaque(word, schema))
        elif word == "unevaluatedItems" and not looked_at.every_item:
            yield self._within((word,), schema[word], Rest, looked_at.items)
        elif word == "unevaluatedProperties" and not looked_at.every_property:
            yield self._within((word,), schema[word], Further, looked_at.names, looked_at.patterns)

    def _within(self, path: tuple[str, ...], schema: Any, sort: type[Form], *args: Any) -> Said:
        wrap = Wrap(self.forms, sort, args)
        return Said(path, wrap(self.place(schema)), (schema, wrap))

    def _opaque(self, keyword: str, schema: Schema) -> Form:
        # What it means depends on its neighbours, so it is the same only where they are.
        return self.forms.of(Opaque, keyword, (self.document.text(schema), self.document.dialect))
