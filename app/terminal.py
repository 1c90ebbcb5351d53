"""
What the commands read, what they say to a person, and how they end.

A person is spoken to on standard error: standard output is for results.
"""

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Final, Never
from unicodedata import category

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from app.domain.processing import Json, Result
from app.settings import Settings, explain, unknown

TextFile = Annotated[Path, typer.Argument(help="A text file in UTF-8; - reads standard input.")]
AnyFile = Annotated[
    Path, typer.Argument(help="A file: PDF, DOCX, HTML, Markdown or plain text; - reads standard input.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

errors: Final = Console(stderr=True)


def say(message: str) -> None:
    """Say a sentence as it is."""
    errors.print(_harmless(message), highlight=False, markup=False, soft_wrap=True)


def _harmless(text: str) -> str:
    """Return *text* without what a terminal takes for commands: a document, or anybody's server, may hold some."""
    return "".join(character for character in text if character in "\n\t" or category(character) != "Cc")


def stop(message: str, *, code: int = 1) -> Never:
    """
    Say why, and end.

    Raises:
        typer.Exit: Always, with that *code*.

    """
    say(message)
    raise typer.Exit(code)


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


def read_text(file: Path) -> str:
    """
    Return the text in *file*, or say why there is none, and end.

    Raises:
        typer.Exit: If it cannot be read, is no text, or is empty.

    """
    try:
        text = read_file(file).decode()
    except UnicodeDecodeError:
        stop(f"{file} is not a text in UTF-8")
    if not text.strip():
        stop(f"{file} is empty")
    return text


def read_file(file: Path) -> bytes:
    """
    Return what is in *file*, or say why there is nothing, and end.

    Raises:
        typer.Exit: If it cannot be read, or is empty.

    """
    try:
        content = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        stop(f"{file} cannot be read: {error.strerror}")
    if not content:
        stop(f"{file} is empty")
    return content


def progress_bar() -> Progress:
    """Return a bar that shows a stage and its percentage where somebody sees it, and leaves nothing behind."""
    columns = TextColumn("{task.description:<12}", markup=False), BarColumn(), TextColumn("{task.percentage:>3.0f} %")
    return Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal)


def show(result: Result, *, as_json: bool) -> None:
    """Print a task's result, for another program or for a person."""
    if as_json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False, indent=2) + "\n")
        return
    console = Console(highlight=False)
    if not isinstance(result, dict):
        console.print(_harmless(str(result)), markup=False)
        return
    for name, value in result.items():
        console.print(_harmless(name.replace("_", " ")), style="bold", markup=False)
        console.print(_harmless(_readable(value)), markup=False)
        console.print()


def _readable(value: Json) -> str:
    if isinstance(value, list):
        return "\n".join(f"  {_readable(item).strip()}" for item in value) or "  none"
    if isinstance(value, dict) and "text" in value:
        extra = f" = {value['value']}" if value.get("value") else ""
        return f"  {value.get('type', ''):<13} {value['text']}{extra}  x{value.get('count', 1)}"
    if isinstance(value, dict):
        numbers = [f"{item} {name}" for name, item in value.items() if isinstance(item, int | float)]
        return "  " + ", ".join([item for item in value.values() if isinstance(item, str)] + numbers)
    if isinstance(value, bool):
        return "  yes" if value else "  no"
    return f"  {value}"
