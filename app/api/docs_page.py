"""The reference at `/docs`: Swagger UI, served from a package, so that the page works without the internet."""

import json
from functools import cache
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

router = APIRouter(include_in_schema=False)

POLICY: Final = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The browser holds us to it: nothing is loaded from, or sent to, anywhere else."""

PARAMETERS: Final = {
    "validatorUrl": None,  # by default the page would ask a foreign server whether the schema is valid
    "defaultModelsExpandDepth": 0,
    "displayRequestDuration": True,
    "tryItOutEnabled": True,
}


SCRIPT: Final = "swagger-ui-bundle.js"
STYLE: Final = "swagger-ui.css"
ICON: Final = "favicon-32x32.png"
ASSETS: Final = {SCRIPT: "text/javascript", STYLE: "text/css", ICON: "image/png"}


@router.get("/")
async def index(request: Request) -> RedirectResponse:
    """Lead whoever looks around to the reference."""
    return RedirectResponse(f"{_root(request)}/docs")


@router.get("/docs")
async def docs(request: Request) -> Response:
    """Show the reference."""
    root = _root(request)
    page = get_swagger_ui_html(
        openapi_url=f"{root}/openapi.json",
        title=str(request.app.title),
        swagger_js_url=f"{root}/docs/{SCRIPT}",
        swagger_css_url=f"{root}/docs/{STYLE}",
        swagger_favicon_url=f"{root}/docs/{ICON}",
        swagger_ui_parameters=PARAMETERS,
    )
    page.headers["Content-Security-Policy"] = POLICY
    return page


@router.get("/openapi.json")
async def openapi(request: Request) -> Response:
    """Send the OpenAPI document; encoded once, since it is large, and free to all."""
    state = request.app.state
    if not hasattr(state, "openapi"):
        state.openapi = json.dumps(request.app.openapi()).encode()
    return Response(state.openapi, media_type="application/json")


@router.get("/docs/{asset}")
async def docs_asset(asset: str) -> Response:
    """Serve one of the page's files, always all of it."""
    if asset not in ASSETS:
        raise HTTPException(404)
    return Response(_content(asset), media_type=ASSETS[asset], headers={"Cache-Control": "public, max-age=86400"})


@cache
def _content(asset: str) -> bytes:
    return (files("fastapi_swagger") / "resources" / asset).read_bytes()


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", "")).rstrip("/")
