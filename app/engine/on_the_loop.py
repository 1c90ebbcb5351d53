"""Models that wait for other services run on the event loop, where nothing can be killed: so nobody waits for them."""

import asyncio
from datetime import timedelta
from inspect import isawaitable
from typing import Final

from app.domain.errors import ProcessorError, TimeLimitExceeded, TransientFailure
from app.domain.processing import Document, Processor, Report, Result, answer
from app.telemetry.logs import frames_of, get_logger

FAREWELL: Final = timedelta(seconds=1)
"""What a cancelled model gets to clean up; one that ignores it is left behind."""


async def run(
    processor: Processor, document: Document, report: Report, *, limit: timedelta, farewell: timedelta = FAREWELL
) -> Result:
    """
    Return the processor's answer; cancelling the call, or its *limit*, cancels the processor.

    Raises:
        ProcessorError: If the processor raised, whatever it raised.
        TimeLimitExceeded: If there is no answer within *limit*.
        PermanentFailure: If the answer has not the shape of one.

    """
    running = asyncio.create_task(_answered(processor, document, report))
    running.add_done_callback(lambda done: done.cancelled() or done.exception())  # so that nobody asks for it
    try:
        await asyncio.wait([running], timeout=limit.total_seconds())
        if not running.done():
            raise TimeLimitExceeded(retryable=True)
        if running.cancelled():
            raise TransientFailure("The model cancelled itself")
        return running.result()
    finally:
        running.cancel()
        await asyncio.wait([running], timeout=farewell.total_seconds())
        if not running.done():
            get_logger().warning("model ignores its cancellation", model=processor.name)


async def _answered(processor: Processor, document: Document, report: Report) -> Result:
    """Call the processor; whatever it or its answer raises, but a `ProcessorError`, becomes one."""
    try:
        awaitable = processor.run(document, report)
        assert isawaitable(awaitable)  # noqa: S101 - the catalogue has made sure
        return await asyncio.to_thread(answer, await awaitable, document.kind)
    except ProcessorError:
        raise
    except BaseException as error:  # a model may raise anything, and its message quote the document
        current = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and current is not None and current.cancelling():
            raise
        name = type(error).__name__
        get_logger().warning("processor broke", model=processor.name, error=name, stack_trace=frames_of(error))
        raise TransientFailure(f"The model raised {name}") from None
