"""A folder of unpacked wheels, made to depend on nothing but the wheels."""

import csv
import io
import shutil
from pathlib import Path

from ci_steps.errors import InputError

_INSTALLERS_OWN = ("INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json")


def normalise(folder: Path) -> None:
    """Take away what names the machine or the moment, and refuse what the order of unpacking decided.

    Scripts in ``bin/`` start with the path of the interpreter that laid them out; RECORD holds their hashes.
    """
    (folder / ".lock").unlink(missing_ok=True)
    shutil.rmtree(folder / "bin", ignore_errors=True)
    brought: dict[str, tuple[str, str]] = {}
    for record in sorted(folder.glob("*.dist-info/RECORD")):
        for name in _INSTALLERS_OWN:
            (record.parent / name).unlink(missing_ok=True)
        kept = []
        for row in csv.reader(io.StringIO(record.read_text(encoding="utf-8"))):
            path, digest = row[0], row[1]
            if not (folder / path).is_file() or ".." in Path(path).parts:
                continue
            other, known = brought.setdefault(path, (record.parent.name, digest))
            if known != digest:
                raise InputError(
                    f"{other} and {record.parent.name} both bring {path}, with different content",
                    hint="lock only one of them: which one would be served is chance",
                )
            kept.append(row)
        _rewrite(record, kept)


def _rewrite(record: Path, rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(sorted(rows))
    # uv may have laid out hard links into its cache: a new file, never written through the link
    record.unlink()
    record.write_text(text.getvalue(), encoding="utf-8")
