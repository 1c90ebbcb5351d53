"""
The way to one Firestore database: its address, credentials, channel.

The channel belongs to the running event loop; nothing here asks Firestore anything.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import google.auth
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcAsyncIOTransport
from grpc import aio  # type: ignore[import-untyped]  # grpcio ships no types

from app.domain.errors import StoreUnavailable
from app.telemetry.logs import get_logger

EMULATOR_PROJECT: Final = "google-cloud-firestore-emulator"

MALFORMED: Final = (AttributeError, KeyError, TypeError)
"""What google-auth raises at a credentials file that holds other JSON than it expects."""

CHANNEL_OPTIONS: Final = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # A connection that has died without a word is noticed, and replaced, within seconds.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.http2.ping_timeout_ms", 5_000),  # without it, the other one has no effect
    # By default a channel waits up to two minutes before it looks whether the store is back.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 2_000),
    ("grpc.max_reconnect_backoff_ms", 1_000),
)

OF_ITS_OWN: Final = ("grpc.use_local_subchannel_pool", 1)
"""By default channels that look alike share a connection, and so the hundred streams that it carries at a time."""


type OpenChannel = Callable[[Options], aio.Channel]
type Options = tuple[tuple[str, int], ...]

type Search = Callable[[], tuple[Credentials, str | None]]
"""Finds credentials, and the project that they name; may block."""


def search_surroundings() -> tuple[Credentials, str | None]:
    """Find what the process was given: a file, a login of this machine, the platform's own account."""
    credentials, project = google.auth.default(scopes=FirestoreGrpcAsyncIOTransport.AUTH_SCOPES)
    return credentials, project


@dataclass(frozen=True, slots=True)
class Connection:
    """An open *channel* to the database `projects/…/databases/…`."""

    channel: aio.Channel
    database: str
    open_channel: OpenChannel

    def another_channel(self) -> aio.Channel:
        """Open a channel with the same credentials and a TCP connection of its own; whoever opens it closes it."""
        return self.open_channel((*CHANNEL_OPTIONS, OF_ITS_OWN))


class Connector:
    """
    The one connection to a database, made when it is first asked for.

    As long as there are no credentials, whoever asks next has them searched
    for again; never by two searches at once.
    """

    def __init__(
        self, *, project: str | None, database: str, emulator_host: str | None, search: Search = search_surroundings
    ) -> None:
        """
        Lead to *database* of *project*, or else of the project that the credentials name.

        With an *emulator_host*, no credentials are searched for.
        """
        self._project = project
        self._database = database
        self._emulator_host = emulator_host
        self._search = search
        self._connecting: asyncio.Task[Connection] | None = None

    async def connection(self) -> Connection:
        """
        Return the connection; its channel connects with the first call, and again whenever it must.

        Raises:
            StoreUnavailable: If the process has no credentials, or no project.

        """
        if self._connecting is None:
            self._connecting = asyncio.create_task(self._connect())
        return await asyncio.shield(self._connecting)

    async def close(self) -> None:
        """Close the channel, or stop waiting for one."""
        connecting, self._connecting = self._connecting, None
        if connecting is None:
            return
        connecting.cancel()
        await asyncio.wait([connecting])
        if not connecting.cancelled() and connecting.exception() is None:
            await connecting.result().channel.close()

    async def _connect(self) -> Connection:
        try:
            open_channel, project = await self._find()
        except StoreUnavailable as error:
            self._connecting = None
            get_logger().warning("store failed", reason=error.message)
            raise
        return Connection(open_channel(CHANNEL_OPTIONS), f"projects/{project}/databases/{self._database}", open_channel)

    async def _find(self) -> tuple[OpenChannel, str]:
        if host := self._emulator_host:
            return lambda options: aio.insecure_channel(host, options=options), self._project or EMULATOR_PROJECT
        try:  # in a thread, since it may look for the platform's metadata server
            credentials, named = await asyncio.to_thread(self._search)
        except (GoogleAuthError, OSError, ValueError, *MALFORMED) as error:
            raise StoreUnavailable("Firestore needs credentials, and this process has none") from error
        project = self._project or named
        if project is None:
            raise StoreUnavailable("Firestore needs a project, and the credentials name none")
        create = FirestoreGrpcAsyncIOTransport.create_channel
        return lambda options: create(credentials=credentials, options=options), project
