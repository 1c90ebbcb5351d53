"""Files: handed in as a form, with the options of a document as its fields."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, UploadFile, status
from fastapi.exceptions import RequestValidationError
from pydantic import ConfigDict, Field, field_validator

from app.api.documents import ACCEPTED, Reception
from app.api.forms import FILE, UPLOADS, FormRoute
from app.api.problems import CODES, Refused
from app.api.reference import WITH_A_BODY, documented
from app.api.schemas import DocumentStatus
from app.api.services import Limits
from app.api.submissions import DocumentOptions
from app.api.waiting import refuse_wait
from app.engine.submission import Submission

router = APIRouter(tags=["documents"], route_class=FormRoute, responses=documented(422))

TYPES: Final = "PDF, DOCX, HTML, Markdown or plain text"


class UploadRequest(DocumentOptions):
    """A file to be read, and how."""

    model_config = ConfigDict(strict=False)

    file: UploadFile = Field(
        json_schema_extra={"format": "binary", "minLength": 1},
        description=f"The file: {TYPES}, told by its content; its name does not count.",
    )

    @field_validator("entity_types", mode="before")
    @classmethod
    def _take_apart(cls, value: object) -> object:
        """Take one field with commas for several, and an empty one for none."""
        if not isinstance(value, list):
            return value
        return [name.strip() for names in value for name in str(names).split(",") if name.strip()] or None

    async def submission(self, owner: str, key: str | None, limits: Limits) -> Submission:
        """
        Return the submission that *owner* asks for, under an `Idempotency-Key` or none.

        Raises:
            RequestValidationError: If the file is empty.
            Refused: If it exceeds the *limits*.

        """
        content = await self.file.read()
        await self.file.close()
        if not content:
            message = "This must not be empty"
            raise RequestValidationError([{"loc": ("body", FILE), "msg": message, "type": "blank"}])
        if len(content) > limits.upload_bytes:
            raise Refused(413, *CODES[413])
        submission = self.about(content, owner, key, is_file=True)
        await asyncio.to_thread(submission.learn_fingerprint)  # of megabytes, it takes a while
        return submission


@router.post(
    f"{UPLOADS}/",
    status_code=status.HTTP_202_ACCEPTED,
    include_in_schema=False,
    dependencies=[Depends(refuse_wait)],
)
@router.post(
    UPLOADS,
    status_code=status.HTTP_202_ACCEPTED,
    dependencies=[Depends(refuse_wait)],
    response_description="Accepted: the task is stored, and survives this process.",
    responses=WITH_A_BODY | ACCEPTED,
)
async def upload_document(
    upload: Annotated[UploadRequest, Form(media_type="multipart/form-data")],
    reception: Annotated[Reception, Depends()],
) -> DocumentStatus:
    """
    Hand in a document as a file; the answer comes at once, the result later, at the `Location`.

    A file that cannot be read is a failed task with a `code`: `document_encrypted`, `document_too_large`,
    `document_unreadable`, or `no_text_found`, since text in pictures is not read.
    """
    submission = await upload.submission(reception.caller, reception.key, reception.given.limits)
    return await reception.take_in(submission)
