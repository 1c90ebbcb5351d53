"""
Where CPU-bound processors run: one child process per slot, all forked from one forkserver.

A child takes one job at a time and lives until it crashes, is cancelled, runs
out of time or memory, or has read a file; then it is replaced. After a file,
because what a parser has taken goes back to the system only with its process,
and because a file that has got the better of one must not meet another caller's
document. A fresh child is a fork of what is loaded already, and there in some
twenty milliseconds. No thread is involved.

    web worker ── orders, news ──> forkserver (models loaded once)
        │                              │ forks
        └── jobs, answers ──────────> children, one per slot
"""

import asyncio
import signal
from asyncio import Queue, Task
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final, override

from app.domain.errors import (
    DocumentTooLarge,
    DocumentUnreadable,
    MemoryLimitExceeded,
    ProcessorCrashed,
    ProcessorError,
    TimeLimitExceeded,
)
from app.domain.extraction import Extraction
from app.domain.pool import ProcessorPool
from app.domain.processing import Document, Processor, Report, Result
from app.processors.child import as_json
from app.processors.children import Child
from app.processors.forkserver_client import ForkserverClient
from app.telemetry.logs import get_logger

PAUSE: Final = timedelta(seconds=1)
"""Between attempts to replace a child, while the machine has no room for one."""

PATIENCE: Final = timedelta(seconds=30)
"""For a forkserver that has to be started again, and to load the models again."""

QUEUEING: Final = timedelta(minutes=10)
"""For children that all work: files of io tasks are read by them too, and no slot is kept for that."""

READER: Final = "app.processors.extraction"
"""The module that reads files."""

BROKEN: Final = frozenset(
    -number
    for number in (
        signal.SIGABRT,
        signal.SIGBUS,
        signal.SIGFPE,
        signal.SIGILL,
        signal.SIGSEGV,
        signal.SIGSYS,
        signal.SIGTRAP,
    )
)
"""What a child dies of by its own doing."""


class ForkserverPool(ProcessorPool):
    """
    Child processes under limits of memory and CPU time.

    It looks processors up by name among those of its *modules* and the built-in ones.
    """

    def __init__(  # noqa: PLR0913 - each is a figure that somebody may set
        self,
        *,
        slots: int,
        modules: Sequence[str],
        memory: int,
        cpu_time: timedelta | None = None,
        patience: timedelta = PATIENCE,
        queueing: timedelta = QUEUEING,
        reader: str = READER,
        statistical_models: str = "auto",
        log_level: str = "info",
    ) -> None:
        """
        Describe a pool; `open` starts it.

        Args:
            slots: How many jobs run at the same time.
            modules: Where the operator's own processors are.
            memory: Bytes that a child may allocate beyond its size at birth.
            cpu_time: CPU time for one job, unless its processor's time limit is
                longer; a belt for when nobody is left to cancel.
            patience: How long a job waits for a child while none works, so that none will come free.
            queueing: How long it waits in any case.
            reader: The module that reads files: `extract`, and `warm_up` for what can be loaded beforehand.
            statistical_models: "off" leaves out those of the default engine.
            log_level: The least severe lines that the forkserver and the children log.

        """
        self._slots = slots
        seconds = cpu_time.total_seconds() if cpu_time else 0
        self._arguments = (str(memory), str(seconds), log_level, reader, statistical_models, *modules)
        self._patience = patience
        self._queueing = queueing
        self._children: list[Child] = []
        self._idle: Queue[Child] = Queue()
        self._can_fork = False
        self._launching = asyncio.Lock()
        self._forkserver: ForkserverClient | None = None

    @override
    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        tenders: list[Task[None]] = []
        try:
            self._children = [await self._fork() for _ in range(self._slots)]
            tenders = [asyncio.create_task(self._tend(slot)) for slot in range(self._slots)]
            yield
        finally:
            for tender in tenders:
                tender.cancel()
            await asyncio.gather(*tenders, return_exceptions=True)
            self._can_fork = False
            await self._close()

    @property
    @override
    def is_usable(self) -> bool:
        return self._can_fork or any(not child.gone.is_set() for child in self._children)

    @override
    async def run(self, processor: Processor, document: Document, report: Report, *, limit: timedelta) -> Result:
        job = as_json([processor.name, document.kind, dict(document.options)])
        text = document.text.encode(errors="replace")
        child = await self._idle_child()
        try:
            async with asyncio.timeout(limit.total_seconds()):
                return await child.work(job, text, report)
        except TimeoutError as error:
            raise TimeLimitExceeded(retryable=False) from error
        except ProcessorCrashed as error:
            if await child.end() == -signal.SIGXCPU:
                raise TimeLimitExceeded(retryable=False) from error
            raise
        finally:
            if child.fit:
                self._idle.put_nowait(child)
            else:
                child.kill()

    @override
    async def extract(self, file: bytes, report: Report, *, limit: timedelta) -> Extraction:
        child = await self._idle_child()
        try:
            async with asyncio.timeout(limit.total_seconds()):
                return await child.extract(as_json(limit.total_seconds()), file, report)
        except (TimeoutError, MemoryLimitExceeded) as error:
            raise DocumentTooLarge from error
        except ProcessorCrashed as error:
            raise _fault(await child.end()) from error
        finally:
            child.kill()

    async def _idle_child(self) -> Child:
        try:
            async with asyncio.timeout(self._queueing.total_seconds()):
                return await self._next_child()
        except TimeoutError as error:
            raise ProcessorCrashed("No process was free to read the document") from error

    async def _next_child(self) -> Child:
        while True:
            one_worked = self._one_works()
            try:
                async with asyncio.timeout(self._patience.total_seconds()):
                    while not (child := await self._idle.get()).fit:
                        pass
                    return child
            except TimeoutError:
                if not one_worked and not self._one_works():
                    self._can_fork = False  # as far as anybody knows: a forkserver may also be stuck
                    raise

    def _one_works(self) -> bool:
        return any(child.works for child in self._children)

    async def _tend(self, slot: int) -> None:
        """Keep one slot filled: offer its child, and when it has died, a fresh one."""
        while True:
            self._idle.put_nowait(self._children[slot])
            await self._children[slot].gone.wait()
            self._children[slot] = await self._successor()

    async def _successor(self) -> Child:
        while True:
            try:
                return await self._fork()
            except (ProcessorCrashed, OSError, RuntimeError) as error:  # the last if no thread can be had
                self._can_fork = False
                get_logger().error("processor child cannot be replaced", error=type(error).__name__)
                await asyncio.sleep(PAUSE.total_seconds())

    async def _fork(self) -> Child:
        async with self._launching:
            if self._forkserver is None or self._forkserver.gone.is_set():
                await self._close()
                self._forkserver = await ForkserverClient.launch(self._arguments)
        child = await self._forkserver.fork()
        self._can_fork = True
        return child

    async def _close(self) -> None:
        if self._forkserver:
            await self._forkserver.close()
            self._forkserver = None


def _fault(status: int) -> ProcessorError:
    """Say whose fault it was that the child which read a file has died with *status*."""
    if status == -signal.SIGXCPU:
        return DocumentTooLarge()
    return DocumentUnreadable() if status in BROKEN else ProcessorCrashed()
