"""Keeps a background loop alive and says what ended it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from app.telemetry.logs import get_logger


async def supervise(name: str, loop: Callable[[], Awaitable[None]], *, pause: timedelta) -> None:
    """Run *loop* until it returns; if it breaks, say so and start it again after *pause*."""
    while True:
        try:
            return await loop()
        except Exception:  # noqa: BLE001 - whatever broke it, the loop has to go on
            get_logger().exception("background loop broke", loop=name)
            await asyncio.sleep(pause.total_seconds())
