"""
Makes a crowd, in a process of its own: `python -m tests.benchmarks.crowd URL SECONDS wrong-keys|flood|rush KEY`.

`wrong-keys` tries two hundred keys a second that nobody has made, none of them
twice. `flood` hands in documents over many connections, each as fast as it is
answered. `rush` hands in two hundred a second, whether they are answered or not.
Prints how often each status was answered, as JSON.
"""

import asyncio
import json
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable

from tests.benchmarks.wire import Connection, request

A_SECOND = 200
CONNECTIONS = 32
DOCUMENT = {"content": "La flota entera pregunta a la vez por el informe anual de la Biblioteca Municipal."}


def wrong_key() -> str:
    """Return a key that nobody has made."""
    return f"afterword_{secrets.token_hex(8)}_{secrets.token_hex(32)}"


async def at_a_pace(url: str, ends_at: float, key: Callable[[], str], *, connections: int) -> Counter[int]:
    """Hand in documents with a *key* each, at a steady pace, over so many *connections*."""
    statuses: Counter[int] = Counter()
    opened = [await Connection.to(url) for _ in range(connections)]

    async def keep_asking(connection: Connection, due_at: float) -> None:
        while due_at < ends_at:
            await asyncio.sleep(max(0.0, due_at - time.monotonic()))
            statuses[await connection.ask(request("POST", "/process_document/", key=key(), body=DOCUMENT))] += 1
            due_at += len(opened) / A_SECOND

    begins_at = time.monotonic()
    await asyncio.gather(*(keep_asking(each, begins_at + number / A_SECOND) for number, each in enumerate(opened)))
    return statuses


async def flood(url: str, ends_at: float, key: str) -> Counter[int]:
    """Hand in documents as fast as they are answered."""
    statuses: Counter[int] = Counter()
    sent = request("POST", "/process_document/", key=key, body=DOCUMENT)

    async def keep_asking() -> None:
        connection = await Connection.to(url)
        while time.monotonic() < ends_at:
            statuses[await connection.ask(sent)] += 1

    await asyncio.gather(*(keep_asking() for _ in range(CONNECTIONS)))
    return statuses


async def main(url: str, seconds: float, kind: str, key: str) -> None:
    """Do it, and say what came of it."""
    ends_at = time.monotonic() + seconds
    crowds = {
        "wrong-keys": lambda: at_a_pace(url, ends_at, wrong_key, connections=8),
        "rush": lambda: at_a_pace(url, ends_at, lambda: key, connections=200),
        "flood": lambda: flood(url, ends_at, key),
    }
    print(json.dumps(await crowds[kind]()))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2]), sys.argv[3], sys.argv[4]))
