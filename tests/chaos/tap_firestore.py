"""A tap on the wire between the instances and a Firestore emulator, which can also spoil the weather on it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from random import Random
from time import monotonic
from typing import Any, Final, override
from uuid import uuid4

from google.cloud.firestore_v1.types import RunQueryRequest, RunQueryResponse
from grpc import (  # type: ignore[import-untyped]  # grpcio ships no types
    HandlerCallDetails,
    RpcMethodHandler,
    StatusCode,
    aio,
    unary_unary_rpc_method_handler,
)

from tests.chaos.firestore_record import FirestoreRecord, plain
from tests.chaos.history import Stored
from tests.chaos.tap import Tap, missed, told_apart
from tests.grpc_proxy import UNLIMITED, Fault, GrpcProxy, Metadata, routing

COMMIT: Final = "/google.firestore.v1.Firestore/Commit"
RUN_QUERY: Final = "/google.firestore.v1.Firestore/RunQuery"

EXPOSED: Final = frozenset({"Commit", "BatchGetDocuments", "RunQuery", "RunAggregationQuery"})
"""The calls that the weather can hit as a whole: a stream of changes has no single answer to lose."""

CALM: Final = 1.0
"""Seconds for which the weather spares a stream after it has hit it, or a busy one would never bring anything."""

UNRECORDED: Final = frozenset({"BatchWrite", "Write", "CreateDocument", "UpdateDocument", "DeleteDocument"})
"""Calls that change documents and that this tap does not decode."""

UNDECIDED: Final = frozenset(
    {
        StatusCode.CANCELLED,
        StatusCode.DEADLINE_EXCEEDED,
        StatusCode.INTERNAL,
        StatusCode.UNAVAILABLE,
        StatusCode.UNKNOWN,
    }
)
"""Answers of the emulator's own after which nobody knows whether a commit has landed."""

PATIENCE: Final = 120.0
"""Seconds until the tap gives up a commit, whose caller has long gone: it must see how it ends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Weather:
    """
    What happens to calls at random.

    Attributes:
        rng: Decides, so a seed gives the same weather again.
        rate: Which part of the calls is hit, 0 to 1.
        codes: What a call that is hit is answered with, one of them; if there are none it is only delayed.
        landed: How likely such a call is carried out all the same, 0 to 1.
        delay: Least and most seconds that a call that is hit waits before anything is done.

    """

    rng: Random
    rate: float
    codes: tuple[StatusCode, ...] = ()
    landed: float = 0.5
    delay: tuple[float, float] = (0.0, 0.0)

    def strike(self) -> Fault:
        """Return what becomes of the next call."""
        if self.rng.random() >= self.rate:
            return Fault()
        code = self.rng.choice(self.codes) if self.codes else None
        return Fault(code=code, landed=self.rng.random() < self.landed, delay=self.rng.uniform(*self.delay))


class Exposed:
    """A stream of which the weather can hit each answer: hold it up, or break the stream before it or behind it."""

    def __init__(self, answers: AsyncGenerator[bytes], next_fault: Callable[[], Fault]) -> None:
        """Stand for *answers*; ask for *next_fault* before each, unless one was hit a moment ago."""
        self._answers = answers
        self._next_fault = next_fault
        self._calm_until = monotonic()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Return the answers."""
        async with aclosing(self._answers):
            async for answer in self._answers:
                fault = self._strike()
                await fault.meet()
                if fault.code is None or fault.landed:
                    yield answer
                if fault.code is not None:
                    raise aio.AioRpcError(fault.code, aio.Metadata(), aio.Metadata(), details="spoilt under way")

    def _strike(self) -> Fault:
        if monotonic() < self._calm_until:
            return Fault()
        fault = self._next_fault()
        if fault.code or fault.delay:
            self._calm_until = monotonic() + CALM
        return fault


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller is told of its commit: a reply, or a *code*."""

    reply: bytes = b""
    code: StatusCode | None = None
    details: str = ""


class FirestoreTap(GrpcProxy, Tap):
    """
    A project of its own in the emulator, behind a proxy that decodes every commit which was accepted.

    A commit that has reached the tap is seen through to its end, whatever
    becomes of its caller. `cut` and `restore`, `spoil` and `hold` are the proxy's.
    Streams of changes pass through and are not recorded, but exposed to the weather.

    Attributes:
        weather: What happens to calls from now on; None for nothing.

    """

    def __init__(self, emulator_host: str, *, project: str | None = None) -> None:
        """Use *project* of the emulator at *emulator_host*; by default one that nobody else has."""
        super().__init__(emulator_host)
        self.weather: Weather | None = None
        self._project = project or f"chaos-{uuid4().hex[:12]}"
        self._record = FirestoreRecord()
        self._under_way: set[asyncio.Task[Answer]] = set()
        self._undecided = 0

    @property
    @override
    def variables(self) -> Mapping[str, str]:
        return {
            "AFTERWORD_STORE": "firestore",
            "FIRESTORE_EMULATOR_HOST": self.host,
            "GOOGLE_CLOUD_PROJECT": self._project,
        }

    @override
    @asynccontextmanager
    async def running(self) -> AsyncIterator["FirestoreTap"]:
        async with super().running():
            try:
                yield self
            finally:
                await self.cut()
                await self._settle()

    @override
    async def writes(self) -> list[Stored]:
        await self._settle()
        return list(told_apart(self._record.versions()))

    @override
    async def at_the_end(self) -> tuple[Mapping[str, bool], list[str]]:
        root = f"projects/{self._project}/databases/(default)/documents"
        tasks = await self._find(root, {"from_": [{"collection_id": "tasks"}]}, "revision", "submission", "text")
        # Whatever is ordered by a field has it, and an index need not be read past the names.
        inline = await self._find(root, {"from_": [{"collection_id": "tasks"}], "order_by": [_BY_CONTENT]}, "__name__")
        parts = await self._find(root, {"from_": [{"collection_id": "parts", "all_descendants": True}]}, "__name__")
        prefixes = {f"{name}/parts/{fields['submission']}-": name for name, fields in tasks.items()}
        texts = {f"{name}/parts/{fields['text']['token']}" for name, fields in tasks.items() if "text" in fields}
        contents = [part for part in parts if part.rpartition("-")[0] not in texts]
        owners = {part: prefixes.get(part.rpartition("-")[0] + "-") for part in contents}
        keeping = {*inline, *owners.values()}
        revisions = {_last(name): fields["revision"] for name, fields in tasks.items()}
        orphans = [f"Part {_last(part)} belongs to no task" for part, owner in owners.items() if owner is None]
        words = [*orphans, *self._doubts(), *missed(await self.writes(), revisions)]
        return {_last(name): name in keeping for name in tasks}, words

    @override
    def service(self, handler_call_details: HandlerCallDetails) -> RpcMethodHandler:
        """Take a commit as a whole, and any other method as the proxy does."""
        if handler_call_details.method != COMMIT:
            return super().service(handler_call_details)
        metadata = routing(handler_call_details)

        async def commit(request: bytes, context: aio.ServicerContext) -> bytes:
            return await self._commit(request, metadata, context)

        return unary_unary_rpc_method_handler(commit)

    @override
    def _usual_fault(self, method: str) -> Fault:
        return self.weather.strike() if self.weather is not None and method in EXPOSED else Fault()

    @override
    def _stream_at(self, path: str) -> Callable[..., AsyncIterator[bytes]]:
        stream = super()._stream_at(path)

        def next_fault() -> Fault:
            return self.weather.strike() if self.weather is not None else Fault()

        def exposed(*sent: AsyncIterator[bytes], **given: Any) -> AsyncIterator[bytes]:  # noqa: ANN401 - as gRPC's
            answers = stream(*sent, **given)
            assert isinstance(answers, AsyncGenerator)
            return aiter(Exposed(answers, next_fault))

        return exposed

    async def _commit(self, request: bytes, metadata: Metadata, context: aio.ServicerContext) -> bytes:
        self.calls["Commit"] += 1
        commit = asyncio.create_task(self._carry_out(request, metadata, self._next_fault("Commit")))
        self._under_way.add(commit)
        commit.add_done_callback(self._finished)
        answer = await asyncio.shield(commit)
        if answer.code is not None:
            await context.abort(answer.code, answer.details)
        return answer.reply

    async def _carry_out(self, request: bytes, metadata: Metadata, fault: Fault) -> Answer:
        await fault.meet()
        if fault.code is not None and not fault.landed:
            return Answer(code=fault.code, details="spoilt before it was carried out")
        try:
            reply = await self._channel.unary_unary(COMMIT)(request, metadata=metadata, timeout=PATIENCE)
        except aio.AioRpcError as error:
            self._undecided += error.code() in UNDECIDED
            return Answer(code=error.code(), details=error.details())
        self._record.take(request, reply)
        return Answer(reply, fault.code, "spoilt after it was carried out")

    def _finished(self, commit: asyncio.Task[Answer]) -> None:
        self._under_way.discard(commit)
        self._undecided += commit.cancelled() or commit.exception() is not None

    async def _settle(self) -> None:
        """Wait for the commits that are still on their way."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=PATIENCE)

    def _doubts(self) -> list[str]:
        undecided = [f"Nobody knows whether {self._undecided} commits landed"] if self._undecided else []
        return [*self._record.strange, *undecided, *(f"{name} was called" for name in UNRECORDED & self.calls.keys())]

    async def _find(self, root: str, query: Mapping[str, Any], *fields: str) -> dict[str, dict[str, Any]]:
        """Return what *fields* say in every document that *query* finds, past the proxy."""
        selected = {**query, "select": {"fields": [{"field_path": name} for name in fields]}}
        request = RunQueryRequest.pb()(parent=root, structured_query=selected)
        async with aio.insecure_channel(self._upstream, options=UNLIMITED) as channel:
            call = channel.unary_stream(
                RUN_QUERY, RunQueryRequest.pb().SerializeToString, RunQueryResponse.pb().FromString
            )
            found = [reply.document async for reply in call(request, timeout=PATIENCE) if reply.HasField("document")]
        return {each.name: {name: plain(value) for name, value in each.fields.items()} for each in found}


_BY_CONTENT: Final = {"field": {"field_path": "content"}}


def _last(name: str) -> str:
    return name.rpartition("/")[2]
