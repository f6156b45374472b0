"""Reading a pattern as ECMA-262 does, with whole code points as its characters, as the server does too."""

from ci_steps.steps.check_interface.patterns.characters import (
    DIGITS,
    LINE_ENDS,
    SPACE,
    WORD,
    Characters,
    all_but,
    category,
    one_of,
    union,
)
from ci_steps.steps.check_interface.patterns.errors import ForeignPatternError, NoPatternError
from ci_steps.steps.check_interface.patterns.tree import Anchor, Any, Branch, Group, Node, Times

_ESCAPED = {"t": "\t", "n": "\n", "r": "\r", "v": "\v", "f": "\f", "0": "\0"}
_CLASSES = {"d": DIGITS, "w": WORD, "s": SPACE}
_PLAIN = set("^$\\.*+?()[]{}|/-") | set(" !\"#%&',:;<=>@_`~")
_DIGITS = 6
_CATEGORIES = {"Letter": "L", "Number": "N", "Punctuation": "P", "Symbol": "S", "Separator": "Z"}


class Reader:
    """A pattern that is read from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def branches(self) -> tuple[Branch, ...]:
        found = [self._branch()]
        while self._skip("|"):
            found.append(self._branch())
        return tuple(found)

    def _branch(self) -> Branch:
        nodes: list[Node] = []
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            nodes.append(self._times(self._atom()))
        return tuple(nodes)

    def _atom(self) -> Node:  # noqa: PLR0911 - one for each sort
        char = self._next()
        if char == "^":
            return Anchor.START
        if char == "$":
            return Anchor.END
        if char == ".":
            return Any(all_but(LINE_ENDS))
        if char == "(":
            return self._group()
        if char == "[":
            return Any(self._class())
        if char == "\\":
            return Any(self._escape())
        if char in "*+?":
            raise NoPatternError(f"nothing to repeat at {self.at - 1}")
        return Any(one_of(char))

    def _times(self, node: Node) -> Node:
        start = self.at
        low, high = self._bounds()
        if start == self.at:
            return node
        self._skip("?")  # lazy or not: the same texts
        if self.text[self.at : self.at + 1] in {"*", "+", "?"}:
            if self.text[self.at] == "+":
                raise ForeignPatternError(f"possessive quantifier at {self.at}")
            raise NoPatternError(f"multiple repeat at {self.at}")
        if isinstance(node, Anchor):
            raise ForeignPatternError(f"{node.value} is repeated")
        if high is not None and high < low:
            raise NoPatternError(f"numbers out of order at {start}")
        if isinstance(node, Group) and node.anchored:
            raise ForeignPatternError("what is repeated holds ^ or $")
        return Times(node, low, high)

    def _bounds(self) -> tuple[int, int | None]:
        for char, low, high in (("*", 0, None), ("+", 1, None), ("?", 0, 1)):
            if self._skip(char):
                return low, high
        end = self.text.find("}", self.at)
        inside = self.text[self.at + 1 : end] if self.text[self.at : self.at + 1] == "{" else ""
        low_text, comma, high_text = inside.partition(",")
        if not _number(low_text) or (high_text and not _number(high_text)):
            return 1, 1  # a brace that repeats nothing stands for itself
        if len(low_text) > _DIGITS or len(high_text) > _DIGITS:
            raise ForeignPatternError(f"it repeats {inside} times")
        self.at = end + 1
        return int(low_text), (int(high_text) if high_text else None) if comma else int(low_text)

    def _group(self) -> Node:
        if self._skip("?"):
            if self.text[self.at : self.at + 1] in {"=", "!"} or self.text[self.at : self.at + 2] in {
                "<=",
                "<!",
            }:
                raise ForeignPatternError("it looks ahead or behind")
            if self._skip("<"):
                name, _, _ = self.text[self.at :].partition(">")
                if not name.isidentifier():
                    raise NoPatternError(f"bad group name at {self.at}")
                self.at += len(name) + 1
            elif not self._skip(":"):
                raise ForeignPatternError(f"(?{self.text[self.at : self.at + 1]} is not ECMA-262")
        branches = self.branches()
        if not self._skip(")"):
            raise NoPatternError("missing )")
        return Group(branches, anchored=any(_anchored_in(node) for branch in branches for node in branch))

    def _escape(self, *, inside: bool = False) -> Characters:  # noqa: PLR0911 - one for each sort
        char = self._next()
        if char.lower() in _CLASSES:
            chars = _CLASSES[char.lower()]
            return chars if char.islower() else all_but(chars)
        if char in {"p", "P"}:
            chars = self._category()
            return chars if char == "p" else all_but(chars)
        if char in {"x", "u"}:
            return one_of(chr(self._code(2 if char == "x" else 4)))
        if char == "b" and inside:
            return one_of("\b")
        if char == "0" and self.text[self.at : self.at + 1].isdigit():
            raise ForeignPatternError("an octal escape")
        if char in _ESCAPED:
            return one_of(_ESCAPED[char])
        if char == "c" and self.text[self.at : self.at + 1].isascii() and self.text[self.at :][:1].isalpha():
            return one_of(chr(ord(self._next()) % 32))
        if char in _PLAIN or not char.isascii():
            return one_of(char)
        raise ForeignPatternError(f"\\{char} goes beyond regular expressions, or is not ECMA-262")

    def _code(self, digits: int) -> int:
        if digits == 4 and self._skip("{"):
            text, _, _ = self.text[self.at :].partition("}")
            self.at += len(text) + 1
        else:
            text = self.text[self.at : self.at + digits]
            self.at += digits
            if len(text) < digits:
                raise NoPatternError("an incomplete escape")
        try:
            code = int(text, 16)
            chr(code)
        except (ValueError, OverflowError) as error:
            raise NoPatternError(f"bad escape of {text!r}") from error
        if 0xD800 <= code < 0xE000:
            raise ForeignPatternError("half of a surrogate pair")
        return code

    def _category(self) -> Characters:
        if not self._skip("{"):
            raise ForeignPatternError("\\p without a category")
        name, _, _ = self.text[self.at :].partition("}")
        self.at += len(name) + 1
        name = _CATEGORIES.get(name.rpartition("=")[2], name.rpartition("=")[2])
        if name[:1] not in set("LMNPSZC") or len(name) > 2:
            raise ForeignPatternError(f"the property {name}")
        return category(name)

    def _class(self) -> Characters:
        negated = self._skip("^")
        ranges: list[tuple[int, int]] = []
        while not self._skip("]"):
            low = self._member()
            if self.text[self.at : self.at + 1] == "-" and self.text[self.at + 1 : self.at + 2] not in {
                "]",
                "",
            }:
                self.at += 1
                high = self._member()
                if len(low) != 1 or len(high) != 1 or low[0][0] != low[0][1] or high[0][0] != high[0][1]:
                    raise ForeignPatternError("a range from or to a class")
                if high[0][0] < low[0][0]:
                    raise NoPatternError("bad character range")
                ranges.append((low[0][0], high[0][0]))
            else:
                ranges.extend(low)
        chars = union(ranges)
        return all_but(chars) if negated else chars

    def _member(self) -> Characters:
        char = self._next()
        if char == "[" and self.text[self.at : self.at + 1] in {"[", ":"}:
            raise ForeignPatternError("a class in a class")
        return self._escape(inside=True) if char == "\\" else one_of(char)

    def _next(self) -> str:
        if self.at >= len(self.text):
            raise NoPatternError("it ends too early")
        self.at += 1
        return self.text[self.at - 1]

    def _skip(self, char: str) -> bool:
        if self.text[self.at : self.at + 1] != char:
            return False
        self.at += 1
        return True


def _anchored_in(node: Node) -> bool:
    return isinstance(node, Anchor) or (isinstance(node, Group) and node.anchored)


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit()
