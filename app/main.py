"""Where a process begins: settings are read once, here, and everything is built from them."""

import os

from fastapi import FastAPI

from app.api.application import create_app
from app.settings import Auth, Settings, unknown
from app.telemetry import logs
from app.wiring import build


def create() -> FastAPI:
    """
    Return the application that the environment asks for.

    Raises:
        pydantic.ValidationError: If a setting is wrong or unsafe; it names the variable.
        CatalogueError: If a model cannot be offered.

    """
    settings = Settings()
    logs.configure(level=settings.log_level, project=settings.google_cloud_project)
    log = logs.get_logger()
    for name in unknown(os.environ):
        log.warning("unknown setting", name=name)
    if settings.auth is Auth.NONE:
        log.warning("authentication is off")
    return create_app(build(settings))
