"""Making a witness look like what was really sent."""

from collections.abc import Iterator
from typing import Any


def grafts(real: Any, witness: Any) -> Iterator[Any]:
    """Yield values between a real one and a witness, those closest to the real one first.

    >>> list(grafts({"a": 1, "b": 2}, {"a": 1, "b": "x"}))
    [{'a': 1, 'b': 'x'}]
    """
    if isinstance(real, dict) and isinstance(witness, dict):
        for name in witness:
            if name not in real:
                yield {**real, name: witness[name]}
            elif real[name] != witness[name] or isinstance(real[name], bool):
                yield from ({**real, name: each} for each in grafts(real[name], witness[name]))
                yield {**real, name: witness[name]}
        for name in real:
            if name not in witness:
                yield {own: value for own, value in real.items() if own != name}
        if not real.keys() <= witness.keys():
            yield {**real, **witness}
    elif isinstance(real, list) and isinstance(witness, list) and real and witness:
        yield from ([each, *real[1:]] for each in grafts(real[0], witness[0]))
        yield [witness[0], *real[1:]]
