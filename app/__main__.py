"""The command line: `python -m app`."""

import asyncio
import inspect
import os
import socket
import sys
from datetime import timedelta
from errno import EADDRINUSE
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from app import client, keys
from app.domain.errors import ServiceError
from app.domain.processing import Document, Kind, Processor, Report, Result, answer
from app.processors.catalogue import Catalogue, CatalogueError
from app.settings import Auth, Settings
from app.terminal import (
    AsJson,
    TextFile,
    name_what_is_no_setting,
    progress_bar,
    read_settings,
    read_text,
    say,
    show,
    stop,
)

FALLBACK_MODEL = "default_ai_model"
PORT_PATIENCE = timedelta(seconds=3)

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="Asynchronous document AI.", rich_markup_mode=None)
cli.add_typer(client.cli)
cli.add_typer(keys.cli, name="keys")


@cli.command()
def serve() -> None:
    """Serve the API on $PORT (8080) until it is told to stop."""
    settings = read_settings()
    if settings.processors:  # what is wrong with them is better read here than in a worker's log
        _catalogue(settings)
    asyncio.run(_refuse_a_taken_port(settings))
    shown = "localhost" if settings.host in {"127.0.0.1", "0.0.0.0"} else settings.host  # noqa: S104 - compared, not bound
    say(f"Serving http://{shown}:{settings.port}  (try /docs; Ctrl-C ends it)")
    say(f"Tasks are kept in {settings.whereabouts}")
    name_what_is_no_setting()
    if settings.auth is Auth.NONE:
        say("Whoever reaches this port may read and submit everything: AFTERWORD_AUTH is none")
    sys.stderr.flush()
    arguments = [sys.executable, "-m", "gunicorn", "--config", "python:app.server", "app.main:create()"]
    os.execv(sys.executable, arguments)  # noqa: S606 - this very interpreter


@cli.command()
def process(
    file: TextFile,
    model: Annotated[str, typer.Option(help="The model to ask; `python -m app models` lists them.")] = FALLBACK_MODEL,
    as_json: AsJson = False,  # noqa: FBT002 - a flag
) -> None:
    """Read a document here and now, without a server."""
    text = read_text(file)
    try:
        processor = _find(_catalogue(read_settings()), model)
        with progress_bar() as bar:
            result = _run(processor, text, bar)
    except ServiceError as error:
        stop(error.message)
    show(result, as_json=as_json)


@cli.command()
def models() -> None:
    """List the models that a task can name."""
    table = Table("name", "also called", "takes", "runs as", "languages", box=None)
    for processor in _catalogue(read_settings()):
        kinds = ", ".join(sorted(processor.kinds))
        languages = ", ".join(processor.languages) or "any"
        table.add_row(processor.name, ", ".join(processor.aliases), kinds, processor.execution.value, languages)
    Console().print(table)


async def _refuse_a_taken_port(settings: Settings) -> None:
    """Say it in one sentence, which the server would say ten times; a worker whose master died may need a moment."""
    try:
        async with asyncio.timeout(PORT_PATIENCE.total_seconds()):
            while _is_taken(settings):  # noqa: ASYNC110 - nothing tells of a port that comes free but asking
                await asyncio.sleep(0.1)
    except TimeoutError:
        stop(f"Port {settings.port} is in use; stop what listens there, or set PORT to another one")


def _is_taken(settings: Settings) -> bool:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host.strip("[]"), settings.port))
        except OSError as error:
            return error.errno == EADDRINUSE  # anything else is for the server to say
    return False


def _catalogue(settings: Settings) -> Catalogue:
    try:
        return Catalogue.load(settings.processors, statistical_models=settings.statistical_models)
    except CatalogueError as error:
        stop(str(error))


def _find(catalogue: Catalogue, model: str) -> Processor:
    """Prefer the model as one for documents; one for texts only is fine too."""
    kind = Kind.DOCUMENT if catalogue.knows(model, Kind.DOCUMENT) else Kind.TEXT
    return catalogue.find(model, kind)


def _run(processor: Processor, text: str, bar: Progress) -> Result:
    shown = bar.add_task("starting", total=1.0)

    def report(stage: str, fraction: float, /) -> None:
        bar.update(shown, description=stage, completed=fraction)

    if processor.load:
        processor.load()
    kind = Kind.DOCUMENT if Kind.DOCUMENT in processor.kinds else Kind.TEXT
    return answer(asyncio.run(_returned(processor, Document(text=text, kind=kind), report)), kind)


async def _returned(processor: Processor, document: Document, report: Report) -> Result:
    returned = processor.run(document, report)
    return await returned if inspect.isawaitable(returned) else returned


if __name__ == "__main__":
    cli()
