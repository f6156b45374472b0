"""Patterns that GoCD reads: Ant's, of files, for artifacts and materials; Quartz's, of times, for timers."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

_NAMES = {
    name: number
    for names in (
        "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC",
        "SUN MON TUE WED THU FRI SAT",
    )
    for number, name in enumerate(names.split(), 1)
}


def ant(pattern: str) -> re.Pattern[str]:
    """Return what matches the paths that Ant's pattern does: `**` is any folders, `*` stays in one.

    >>> [path for path in ("a/b", "a", "x/a") if ant("a/**").fullmatch(path)]
    ['a/b', 'a']
    >>> [path for path in ("x.py", "s/x.py", "s/x.pyc") if ant("**/*.py").fullmatch(path)]
    ['x.py', 's/x.py']
    """
    text = pattern + "**" if pattern.endswith("/") else pattern
    parts = {"**/": "(?:.*/)?", "/**": "(?:/.*)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(^\*\*/|/\*\*$|(?<=/)\*\*/|\*\*|\*|\?)", text)
    return re.compile("".join(parts.get(piece, re.escape(piece)) for piece in pieces))


def stem(pattern: str) -> str:
    """Return the folders before the first wildcard; where there is none, the whole path."""
    parts = pattern.split("/")
    plain = next((number for number, part in enumerate(parts) if set(part) & set("*?")), len(parts))
    return "/".join(parts[:plain])


def found(pattern: str, root: Path) -> Iterator[Path]:
    """Give the folders that match, and the files that match and lie in none of them, relative to ``root``."""
    rule, base = ant(pattern), root / stem(pattern)
    paths = [path.relative_to(root) for path in (base, *sorted(base.rglob("*"))) if path.exists()]
    matching = [path for path in paths if rule.fullmatch(path.as_posix())]
    folders = {path for path in matching if (root / path).is_dir()}
    yield from (path for path in matching if path.parent not in folders)


def fires(spec: str, at: datetime) -> bool:
    """Whether Quartz's expression means this second.

    >>> [fires("0 30 2 ? * MON-FRI", datetime(2026, 5, day, 2, 30)) for day in (1, 2)]
    [True, False]
    """
    wanted = spec.split()
    is_ = (at.second, at.minute, at.hour, at.day, at.month, at.isoweekday() % 7 + 1, at.year)
    return all(_has(field, number) for field, number in zip(wanted, is_, strict=False))


def _has(field: str, number: int) -> bool:
    return any(_within(part, number) for part in field.split(","))


def _within(part: str, number: int) -> bool:
    span, _, step = part.partition("/")
    first, dash, last = span.partition("-")
    if span in {"*", "?"}:
        low, high = 0, 9999
    else:
        low = _number(first)
        high = _number(last) if dash else 9999 if step else low
    return low <= number <= high and (number - low) % int(step or 1) == 0


def _number(text: str) -> int:
    return _NAMES[text] if text in _NAMES else int(text)
