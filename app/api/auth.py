"""How callers say who they are: an API key, or an identity token that Google has made for their account."""

from typing import Final

from fastapi.security import APIKeyHeader, HTTPBearer
from fastapi.security.utils import get_authorization_scheme_param
from starlette.datastructures import Headers
from starlette.types import Scope

from app.api.services import Callers
from app.domain.errors import Unauthenticated
from app.domain.identity import Identities
from app.domain.keys import PREFIX

BEARER: Final = HTTPBearer(
    scheme_name="bearer",
    description="An API key, `afterword_…`, or the identity token of a Google account that the service expects.",
    auto_error=False,
)
API_KEY: Final = APIKeyHeader(
    name="X-API-Key",
    scheme_name="apiKey",
    description="An API key, where `Authorization` is for somebody else; if both are sent, this one counts.",
    auto_error=False,
)


SUBPROTOCOL: Final = "afterword"
TOKEN_OFFER: Final = "bearer."  # noqa: S105 - what stands before a token
"""
What a page offers as subprotocols of its WebSocket: the one that is spoken, and its credential behind this word, since
browsers let it set no header. Only the first is ever accepted, and so sent back.
"""


def credentials(scope: Scope) -> Headers:
    """Return the request's headers, with a credential that came as a WebSocket's subprotocol in its usual place."""
    offers = [offer for offer in scope.get("subprotocols", ()) if offer.startswith(TOKEN_OFFER)]
    tokens = [(b"authorization", b"Bearer " + offer.removeprefix(TOKEN_OFFER).encode()) for offer in offers]
    return Headers(raw=[*scope["headers"], *tokens])


async def owner_of(headers: Headers, callers: Callers) -> str:
    """
    Return who asks.

    An `X-API-Key` decides by itself: `Authorization` may then be for the platform.

    Raises:
        Unauthenticated: If there is no valid credential, or one of them twice.
        NotPermitted: If it is the identity of somebody who is not expected.
        StoreUnavailable: If nobody can tell at the moment; likewise `KeysUnavailable`.

    """
    key = _only(headers, API_KEY.model.name)
    if key is not None:
        return await callers.keys.owner_of(key)
    token = _bearer(headers)
    if token is None:
        raise Unauthenticated("Send an API key, as Authorization: Bearer or as X-API-Key")
    if token.startswith(PREFIX) or callers.google is None:
        return await callers.keys.owner_of(token)
    return await account_of(headers, callers.google)


async def account_of(headers: Headers, identities: Identities) -> str:
    """
    Return the Google account that asks.

    Its token must be the request's only one: where there are two, Cloud Run
    checks `X-Serverless-Authorization` and lets the other pass as it is.

    Raises:
        Unauthenticated: If there is no genuine token for here and now.
        NotPermitted: If it is the identity of somebody who is not expected.
        KeysUnavailable: If it cannot be told from a forged one.

    """
    token = _bearer(headers)
    if token is None:
        raise Unauthenticated
    if "x-serverless-authorization" in headers:
        raise Unauthenticated("The request must carry one token, in one Authorization header")
    return await identities.account_of(token)


def _bearer(headers: Headers) -> str | None:
    scheme, token = get_authorization_scheme_param(_only(headers, "Authorization"))
    return token if scheme.lower() == "bearer" and token else None


def _only(headers: Headers, name: str) -> str | None:
    values = headers.getlist(name)
    if len(values) > 1:
        raise Unauthenticated(f"The request must carry one {name} header")
    return values[0] if values else None
