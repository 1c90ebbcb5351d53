"""
What the OpenAPI document says that the framework cannot know: errors, headers, where an answer leads to, limits.

A status that is not documented is one that no endpoint may answer with: there is no `default`.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from app.api.problems import MEDIA_TYPE, Problem
from app.api.services import Services
from app.domain.processing import Kind

type Responses = dict[int | str, dict[str, Any]]

OPTIONAL: Final = "-if-any"
"""Ends the name of a description whose header is not always there."""

HEADERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "ETag": {
        "description": "Names the task as it is shown here; sent back as `If-None-Match`, the answer is 304 if it is "
        "still the same.",
        "required": True,
        "schema": {"type": "string"},
    },
    "ETag-if-any": {
        "description": "Likewise, if there is such a task.",
        "schema": {"type": "string"},
    },
    "Idempotency-Replayed-if-any": {
        "description": "The task is that of an earlier, equal request.",
        "schema": {"type": "string", "const": "true"},
    },
    "Location": {
        "description": "Where to ask after the task.",
        "required": True,
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Preference-Applied-if-any": {
        "description": "How long the service has waited, as the request preferred.",
        "schema": {"type": "string", "pattern": "^wait=[0-9]+$"},
    },
    "RateLimit": {
        "description": "The limit that was reached, what is left of it, and, if that is known, in how many seconds "
        "there is more.",
        "required": True,
        "schema": {"type": "string", "examples": ['"requests";r=0;t=1']},
    },
    "RateLimit-Policy": {
        "description": "The limit: so many, and, if it is one of requests, within so many seconds.",
        "required": True,
        "schema": {"type": "string", "examples": ['"requests";q=50;w=1']},
    },
    "Retry-After": {
        "description": "After how many seconds to ask again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    },
    "Retry-After-if-any": {
        "description": "After how many seconds to ask again; not once the task has ended.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWW-Authenticate": {
        "description": "How to say who you are.",
        "required": True,
        "schema": {"type": "string", "const": "Bearer"},
    },
    "X-Request-Id": {
        "description": "Names this request in the service's logs: the caller's own id, if it has sent a sane one.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[!-~]{1,128}$"},
    },
}

HEADERS_OF: Final[Mapping[int, tuple[str, ...]]] = {
    401: ("WWW-Authenticate",),
    429: ("RateLimit", "RateLimit-Policy", "Retry-After"),
    503: ("Retry-After",),
}
"""What goes with an error, whatever has caused it."""

MEANS: Final[Mapping[int, str]] = {
    400: "This is no HTTP, or can be read in more than one way.",
    401: "There is no valid API key, or token, that says who is asking.",
    403: "The caller may not do this.",
    404: "There is no such task, or it is not yours.",
    408: "The request, or its body, took too long to arrive.",
    413: "The body is larger than this service accepts.",
    415: "The body is not of the type that is taken here.",
    422: "The request is not valid.",
    429: "Too many requests, too many open tasks, or too many requests that wait.",
    431: "The address and the headers are larger than this service accepts.",
    500: "Something broke in the service.",
    503: "The service, or its store, cannot do it now; the same request may succeed later.",
}


def _references(headers: Iterable[str]) -> dict[str, Any]:
    return {name.removesuffix(OPTIONAL): {"$ref": f"#/components/headers/{name}"} for name in headers}


def answer(
    status: int,
    *headers: str,
    links: Mapping[str, Mapping[str, Any]] | None = None,
    **further: Any,  # noqa: ANN401 - JSON
) -> Responses:
    """Describe, beside the body of an answer, its *headers* and where it leads to."""
    described: dict[str, Any] = {"headers": _references(headers)}
    return {status: described | ({"links": dict(links)} if links else {}) | further}


def documented(*statuses: int) -> Responses:
    """Describe the problems that an endpoint may answer with."""
    return {
        status: {
            "model": Problem,
            "description": MEANS.get(status, HTTPStatus(status).phrase),
            "headers": _references(HEADERS_OF.get(status, ())),
        }
        for status in statuses
    }


def link(operation: str, description: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Say that *operation* can follow, with *parameters* from this answer."""
    return {"operationId": operation, "description": description, "parameters": dict(parameters)}


WITH_THIS_TASK: Final = {
    "cancel": link("cancel_task", "Cancel it, if it has not ended.", {"task_id": "$response.body#/task_id"}),
    "retry": link("retry_task", "Start it over, if it has failed.", {"task_id": "$response.body#/task_id"}),
    "delete": link("delete_task", "Erase it, if it has ended.", {"task_id": "$response.body#/task_id"}),
}
"""What can follow an answer that shows a task."""

TO_A_POLL: Final = ("ETag", "Retry-After-if-any", "Preference-Applied-if-any")
"""The headers of the answer to a poll."""

POLLED: Final = answer(304, *TO_A_POLL, description="The task is still as you know it.")

EVENTS: Final = {
    "text/event-stream": {
        "schema": {
            "type": "object",
            "description": "One event of the stream.",
            "properties": {
                "data": {"type": "string", "description": "The task, as JSON."},
                "id": {"type": "string", "description": "Its revision; not where only the progress is news."},
                "event": {"type": "string"},
                "retry": {"type": "integer", "description": "After how many milliseconds to come again."},
            },
        }
    }
}
"""What a stream of events consists of; each of them is described, since there is no other place for that yet."""

EVERYWHERE: Final[Responses] = documented(400, 408, 413, 431, 500, 503)
"""Whatever is asked: a body is refused, or cannot be held, also where none is wanted."""

WHERE_CALLERS_ARE_KNOWN: Final[Responses] = documented(401, 403, 429)
"""What the entrance answers on every path that it does not leave open."""

WITH_A_BODY: Final[Responses] = documented(415, 422)


def complete(schema: dict[str, Any], services: Services) -> None:
    """Bring what the framework has written into its final form: for *services*, with their models and limits."""
    schema["components"]["headers"] = dict(HEADERS)
    for operations in schema["paths"].values():
        for operation in operations.values():
            _leave_out_null(parameter["schema"] for parameter in operation.get("parameters", ()))
            operation["responses"] = dict(sorted(operation["responses"].items()))
            for response in operation["responses"].values():
                _describe_problem(response)
                response["headers"] = response.get("headers", {}) | _references(["X-Request-Id"])
    _describe_requests(schema["components"]["schemas"], services)
    _leave_out_null(schema["components"]["schemas"]["UploadRequest"]["properties"].values())


def _leave_out_null(schemas: Iterable[dict[str, Any]]) -> None:
    """Describe what may be left out as what it is if it is there; only JSON can hold a null."""
    for schema in schemas:
        kinds = [kind for kind in schema.pop("anyOf", ()) if kind != {"type": "null"}]
        for kind in kinds:
            schema.update(kind)


def _describe_problem(response: dict[str, Any]) -> None:
    """Give a problem its media type; the framework takes every model for what the endpoint sends."""
    content = response.get("content", {})
    for media, described in list(content.items()):
        if described.get("schema", {}).get("$ref", "").endswith(f"/{Problem.__name__}"):
            content[MEDIA_TYPE] = content.pop(media)


def _describe_requests(schemas: dict[str, Any], services: Services) -> None:
    """Say what this service takes: the names of its models, its limits, its defaults."""
    limits, defaults = services.limits, services.intake.defaults
    for name, kind, content, limit in (
        ("DocumentRequest", Kind.DOCUMENT, "content", limits.content_bytes),
        ("TextRequest", Kind.TEXT, "text", limits.content_bytes),
        ("UploadRequest", Kind.DOCUMENT, "file", limits.upload_bytes),
    ):
        members = schemas[name]["properties"]
        members["model_name"]["enum"] = list(services.catalogue.names(kind))
        members[content]["maxLength"] = limit
        members[content]["description"] += f" It may have {limit:,} bytes{'' if content == 'file' else ' in UTF-8'}."
        members["max_attempts"]["default"] = defaults.max_attempts
        members["ttl_seconds"]["default"] = int(defaults.time_to_live.total_seconds())
