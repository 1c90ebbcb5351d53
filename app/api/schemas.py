"""What the API answers: the members of every body, under the names that the contract gives them."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, SkipValidation

from app.domain.processing import Failure, Processor, Progress
from app.domain.task import Status, Task

STARTED: Final = "Procesamiento iniciado en segundo plano"


class EntityView(BaseModel):
    """Something that the document names."""

    text: str
    type: str = Field(description="`PERSON`, `ORGANIZATION`, `LOCATION`, `DATE`, `MONEY`, `PERCENT`, `EMAIL`, …")
    count: int = Field(description="How often it is named.")
    score: float = Field(description="How sure the model is, from 0 to 1.")
    value: str | None = Field(None, description="A normal form, of a date or an amount for example.")
    positions: list[tuple[int, int]] = Field(description="From which character to before which.")


class StatisticsView(BaseModel):
    """How large the document is."""

    characters: int
    sentences: int
    words: int


class DocumentResult(BaseModel):
    """What the built-in models say of a document; a model of your own answers at least a `summary`."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"required": ["summary"]})

    summary: str
    keywords: list[str]
    entities: list[EntityView]
    language: str = Field(description="BCP 47; `und` if it cannot be told.")
    model_name: str
    statistics: StatisticsView


AnyDocumentResult = Annotated[DocumentResult, SkipValidation, PlainSerializer(lambda stored: stored)]
"""Described as a `DocumentResult`, and answered as it was stored: nobody validates half a megabyte for each poll."""


class FailureView(BaseModel):
    """Why the last attempt gave no result."""

    model_config = ConfigDict(from_attributes=True)

    code: str = Field(description="What went wrong, for programs; stable.")
    message: str = Field(description="What went wrong, for people.")
    retryable: bool = Field(description="Whether another attempt may help.")


class ProgressView(BaseModel):
    """How far the work has come."""

    model_config = ConfigDict(from_attributes=True)

    stage: str
    fraction: float = Field(description="From 0 to 1.")


class DocumentStatus(BaseModel):
    """A document's task."""

    task_id: str
    status: Status
    result: AnyDocumentResult | None = Field(description="Only once the status is `completed`.")
    error: str | None = Field(description="Why it failed, in a sentence; only if the status is `failed`.")
    failure: FailureView | None = Field(description="Why the last attempt failed, even if another one follows.")
    progress: ProgressView | None
    attempt: int = Field(description="How many attempts have begun.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None = Field(description="When the finished task is forgotten.")
    model_name: str

    @classmethod
    def of(cls, task: Task) -> Self:
        """Show *task* as it is."""
        return cls(**_shared(task), result=task.result)

    @classmethod
    def accepted(cls, task: Task) -> Self:
        """Show *task* as every accepted document is answered, whatever has become of it meanwhile."""
        unknown = dict.fromkeys(
            ("result", "error", "failure", "progress", "started_at", "finished_at", "expires_at"), None
        )
        return cls(**_shared(task) | unknown | {"status": Status.PENDING, "attempt": 0})


class TaskSummary(BaseModel):
    """A task of either kind, without its result."""

    task_id: str = Field(description="The service's id, a UUID.")
    kind: str = Field(description="`document` or `text`.")
    reference: str | None = Field(description="The id that the caller chose for a text.")
    status: Status
    error: str | None
    failure: FailureView | None
    progress: ProgressView | None
    attempt: int
    max_attempts: int
    cancel_requested: bool = Field(description="Its worker has been asked to stop.")
    created_at: datetime
    available_at: datetime = Field(description="The next attempt does not begin before.")
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime | None
    model_name: str
    revision: int = Field(description="Counts the changes.")

    @classmethod
    def of(cls, task: Task) -> Self:
        """Show *task* as it is."""
        return cls(**_shared(task) | _further(task))


class TaskDetail(TaskSummary):
    """A task of either kind."""

    result: AnyDocumentResult | str | None

    @classmethod
    def of(cls, task: Task) -> Self:
        """Show *task* as it is."""
        return cls(**_shared(task) | _further(task), result=task.result)


class TaskList(BaseModel):
    """A page of the caller's tasks, newest first."""

    tasks: list[TaskSummary]
    next_page_token: str | None = Field(description="For `page_token`, to get the next page; null at the end.")


class TextAccepted(BaseModel):
    """A text was accepted; what has become of it is shown only to who has waited for its end."""

    message: Literal["Procesamiento iniciado en segundo plano"]
    task_id: str = Field(description="The id that the caller chose.")
    status: Status
    id: str = Field(description="The same task's id under `/tasks`, a UUID.")
    result: str | None = None
    error: str | None = None

    @classmethod
    def accepted(cls, task: Task, task_id: str) -> Self:
        """Show *task*, which its caller named *task_id*, as every accepted text is answered."""
        return cls(message=STARTED, task_id=task_id, status=Status.PENDING, id=task.id)

    @classmethod
    def ended(cls, task: Task, task_id: str) -> Self:
        """Show how *task*, which its caller named *task_id*, has ended."""
        return cls(
            message=STARTED,
            task_id=task_id,
            status=task.status,
            id=task.id,
            result=text_of(task),
            error=error_of(task),
        )


class TextStatus(BaseModel):
    """A text's task, or `not_found`."""

    status: Status | Literal["not_found"]
    result: str | None = None
    error: str | None = None
    id: str | None = None


class TextFinished(BaseModel):
    """A text was processed while the caller waited."""

    message: Literal["Procesamiento completado (bloqueante)"] = "Procesamiento completado (bloqueante)"
    result: str


class ModelView(BaseModel):
    """A model that this service offers."""

    name: str
    aliases: list[str] = Field(description="Further names for it.")
    description: str
    kinds: list[str] = Field(description="What it takes: `document`, `text` or both.")
    languages: list[str] = Field(description="BCP 47 codes it was made for; empty if it does not care.")
    layers: list[str] = Field(description="What it consists of, if that depends on what is installed here.")
    execution: str = Field(description="`cpu`: in a process of its own; `io`: it waits for another service.")
    time_limit_seconds: float = Field(description="Of one attempt.")
    available: bool = Field(description="Whether it can work at the moment; what is handed in waits until it can.")
    reason: str | None = Field(description="Why it is not available.")

    @classmethod
    def of(cls, processor: Processor, *, limit: timedelta, reason: str | None) -> Self:
        """Show *processor* as it is offered; *limit* is the time of one attempt, *reason* why it cannot work now."""
        return cls(
            name=processor.name,
            aliases=list(processor.aliases),
            description=processor.description,
            kinds=sorted(kind.value for kind in processor.kinds),
            languages=list(processor.languages),
            layers=list(processor.layers),
            execution=processor.execution.value,
            time_limit_seconds=limit.total_seconds(),
            available=reason is None,
            reason=reason,
        )


class ModelList(BaseModel):
    """All models."""

    models: list[ModelView]


class VersionView(BaseModel):
    """What runs here."""

    model_config = ConfigDict(from_attributes=True)

    version: str
    commit: str
    revision: str | None


class Health(BaseModel):
    """Whether the process can do its work, and which part of it cannot."""

    status: Literal["ok", "unavailable"]
    components: dict[str, str] = Field(default_factory=dict, description="For each component `ok`, or why it is not.")


class Swept(BaseModel):
    """What a sweep has come to."""

    taken: int = Field(description="Tasks that it took up.")
    running: int = Field(description="Tasks that this process still works on.")


def text_of(task: Task) -> str | None:
    """Return the result of a text's *task*, if there is one."""
    return task.result if isinstance(task.result, str) else None


def error_of(task: Task) -> str | None:
    """Say why *task* has failed; a task that will be tried again has not."""
    return task.failure.message if task.failure and task.status is Status.FAILED else None


def _shared(task: Task) -> dict[str, Any]:
    return {
        "task_id": task.id,
        "status": task.status,
        "error": error_of(task),
        "failure": _failure(task.failure),
        "progress": _progress(task.progress),
        "attempt": task.attempt,
        "created_at": task.created_at,
        "started_at": task.started_at,
        "finished_at": task.finished_at,
        "expires_at": task.expires_at,
        "model_name": task.model_name,
    }


def _further(task: Task) -> dict[str, Any]:
    return {
        "kind": task.kind.value,
        "reference": task.reference,
        "max_attempts": task.max_attempts,
        "cancel_requested": task.cancel_requested,
        "available_at": task.available_at,
        "revision": task.revision,
    }


def _failure(failure: Failure | None) -> FailureView | None:
    return None if failure is None else FailureView.model_validate(failure)


def _progress(progress: Progress | None) -> ProgressView | None:
    return None if progress is None else ProgressView.model_validate(progress)
