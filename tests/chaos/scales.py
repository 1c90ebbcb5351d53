"""What the servers' memory does while very many documents wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Final

from tests.chaos import family
from tests.chaos.cluster import Cluster

WEIGHED_FOR: Final = 3600.0


class Scales:
    """Weighs the web workers of a cluster, once a second."""

    def __init__(self, cluster: Cluster) -> None:
        """Put *cluster* on them; nothing is weighed yet."""
        self._cluster = cluster
        self._weights: list[float] = []

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Weigh until the block ends."""
        weighing = asyncio.create_task(self._weigh())
        try:
            yield
        finally:
            weighing.cancel()

    def remark(self) -> str:
        """Say what was seen."""
        first, last = self._weights[0], self._weights[-1]
        return f"a web worker took {first:.0f} MiB, {max(self._weights):.0f} at most, {last:.0f} at last"

    async def _weigh(self) -> None:
        until = monotonic() + WEIGHED_FOR
        while monotonic() < until:
            masters = [member.master for member in self._cluster.members]
            weights = [family.resident_mib(worker) for master in masters for worker in family.web_workers(master)]
            self._weights.append(sum(weights) / max(1, len(weights)))
            await asyncio.sleep(1)
