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
