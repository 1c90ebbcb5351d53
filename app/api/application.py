"""Puts the API together; what it answers is in the modules beside this one."""

from contextlib import AbstractAsyncContextManager
from typing import Any, Final, override

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

from app.api import docs_page, documents, health, internal, models, problems, tasks, texts
from app.api.middleware import BodyBudget, HeadAsGet, LastResort, RequestIds, Traffic
from app.api.problems import MEDIA_TYPE, Problem
from app.api.services import Limits, Services

TITLE: Final = "Procesador de Documentos IA Asíncrono"
DESCRIPTION: Final = """\
Hand in a document, get `202` and a task id in milliseconds, and read its summary, keywords and entities later.

An accepted task is stored before it is answered, so it survives the process that accepted it, and it always ends:
`completed`, `failed` or `cancelled`. Errors are `application/problem+json` with a stable `code`.
"""
TAGS: Final = [
    {"name": "documents", "description": "Summary, keywords and entities of a document."},
    {"name": "texts", "description": "Short texts, under an id of your own or while you wait."},
    {"name": "tasks", "description": "Your tasks of either kind: list, cancel, retry, delete."},
    {"name": "models", "description": "What can be asked for."},
    {"name": "operations", "description": "For whoever runs the service."},
]


class Api(FastAPI):
    """The application; it describes its errors as what they are."""

    @override
    def openapi(self) -> dict[str, Any]:
        schema = super().openapi()  # made once, then kept
        for operations in schema["paths"].values():
            for operation in operations.values():
                _describe_problems(operation["responses"])
        return schema


def create_app(services: Services) -> FastAPI:
    """Return the application that offers *services* over HTTP."""

    def lifespan(_app: FastAPI) -> AbstractAsyncContextManager[None]:
        return services.lifespan()

    app = Api(
        title=TITLE,
        description=DESCRIPTION,
        version=services.version.version,
        openapi_tags=TAGS,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        lifespan=lifespan,
        middleware=_middleware(services.limits, services),
        responses={"default": {"model": Problem, "description": "Any other error."}},
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.services = services
    problems.install(app)
    for module in (documents, texts, tasks, models, health, internal, docs_page):
        app.include_router(module.router)
    return app


def _middleware(limits: Limits, services: Services) -> list[Middleware]:
    """List the middlewares, the outermost first."""
    return [
        Middleware(RequestIds),
        Middleware(LastResort),
        Middleware(Traffic, on_traffic=services.on_traffic),
        Middleware(HeadAsGet),
        Middleware(
            BodyBudget,
            largest=limits.json_body_bytes,
            together=limits.body_budget_bytes,
            time=limits.body_time,
        ),
        Middleware(RequestBodyLimitMiddleware, max_body_size=limits.json_body_bytes),
    ]


def _operation_id(route: APIRoute) -> str:
    return route.name


def _describe_problems(responses: dict[str, Any]) -> None:
    """Give the errors among *responses* their media type; the framework takes every model for plain JSON."""
    for response in responses.values():
        content = response.get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        if schema.get("$ref", "").endswith(f"/{Problem.__name__}"):
            content[MEDIA_TYPE] = content.pop("application/json")
