"""
A real gRPC server between a client and its store, which counts calls and spoils them on demand.

It passes bytes through and knows no message. What it breaks, it breaks on the
wire: a call that fails with `landed=True` was carried out, and only its answer is lost.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from grpc import (  # type: ignore[import-untyped]  # grpcio ships no types
    GenericRpcHandler,
    HandlerCallDetails,
    RpcMethodHandler,
    StatusCode,
    aio,
    stream_stream_rpc_method_handler,
    unary_stream_rpc_method_handler,
)

type Metadata = list[tuple[str, str]]

SINGLE: Final = frozenset({"BatchGetDocuments", "RunQuery", "RunAggregationQuery"})
"""Reads: known to send a single message, they are passed on more cheaply than a stream of one."""

UNLIMITED: Final = (("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1))


@dataclass(slots=True)
class Fault:
    """
    What becomes of some calls of one method.

    Attributes:
        code: The answer; None for the true one.
        landed: Whether the call is carried out before it is answered with *code*.
        held: Whether a call waits for `release` before anything is done.
        delay: How many seconds it waits for that at most, if it is not *held*.
        skip: How many calls to let pass before.
        times: How many calls it is for.
        reached: Set as soon as a call has come this far.

    """

    code: StatusCode | None = None
    landed: bool = False
    held: bool = False
    delay: float = 0.0
    skip: int = 0
    times: int = 1
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_spent(self) -> bool:
        """True once it has no calls left to spoil."""
        return self.times == 0

    def release(self) -> None:
        """Let the calls that are held, and those to come, go on."""
        self._released.set()

    def takes(self) -> bool:
        """Count one call; return whether it is one to spoil."""
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True

    async def meet(self) -> None:
        """Be met by a call: say so, and hold it."""
        self.reached.set()
        if self.held:
            await self._released.wait()
        elif self.delay:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._released.wait(), self.delay)


class GrpcProxy(GenericRpcHandler):  # type: ignore[misc]  # a class without types
    """
    One proxy in front of *upstream*; clients connect to *host*.

    *calls* counts what has come in, by method: `Commit`, `RunQuery`, …; *streams* those of `Listen` that are open.
    """

    def __init__(self, upstream: str) -> None:
        """Forward to *upstream*, an address such as `127.0.0.1:9123`."""
        self.calls: Counter[str] = Counter()
        self.streams = 0
        self._upstream = upstream
        self._faults: dict[str, list[Fault]] = {}
        self._port = 0

    @property
    def host(self) -> str:
        """Where clients connect to."""
        return f"127.0.0.1:{self._port}"

    def spoil(self, method: str, code: StatusCode, *, landed: bool, skip: int = 0, times: int = 1) -> Fault:
        """Behind *skip* calls of *method*, answer *times* of them with *code*, carried out or not."""
        return self._add(method, Fault(code=code, landed=landed, skip=skip, times=times))

    def hold(self, method: str, *, skip: int = 0, times: int = 1) -> Fault:
        """Behind *skip* calls of *method*, keep *times* of them back until the fault is released."""
        return self._add(method, Fault(held=True, skip=skip, times=times))

    def total(self) -> int:
        """How many calls have come in."""
        return self.calls.total()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["GrpcProxy"]:
        """Serve until the block ends."""
        self._channel = aio.insecure_channel(self._upstream, options=UNLIMITED)
        await self.restore()
        try:
            yield self
        finally:
            await self.cut()
            await self._channel.close()

    async def cut(self) -> None:
        """Close every connection, and refuse new ones."""
        await self._server.stop(grace=None)

    async def restore(self, *options: tuple[str, int]) -> None:
        """Serve again, at the same address; *options* are gRPC's for a server."""
        self._server = aio.server(options=(*UNLIMITED, ("grpc.so_reuseport", 0), *options))
        self._server.add_generic_rpc_handlers((self,))
        self._port = self._server.add_insecure_port(f"127.0.0.1:{self._port}")
        await self._server.start()

    def service(self, handler_call_details: HandlerCallDetails) -> RpcMethodHandler:
        """Take any method, as bytes both ways; on the wire a single message is a stream of one."""
        path: str = handler_call_details.method
        metadata = routing(handler_call_details)
        if path.rpartition("/")[2] == "Listen":
            return stream_stream_rpc_method_handler(self._forwarder(path, metadata, self._stream_at))
        if path.rpartition("/")[2] in SINGLE:
            return unary_stream_rpc_method_handler(self._forwarder(path, metadata, self._channel.unary_stream))
        return stream_stream_rpc_method_handler(self._forwarder(path, metadata, self._channel.stream_stream))

    def _forwarder(
        self, path: str, metadata: Metadata, method_at: Callable[[str], Any]
    ) -> Callable[[Any, Any], AsyncIterator[bytes]]:
        method = path.rpartition("/")[2]

        async def forward(sent: bytes | AsyncIterator[bytes], context: aio.ServicerContext) -> AsyncIterator[bytes]:
            self.calls[method] += 1
            fault = self._next_fault(method)
            await _meet(fault, context)
            call = method_at(path)(sent, metadata=metadata, timeout=context.time_remaining())
            try:
                async for reply in _spoilt(call, fault, context):
                    yield reply
            except aio.AioRpcError as error:
                await context.abort(error.code(), error.details())

        return forward

    def _stream_at(self, path: str) -> Callable[..., AsyncIterator[bytes]]:
        """Return what opens a stream to the store; for those who spoil what comes on it."""

        async def stream(sent: AsyncIterator[bytes], **given: Any) -> AsyncGenerator[bytes]:  # noqa: ANN401 - as gRPC's
            call = self._channel.stream_stream(path)(sent, **given)
            self.streams += 1
            try:
                async for reply in call:
                    yield reply
            finally:
                self.streams -= 1
                call.cancel()

        return stream

    def _add(self, method: str, fault: Fault) -> Fault:
        self._faults.setdefault(method, []).append(fault)
        return fault

    def _next_fault(self, method: str) -> Fault:
        waiting = [fault for fault in self._faults.get(method, ()) if not fault.is_spent]
        self._faults[method] = waiting
        return waiting[0] if waiting and waiting[0].takes() else self._usual_fault(method)

    def _usual_fault(self, method: str) -> Fault:  # noqa: ARG002 - for those who know methods apart
        """Return what becomes of a call of *method* that nobody asked to spoil."""
        return Fault()


def routing(call: HandlerCallDetails) -> Metadata:
    """Return the headers that the store has to see."""
    return [pair for pair in call.invocation_metadata if pair[0].startswith("x-goog-")]


async def _meet(fault: Fault, context: aio.ServicerContext) -> None:
    await fault.meet()
    if fault.code is not None and not fault.landed:
        await context.abort(fault.code, "spoilt before it was carried out")


async def _spoilt(call: AsyncIterator[bytes], fault: Fault, context: aio.ServicerContext) -> AsyncIterator[bytes]:
    if fault.code is None:
        async for reply in call:
            yield reply
        return
    async for _ in call:
        pass
    await context.abort(fault.code, "spoilt after it was carried out")
