"""One Firestore emulator for all tests, of which each takes a project of its own; and where coverage is measured."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import pytest

from app.adapters.firestore_store import FirestoreStore
from tests.emulator import Emulator, share_emulator
from tests.factories import make_task
from tests.house.source import ROOT

MEASURED: Final = tuple(ROOT / "tests" / name for name in ("contract", "unit"))
UNMEASURED: Final = ROOT / "tests" / "unit" / "processors"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure coverage where the core is tested: tests of models, processes and pages reach none of it for long."""
    for item in items:
        if not any(map(item.path.is_relative_to, MEASURED)) or item.path.is_relative_to(UNMEASURED):
            item.add_marker("no_cover")


@pytest.fixture(scope="session")
def emulator(worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Run one Firestore emulator, for all processes that run tests; if there is none, the tests that need it fail."""
    folder = tmp_path_factory.getbasetemp()
    with share_emulator(folder if worker_id == "master" else folder.parent) as running:
        asyncio.run(warm_up(running))
        yield running


async def warm_up(emulator: Emulator) -> None:
    """Wait for the first write: a JVM that has just started takes longer for it than a store's calls may."""
    store = FirestoreStore(project="warm-up", emulator_host=emulator.host, call_limit=timedelta(minutes=1))
    async with store.open():
        await store.create(make_task(), b"Hello")
