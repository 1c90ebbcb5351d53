"""Who may call what is not for everybody."""

from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.api.dependencies import Given
from app.domain.errors import NotPermitted, Unauthenticated

bearer = HTTPBearer(auto_error=False)


async def scheduler_only(
    given: Given, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> None:
    """
    Let the scheduler in, by its identity token, and nobody else.

    Raises:
        Unauthenticated: If there is no such token.
        NotPermitted: If it is somebody else's, or nobody may come in.
        KeysUnavailable: If it cannot be told from a forged one.

    """
    if given.scheduler is None:
        raise NotPermitted("This service takes no sweeps from outside: AFTERWORD_SWEEP_AUTH is not set")
    if credentials is None:
        raise Unauthenticated
    token = await given.scheduler.tokens.read(credentials.credentials)
    given.scheduler.expected.admit(token, now=given.store.now())
