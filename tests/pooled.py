"""Arranging jobs for a pool, and hearing how they go."""

import asyncio
from datetime import timedelta

from app.domain.processing import Document, Kind, Result
from app.processors.catalogue import Catalogue
from app.processors.pool import READER, ForkserverPool

MODULES = ("tests.poison",)
MEBIBYTE = 1 << 20
LONG = timedelta(minutes=1)
"""A time limit that no honest job meets."""

CATALOGUE = Catalogue.load(MODULES)


class Progress:
    """Keeps what was reported; *begun* is the first stage."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self.heard: list[tuple[str, float]] = []
        self.begun: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def __call__(self, stage: str, fraction: float, /) -> None:
        """Note one report."""
        self.heard.append((stage, fraction))
        if not self.begun.done():
            self.begun.set_result(stage)


def make_pool(
    *, slots: int = 1, patience: timedelta = LONG, queueing: timedelta = LONG, reader: str = READER
) -> ForkserverPool:
    """Return a pool of the poisonous models, with 128 MiB for each child."""
    return ForkserverPool(
        slots=slots,
        modules=MODULES,
        memory=128 * MEBIBYTE,
        patience=patience,
        queueing=queueing,
        reader=reader,
    )


async def run(
    pool: ForkserverPool, name: str, text: str = "", progress: Progress | None = None, *, limit: timedelta = LONG
) -> Result:
    """Have the model *name* read *text*."""
    document = Document(text=text, options={"language": "es"})
    return await pool.run(CATALOGUE.find(name, Kind.DOCUMENT), document, progress or Progress(), limit=limit)


async def assert_works(pool: ForkserverPool) -> None:
    """Check that *pool* does an honest job, once its slot has a child again."""
    assert await run(pool, "well_behaved", "hola") == {
        "summary": "hola",
        "options": {"language": "es"},
        "characters": 4,
    }


async def pids(pool: ForkserverPool) -> tuple[int, int]:
    """Return the process ids of the child that comes next, and of its forkserver."""
    document = Document(text="", kind=Kind.TEXT)
    answer = await pool.run(CATALOGUE.find("tells_pids", Kind.TEXT), document, Progress(), limit=LONG)
    child, forkserver = str(answer).split()
    return int(child), int(forkserver)
