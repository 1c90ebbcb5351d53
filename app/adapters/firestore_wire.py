"""
Firestore's calls, and what their failures mean.

Generated messages go straight to the channel: no retries that could turn one's
own landed write into a lost race, no deadline that counts each try anew.
"""

from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from google.cloud.firestore_v1.types import (
    BatchGetDocumentsRequest,
    BatchGetDocumentsResponse,
    CommitRequest,
    CommitResponse,
    RunAggregationQueryRequest,
    RunAggregationQueryResponse,
    RunQueryRequest,
    RunQueryResponse,
)
from grpc import StatusCode, aio  # type: ignore[import-untyped]  # grpcio ships no types

from app.adapters.clock import StoreClock
from app.adapters.firestore_connection import Connection
from app.adapters.firestore_queries import COUNTED, Aggregation, Query
from app.adapters.firestore_values import Value, fields_from, time_from
from app.adapters.firestore_writes import Names, Version, Write
from app.domain.errors import StoreUnavailable
from app.telemetry.logs import get_logger

SERVICE: Final = "/google.firestore.v1.Firestore"

TRANSIENT: Final = frozenset(
    {
        StatusCode.UNAVAILABLE,
        StatusCode.DEADLINE_EXCEEDED,
        StatusCode.ABORTED,
        StatusCode.INTERNAL,
        StatusCode.RESOURCE_EXHAUSTED,
        StatusCode.CANCELLED,
        StatusCode.UNKNOWN,
    }
)
"""What a healthy set-up answers on a bad day. Anything else that is not a lost race needs a person."""

LOST_RACE: Final = {
    "exists": frozenset({StatusCode.ALREADY_EXISTS}),
    "update_time": frozenset({StatusCode.FAILED_PRECONDITION, StatusCode.NOT_FOUND}),
}
"""How Firestore says that a write's condition does not hold, by the kind of condition."""

NEED_AN_INDEX: Final = frozenset({"RunQuery", "RunAggregationQuery"})
"""Calls without a condition that could fail: what `FAILED_PRECONDITION` says about them is a missing index."""


@dataclass(frozen=True, slots=True)
class Found:
    """A document as it was read; *sent* is how many fields came."""

    name: str
    fields: Mapping[str, Value]
    version: Version
    sent: int

    @property
    def id(self) -> str:
        """The last part of its name."""
        return self.name.rpartition("/")[2]

    @property
    def is_whole(self) -> bool:
        """False if a field was left out because Afterword never writes values of its type."""
        return len(self.fields) == self.sent

    @property
    def expires_at(self) -> datetime | None:
        """From when on it is as good as gone; Firestore may take a day to remove it."""
        expires_at = self.fields.get("expires_at")
        return expires_at if isinstance(expires_at, datetime) else None

    def has_expired(self, now: datetime) -> bool:
        """Tell whether it is as good as gone."""
        return self.expires_at is not None and self.expires_at <= now


class FirestoreWire:
    """One database at the other end of a channel."""

    def __init__(self, connection: Connection, *, call_limit: timedelta, clock: StoreClock) -> None:
        """Make every call end within *call_limit*, and every reply set *clock*."""
        channel = connection.channel
        self._database = connection.database
        self.names = Names(f"{connection.database}/documents")
        self._clock = clock
        self._seconds = call_limit.total_seconds()
        self._commit = channel.unary_unary(f"{SERVICE}/Commit", *codecs(CommitRequest, CommitResponse))
        self._batch_get = channel.unary_stream(
            f"{SERVICE}/BatchGetDocuments", *codecs(BatchGetDocumentsRequest, BatchGetDocumentsResponse)
        )
        self._run_query = channel.unary_stream(f"{SERVICE}/RunQuery", *codecs(RunQueryRequest, RunQueryResponse))
        self._run_aggregation_query = channel.unary_stream(
            f"{SERVICE}/RunAggregationQuery", *codecs(RunAggregationQueryRequest, RunAggregationQueryResponse)
        )

    async def commit(self, writes: Sequence[Write]) -> Version | None:
        """
        Carry out all *writes* or none; return the version of the first, or None if its condition does not hold.

        Raises:
            StoreUnavailable: If nobody knows whether they landed.

        """
        request = CommitRequest.pb()(database=self._database, writes=writes)
        condition = request.writes[0].current_document.WhichOneof("condition_type")
        try:
            reply = await self._commit(request, timeout=self._seconds, metadata=routed(database=self._database))
        except aio.AioRpcError as error:
            if error.code() in LOST_RACE.get(condition, ()):
                return None
            raise _unavailable("Commit", error) from error
        self._clock.observe(time_from(reply.commit_time))
        written_at = reply.write_results[0].update_time
        return Version(written_at.seconds, written_at.nanos)

    async def documents(self, names: Iterable[str], mask: Iterable[str]) -> list[Found]:
        """
        The fields of *mask* of those documents among *names* that exist, in no order.

        Raises:
            StoreUnavailable: If the store does not answer.

        """
        request = BatchGetDocumentsRequest.pb()(database=self._database, documents=names, mask={"field_paths": mask})
        call = self._batch_get(request, timeout=self._seconds, metadata=routed(database=self._database))
        replies = await self._replies("BatchGetDocuments", call)
        return [found_in(reply.found) for reply in replies if reply.HasField("found")]

    async def query(self, query: Query) -> list[Found]:
        """
        The documents that *query* finds, in its order.

        Raises:
            StoreUnavailable: If the store does not answer.

        """
        request = RunQueryRequest.pb()(parent=self.names.root, structured_query=query)
        call = self._run_query(request, timeout=self._seconds, metadata=routed(parent=self.names.root))
        replies = await self._replies("RunQuery", call)
        return [found_in(reply.document) for reply in replies if reply.HasField("document")]

    async def count(self, aggregation: Aggregation) -> int:
        """
        What *aggregation* counts.

        Raises:
            StoreUnavailable: If the store does not answer, or with anything but a number.

        """
        request = RunAggregationQueryRequest.pb()(parent=self.names.root, structured_aggregation_query=aggregation)
        call = self._run_aggregation_query(request, timeout=self._seconds, metadata=routed(parent=self.names.root))
        replies = await self._replies("RunAggregationQuery", call)
        for reply in replies:
            if COUNTED in reply.result.aggregate_fields:
                return int(reply.result.aggregate_fields[COUNTED].integer_value)
        raise StoreUnavailable

    def has_expired(self, found: Found) -> bool:
        """True if a document is as good as gone; judged right after the read, it is judged by the time of the read."""
        return found.has_expired(self._clock.now())

    async def _replies(self, method: str, call: AsyncIterable[Any]) -> list[Any]:
        try:
            replies = [reply async for reply in call]
        except aio.AioRpcError as error:
            raise _unavailable(method, error) from error
        for reply in replies:
            if reply.HasField("read_time"):
                self._clock.observe(time_from(reply.read_time))
        return replies


def codecs(request: Any, reply: Any) -> tuple[Callable[[Any], bytes], Callable[[bytes], Any]]:  # noqa: ANN401 - untyped
    """Return how a request becomes bytes, and bytes a reply."""
    return request.pb().SerializeToString, reply.pb().FromString


def routed(**parameter: str) -> tuple[tuple[str, str], ...]:
    """Return the header by which Firestore finds the database before it reads the request."""
    return (("x-goog-request-params", urlencode(parameter)),)


def found_in(document: Any) -> Found:  # noqa: ANN401 - protobuf's messages have no types
    """Return what a document says."""
    version = Version(document.update_time.seconds, document.update_time.nanos)
    return Found(document.name, fields_from(document.fields), version, len(document.fields))


def _unavailable(method: str, error: aio.AioRpcError) -> StoreUnavailable:
    code = error.code()
    if method in NEED_AN_INDEX and code is StatusCode.FAILED_PRECONDITION:
        get_logger().error("firestore index missing", method=method, code=code.name, details=error.details())
        return StoreUnavailable("The task store lacks an index that this version needs")
    if code not in TRANSIENT:
        get_logger().error("firestore refused a call", method=method, code=code.name)
    return StoreUnavailable()
