"""The least that fetching and hashing one large file can be. A script: `python fetch_limit.py URL SIZE FILE`.

Two connections with 64 MiB ranges, the next request sent ahead, one buffer each, written and hashed in the
same loop. It hashes each range by itself, so it does not know what the file is; it compares nothing, resumes
nothing, and has no limit on silence.
"""

import hashlib
import os
import socket
import sys
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

_RANGE = 64 << 20
_BUFFER = 512 << 10


def main(url: str, size: int, out: str) -> None:
    descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    ranges, lock = iter(range(0, size, _RANGE)), threading.Lock()
    lanes = [threading.Thread(target=_lane, args=(url, size, descriptor, ranges, lock)) for _ in range(2)]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()


def _lane(url: str, size: int, descriptor: int, ranges: Iterator[int], lock: threading.Lock) -> None:
    parts = urlsplit(url)
    connection = socket.create_connection((parts.hostname or "", parts.port or 80))
    view, ahead = memoryview(bytearray(_BUFFER)), b""

    def asked() -> int | None:
        with lock:
            first = next(ranges, None)
        if first is not None:
            last = min(size, first + _RANGE) - 1
            lines = f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            connection.sendall(f"{lines}Range: bytes={first}-{last}\r\n\r\n".encode())
        return first

    first = asked()
    while first is not None:
        coming, at, end = asked(), first, min(size, first + _RANGE)
        while b"\r\n\r\n" not in ahead:
            ahead += connection.recv(16 << 10)
        head, _, ahead = ahead.partition(b"\r\n\r\n")
        if b" 206 " not in head[:16]:
            raise SystemExit(head.decode("latin-1"))
        hasher = hashlib.sha256()
        while at < end:
            count = min(len(ahead), end - at)
            if count:
                view[:count], ahead = ahead[:count], ahead[count:]
            else:
                count = connection.recv_into(view[: end - at], 0, socket.MSG_WAITALL)
            os.pwrite(descriptor, view[:count], at)
            hasher.update(view[:count])
            at += count
        first = coming


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
