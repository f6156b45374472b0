"""Files of this machine, or of a share, as one more place that bytes come from."""

import errno
import os
import stat
from urllib.parse import unquote, urlsplit

from ci_steps.adapters.transfer.connection import Cutter
from ci_steps.adapters.transfer.faults import BrokenError, DifferentError
from ci_steps.adapters.transfer.half import Range
from ci_steps.errors import InputError

_STEP = 8 << 20
_CANNOT = (errno.EXDEV, errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS, errno.EPERM)


def copy(url: str, part: Range, buffer: memoryview, cutter: Cutter) -> int:
    """Copy a range of the plain file, of the noted size, that ``url`` names; return how many bytes."""
    before = part.at
    path = unquote(urlsplit(url).path)
    try:
        # Opening a FIFO that nobody writes would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DifferentError("is not there any more") from error
    except PermissionError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", hint="allow it to be read") from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise InputError(
                f"{path} is a link or a device", hint="a model holds plain files only"
            ) from error
        raise BrokenError(f"it cannot be read: {error.strerror}") from error
    try:
        there = os.fstat(descriptor)
        if not stat.S_ISREG(there.st_mode):
            raise InputError(f"{path} is a link or a device", hint="a model holds plain files only")
        if there.st_size != part.half.file.size:
            raise DifferentError(f"has {there.st_size:,} bytes now and had {part.half.file.size:,}")
        _copied(descriptor, part, buffer, cutter)
    finally:
        os.close(descriptor)
    return part.at - before


def _copied(descriptor: int, part: Range, buffer: memoryview, cutter: Cutter) -> None:
    in_kernel = True
    while part.at <= part.last:
        cutter.check()
        if in_kernel:
            try:
                in_kernel = part.half.copy(descriptor, part, _STEP) > 0
            except OSError as error:
                if error.errno not in _CANNOT:
                    raise
                in_kernel = False
            continue
        try:
            count = os.preadv(descriptor, [buffer[: part.last + 1 - part.at]], part.at)
        except OSError as error:
            raise BrokenError(f"it cannot be read: {error.strerror}") from error
        if not count:
            raise BrokenError("it became shorter")
        part.half.write(part, buffer[:count], live=True)
