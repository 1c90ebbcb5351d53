"""Which models there are."""

from fastapi import APIRouter

from app.api.dependencies import Given
from app.api.schemas import ModelList, ModelView

router = APIRouter(tags=["models"])


@router.get("/models")
async def list_models(given: Given) -> ModelList:
    """List the models that can be asked for, the built-in ones first."""
    return ModelList(models=[ModelView.of(processor) for processor in given.catalogue])
