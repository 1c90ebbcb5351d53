"""
Every answer that is an error: one shape (RFC 9457), one table from the domain's errors to HTTP.

A problem never repeats what the caller sent, and never shows where the code broke.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from math import ceil
from random import uniform
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from fastapi.sse import format_sse_event
from pydantic import BaseModel, Field
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from app.domain.errors import (
    Conflict,
    Draining,
    IllegalTransition,
    KeysUnavailable,
    NotPermitted,
    QuotaExceeded,
    RateLimited,
    Rejected,
    ServiceError,
    StoreUnavailable,
    TaskNotFound,
    TooManyWaits,
    Unauthenticated,
)

MEDIA_TYPE: Final = "application/problem+json"
SHOWN_ERRORS: Final = 10
SHOWN_NAME: Final = 60

STATUSES: Final[Mapping[type[ServiceError], tuple[HTTPStatus, bool]]] = {
    TaskNotFound: (HTTPStatus.NOT_FOUND, False),
    IllegalTransition: (HTTPStatus.CONFLICT, False),
    QuotaExceeded: (HTTPStatus.TOO_MANY_REQUESTS, True),
    RateLimited: (HTTPStatus.TOO_MANY_REQUESTS, True),
    TooManyWaits: (HTTPStatus.TOO_MANY_REQUESTS, True),
    Unauthenticated: (HTTPStatus.UNAUTHORIZED, False),
    NotPermitted: (HTTPStatus.FORBIDDEN, False),
    Rejected: (HTTPStatus.UNPROCESSABLE_ENTITY, False),
    Conflict: (HTTPStatus.CONFLICT, True),
    Draining: (HTTPStatus.SERVICE_UNAVAILABLE, True),
    StoreUnavailable: (HTTPStatus.SERVICE_UNAVAILABLE, True),
    KeysUnavailable: (HTTPStatus.SERVICE_UNAVAILABLE, True),
    ServiceError: (HTTPStatus.INTERNAL_SERVER_ERROR, False),
}
"""Status, and whether the same request may succeed later. The nearest ancestor of an error counts."""

HEADERS: Final[Mapping[HTTPStatus, Mapping[str, str]]] = {
    HTTPStatus.UNAUTHORIZED: {"WWW-Authenticate": "Bearer"},
    HTTPStatus.TOO_MANY_REQUESTS: {"Retry-After": "2"},
    HTTPStatus.SERVICE_UNAVAILABLE: {"Retry-After": "2"},
}
"""What goes with a status."""

CODES: Final[Mapping[int, tuple[str, str]]] = {
    400: ("malformed_request", "The request cannot be read."),
    404: ("not_found", "There is nothing under this path."),
    405: ("method_not_allowed", "This path does not take this method; the Allow header names those it takes."),
    413: ("body_too_large", "The body is larger than this service accepts."),
}
"""Code and detail of what the framework itself refuses."""

CLEARER: Final[Mapping[str, str]] = {
    "extra_forbidden": "There is no such member, or it is not supported yet",
    "int_parsing": "This must be a whole number",
    "missing": "This is required",
    "model_attributes_type": "This must be a JSON object",
    "string_pattern_mismatch": "This must consist of printable ASCII characters",
    "string_unicode": "This must be valid Unicode, without half surrogate pairs",
}
"""What the validator's own words would leave open."""


class InvalidMember(BaseModel):
    """One thing wrong with a request."""

    loc: list[str | int] = Field(description="Where: `body`, `query`, `path` or `header`, then the member.")
    msg: str = Field(description="What is wrong with it.")
    type: str = Field(description="A stable word for it.")


class Problem(BaseModel):
    """An error, as RFC 9457 describes it."""

    type: str = Field("about:blank", description="Always `about:blank`: `code` says more.")
    title: str = Field(description="The status in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened, for people.")
    code: str = Field(description="What happened, for programs; stable.")
    retryable: bool = Field(description="Whether the same request may succeed later.")
    request_id: str = Field(description="Names this request in the service's logs.")
    errors: list[InvalidMember] | None = Field(None, description="What is wrong, if the request was not valid.")
    task_url: str | None = Field(None, description="The task that goes on although nobody waits for it any longer.")


class Refused(HTTPException):
    """A request that is refused for HTTP's own reasons; the domain never hears of it."""

    def __init__(
        self, status: int, code: str, detail: str, *, retryable: bool = False, headers: Mapping[str, str] | None = None
    ) -> None:
        """Refuse with this status and this problem."""
        super().__init__(status, detail, headers)
        self.code = code
        self.retryable = retryable


class NothingFollows(Exception):
    """A stream is asked for behind its last event; answered with 204, a browser does not ask again."""


def problem(  # noqa: PLR0913 - the members of a problem
    scope: Scope,
    status: int,
    code: str,
    detail: str,
    *,
    retryable: bool = False,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[InvalidMember] | None = None,
    task_url: str | None = None,
) -> JSONResponse:
    """Return the response that tells a caller of *scope* what went wrong."""
    body = Problem(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        retryable=retryable,
        request_id=scope.get("state", {}).get("request_id", ""),
        errors=None if errors is None else list(errors),
        task_url=task_url,
    )
    return JSONResponse(body.model_dump(exclude_none=True), status, headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Have *app* answer every error with a problem."""
    app.add_exception_handler(ServiceError, _service_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(NothingFollows, _nothing)


def status_of(error: ServiceError) -> tuple[HTTPStatus, bool]:
    """Return the HTTP status for *error*, and whether the same request may succeed later."""
    return next(STATUSES[ancestor] for ancestor in type(error).__mro__ if ancestor in STATUSES)


def problem_of(scope: Scope, error: ServiceError) -> Response:
    """Return the response that tells a caller of *scope* of *error*."""
    status, retryable = status_of(error)
    headers = {**HEADERS.get(status, {}), **_limits(error)}
    if retryable and _is_event_source(scope):
        return _later(headers)
    return problem(scope, status, error.code, error.message, retryable=retryable, headers=headers)


def _is_event_source(scope: Scope) -> bool:
    """Whether a browser's `EventSource`, or what behaves as one, asks for a stream."""
    asks = scope["type"] == "http" and scope["method"] == "GET" and path_of(scope).endswith("/events")
    return asks and "text/event-stream" in Headers(scope=scope).get("accept", "")


def _later(headers: Mapping[str, str]) -> Response:
    """Return a stream that says only when to come again: a browser's `EventSource` takes any error for final."""
    seconds = int(headers.get("Retry-After", "2")) * uniform(1, 2)  # noqa: S311 - spreads load, guards nothing
    return Response(format_sse_event(retry=int(seconds * 1000)), media_type="text/event-stream")


def _limits(error: ServiceError) -> dict[str, str]:
    """Name the limit that was reached, as the IETF's draft on RateLimit headers has it, and when to come again."""
    match error:
        case RateLimited():
            seconds = ceil(error.again_in.total_seconds())
            policy = f'"requests";q={error.per_second};w=1'
            return {"RateLimit-Policy": policy, "RateLimit": f'"requests";r=0;t={seconds}', "Retry-After": f"{seconds}"}
        case QuotaExceeded():
            return {"RateLimit-Policy": f'"open-tasks";q={error.limit}', "RateLimit": '"open-tasks";r=0'}
        case TooManyWaits():
            return {"RateLimit-Policy": f'"waits";q={error.limit}', "RateLimit": '"waits";r=0'}
        case _:
            return {}


async def _service_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceError)  # noqa: S101 - the framework's types cannot say it
    return problem_of(request.scope, error)


async def _nothing(_request: Request, _error: Exception) -> Response:
    return Response(status_code=HTTPStatus.NO_CONTENT)


async def _http_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - the framework's types cannot say it
    if isinstance(error, Refused):
        return problem(
            request.scope,
            error.status_code,
            error.code,
            error.detail,
            retryable=error.retryable,
            headers=error.headers,
        )
    code, detail = CODES.get(error.status_code, ("http_error", HTTPStatus(error.status_code).description))
    headers = _allowed(request) if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else error.headers
    return problem(request.scope, error.status_code, code, detail, headers=headers)


def path_of(scope: Scope) -> str:
    """Return the path that routes are compared with: without where the application is mounted."""
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


def _allowed(request: Request) -> dict[str, str]:
    """Name every method of the path; the framework names those of one route only."""
    routes = [route for route in iter_route_contexts(request.app.routes) if route.methods]
    path = path_of(request.scope)
    methods = {method for route in routes if route.path_regex.match(path) for method in route.methods or ()}
    return {"Allow": ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))}


async def _validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - the framework's types cannot say it
    errors = [_shown(found) for found in error.errors()[:SHOWN_ERRORS]]
    detail = "; ".join(f"{_place(found)}: {found.msg}" for found in errors)
    return problem(request.scope, 422, "validation_error", f"The request is not valid. {detail}.", errors=errors)


def _shown(found: Mapping[str, Any]) -> InvalidMember:
    """Say what is wrong with a member, and nothing of what it held."""
    return InvalidMember(
        loc=[part if isinstance(part, int) else _cut(str(part)) for part in found["loc"]],
        msg=CLEARER.get(found["type"], found["msg"]).removesuffix("."),
        type=found["type"],
    )


def _cut(name: str) -> str:
    """Make a member's name, which the caller may have invented, short and printable."""
    return "".join(character if character.isprintable() else "�" for character in name[:SHOWN_NAME])


def _place(found: InvalidMember) -> str:
    return ".".join(str(part) for part in found.loc[1:]) or str(found.loc[0])
