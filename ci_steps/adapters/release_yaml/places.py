"""Places in a file system."""

_LONGEST_NAME, _LONGEST_PATH = 255, 4095
"""Bytes that Linux takes (NAME_MAX, and PATH_MAX without its end)."""


def may_be_path(text: str) -> bool:
    """Tell whether a file or a folder could be called so."""
    encoded = text.encode()
    names = encoded.split(b"/")
    return b"\0" not in encoded and len(encoded) <= _LONGEST_PATH and max(map(len, names)) <= _LONGEST_NAME
