"""Whether this process lives, whether it can do its work, and which version of it this is."""

from fastapi import APIRouter, Response, status

from app.api.dependencies import Given
from app.api.problems import MEDIA_TYPE, Problem
from app.api.schemas import Health, VersionView

router = APIRouter(tags=["operations"])


@router.get("/health/live", response_model_exclude_unset=True)
async def live() -> Health:
    """Answer as long as the event loop turns; nothing outside is asked."""
    return Health(status="ok")


@router.get(
    "/health/ready",
    responses={
        status.HTTP_503_SERVICE_UNAVAILABLE: {
            "model": Health,
            "description": "Some component is unavailable, or the request's body cannot be held.",
            "content": {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}},
        }
    },
)
async def ready(given: Given, response: Response) -> Health:
    """Say whether the store and the models are usable."""
    components = {"store": "ok" if await given.sign_of_life.seen() else "unavailable", "models": _models(given)}
    if set(components.values()) == {"ok"}:
        return Health(status="ok", components=components)
    response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return Health(status="unavailable", components=components)


@router.get("/version")
async def version(given: Given) -> VersionView:
    """Name what runs here."""
    return VersionView.model_validate(given.version)


def _models(given: Given) -> str:
    """Ask after all of them: what one cannot do here, another process may."""
    reasons = [given.why_not(processor) for processor in given.catalogue]
    return next((reason for reason in reasons if reason), "ok") if reasons else "No model is offered"
