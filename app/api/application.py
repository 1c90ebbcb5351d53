"""Puts the API together; what it answers is in the modules beside this one."""

from contextlib import AbstractAsyncContextManager
from functools import cache
from typing import Any, Final, override

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute

from app.api import docs_page, documents, health, internal, models, problems, reference, streams, tasks, texts, uploads
from app.api.entrance import Entrance
from app.api.forms import ENVELOPE, UPLOADS
from app.api.middleware import BodyBudget, HeadAsGet, LastResort, RequestIds, Traffic
from app.api.security_headers import SecurityHeaders
from app.api.services import Services

TITLE: Final = "Procesador de Documentos IA Asíncrono"
DESCRIPTION: Final = """\
Hand in a document, get `202` and a task id in milliseconds, and read its summary, keywords and entities later.

An accepted task is stored before it is answered, so it survives the process that accepted it, and it always ends:
`completed`, `failed` or `cancelled`. Errors are `application/problem+json` with a stable `code`.

Where the operator asks for a key, each call carries one; it shows its owner's tasks and nobody else's. Whoever runs the
service makes keys with `python -m app keys create`.
"""
TAGS: Final = [
    {"name": "documents", "description": "Summary, keywords and entities of a document."},
    {"name": "texts", "description": "Short texts, under an id of your own or while you wait."},
    {"name": "tasks", "description": "Your tasks of either kind: list, cancel, retry, delete."},
    {"name": "models", "description": "What can be asked for."},
    {"name": "operations", "description": "For whoever runs the service."},
]


READABLE_BY_US: Final = [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-None-Match",
    "Last-Event-ID",
    "Prefer",
    "X-API-Key",
    "X-Request-Id",
    "traceparent",
]
READABLE_BY_PAGES: Final = [
    "ETag",
    "Idempotency-Replayed",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-Id",
]
"""Headers of a page's requests that it may set, and of the answers that it may see."""


class Api(FastAPI):
    """The application; it describes itself as what it is."""

    @override
    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            reference.complete(super().openapi(), self.state.services)
        return super().openapi()


def create_app(services: Services) -> FastAPI:
    """Return the application that offers *services* over HTTP."""

    def lifespan(_app: FastAPI) -> AbstractAsyncContextManager[None]:
        return services.lifespan()

    app = Api(
        title=TITLE,
        description=DESCRIPTION,
        version=services.version.version,
        openapi_tags=TAGS,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        routes=_routes(),
        lifespan=lifespan,
        middleware=_middleware(services),
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.services = services
    problems.install(app)
    return app


@cache
def _routes() -> list[BaseRoute]:
    """List what each application of this process answers: the framework makes a route anew for whoever includes it."""
    router = APIRouter(responses=reference.EVERYWHERE, generate_unique_id_function=_operation_id)
    for module in (documents, uploads, texts, tasks, streams, models):
        router.include_router(module.router, responses=reference.WHERE_CALLERS_ARE_KNOWN)
    for module in (health, internal, docs_page):
        router.include_router(module.router)
    return router.routes


def _middleware(services: Services) -> list[Middleware]:
    """List the middlewares, the outermost first."""
    limits = services.limits
    return [
        Middleware(RequestIds),
        Middleware(SecurityHeaders),
        *_cross_origin(services.cors_origins),
        Middleware(LastResort),
        Middleware(Traffic, on_traffic=services.on_traffic),
        Middleware(HeadAsGet),
        Middleware(
            Entrance,
            callers=services.callers,
            rate_limit=services.rate_limit,
            under_way=services.store.under_way,
            cors_origins=services.cors_origins,
        ),
        Middleware(
            BodyBudget,
            largest=limits.json_body_bytes,
            together=limits.body_budget_bytes,
            has_owners=services.callers is not None,
            time=limits.body_time,
            larger={UPLOADS: min(limits.upload_bytes + ENVELOPE, limits.body_budget_bytes)},
        ),
    ]


def _cross_origin(origins: tuple[str, ...]) -> list[Middleware]:
    """Let the pages of *origins* call; without a cookie, since a key or token is sent by whoever has one."""
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=READABLE_BY_US,
            expose_headers=READABLE_BY_PAGES,
        )
    ]


def _operation_id(route: APIRoute) -> str:
    return route.name
