"""One process of the service for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.api.arrange import World, world


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    """Start the service with two slots and a store of its own."""
    async with world(tmp_path) as started:
        yield started


@pytest.fixture
async def busy(tmp_path: Path) -> AsyncIterator[World]:
    """Start a process in which no run begins before the gate is opened."""
    async with world(tmp_path) as started:
        started.pool.gate.clear()
        try:
            yield started
        finally:
            started.pool.gate.set()
