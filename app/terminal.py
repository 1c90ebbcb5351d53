"""What the command line says to a person, and how it ends: on standard error, since standard output is for results."""

import os
from typing import Final, Never

import typer
from pydantic import ValidationError
from rich.console import Console

from app.settings import Settings, explain, unknown

errors: Final = Console(stderr=True)


def say(message: str) -> None:
    """Say a sentence as it is."""
    errors.print(message, highlight=False, markup=False, soft_wrap=True)


def stop(message: str) -> Never:
    """
    Say why, and end.

    Raises:
        typer.Exit: Always.

    """
    say(message)
    raise typer.Exit(1)


def read_settings() -> Settings:
    """
    Return the settings, or say which of them are wrong, and end.

    Raises:
        typer.Exit: If one is wrong.

    """
    try:
        return Settings()
    except ValidationError as error:
        say(explain(error))
        raise typer.Exit(2) from error


def name_what_is_no_setting() -> None:
    """Say which variables only look like settings."""
    for name in unknown(os.environ):
        say(f"{name} is no setting; docs/settings.md lists them")
