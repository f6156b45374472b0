"""Many TCP connections over one: each is a stream, and ends where either side of it ends."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from ci_steps.steps.load_test.remote.wire import Kind, Message

Send = Callable[[Message], Awaitable[None]]
_AT_ONCE = 1 << 16


class Streams:
    """One end of the streams of one worker."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._writers: dict[int, asyncio.StreamWriter] = {}
        self._early: dict[int, list[bytes]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._last = 0

    async def accepted(self, where: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry a connection that was made here to ``where`` the other end knows."""
        self._last += 1
        await self._send(Message(Kind.OPEN, where.encode(), self._last))
        await self._carry(self._last, reader, writer)

    def opened(self, number: int, host: str, port: int, patience: float = 0) -> None:
        """Carry what the other end opened to an address of this machine, once somebody listens there."""
        self._early[number] = []
        task = asyncio.create_task(self._connected(number, host, port, patience))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def took(self, message: Message) -> None:
        """Pass on what the other end sent."""
        if message.kind is Kind.END:
            self._early.pop(message.stream, None)
            self._end(message.stream)
        elif message.stream in self._early:
            self._early[message.stream].append(message.content)
        elif writer := self._writers.get(message.stream):
            # Never waited for: one reader that is slow must not hold back the others. What can pile up is
            # bounded by the requests in flight.
            writer.write(message.content)

    def end_all(self) -> None:
        for task in self._tasks:
            task.cancel()
        for number in tuple(self._writers):
            self._end(number)

    async def _connected(self, number: int, host: str, port: int, patience: float) -> None:
        deadline = asyncio.get_running_loop().time() + patience
        while True:
            try:
                reader, writer = await asyncio.open_connection(host, port)
                break
            except OSError:
                if number not in self._early or asyncio.get_running_loop().time() >= deadline:
                    self._early.pop(number, None)
                    await self._send(Message(Kind.END, stream=number))
                    return
                await asyncio.sleep(0.05)
        early = self._early.pop(number, None)
        if early is None:
            writer.close()
            return
        for content in early:
            writer.write(content)
        await self._carry(number, reader, writer)

    async def _carry(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers[number] = writer
        try:
            with suppress(OSError):
                while content := await reader.read(_AT_ONCE):
                    await self._send(Message(Kind.DATA, content, number))
        finally:
            self._end(number)
        await self._send(Message(Kind.END, stream=number))

    def _end(self, number: int) -> None:
        if writer := self._writers.pop(number, None):
            writer.close()
