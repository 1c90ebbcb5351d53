"""A pool without processes."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import cast, override

from app.domain.errors import ProcessorError, TimeLimitExceeded
from app.domain.extraction import Extraction
from app.domain.pool import ProcessorPool
from app.domain.processing import Document, Processor, Report, Result, answer
from app.processors.extraction import extract
from tests.fakes import Gated


class InlinePool(Gated, ProcessorPool):
    """Works in this very process; counts *runs* and *extractions* that began, and jobs *killed* on the way."""

    def __init__(self) -> None:
        """Begin without a run."""
        self.runs = 0
        self.extractions = 0
        self.killed = 0
        super().__init__()
        self.usable = True

    @override
    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        yield

    @property
    @override
    def is_usable(self) -> bool:
        return self.usable

    @override
    async def run(self, processor: Processor, document: Document, report: Report, *, limit: timedelta) -> Result:
        self.runs += 1
        run = cast("Callable[[Document, Report], Result]", processor.run)
        return await self._job(lambda: answer(run(document, report), document.kind), limit)

    @override
    async def extract(self, file: bytes, report: Report, *, limit: timedelta) -> Extraction:
        self.extractions += 1
        return await self._job(lambda: extract(file, report), limit)

    async def _job[Answer](self, job: Callable[[], Answer], limit: timedelta) -> Answer:
        gate = self.next_gate()
        try:
            await asyncio.sleep(0)
            if gate:
                async with asyncio.timeout(limit.total_seconds()):
                    await gate.pass_through()
            return job()
        except asyncio.CancelledError:
            self.killed += 1
            raise
        except ProcessorError:
            raise
        except TimeoutError as error:
            self.killed += 1
            raise TimeLimitExceeded(retryable=False) from error
        except Exception as error:
            raise ProcessorError(f"The model raised {type(error).__name__}") from error
