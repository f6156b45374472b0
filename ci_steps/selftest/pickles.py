"""Small pickles for `scan-model`: honest ones, traps, and files that are two things at once."""

# Written by hand, because nothing here may depend on a pickler: protocol 4, STOP at the end.
PIPELINE = b"\x80\x04\x8c\x10sklearn.pipeline\x94\x8c\x08Pipeline\x94\x93)\x81."
SYSTEM = b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x93\x8c\x02id\x85R."
# The two names of the trap come from memory, in the other order, over a decoy.
REMEMBERED = (
    b"\x80\x04\x8c\x06system\x94\x8c\x05posix\x940h\x01h\x00\x8c\x10sklearn.pipeline0\x93\x8c\x02id\x85R."
)
PIPELINE_NAME = "sklearn.pipeline.Pipeline"
EMPTY_ZIP = b"PK\x05\x06" + bytes(18)
ARRAYS = ("joblib.numpy_pickle.NumpyArrayWrapper", "numpy.ndarray", "numpy.dtype")
PLAIN = b"\x80\x04}."


def importing(module: str, name: str, protocol: int = 4) -> bytes:
    """Return a pickle that imports one global and does nothing with it."""
    if protocol < 4:
        return b"\x80" + bytes([protocol]) + f"c{module}\n{name}\n.".encode()
    texts = (b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name))
    return b"\x80\x04" + b"".join(texts) + b"\x93."


def twofold(module: str, name: str) -> bytes:
    """Return a pickle with an array of objects, whose inner pickle reads in two ways.

    joblib gives it a memory of its own, in which it imports numpy.ndarray; pickle.load goes on with the old
    one, in which it imports ``module.name``.
    """
    first, second = (b"\x8c" + bytes([len(text)]) + text.encode() + b"\x94" for text in (module, name))
    outer = (
        b"\x80\x04]\x94("
        + first
        + second
        + b"\x8c\x13joblib.numpy_pickle\x94\x8c\x11NumpyArrayWrapper\x94\x93"
        b"\x94)\x81\x94}\x94(\x8c\x08subclass\x94\x8c\x05numpy\x94\x8c\x07ndarray\x94\x93\x94\x8c\x05shape\x94"
        b"K\x01\x85\x94\x8c\x05order\x94\x8c\x01C\x94\x8c\x05dtype\x94h\t\x8c\x05dtype\x94\x93\x94\x8c\x02O8"
        b"\x94\x89\x88\x87\x94R\x94(K\x03\x8c\x01|\x94NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK?t\x94b"
        b"\x8c\nallow_mmap\x94\x89\x8c\x1bnumpy_array_alignment_bytes\x94K\x10ub"
    )
    inner = b"\x80\x04\x8c\x01x\x940\x8c\x05numpy\x940\x8c\x07ndarray\x940h\x01h\x02\x93."
    return outer + inner + b"e."
