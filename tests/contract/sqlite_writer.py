"""
A process that writes into a SQLite store, for tests that need more than one.

    python -m tests.contract.sqlite_writer create PATH    creates tasks until it is killed
    python -m tests.contract.sqlite_writer count PATH ID  adds 100 revisions to one task
    python -m tests.contract.sqlite_writer fill PATH      creates tasks until its file may not grow
    python -m tests.contract.sqlite_writer key PATH       keeps an API key as soon as it is told to

What has been written is said on the standard output, a line each, only after the store has said so; the log goes
to the standard error.
"""

import asyncio
import resource
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from app.adapters.sqlite_store import SqliteStore
from app.domain.errors import StaleWrite, StoreUnavailable
from app.domain.task import Status
from app.engine.ports import TaskStore
from app.telemetry import logs
from tests.contract.arrange import finished, fresh, next_revision
from tests.contract.arrange_keys import kept_key

CONTENT = b"x" * 50_000
COUNTED = 100
FILE_LIMIT = 2_000_000


async def start_writer(command: str, path: Path, *arguments: str) -> Process:
    """Start this module as a process of its own."""
    module = "tests.contract.sqlite_writer"
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, command, path, *arguments, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )


def say(line: str) -> None:
    """Write a line that the parent reads at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def create(store: TaskStore) -> None:
    """Create tasks, and complete every second one, without end."""
    number = 0
    while True:
        number += 1
        seen = await store.create(fresh(store), CONTENT)
        if number % 2:
            seen = await store.swap(seen, finished(seen.task, Status.COMPLETED))
        say(f"{seen.task.id} {seen.task.status.value}")


async def count(store: TaskStore, task_id: str) -> None:
    """Add to the revision of one task, starting over whenever another process was faster."""
    written = 0
    while written < COUNTED:
        seen = await store.get(task_id)
        try:
            await store.swap(seen, next_revision(seen.task))
        except StaleWrite:
            continue
        written += 1
    say(str(written))


async def fill(store: TaskStore) -> None:
    """Create tasks until the file may not grow; then show that reading goes on."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT, FILE_LIMIT))
    last = ""
    while True:
        task = fresh(store)
        try:
            await store.create(task, CONTENT)
        except StoreUnavailable as error:
            say(f"refused: {error.message}")
            break
        last = task.id
        say(task.id)
    await store.get(last)
    say("readable")


async def key(store: SqliteStore) -> None:
    """Keep one API key."""
    kept = kept_key()
    await store.api_keys.add(kept)
    say(kept.id)


COMMANDS: dict[str, Callable[..., Awaitable[None]]] = {"create": create, "count": count, "fill": fill, "key": key}


async def be_told() -> None:
    """Say that all is ready but the store, and wait for a line: several processes can begin at once."""
    say("ready")
    await asyncio.to_thread(sys.stdin.readline)


async def main(command: str, path: str, *arguments: str) -> None:
    """Carry out one of the commands."""
    if command == "key":
        await be_told()
    store = SqliteStore(Path(path), clock=lambda: datetime.now(UTC))
    async with store.open():
        await COMMANDS[command](store, *arguments)


if __name__ == "__main__":
    logs.configure(level="warning", project=None)
    asyncio.run(main(*sys.argv[1:]))
