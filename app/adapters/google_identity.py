"""
Reads the identity tokens that Google signs for service accounts.

There are two ways to know that one is genuine, and an operator chooses between
them: see to the signature here, or rely on Cloud Run, which has checked it and
taken it away. Neither is ever a fall-back for the other.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Annotated, Final, Literal, override

import requests
from cachecontrol import CacheControl
from cachecontrol.cache import DictCache
from cachetools import TTLCache
from google.auth import jwt
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from app.domain.errors import KeysUnavailable, Unauthenticated
from app.domain.identity import CLOCK_SKEW, IdToken, IdTokens

GOOGLES_CERTIFICATES: Final = "https://www.googleapis.com/oauth2/v1/certs"
SIGNATURE_REMOVED: Final = "SIGNATURE_REMOVED_BY_GOOGLE"
LONGEST_TOKEN: Final = 4096
"""Characters; Google's have about a thousand, and nested JSON that is much longer can exhaust the stack."""

MOST_TOKENS: Final = 1_000
"""Genuine tokens that are remembered, each of them by itself."""

NOT_GOOGLES: Final = "This is not an identity token of Google's"

END_OF_TIME: Final = 253_402_300_799
"""The last second of the year 9999."""

Seconds = Annotated[int, Field(ge=0, le=END_OF_TIME)]


CERTIFICATES: Final = TypeAdapter(
    Annotated[dict[str, Annotated[str, Field(pattern="-----BEGIN CERTIFICATE-----")]], Field(min_length=1)]
)
"""By the name of the key that they belong to."""


class Claims(BaseModel):
    """The claims of a token that are looked at, of these types and no others."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)

    iss: Literal["accounts.google.com", "https://accounts.google.com"]
    aud: str
    email: str
    email_verified: bool
    iat: Seconds
    exp: Seconds


class PlatformTokens(IdTokens):
    """
    Takes tokens whose signature Cloud Run has checked and removed, and no others.

    Only for a service that Cloud Run lets nobody into without `run.invoker`:
    on a public one, anybody can write such a token. A signature that is still
    there shows that the platform has checked nothing.
    """

    @override
    async def read(self, token: str) -> IdToken:
        read = _read(token)
        if token.rpartition(".")[2] != SIGNATURE_REMOVED:
            raise Unauthenticated("Cloud Run has not checked this token: does the service let everybody in?")
        return read


class VerifiedTokens(IdTokens):
    """
    Takes tokens whose signature it has checked itself, with certificates that are kept as long as Google says.

    For seconds it goes by what it has just found out, so that neither a caller
    with a good token nor one with a thousand forged ones makes much work.
    """

    def __init__(
        self,
        *,
        certificates: str = GOOGLES_CERTIFICATES,
        call_limit: timedelta = timedelta(seconds=3),
        remembered: timedelta = timedelta(seconds=30),
        pause: timedelta = timedelta(seconds=1),
    ) -> None:
        """
        Read the *certificates* at that address, waiting for them for *call_limit* at the longest.

        What was *remembered* for so long is found out anew: certificates, and who sent a genuine token. Who wants
        certificates within a *pause* after they could not be had does not get them.
        """
        self._pause = pause
        self._certificates = certificates
        self._call_limit = call_limit
        self._cache = DictCache()
        self._fetching: asyncio.Task[dict[str, str]] | None = None
        self._again_at = -inf
        self._fetched: TTLCache[str, dict[str, str]] = TTLCache(1, remembered.total_seconds())
        self._genuine: TTLCache[str, IdToken] = TTLCache(MOST_TOKENS, remembered.total_seconds())

    @override
    async def read(self, token: str) -> IdToken:
        known = self._genuine.get(token)
        if known is not None:
            return known
        read = _read(token)
        certificates = await self._current()
        try:
            jwt.decode(token, certificates, clock_skew_in_seconds=int(CLOCK_SKEW.total_seconds()))  # type: ignore[no-untyped-call]  # ships no types
        except ValueError as error:
            raise Unauthenticated("Google has not signed this token") from error
        self._genuine[token] = read
        return read

    async def _current(self) -> dict[str, str]:
        known = self._fetched.get(self._certificates)
        if known is not None:
            return known
        if self._fetching is None:  # one thread for all who wait, however long it takes
            if asyncio.get_running_loop().time() < self._again_at:
                raise KeysUnavailable
            self._fetching = asyncio.create_task(asyncio.to_thread(self._fetch), name="certificates")
            self._fetching.add_done_callback(self._take)
        try:
            async with asyncio.timeout(self._call_limit.total_seconds()):
                return await asyncio.shield(self._fetching)
        except (requests.RequestException, ValidationError, TimeoutError) as error:
            raise KeysUnavailable from error

    def _take(self, fetching: asyncio.Task[dict[str, str]]) -> None:
        self._fetching = None
        if fetching.cancelled() or fetching.exception():
            self._again_at = fetching.get_loop().time() + self._pause.total_seconds()
        else:
            self._fetched[self._certificates] = fetching.result()

    def _fetch(self) -> dict[str, str]:
        with requests.Session() as session:
            fetched = CacheControl(session, cache=self._cache).get(
                self._certificates, timeout=self._call_limit.total_seconds()
            )
        try:
            fetched.raise_for_status()
            return CERTIFICATES.validate_json(fetched.content)
        except ValidationError:
            self._cache = DictCache()  # what is no certificates must not be kept as such
            raise


def _read(token: str) -> IdToken:
    """Return what *token* says of itself."""
    if len(token) > LONGEST_TOKEN:
        raise Unauthenticated(NOT_GOOGLES)
    try:
        claims = Claims.model_validate(jwt.decode(token, verify=False))  # type: ignore[no-untyped-call]  # google-auth ships no types for it
    except ValueError as error:
        raise Unauthenticated(NOT_GOOGLES) from error
    return IdToken(
        email=claims.email,
        email_verified=claims.email_verified,
        audience=claims.aud,
        issued_at=datetime.fromtimestamp(claims.iat, UTC),
        expires_at=datetime.fromtimestamp(claims.exp, UTC),
    )
