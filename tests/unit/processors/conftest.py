"""What the tests of this folder share."""

from collections.abc import AsyncIterator

import pytest_asyncio

from app.processors.pool import ForkserverPool
from tests.pooled import make_pool


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[ForkserverPool]:
    """One child with 128 MiB, shared: a pool that a test could harm would fail the next one."""
    opened = make_pool()
    async with opened.open():
        yield opened
