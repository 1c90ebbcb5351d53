"""A server that speaks Firestore's `Listen`, and says on it what a test wants: also what the emulator never says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from google.cloud.firestore_v1.types import ListenRequest, ListenResponse
from grpc import (  # type: ignore[import-untyped]  # grpcio ships no types
    GenericRpcHandler,
    HandlerCallDetails,
    RpcMethodHandler,
    StatusCode,
    aio,
    stream_stream_rpc_method_handler,
)

type Answer = bytes | StatusCode


class ListenServer(GenericRpcHandler):  # type: ignore[misc]  # a class without types
    """
    One server; clients connect to *host*.

    *streams* counts the streams that were opened; what is said goes to the newest, which came with *headers*.
    """

    def __init__(self) -> None:
        """Say nothing, until told to."""
        self.host = ""
        self.is_stubborn = False
        """Whether a stream goes on although its client has said that it needs nothing more."""
        self.streams = 0
        self.headers: dict[str, str] = {}
        self._asked: asyncio.Queue[Any] = asyncio.Queue()
        self._answers: asyncio.Queue[Answer] = asyncio.Queue()

    @asynccontextmanager
    async def running(self) -> AsyncIterator["ListenServer"]:
        """Serve until the block ends."""
        server = aio.server()
        server.add_generic_rpc_handlers((self,))
        self.host = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
        await server.start()
        try:
            yield self
        finally:
            await server.stop(grace=None)

    async def added(self) -> int:
        """Wait for the next request, which has to add a target; return its number."""
        request = await self._next()
        assert request.HasField("add_target"), request
        number: int = request.add_target.target_id
        return number

    async def removed(self) -> int:
        """Wait for the next request, which has to remove a target; return its number."""
        request = await self._next()
        number: int = request.remove_target
        assert number, request
        return number

    def say(self, **answer: Any) -> None:  # noqa: ANN401 - the fields of a ListenResponse
        """Send a `ListenResponse`."""
        self.send(ListenResponse.pb()(**answer).SerializeToString())

    def say_of(self, number: int, change: str, **more: Any) -> None:  # noqa: ANN401 - the fields of a TargetChange
        """Send a change of one target."""
        self.say(target_change={"target_change_type": change, "target_ids": [number], **more})

    def send(self, payload: bytes) -> None:
        """Send these very bytes."""
        self._answers.put_nowait(payload)

    def end(self, code: StatusCode) -> None:
        """End the stream."""
        self._answers.put_nowait(code)

    def service(self, handler_call_details: HandlerCallDetails) -> RpcMethodHandler | None:
        """Take `Listen`, and nothing else."""
        is_listen = handler_call_details.method == "/google.firestore.v1.Firestore/Listen"
        return stream_stream_rpc_method_handler(self._listen) if is_listen else None

    async def _listen(self, requests: AsyncIterator[bytes], context: aio.ServicerContext) -> AsyncIterator[bytes]:
        self.streams += 1
        self.headers = dict(context.invocation_metadata() or ())
        self._asked, self._answers = asyncio.Queue(), asyncio.Queue()
        reading = asyncio.create_task(self._read(requests))
        try:
            while isinstance(answer := await self._answers.get(), bytes):
                yield answer
        finally:
            reading.cancel()
        if answer is not StatusCode.OK:
            await context.abort(answer, "as the test wants it")

    async def _next(self) -> Any:  # noqa: ANN401 - protobuf's messages have no types
        async with asyncio.timeout(30):
            while True:
                asked = self._asked
                try:
                    return await asyncio.wait_for(asked.get(), 0.05)
                except TimeoutError:
                    continue  # there may be a new stream by now

    async def _read(self, requests: AsyncIterator[bytes]) -> None:
        asked, answers = self._asked, self._answers
        async for request in requests:
            asked.put_nowait(ListenRequest.pb().FromString(request))
        if not self.is_stubborn:
            answers.put_nowait(StatusCode.OK)
