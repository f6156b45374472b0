"""Run one program, and take it away with all it started when it ends, or when whoever asked is gone.

Not imported: :mod:`ci_steps.adapters.programs` runs this file as a child. Its arguments are the number of
the life-line (a pipe whose other end its parent holds: end of file means that the parent is gone or has had
enough), the number of a pipe to say on why the program could not be started, the seconds between asking a
program to end and ending it, and the command. Only the standard library, and what starts in milliseconds.
"""

import os
import select
import signal
import sys
import time

_SET_CHILD_SUBREAPER, _SET_PDEATHSIG = 36, 1  # <linux/prctl.h>


def main() -> int:
    life_line, complaint, grace = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _prctl(_SET_CHILD_SUBREAPER, 1)
    os.set_inheritable(life_line, False)
    os.set_inheritable(complaint, False)
    child = os.fork()
    if child == 0:
        _become(sys.argv[4:], complaint)
    os.close(complaint)
    code: int | None = None
    while code is None:
        readable, _, _ = select.select([life_line, wake], [], [])
        if life_line in readable:
            _end(_descendants(child), signal.SIGTERM)
            deadline = time.monotonic() + grace
            while _descendants(child) and (left := deadline - time.monotonic()) > 0:
                select.select([wake], [], [], min(left, 0.05))
                _reaped(child)
            break
        os.read(wake, 4096)
        code = _reaped(child)
    while found := _descendants(child):
        _end(found, signal.SIGKILL)
        select.select([wake], [], [], 0.02)
        _reaped(child)
    return 0 if code is None else code


def _become(command: list[str], complaint: int) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _prctl(_SET_PDEATHSIG, signal.SIGKILL)
    try:
        os.execvp(command[0], command)  # noqa: S606 - no shell is wanted
    except OSError as error:
        os.write(complaint, (error.strerror or "unknown reason").encode())
        os._exit(127)


def _reaped(child: int) -> int | None:
    """Collect whoever has ended; return the exit code of ``child`` where it is among them."""
    code = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if pid == 0:
            return code
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            code = 128 - code if code < 0 else code


def _descendants(child: int) -> set[int]:
    """Return every process below this one. Orphans come to this one, so none can leave the tree.

    Where there is no /proc that is the child alone.
    """
    if sys.platform != "linux":
        return {child} if _lives(child) else set()
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208 - pathlib is slow to import
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 - as above
                    fields = file.read().rpartition(b")")[2].split()
            except OSError:
                continue
            if fields[0] != b"Z":
                parents[int(name)] = int(fields[1])
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {os.getpid()}


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _end(pids: set[int], how: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, how)
        except ProcessLookupError:
            continue


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(main())
