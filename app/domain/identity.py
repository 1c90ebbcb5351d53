"""
Who asks, as a token of Google's says it, and whether that is whom we expect.

Whether a token is genuine is for an adapter to find out; what it says is judged here.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.domain.errors import NotPermitted, Unauthenticated

CLOCK_SKEW: Final = timedelta(seconds=10)


@dataclass(frozen=True, kw_only=True)
class IdToken:
    """What an OIDC identity token says: who it was made for, *email*, and for use where, *audience*."""

    email: str
    email_verified: bool
    audience: str
    issued_at: datetime
    expires_at: datetime


class IdTokens(ABC):
    """Tells the genuine identity tokens of Google's from all others."""

    @abstractmethod
    async def read(self, token: str) -> IdToken:
        """
        Return what *token* says.

        Raises:
            Unauthenticated: If it is not one that Google has signed.
            KeysUnavailable: If nobody can tell at the moment.

        """


@dataclass(frozen=True, kw_only=True)
class ExpectedCallers:
    """The *accounts*, by their e-mail addresses, that may call, with tokens made for one of the *audiences*."""

    accounts: frozenset[str]
    audiences: frozenset[str]

    def admit(self, token: IdToken, *, now: datetime) -> str:
        """
        Let the caller with this *token* in, and return its account.

        Raises:
            Unauthenticated: If the token is for somewhere else, or its time has not come or has passed.
            NotPermitted: If it is somebody else's.

        """
        if token.audience not in self.audiences:
            raise Unauthenticated("The token was made for another audience")
        if now + CLOCK_SKEW < token.issued_at or token.expires_at < now - CLOCK_SKEW:
            raise Unauthenticated("The token has expired, or is not valid yet")
        if token.email not in self.accounts or not token.email_verified:
            raise NotPermitted
        return token.email


@dataclass(frozen=True, kw_only=True)
class Identities:
    """Lets in who is *expected*, by tokens that *tokens* has found genuine, at the time *now*."""

    tokens: IdTokens
    expected: ExpectedCallers
    now: Callable[[], datetime]

    async def account_of(self, token: str) -> str:
        """
        Return whose *token* this is.

        Raises:
            Unauthenticated: If it is not genuine, or not for here and now.
            NotPermitted: If it is somebody's who is not expected.
            KeysUnavailable: If nobody can tell at the moment.

        """
        return self.expected.admit(await self.tokens.read(token), now=self.now())
