"""
Who asks, as a token of Google's says it, and whether that is whom we expect.

Whether a token is genuine is for an adapter to find out; what it says is judged here.
"""

from abc import ABC, abstractmethod
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
class ExpectedCaller:
    """The one service account, by its e-mail address, that may call, with tokens for one *audience*."""

    account: str
    audience: str

    def admit(self, token: IdToken, *, now: datetime) -> None:
        """
        Let the caller with this *token* in.

        Raises:
            Unauthenticated: If the token is for somewhere else, or its time has not come or has passed.
            NotPermitted: If it is somebody else's.

        """
        if token.audience != self.audience:
            raise Unauthenticated("The token was made for another audience")
        if now + CLOCK_SKEW < token.issued_at or token.expires_at < now - CLOCK_SKEW:
            raise Unauthenticated("The token has expired, or is not valid yet")
        if token.email != self.account or not token.email_verified:
            raise NotPermitted
