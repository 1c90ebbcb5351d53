"""One Firestore emulator for all tests; each takes a project of its own."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.adapters.firestore_store import FirestoreStore
from tests.emulator import Emulator, start_emulator
from tests.factories import make_task


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """Run one Firestore emulator; if there is none, the tests that need it fail."""
    with start_emulator() as running:
        asyncio.run(warm_up(running))
        yield running


async def warm_up(emulator: Emulator) -> None:
    """Wait for the first write: a JVM that has just started takes longer for it than a store's calls may."""
    store = FirestoreStore(project="warm-up", emulator_host=emulator.host, call_limit=timedelta(minutes=1))
    async with store.open():
        await store.create(make_task(), b"Hello")
