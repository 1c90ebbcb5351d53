"""
The way to one Firestore database: its address, credentials, channel.

The channel belongs to the running event loop; nothing here asks Firestore anything.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import google.auth
from google.auth.exceptions import DefaultCredentialsError
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcAsyncIOTransport
from grpc import aio  # type: ignore[import-untyped]  # grpcio ships no types

from app.domain.errors import StoreUnavailable

EMULATOR_VARIABLE: Final = "FIRESTORE_EMULATOR_HOST"
EMULATOR_PROJECT: Final = "google-cloud-firestore-emulator"

CHANNEL_OPTIONS: Final = (
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # A connection that has died without a word is noticed, and replaced, within seconds.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    # By default a channel waits up to two minutes before it looks whether the store is back.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 2_000),
    ("grpc.max_reconnect_backoff_ms", 1_000),
)


@dataclass(frozen=True, slots=True)
class Connection:
    """An open *channel* to the database `projects/…/databases/…`."""

    channel: aio.Channel
    database: str


@asynccontextmanager
async def connect(*, project: str | None, database: str, emulator_host: str | None) -> AsyncIterator[Connection]:
    """
    Hold a channel to *database*; it connects with the first call, and again whenever it must.

    Without a *project*, it is the one that the credentials name. Without an
    *emulator_host*, `FIRESTORE_EMULATOR_HOST` counts, as in every client of Firestore.

    Raises:
        StoreUnavailable: If the process has no credentials, or no project.

    """
    host = emulator_host or os.environ.get(EMULATOR_VARIABLE)
    channel, project_found = _open_emulator_channel(host) if host else await _open_secure_channel()
    try:
        if not (project or project_found):
            raise StoreUnavailable("Firestore needs a project, and the credentials name none.")
        yield Connection(channel, f"projects/{project or project_found}/databases/{database}")
    finally:
        await channel.close()


def _open_emulator_channel(host: str) -> tuple[aio.Channel, str | None]:
    return aio.insecure_channel(host, options=CHANNEL_OPTIONS), EMULATOR_PROJECT


async def _open_secure_channel() -> tuple[aio.Channel, str | None]:
    try:  # in a thread, since it may look for the platform's metadata server
        credentials, project = await asyncio.to_thread(
            google.auth.default, scopes=FirestoreGrpcAsyncIOTransport.AUTH_SCOPES
        )
    except DefaultCredentialsError as error:
        raise StoreUnavailable("Firestore needs credentials, and this process has none.") from error
    return FirestoreGrpcAsyncIOTransport.create_channel(credentials=credentials, options=CHANNEL_OPTIONS), project
