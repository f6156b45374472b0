"""What a schema accepts, by a library that knows nothing of the gate."""

import json
from functools import lru_cache
from typing import Any

import jsonschema_rs
from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for


def accepts(schema: Any, value: Any) -> bool:
    """Whether ``value`` is valid; formats are annotations."""
    return bool(_validator(json.dumps(schema)).is_valid(value))


def well_formed(schema: Any) -> bool:
    kind = validator_for(schema, default=Draft202012Validator)
    return bool(kind(kind.META_SCHEMA).is_valid(schema))


def served(schema: Any, value: Any) -> bool:
    """Whether ``value`` is valid by the library that the serving image has, which is exact with decimals."""
    return bool(quick(schema).is_valid(value))


def quick(schema: Any) -> Any:
    return jsonschema_rs.validator_for(json.dumps(schema), validate_formats=False)


def in_one_only(value: Any, inner: Any, outer: Any) -> bool:
    """Whether ``value`` shows that ``inner`` accepts something that ``outer`` does not."""
    return accepts(inner, value) and not accepts(outer, value)


@lru_cache(maxsize=512)
def _validator(schema: str) -> Validator:
    document = json.loads(schema)
    return validator_for(document, default=Draft202012Validator)(document)
