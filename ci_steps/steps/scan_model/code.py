"""Files that are code themselves: source text, which someone can read and allow, and all the rest."""

import re
from pathlib import PurePosixPath

from ci_steps.steps.scan_model.content import Content

SOURCE = {
    ".py": "Python source",
    ".pyw": "Python source",
    ".pyx": "Python source",
    ".pth": "a .pth file, run when Python starts",
    ".sh": "a script",
    ".bash": "a script",
    ".bat": "a script",
    ".cmd": "a script",
    ".ps1": "a script",
    **dict.fromkeys((".zsh", ".ksh", ".csh", ".fish", ".command", ".psm1", ".vbs"), "a script"),
    ".js": "JavaScript",
    ".mjs": "JavaScript",
    ".r": "R source",
    ".rb": "Ruby source",
    ".pl": "Perl source",
    ".php": "PHP source",
    ".lua": "Lua source",
    ".jl": "Julia source",
}
TEMPLATES = {".jinja", ".jinja2", ".j2"}
COMPILED = {".pyc", ".pyo", ".so", ".pyd", ".dll", ".dylib", ".whl", ".egg", ".jar", ".exe", ".a", ".o"}
_MACHINE = (
    (b"\x7fELF", "an ELF program or library"),
    (b"MZ", "a Windows program or library"),
    (b"\xca\xfe\xba\xbe", "a Mach-O program or Java class"),
    (b"\xcf\xfa\xed\xfe", "a Mach-O program or library"),
    (b"\xce\xfa\xed\xfe", "a Mach-O program or library"),
    (b"\x00asm", "a WebAssembly module"),
)
# PEP 263: another encoding, such as utf-7 or unicode_escape, hides what a reader does not see.
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
# Trojan Source (CVE-2021-42574): these make an editor show lines in another order than they run.
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def kind_by_name(path: str) -> str:
    """Return what an importer or a shell takes the file for by its name alone; empty for no code."""
    suffix = PurePosixPath(path).suffix.lower()
    if suffix in COMPILED or ".so." in PurePosixPath(path).name:
        return f"compiled or packed code by its name ({suffix})"
    return SOURCE.get(suffix, "")


def compiled(path: str, content: Content) -> str:
    """Return what compiled code the file is, by name or by content; empty where it is none."""
    by_name = kind_by_name(path)
    if by_name and PurePosixPath(path).suffix.lower() not in SOURCE:
        return by_name
    # Two letters of a text do not make a program: only what is no text is one.
    for magic, kind in _MACHINE:
        if content.starts(magic) and (len(magic) > 2 or b"\0" in content.buffer[:64]):
            return kind
    head = content.buffer[:20]
    # A .pyc: a version with CR LF behind it, flags 0 to 3, and at 16 a marshalled code object.
    if head[2:4] == b"\r\n" and head[5:8] == b"\0\0\0" and head[16:17] in (b"\xe3", b"c"):
        return "compiled Python"
    # What marshal writes of a code object: four small counts in front.
    if head[:1] in (b"\xe3", b"c") and head[2:5] == head[6:9] == head[10:13] == b"\0\0\0":
        return "marshalled Python"
    return ""


def at_start(path: str) -> bool:
    """Whether its name has Python run it at every start: no model needs that."""
    return PurePosixPath(path).suffix.lower() == ".pth"


def is_template(path: str) -> bool:
    """Whether its name says that Jinja renders it."""
    return PurePosixPath(path).suffix.lower() in TEMPLATES


def source(path: str, content: Content) -> str:
    """Return what source text the file is, by name or by its first line; empty where it is none."""
    suffix = PurePosixPath(path).suffix.lower()
    # PyTorch's files have the same ending, and begin as no text does.
    weights = suffix == ".pth" and content.starts(b"PK\x03\x04", b"\x80")
    by_name = "" if weights else SOURCE.get(suffix, "")
    return by_name or ("a script" if content.starts(b"#!") else "")


def unreadable_source(content: Content) -> str:
    """Return why nobody can read the source by looking at it; empty where everybody can."""
    text = content.buffer[:]
    for line in text.split(b"\n", 2)[:2]:
        cookie = _COOKIE.match(line)
        if cookie and cookie[1].lower().replace(b"_", b"-") not in {b"utf-8", b"utf8", b"ascii", b"us-ascii"}:
            return f"it is written in {cookie[1].decode()}, not in UTF-8"
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError:
        return "it is not UTF-8"
    if "\0" in decoded:
        return "it holds NUL bytes"
    return "it holds characters that change the order of what is shown" if _REORDERING.search(decoded) else ""
