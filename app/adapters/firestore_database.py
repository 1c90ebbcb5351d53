"""
One Firestore database, as one process uses it for all that it keeps there.

Every call is made once, within one time limit: whether a write whose answer was
lost has landed is for others to find out, by reading and comparing.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from app.adapters.calls import Calls
from app.adapters.clock import StoreClock
from app.adapters.firestore_connection import Connection, Connector
from app.adapters.firestore_wire import FirestoreWire
from app.domain.errors import StoreUnavailable


class FirestoreDatabase:
    """The way to a database while it is open, its *clock*, and the *calls* on their way."""

    def __init__(
        self, *, project: str | None, database: str, emulator_host: str | None, call_limit: timedelta, clock: StoreClock
    ) -> None:
        """Know where the database is, as `Connector` says; the first call connects."""
        self.clock = clock
        self.calls = Calls()
        self._project = project
        self._database = database
        self._emulator_host = emulator_host
        self._call_limit = call_limit
        self._connector: Connector | None = None
        self._wire: FirestoreWire | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Hold the connection, once there is one."""
        connector = Connector(project=self._project, database=self._database, emulator_host=self._emulator_host)
        self._connector = connector
        try:
            yield
        finally:
            self._connector = self._wire = None
            await connector.close()

    @asynccontextmanager
    async def within_limit(self) -> AsyncIterator[FirestoreWire]:
        """
        Make one call, however many messages it takes, last no longer than the limit.

        Raises:
            StoreUnavailable: If it would, or the database is not open, or there are no credentials.

        """
        try:
            with self.calls.counted():
                async with asyncio.timeout(self._call_limit.total_seconds()):
                    yield await self._connected()
        except TimeoutError as error:
            raise StoreUnavailable from error

    async def connection(self) -> Connection:
        """
        Return the connection, for what is no single call; there is no limit.

        Raises:
            StoreUnavailable: If the database is not open, or there are no credentials.

        """
        if self._connector is None:
            raise StoreUnavailable("The task store is not open")
        return await self._connector.connection()

    async def _connected(self) -> FirestoreWire:
        if self._wire is None:
            self._wire = FirestoreWire(await self.connection(), call_limit=self._call_limit, clock=self.clock)
        return self._wire
