"""Which models there are."""

from fastapi import APIRouter, Depends

from app.api.dependencies import Given, owner
from app.api.schemas import ModelList, ModelView

router = APIRouter(tags=["models"], dependencies=[Depends(owner)])


@router.get("/models")
async def list_models(given: Given) -> ModelList:
    """List the models that can be asked for, the built-in ones first."""
    limit = given.intake.runner.timing.limit
    return ModelList(
        models=[
            ModelView.of(processor, limit=limit(processor), reason=given.why_not(processor))
            for processor in given.catalogue
        ]
    )
