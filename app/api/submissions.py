"""
What callers may submit: the members of a request, their ranges, and the `Submission` they amount to.

A member that is not listed here is refused, so that nobody believes in an
option that does nothing.
"""

from datetime import timedelta
from typing import Annotated, Final, Literal

from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from app.api.services import Limits
from app.domain.processing import Json, Kind
from app.domain.task import FILE, KEEP_TEXT
from app.engine.submission import Submission

SAMPLE: Final[dict[str, JsonValue]] = {
    "content": "Este es un documento de prueba para demostrar el procesamiento asíncrono con FastAPI y BackgroundTasks."
    " Contiene información sobre la Inteligencia Artificial y el ecosistema Python.",
    "model_name": "summarizer_v1",
}
TEXT_SAMPLE: Final[dict[str, JsonValue]] = {"text": "hola", "task_id": "mi-tarea-1"}

NO_NUL: Final = r"^[^\x00]*$"
NOT_BLANK: Final = r"^[^\x00]*[^\x00\s\x1c-\x1f\x85][^\x00]*$"
PRINTABLE: Final = r"^[^\x00-\x1f\x7f-\xa0\xad]+$"
"""What the validators below demand, as far as a pattern can say it that every language's regular expressions read."""

MOST_MEMBERS: Final = 50
"""More members than any request has; so many are refused at once instead of one by one."""

EntityType = Literal["PERSON", "ORGANIZATION", "LOCATION", "DATE", "MONEY", "PERCENT", "EMAIL", "URL", "PHONE", "MISC"]
Language = Literal["es", "en", "fr", "pt"]


def _storable(text: str) -> str:
    """Refuse what is no text: NUL bytes, and halves of characters that JSON escapes can smuggle in."""
    if "\0" in text:
        raise PydanticCustomError("nul_character", "This must not contain NUL characters")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise PydanticCustomError(
            "string_unicode", "This must be valid Unicode, without half surrogate pairs"
        ) from error
    return text


def _not_blank(text: str) -> str:
    if not text or text.isspace():
        raise PydanticCustomError("blank", "This must not be empty or blank")
    return text


def _printable(text: str) -> str:
    if not text.isprintable():
        raise PydanticCustomError("not_printable", "This must consist of printable characters")
    return text


def _whole(number: object) -> object:
    """Take 3.0 for 3: to JSON, and to many who write it, they are the same number."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


Whole: Final = BeforeValidator(_whole)
Text = Annotated[str, AfterValidator(_storable), Field(json_schema_extra={"pattern": NO_NUL})]
Document = Annotated[str, AfterValidator(_storable), AfterValidator(_not_blank)]
Reference = Annotated[
    str,
    Field(min_length=1, max_length=255),
    AfterValidator(_storable),
    AfterValidator(_printable),
]


class RunOptions(BaseModel):
    """How a task is run, whatever it is about."""

    model_config = ConfigDict(extra="forbid", strict=True)

    max_attempts: Annotated[int, Field(ge=1, le=10), Whole] | None = Field(
        None, description="Attempts before it has failed."
    )
    ttl_seconds: Annotated[int, Field(ge=60, le=2_592_000), Whole] | None = Field(
        None, description="How long it is kept once it has finished."
    )
    delay_seconds: Annotated[int, Field(ge=0, le=2_592_000), Whole] = Field(
        0,
        description="Not to be started before so many seconds; then at the next sweep, within 15 more.",
    )

    @property
    def time_to_live(self) -> timedelta | None:
        """How long it is kept once it has finished, if the caller says."""
        return None if self.ttl_seconds is None else timedelta(seconds=self.ttl_seconds)

    @model_validator(mode="before")
    @classmethod
    def _refuse_a_crowd(cls, members: object) -> object:
        if isinstance(members, dict) and len(members) > MOST_MEMBERS:
            raise PydanticCustomError("too_many_members", "There are more members than any request has")
        return members


class DocumentOptions(RunOptions):
    """How a document is read, in whatever form it comes."""

    model_name: str = Field("default_ai_model", description="A model for documents, as `/models` lists them.")
    summary_sentences: Annotated[int, Field(ge=1, le=20), Whole] | None = Field(
        None, description="How many sentences the summary has."
    )
    max_keywords: Annotated[int, Field(ge=1, le=50), Whole] | None = Field(
        None, description="How many keywords at most."
    )
    entity_types: list[EntityType] | None = Field(
        None, max_length=10, description="Which entities are wanted; by default all."
    )
    language: Language | None = Field(None, description="The document's language; by default it is recognised.")
    keep_text: bool = Field(
        default=False, description="Whether the text is kept, until the task expires, at `/tasks/{task_id}/text`."
    )

    def about(self, content: bytes, owner: str, key: str | None, *, is_file: bool = False) -> Submission:
        """Return the submission of this *content* that *owner* asks for."""
        options: dict[str, Json] = self.model_dump(
            include={"summary_sentences", "max_keywords", "entity_types", "language"}, exclude_none=True
        )
        ways = {FILE: is_file, KEEP_TEXT: self.keep_text}
        return Submission(
            kind=Kind.DOCUMENT,
            owner=owner,
            content=content,
            model_name=self.model_name,
            key=key,
            options=options | {name: True for name, is_wanted in ways.items() if is_wanted},
            max_attempts=self.max_attempts,
            time_to_live=self.time_to_live,
            delay=timedelta(seconds=self.delay_seconds),
        )


class DocumentRequest(DocumentOptions):
    """A document to be read."""

    model_config = ConfigDict(json_schema_extra={"examples": [SAMPLE]})

    content: Document = Field(
        json_schema_extra={"pattern": NOT_BLANK}, description="The document; it must not be blank."
    )

    def submission(self, owner: str, key: str | None, limits: Limits) -> Submission:
        """
        Return the submission that *owner* asks for, under an `Idempotency-Key` or none.

        Raises:
            RequestValidationError: If the content exceeds the *limits*.

        """
        return self.about(_encoded(self.content, "content", limits), owner, key)


class TextRequest(RunOptions):
    """A text to be processed, under an id of the caller's choice."""

    model_config = ConfigDict(json_schema_extra={"examples": [TEXT_SAMPLE]})

    text: Text = Field(json_schema_extra={"pattern": NO_NUL}, description="The text; it may be empty.")
    task_id: Reference = Field(
        json_schema_extra={"format": "printable", "pattern": PRINTABLE},
        description="Your own id for it: 1 to 255 printable characters.",
    )
    model_name: str = Field("uppercase", description="A model for texts, as `/models` lists them.")

    def submission(self, owner: str, key: str | None, limits: Limits) -> Submission:
        """
        Return the submission that *owner* asks for, under an `Idempotency-Key` or none.

        Raises:
            RequestValidationError: If the text exceeds the *limits*.

        """
        content = _encoded(self.text, "text", limits)
        return Submission(
            kind=Kind.TEXT,
            owner=owner,
            content=content,
            model_name=self.model_name,
            reference=self.task_id,
            key=key,
            max_attempts=self.max_attempts,
            time_to_live=self.time_to_live,
            delay=timedelta(seconds=self.delay_seconds),
        )


def blocking_submission(text: str, owner: str, key: str | None, limits: Limits) -> Submission:
    """
    Return the submission of a text whose caller waits for the answer, under an `Idempotency-Key` or none.

    Raises:
        RequestValidationError: If the text exceeds the *limits*.

    """
    content = _encoded(text, "text", limits, where="query")
    return Submission(
        kind=Kind.TEXT,
        owner=owner,
        content=content,
        model_name="uppercase",
        key=key,
        options={"blocking": True},
    )


def _encoded(text: str, member: str, limits: Limits, *, where: str = "body") -> bytes:
    content = text.encode()
    if len(content) > limits.content_bytes:
        message = f"This has {len(content)} bytes in UTF-8; at most {limits.content_bytes} are accepted"
        raise RequestValidationError([{"loc": (where, member), "msg": message, "type": "too_long"}])
    return content
