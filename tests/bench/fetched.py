"""What the kit does in `tests.bench fetch`: a store in a bucket fetches the files of a model.

`python -m tests.bench.fetched STORE FILES FOLDER`: FILES lists them as JSON. It prints its peak in KiB.
"""

import re
import sys
from pathlib import Path

import msgspec

from ci_steps.model.manifest import ModelFile
from ci_steps.wiring.outside import Outside


class Silent:
    def say(self, text: str) -> None:
        """Not what is measured."""

    def advance(self, done: int, total: int, unit: str) -> None:
        """Not what is measured."""


def main(place: str, files: str, folder: str) -> None:
    wanted = msgspec.json.decode(Path(files).read_bytes(), type=tuple[ModelFile, ...])
    store = Outside(progress=Silent()).store(Path.cwd(), place)
    if differing := store.fetch(wanted, Path(folder)):
        raise SystemExit(f"{len(differing)} files differ")
    if peak := re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii")):
        sys.stdout.write(f"{peak[1]}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
