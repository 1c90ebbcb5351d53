"""What the platform calls, and no user."""

from fastapi import APIRouter, Depends, Request

from app.api.auth import account_of
from app.api.dependencies import Given
from app.api.middleware import is_traffic
from app.api.problems import Refused
from app.api.schemas import Swept
from app.domain.errors import NotPermitted


async def scheduler_only(request: Request, given: Given) -> None:
    """
    Let the scheduler in, by its identity token, and nobody else.

    Raises:
        Unauthenticated: If there is no such token.
        NotPermitted: If it is somebody else's, or nobody may come in.
        KeysUnavailable: If it cannot be told from a forged one.

    """
    if given.scheduler is None:
        raise NotPermitted("This service takes no sweeps from outside: AFTERWORD_SWEEP_AUTH is not set")
    await account_of(request.headers, given.scheduler)


router = APIRouter(
    prefix="/internal", tags=["operations"], include_in_schema=False, dependencies=[Depends(scheduler_only)]
)


@router.post("/sweep")
async def sweep(request: Request, given: Given) -> Swept:
    """
    Work off what waits, and hold the request until nothing is left to do here, for 45 seconds at the longest.

    An instance with an open request is one that the platform keeps; what runs
    longer goes on under its lease.
    """
    if not is_traffic(request.scope):
        raise Refused(409, "not_serving", "A tagged revision takes up no waiting work; post to the service's own URL.")
    taken = await given.work_off(within=given.limits.sweep)
    return Swept(taken=taken, running=len(given.registry))
