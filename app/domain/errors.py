"""
Every error that is raised on purpose.

    ServiceError
    ├── Rejected              the caller asked for the impossible
    │   ├── TaskNotFound
    │   ├── UnknownModel
    │   ├── InvalidDocument
    │   ├── InvalidCursor
    │   ├── SubmissionConflict
    │   ├── QuotaExceeded
    │   ├── IllegalTransition
    │   ├── RateLimited
    │   ├── TooManyWaits
    │   ├── Unauthenticated
    │   ├── NotPermitted
    │   └── KeyNotFound
    ├── Conflict              somebody moved first
    │   ├── LeaseLost
    │   ├── StaleWrite
    │   ├── TaskExists
    │   └── KeyExists
    ├── ProcessorError        an attempt failed
    │   ├── TransientFailure
    │   ├── PermanentFailure
    │   │   ├── DocumentEncrypted
    │   │   ├── DocumentTooLarge
    │   │   ├── DocumentUnreadable
    │   │   └── NoTextFound
    │   ├── ProcessorCrashed
    │   ├── MemoryLimitExceeded
    │   └── TimeLimitExceeded
    ├── Draining              this process is about to end
    ├── StoreUnavailable      nobody knows whether the write landed
    │   └── StoreOverloaded   it was not even tried
    └── KeysUnavailable       nobody knows whether a token is genuine

The docstring of a class, without its full stop, is its default message. A message is meant for the
caller: it never carries a foreign exception's text, a path or the caller's input.
"""

from datetime import timedelta
from inspect import cleandoc
from typing import ClassVar


class ServiceError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "service_error"

    def __init__(self, message: str | None = None) -> None:
        """Say *message*, or the class's docstring."""
        super().__init__(message or cleandoc(type(self).__doc__ or "").removesuffix("."))

    @property
    def message(self) -> str:
        """What went wrong, in one sentence."""
        return str(self.args[0] if self.args else type(self).__name__)  # a model's own class may forget `super()`


class Rejected(ServiceError):
    """The request cannot be carried out."""

    code = "rejected"


class TaskNotFound(Rejected):
    """Task not found."""

    code = "task_not_found"


class UnknownModel(Rejected):
    """No model has this name."""

    code = "unknown_model"


class InvalidDocument(Rejected):
    """The document cannot be processed."""

    code = "invalid_document"


class InvalidCursor(Rejected):
    """The page token is not one of this listing's."""

    code = "invalid_page_token"


class SubmissionConflict(Rejected):
    """The same id or key was used before for something else."""

    code = "submission_conflict"


class QuotaExceeded(Rejected):
    """Too many open tasks."""

    code = "quota_exceeded"

    def __init__(self, limit: int) -> None:
        """Say what the *limit* is."""
        super().__init__(f"At most {limit} tasks may be open; the next one has to wait until one ends")
        self.limit = limit


class RateLimited(Rejected):
    """Too many requests."""

    code = "rate_limited"

    def __init__(self, per_second: int, *, at_once: int, again_in: timedelta) -> None:
        """Say that so many may come *per_second*, so many *at_once*, and the next one *again_in* some time."""
        super().__init__(f"At most {per_second} requests may come in a second, and {at_once} at once")
        self.per_second = per_second
        self.again_in = again_in


class TooManyWaits(Rejected):
    """Too many requests of one caller wait already."""

    code = "too_many_waits"

    def __init__(self, limit: int) -> None:
        """Say what the *limit* is."""
        super().__init__(f"At most {limit} of your requests may wait in one process; end a stream, or do not wait")
        self.limit = limit


class IllegalTransition(Rejected):
    """The task's status does not allow this."""

    code = "illegal_transition"


class Unauthenticated(Rejected):
    """There is no valid token that says who is asking."""

    code = "unauthenticated"


class NotPermitted(Rejected):
    """Whoever asks may not do this."""

    code = "not_permitted"


class KeyNotFound(Rejected):
    """There is no API key with this id."""

    code = "key_not_found"


class Conflict(ServiceError):
    """Somebody else moved first."""

    code = "conflict"


class LeaseLost(Conflict):
    """Another worker holds the lease of this task."""

    code = "lease_lost"


class StaleWrite(Conflict):
    """The task has changed since it was read."""

    code = "stale_write"


class TaskExists(Conflict):
    """A task with this id exists already."""

    code = "task_exists"


class KeyExists(Conflict):
    """An API key with this id exists already."""

    code = "key_exists"


class ProcessorError(ServiceError):
    """The document could not be processed."""

    code = "processor_error"
    retryable: bool = True


class TransientFailure(ProcessorError):
    """The document could not be processed this time; another attempt may help."""

    code = "processor_error"


class PermanentFailure(ProcessorError):
    """The document cannot be processed; another attempt will not help."""

    code = "processor_failed_permanently"
    retryable = False


class DocumentEncrypted(PermanentFailure):
    """The file is protected by a password."""

    code = "document_encrypted"


class DocumentTooLarge(PermanentFailure):
    """There is more in the file than can be read."""

    code = "document_too_large"


class DocumentUnreadable(PermanentFailure):
    """The file is damaged, or not of a type that can be read."""

    code = "document_unreadable"


class NoTextFound(PermanentFailure):
    """There is no text in the file; text in pictures, such as scanned pages, is not read."""

    code = "no_text_found"


class ProcessorCrashed(ProcessorError):
    """The process that worked on the document died."""

    code = "processor_crashed"


class MemoryLimitExceeded(ProcessorError):
    """The document needs more memory than a processor may have."""

    code = "memory_limit_exceeded"


class TimeLimitExceeded(ProcessorError):
    """The document took longer than an attempt may take."""

    code = "time_limit_exceeded"

    def __init__(self, *, retryable: bool) -> None:
        """Say whether another attempt may be faster: not if the time went into computing."""
        super().__init__()
        self.retryable = retryable


class Draining(ServiceError):
    """This process is about to end; the request may be repeated."""

    code = "draining"


class StoreUnavailable(ServiceError):
    """The task store does not answer; the request may be repeated."""

    code = "store_unavailable"


class StoreOverloaded(StoreUnavailable):
    """The task store is slow, and enough requests wait for it; the request may be repeated."""

    code = "store_overloaded"


class KeysUnavailable(ServiceError):
    """The keys that tell a genuine token cannot be read; the request may be repeated."""

    code = "keys_unavailable"
