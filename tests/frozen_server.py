"""A service in a process of its own, which a test may freeze: it says its port, and answers after ARGV[1] ms.

One loop for all connections: what waited through a freeze is answered in the order in which it came, and a
queue that holds as many as a server behind a real load is given (uvicorn's is 2,048).
"""

import asyncio
import json
import sys
from functools import partial

_ANSWER = json.dumps({"label": "positive", "score": 0.9}).encode()
_REPLY = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(_ANSWER)
    + _ANSWER
)


async def _serve(delay: float, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = head.partition(b"content-length:")[2].split(b"\r\n")[0]
            await reader.readexactly(int(length or 0))
            await asyncio.sleep(delay)
            writer.write(_REPLY)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _main(delay: float) -> None:
    server = await asyncio.start_server(partial(_serve, delay), "127.0.0.1", 0, backlog=4096)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(float(sys.argv[1]) / 1000))
