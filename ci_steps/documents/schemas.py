"""`python -m ci_steps.documents.schemas FOLDER` writes every schema; `make schemas` calls it."""

import json
import sys
from pathlib import Path

from ci_steps.documents import DOCUMENTS
from ci_steps.model.ledger import LedgerEntry
from ci_steps.model.manifest import Manifest
from ci_steps.model.settings import Settings
from ci_steps.model.wire import Wire, schema_of

KINDS: dict[str, type[Wire]] = {
    **{kind.name: kind for kind in DOCUMENTS},
    "manifest": Manifest,
    "ledger-entry": LedgerEntry,
    "release-yaml": Settings,
}


def written(folder: Path) -> None:
    """Write one `<name>.schema.json` for each kind; the same types always give the same bytes."""
    for name, kind in KINDS.items():
        text = json.dumps(schema_of(kind, title=name), indent=2, ensure_ascii=False)
        (folder / f"{name}.schema.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    written(Path(sys.argv[1]))
