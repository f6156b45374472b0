"""`.dvc/config`: the remotes of a repository."""

import configparser
import posixpath
from collections.abc import Mapping
from pathlib import Path

from ci_steps.errors import InputError
from ci_steps.model.value import Value

KEYS = ("access_key_id", "secret_access_key", "session_token", "password", "connection_string", "sas_token")
"""What gives access: it comes from the environment alone, wherever DVC may have it written."""


class Remote(Value, frozen=True):
    """A place of DVC's, as the repository names it."""

    name: str
    url: str
    """A path is absolute."""
    settings: Mapping[str, str]

    @property
    def scheme(self) -> str:
        scheme, there, _ = self.url.partition("://")
        return scheme if there else "file"


def remotes(config: bytes, local: bytes, folder: Path | None) -> tuple[dict[str, Remote], str]:
    """Return the remotes and the name of the default one.

    ``local`` is what a checkout keeps beside it in `config.local`; ``folder`` is that of both, from where
    paths are relative, where the repository lies on this machine.
    """
    sections: dict[str, dict[str, str]] = {}
    for name, content in (("config", config), ("config.local", local)):
        for section, values in _parsed(f".dvc/{name}", content).items():
            sections[section] = sections.get(section, {}) | values
    urls = {_remote(section): values.get("url", "") for section, values in sections.items()}
    found = {
        name: Remote(name, _url(name, urls, folder), values)
        for section, values in sections.items()
        if (name := _remote(section)) and "url" in values
    }
    return found, sections.get("core", {}).get("remote", "")


def _parsed(where: str, content: bytes) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser(delimiters=("=",), comment_prefixes=("#",), strict=False)
    try:
        parser.read_string(content.decode())
    except (configparser.Error, UnicodeDecodeError) as error:
        raise InputError(f"{where} is not as DVC writes it", hint="see it with `dvc remote list`") from error
    return {
        section.strip("'\" "): {key: value.strip().strip("'\"") for key, value in parser.items(section)}
        for section in parser.sections()
    }


def _remote(section: str) -> str:
    kind, _, name = section.partition(" ")
    return name.strip("\"'") if kind == "remote" else ""


def _url(name: str, urls: Mapping[str, str], folder: Path | None) -> str:
    """Return where a remote is; one that is written as `remote://other/path` is below that other."""
    url = urls.get(name, "")
    for _ in urls:
        if not url.startswith("remote://"):
            break
        other, _, path = url.removeprefix("remote://").partition("/")
        url = posixpath.join(urls.get(other, ""), path)
    url = url.removeprefix("file://")
    return url if "://" in url or folder is None else str((folder / url).resolve())
