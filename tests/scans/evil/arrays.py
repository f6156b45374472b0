"""numpy's own files with objects in them, and with headers that lie."""

import io
import struct
import zipfile
from typing import Any

import numpy as np

from tests.scans.evil.pickles import Trap
from tests.scans.evil.specimen import TRAP, Evil, zipped

TRAPS = np.array([Trap()], dtype=object)
PLAIN = np.arange(6.0)


def npy(array: np.ndarray[Any, Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def headed(header: str, behind: bytes, version: int = 1) -> bytes:
    """Return an array's file with a header of one's own."""
    written = header.encode("latin-1") + b"\n"
    size = struct.pack("<H" if version == 1 else "<I", len(written))
    return b"\x93NUMPY" + bytes([version, 0]) + size + written + behind


def objects(descr: str) -> str:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,)}}"


_RUN = {
    "an array of objects": ("model/a.npy", npy(TRAPS)),
    "records with objects": ("model/a.npy", npy(np.array([(1, Trap())], dtype=[("a", "i4"), ("b", "O")]))),
    "objects in a second version": ("model/a.npy", headed(objects("'|O'"), TRAP, 2)),
    "objects in a third version": ("model/a.npy", headed(objects("'|O'"), TRAP, 3)),
    "objects deep in records": ("model/a.npy", headed(objects("[('a', [('b', 'O')])]"), TRAP)),
    "objects by another name": ("model/a.npy", headed(objects("'object'"), TRAP)),
    "an archive with objects": ("model/a.npz", zipped({"a.npy": npy(PLAIN), "b.npy": npy(TRAPS)})),
    "a packed archive with objects": ("model/a.npz", zipped({"b.npy": npy(TRAPS)}, zipfile.ZIP_DEFLATED)),
    "a pickle with numpy's suffix": ("model/a.npy", TRAP),
    "an archive's member with no suffix": ("model/a.npz", zipped({"a.npy": npy(PLAIN), "b": npy(TRAPS)})),
}
_MEANT = {
    "a pickle in an archive of arrays": zipped({"a.npy": npy(PLAIN), "b.npy": TRAP}),
    "a pickle behind the array": npy(PLAIN) + TRAP,
    "an array longer than the file": npy(PLAIN)[:-8],
    "an unknown version": headed(objects("'|O'"), TRAP, 9),
    "a header that is a call": headed("__import__('os').mkdir('ran')", b""),
    "a header too deep": headed("(" * 500, b""),
    "a type that is a call": headed(objects("__import__('os').mkdir('ran')"), b""),
    "a second array behind the first": npy(PLAIN) + npy(TRAPS),
    "a shape of nothing over objects": headed("{'descr': '|O', 'fortran_order': False, 'shape': (0,)}", TRAP),
    "an archive in an archive": zipped({"a.npy": zipped({"b.npy": npy(TRAPS)})}),
}


def files() -> list[Evil]:
    run = [Evil(name, content, "numpy", path) for name, (path, content) in _RUN.items()]
    return run + [Evil(name, content) for name, content in _MEANT.items()]
