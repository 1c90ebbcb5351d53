"""A web worker in miniature: `python -m tests.pool_host` opens a pool and waits for a model that hangs."""

import asyncio
import sys
from datetime import timedelta

from app.domain.processing import Document, Kind
from app.processors.catalogue import Catalogue
from app.processors.pool import ForkserverPool

MODULES = ("tests.poison",)


async def main() -> None:
    """Run the model that never answers; say which process it hangs in."""

    def report(stage: str, _fraction: float, /) -> None:
        sys.stdout.write(f"{stage}\n")
        sys.stdout.flush()

    pool = ForkserverPool(slots=2, modules=MODULES, memory=128 << 20)
    model = Catalogue.load(MODULES).find("hangs", Kind.TEXT)
    async with pool.open():
        await pool.run(model, Document(text=""), report, limit=timedelta(hours=1))


if __name__ == "__main__":
    asyncio.run(main())
