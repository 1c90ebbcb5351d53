"""A proxy that also knows how many calls are open."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any, override

from grpc import aio  # type: ignore[import-untyped]  # grpcio ships no types

from tests.grpc_proxy import GrpcProxy, Metadata


class CountingProxy(GrpcProxy):
    """One proxy; *open* counts the calls that have begun and not ended, by method."""

    def __init__(self, upstream: str) -> None:
        """Forward to *upstream*."""
        super().__init__(upstream)
        self.open: Counter[str] = Counter()

    @override
    def _forwarder(
        self, path: str, metadata: Metadata, method_at: Callable[[str], Any]
    ) -> Callable[[Any, Any], AsyncIterator[bytes]]:
        forward, method = super()._forwarder(path, metadata, method_at), path.rpartition("/")[2]

        async def counted(sent: bytes | AsyncIterator[bytes], context: aio.ServicerContext) -> AsyncIterator[bytes]:
            self.open[method] += 1
            try:
                async for reply in forward(sent, context):
                    yield reply
            finally:
                self.open[method] -= 1

        return counted
