"""Keeps a background loop alive and says what ended it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from app.telemetry.logs import frames_of, get_logger


async def supervise(name: str, loop: Callable[[], Awaitable[None]], *, pause: timedelta) -> None:
    """Run *loop* until it returns; if it breaks, say so and start it again after *pause*."""
    while True:
        try:
            return await loop()
        except Exception as error:  # noqa: BLE001 - whatever broke it, the loop has to go on
            broke = type(error).__name__
            get_logger().error("background loop broke", loop=name, error=broke, stack_trace=frames_of(error))
            await asyncio.sleep(pause.total_seconds())
