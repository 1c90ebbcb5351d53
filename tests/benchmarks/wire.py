"""The least that makes HTTP requests, so that a load costs its sender little of the processors it shares."""

import asyncio
import json
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit


def request(method: str, path: str, *, key: str, body: object = None) -> bytes:
    """Return a whole request."""
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"X-API-Key: {key}"]
    lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"] if body is not None else []
    return "\r\n".join([*lines, "", ""]).encode() + content


@dataclass(frozen=True)
class Connection:
    """One connection that is kept."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def to(cls, url: str) -> Self:
        """Connect to the server at *url*."""
        address = urlsplit(url)
        return cls(*await asyncio.open_connection(address.hostname, address.port))

    async def ask(self, sent: bytes) -> int:
        """Send a request, read its answer to the end, and return the status."""
        self.writer.write(sent)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0] or 0)
        await self.reader.readexactly(length)
        return int(head[9:12])

    def close(self) -> None:
        """Hang up."""
        self.writer.close()
