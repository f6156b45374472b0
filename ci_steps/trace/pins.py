"""The packages that a lock pins."""

import re

_PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)(?P<marker>[^\\#\r\n]*)",
    re.MULTILINE,
)


def pinned(lock: bytes) -> dict[str, str]:
    r"""Return the version of every package, by its name, and by its marker too where that decides.

    >>> pinned(b"NumPy==2.1.0 ; python_version >= '3.11' \\\n    --hash=sha256:ab\njoblib==1.4.2\n")
    {"numpy ; python_version >= '3.11'": '2.1.0', 'joblib': '1.4.2'}
    """
    found = {}
    for pin in _PIN.finditer(lock.decode(errors="replace")):
        name = re.sub(r"[-_.]+", "-", pin["name"]).lower()
        marker = pin["marker"].partition("--hash")[0].strip(" ;\t")
        found[f"{name} ; {marker}" if marker else name] = pin["version"]
    return found
