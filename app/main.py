"""Where a process begins: settings are read once, here, and everything is built from them."""

from fastapi import FastAPI

from app.api.application import create_app
from app.settings import Settings
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
    return create_app(build(settings))
