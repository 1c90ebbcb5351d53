"""Who may call what is not for everybody."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.api.dependencies import Given
from app.domain.errors import NotPermitted, Unauthenticated

bearer = HTTPBearer(auto_error=False)


async def scheduler_only(
    request: Request, given: Given, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> None:
    """
    Let the scheduler in, by its identity token, and nobody else.

    The token must be the request's only one: where there are two, Cloud Run
    checks `X-Serverless-Authorization` and lets the other pass as it is.

    Raises:
        Unauthenticated: If there is no such token.
        NotPermitted: If it is somebody else's, or nobody may come in.
        KeysUnavailable: If it cannot be told from a forged one.

    """
    if given.scheduler is None:
        raise NotPermitted("This service takes no sweeps from outside: AFTERWORD_SWEEP_AUTH is not set")
    if credentials is None:
        raise Unauthenticated
    if len(request.headers.getlist("authorization")) > 1 or "x-serverless-authorization" in request.headers:
        raise Unauthenticated("The request must carry one token, in one Authorization header")
    token = await given.scheduler.tokens.read(credentials.credentials)
    given.scheduler.expected.admit(token, now=given.store.now())
