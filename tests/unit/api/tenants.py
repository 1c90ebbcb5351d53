"""Callers who have to say who they are, with real keys in the real store."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from starlette.types import Message

from app.api.services import Callers
from app.domain.identity import Identities
from app.domain.keys import ApiKey, make_key
from app.engine.known_keys import KnownKeys
from tests.unit.api.arrange import Store, World, world

type Headers = dict[str, str]


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@asynccontextmanager
async def guarded(path: Path, *, google: Identities | None = None, **options: Any) -> AsyncIterator[World]:  # noqa: ANN401 - those of `world`
    """Start a process that asks for a key, or an identity that *google* knows."""

    def callers(store: Store) -> Callers:
        return Callers(keys=KnownKeys(store.api_keys, now=now), google=google)

    async with world(path, callers=callers, **options) as process:
        yield process


def new_key(owner: str = "acme", *, lasts: timedelta | None = None) -> tuple[str, ApiKey]:
    """Return a key, and what is kept of it."""
    made_at = now() - timedelta(days=2)
    expires_at = None if lasts is None else made_at + lasts
    return make_key(secrets.token_hex(8), secrets.token_hex(32), owner=owner, now=made_at, expires_at=expires_at)


async def key_of(process: World, owner: str = "acme", *, lasts: timedelta | None = None) -> str:
    """Make a key for *owner*, two days ago."""
    key, kept = new_key(owner, lasts=lasts)
    await process.store.api_keys.add(kept)
    return key


def bearer(credential: str) -> Headers:
    """Return the header that carries *credential*."""
    return {"Authorization": f"Bearer {credential}"}


async def sent_without_a_body(
    here: World, headers: list[tuple[bytes, bytes]], *, declared: int = 100
) -> httpx.Response:
    """Announce a document of *declared* bytes, of which never any comes."""
    said: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("the body was read")

    async def send(message: Message) -> None:
        said.append(message)

    announced = [(b"content-type", b"application/json"), (b"content-length", str(declared).encode())]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/process_document/",
        "raw_path": b"/process_document/",
        "query_string": b"",
        "headers": [*announced, *headers],
    }
    await here.app(scope, receive, send)
    return httpx.Response(said[0]["status"], headers=said[0]["headers"], content=said[1]["body"])
