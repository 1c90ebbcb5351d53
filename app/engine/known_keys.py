"""
Who presents an API key, without asking the store each time.

What the store says of a key counts for half a minute, so a revoked key is
refused everywhere within that time. Nothing is written when a key is used.

Ids that no key has are remembered too, and looked up only so often: whoever
tries keys at random costs the service neither its memory nor its owner's money.
While somebody does, the ids of all keys are read at once now and then, so that
none of them is taken for one of those.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from math import inf
from time import monotonic as monotonic_seconds
from typing import Final, NamedTuple

from cachetools import LRUCache, TTLCache
from token_bucket import Limiter, MemoryStorage

from app.domain.errors import KeyNotFound, KeysUnavailable, Unauthenticated
from app.domain.keys import ApiKey, id_of
from app.engine.ports import ApiKeys

FRESH: Final = timedelta(seconds=30)
"""How long what was read counts."""

MOST_KEYS: Final = 10_000
"""Keys that are remembered, and as many ids that no key has; beyond that the store is asked again."""

STRANGERS_PER_SECOND: Final = 50
"""Ids that are looked up for the first time, as long as it goes on."""

STRANGERS_AT_ONCE: Final = 200
"""The same, all of a sudden: a process that starts knows nobody yet."""


ALL_AGAIN: Final = timedelta(seconds=10)
"""Between two reads of all keys, and longer if there are more than `STRANGERS_PER_SECOND` for each second of it."""


class _Read(NamedTuple):
    key: ApiKey
    at: float


class KnownKeys:
    """The keys that one process has read lately."""

    def __init__(  # noqa: PLR0913 - each has a default for the service, and another one in tests
        self,
        keys: ApiKeys,
        *,
        now: Callable[[], datetime],
        fresh: timedelta = FRESH,
        most: int = MOST_KEYS,
        strangers: Limiter | None = None,
        monotonic: Callable[[], float] = monotonic_seconds,
    ) -> None:
        """Read *keys*, and judge them by the time *now*."""
        self._keys = keys
        self._now = now
        self._fresh = fresh.total_seconds()
        self._monotonic = monotonic
        self._strangers = strangers or Limiter(STRANGERS_PER_SECOND, STRANGERS_AT_ONCE, MemoryStorage())
        self._known: LRUCache[str, _Read] = LRUCache(most)
        self._unknown: TTLCache[str, None] = TTLCache(most, self._fresh, timer=monotonic)
        self._asking: dict[str, asyncio.Task[ApiKey]] = {}
        self._all: frozenset[str] = frozenset()
        self._reading_all = asyncio.Lock()
        self._all_again_at = -inf

    async def owner_of(self, presented: str) -> str:
        """
        Return whose the key *presented* is.

        Raises:
            Unauthenticated: If it is no valid key.
            StoreUnavailable: If the store does not answer.
            KeysUnavailable: If too many unknown keys are being tried.

        """
        key_id = id_of(presented)
        read = self._known.get(key_id)
        if read is None or self._monotonic() - read.at >= self._fresh:
            key = await self._look_up(key_id, is_known=read is not None)
        else:
            key = read.key
        return key.admit(presented, now=self._now())

    async def _look_up(self, key_id: str, *, is_known: bool) -> ApiKey:
        if key_id in self._unknown:
            raise Unauthenticated("The API key is not valid")
        if not (is_known or key_id in self._asking or self._strangers.consume("strangers")):
            await self._expect_among_all(key_id)
        if key_id not in self._asking:
            self._asking[key_id] = asyncio.create_task(self._ask(key_id), name="api key")
            # Taken note of, or a refusal would be logged once all who wait for it have hung up.
            self._asking[key_id].add_done_callback(lambda asked: asked.cancelled() or asked.exception())
        return await asyncio.shield(self._asking[key_id])  # one caller hangs up, the others go on to wait for it

    async def _expect_among_all(self, key_id: str) -> None:
        async with self._reading_all:
            asked_at = self._monotonic()
            if asked_at >= self._all_again_at:
                self._all_again_at = asked_at + ALL_AGAIN.total_seconds()
                keys = await self._keys.list()
                self._all = frozenset(key.id for key in keys if key.revoked_at is None)
                self._all_again_at = asked_at + max(ALL_AGAIN.total_seconds(), len(keys) / STRANGERS_PER_SECOND)
        if key_id not in self._all:
            raise KeysUnavailable("Too many unknown keys are being tried; the request may be repeated")

    async def _ask(self, key_id: str) -> ApiKey:
        asked_at = self._monotonic()
        try:
            key = await self._keys.find(key_id)
        except KeyNotFound:
            self._known.pop(key_id, None)
            self._unknown[key_id] = None
            raise Unauthenticated("The API key is not valid") from None
        finally:
            del self._asking[key_id]
        self._known[key_id] = _Read(key, asked_at)
        return key
