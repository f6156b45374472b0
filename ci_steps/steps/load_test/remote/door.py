"""Who may come in, and what answers at once whoever did."""

import asyncio
from contextlib import suppress

from ci_steps.steps.load_test.remote.keys import keys


class Known:
    """Who may come in: the worker that the secret makes."""

    def __init__(self, secret: str) -> None:
        self._expected = keys(secret, "worker").public

    def callback(self, domain: str, key: bytes) -> bool:
        del domain
        return key == self._expected


async def echoed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send back what comes: the way there and back, without a service at its end."""
    with suppress(OSError):
        while content := await reader.read(1 << 16):
            writer.write(content)
            await writer.drain()
    writer.close()
