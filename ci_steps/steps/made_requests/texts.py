"""Texts that a schema allows: of every length that it names, of words, and of what words are not.

Where a schema names no length, texts have up to a thousand characters; a longest length is taken at its
word up to ten thousand. Control characters other than ends of lines do not come: whoever says *string*
rarely means them.
"""

import random
import string
from collections.abc import Callable, Mapping
from typing import Any

from ci_steps.steps.made_requests.turns import Chance

_LONG, _LONGEST = 1000, 10_000
_SYLLABLES = tuple(first + second for first in "bdfhklmnprst" for second in "aeiou")
_ODD = ("é", "日本", "🙂")
_KINDS = ("words", "words", "digits", "signs", "foreign", "blank", "lines")


def word(chance: random.Random) -> str:
    if chance.random() < 0.05:
        odd: list[str] = [str(chance.randint(0, 9999)), chance.choice(string.punctuation), *_ODD]
        return chance.choice(odd)
    return "".join(chance.choice(_SYLLABLES) for _ in range(chance.randint(1, 4)))


FORMATS: dict[str, Callable[[random.Random], str]] = {
    "date": lambda r: f"{r.randint(1970, 2037)}-{r.randint(1, 12):02}-{r.randint(1, 28):02}",
    "time": lambda r: f"{r.randint(0, 23):02}:{r.randint(0, 59):02}:{r.randint(0, 59):02}Z",
    "duration": lambda r: f"P{r.randint(0, 30)}DT{r.randint(0, 23)}H{r.randint(0, 59)}M",
    "email": lambda r: f"{_name(r)}@{_name(r)}.example",
    "hostname": lambda r: f"{_name(r)}.example",
    "ipv4": lambda r: ".".join(str(r.randint(1, 254)) for _ in range(4)),
    "ipv6": lambda r: "2001:db8:" + ":".join(f"{r.getrandbits(16):x}" for _ in range(6)),
    "uri": lambda r: f"https://{_name(r)}.example/{_name(r)}",
    "uuid": lambda r: "-".join(f"{r.getrandbits(4 * n):0{n}x}" for n in (8, 4, 4, 4, 12)),
}
FORMATS["date-time"] = lambda r: f"{FORMATS['date'](r)}T{FORMATS['time'](r)}"


def text(schema: Mapping[str, Any], real: list[str], chance: Chance, place: str) -> str:
    """Return a text; a ``real`` one where a pattern or an unknown format says how it is."""
    named = schema.get("format")
    if make := FORMATS.get(str(named)):
        return make(chance.random)
    if real and (named or "pattern" in schema):
        return chance.of(real, place)
    least = int(schema.get("minLength", 0))
    if least > _LONGEST:
        raise ValueError(f"texts of {least} characters are not made")
    if chance.ends:
        length = chance.of(_lengths(least, schema.get("maxLength")), f"{place} length")
        return _of(chance.of(_KINDS, f"{place} kind"), length, chance.random)
    most = int(schema.get("maxLength", least + chance.random.randint(1, 120)))
    return _of("words", chance.random.randint(min(max(least, 1), most), most), chance.random)


def _lengths(least: int, most: Any) -> list[int]:
    """Return the lengths at both ends and next to them, and moderate ones between."""
    longest = max(min(int(most), _LONGEST), least) if most is not None else least + _LONG
    wanted = {least, least + 1, least + 20, least + 120, longest - 1, longest}
    return sorted(length for length in wanted if least <= length <= longest)


def _of(kind: str, length: int, chance: random.Random) -> str:
    pieces: Mapping[str, Callable[[], str]] = {
        "words": lambda: word(chance) + " ",
        "digits": lambda: str(chance.randint(0, 9999)),
        "signs": lambda: chance.choice(string.punctuation),
        "foreign": lambda: chance.choice(_ODD),
        "blank": lambda: " ",
        "lines": lambda: word(chance) + "\n",
    }
    made = ""
    while len(made) < length:
        made += pieces[kind]()
    made = made[:length]
    return made[:-1] + "x" if kind == "words" and made.endswith(" ") else made


def _name(chance: random.Random) -> str:
    return "".join(chance.choice(_SYLLABLES) for _ in range(chance.randint(2, 4)))
