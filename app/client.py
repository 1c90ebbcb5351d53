"""The command line as a caller of the service: `python -m app submit` and `python -m app watch`."""

import sys
from typing import Annotated, Final
from urllib.parse import urlsplit
from uuid import UUID

import typer

from app.remote_service import Seen, Service
from app.terminal import AnyFile, AsJson, progress_bar, read_file, say, show, stop

HERE: Final = "http://localhost:8080"
MINUTE: Final = 60.0


def address(text: str) -> str:
    """
    Read where a service is.

    Raises:
        typer.BadParameter: If *text* is no address of one; for some, `ValueError`.

    """
    parts = urlsplit(text)
    is_host = (parts.hostname or "").encode("idna") and parts.port != 0
    if parts.scheme not in {"http", "https"} or not is_host or parts.query or parts.fragment:
        raise typer.BadParameter("write it as http://localhost:8080 or https://afterword.example.com")
    return text.rstrip("/")


def credential(text: str) -> str:
    """
    Read a key or token; it is never repeated.

    Raises:
        typer.BadParameter: If *text* holds what no header may.

    """
    key = text.strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise typer.BadParameter("a key consists of printable ASCII characters")
    return key


Address = Annotated[
    str, typer.Option(envvar="AFTERWORD_SERVER", parser=address, metavar="URL", help="Where the service is.")
]
Credential = Annotated[
    str | None,
    typer.Option(
        envvar="AFTERWORD_KEY",
        parser=credential,
        metavar="KEY",
        help="An API key or identity token. Prefer the variable: who uses this machine can read a command's options.",
    ),
]
Patience = Annotated[
    float, typer.Option(min=0, metavar="SECONDS", help="How long to try again while the service does not answer.")
]

cli = typer.Typer()


@cli.command()
def submit(  # noqa: PLR0913, PLR0917 - what a command is handed
    file: AnyFile,
    server: Address = HERE,
    model: Annotated[str | None, typer.Option(help="The model to ask; by default the service's own choice.")] = None,
    key: Credential = None,
    wait: Annotated[bool, typer.Option("--wait", help="Watch the task, and print its result.")] = False,  # noqa: FBT002 - a flag
    as_json: AsJson = False,  # noqa: FBT002 - a flag
    patience: Patience = MINUTE,
) -> None:
    """Hand a document in to a service, and print its task's id or, with --wait, the result."""
    if as_json and not wait:
        raise typer.BadParameter("without --wait there is no result to print", param_hint="--json")
    content = read_file(file)
    service = Service(server, key, patience)
    task_id = service.hand_in(file.name, content, {"model_name": model} if model else {})
    if wait:
        say(f"Handed in as task {task_id}")
        _print_end(service, task_id, as_json=as_json)
    else:
        sys.stdout.write(f"{task_id}\n")
        say(f"To watch it: {service.how_to_watch(task_id)}")


@cli.command()
def watch(
    task_id: Annotated[UUID, typer.Argument(metavar="TASK_ID")],
    server: Address = HERE,
    key: Credential = None,
    as_json: AsJson = False,  # noqa: FBT002 - a flag
    patience: Patience = MINUTE,
) -> None:
    """Watch a task of a service until it ends, and print its result."""
    _print_end(Service(server, key, patience), str(task_id), as_json=as_json)


def _print_end(service: Service, task_id: str, *, as_json: bool) -> None:
    try:
        with progress_bar() as bar:
            shown = bar.add_task("connecting", total=1.0)

            def update(task: Seen) -> None:
                progress = task["progress"] or {"stage": task["status"], "fraction": 0.0}
                bar.update(shown, description=progress["stage"], completed=progress["fraction"])

            task = service.watch(task_id, update)
    except KeyboardInterrupt:
        stop(f"The task goes on. To watch it again: {service.how_to_watch(task_id)}", code=130)
    if task["status"] != "completed":
        stop(f"The task has failed: {task['error']}" if task["status"] == "failed" else "The task was cancelled")
    show(task["result"], as_json=as_json)
