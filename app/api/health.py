"""Whether this process lives, whether it can do its work, and which version of it this is."""

from fastapi import APIRouter, Response, status

from app.api.dependencies import Given
from app.api.schemas import Health, VersionView
from app.domain.errors import ServiceError

router = APIRouter(tags=["operations"])


@router.get("/health/live", response_model_exclude_unset=True)
async def live() -> Health:
    """Answer as long as the event loop turns; nothing outside is asked."""
    return Health(status="ok")


@router.get(
    "/health/ready",
    responses={status.HTTP_503_SERVICE_UNAVAILABLE: {"model": Health, "description": "Some component is unavailable."}},
)
async def ready(given: Given, response: Response) -> Health:
    """Say whether the store and the models are usable."""
    store_is_usable = await _is_usable(given)
    models_are_usable = any(True for _ in given.catalogue)
    if not (store_is_usable and models_are_usable):
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return Health(
        status="ok" if store_is_usable and models_are_usable else "unavailable",
        components={
            "store": "ok" if store_is_usable else "unavailable",
            "models": "ok" if models_are_usable else "unavailable",
        },
    )


@router.get("/version")
async def version(given: Given) -> VersionView:
    """Name what runs here."""
    return VersionView.model_validate(given.version)


async def _is_usable(given: Given) -> bool:
    try:
        await given.store.check()
    except ServiceError:
        return False
    return True
