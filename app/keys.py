"""The command line's half of API keys: `python -m app keys`."""

import asyncio
import re
import secrets
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from app.domain.errors import ServiceError
from app.domain.keys import PREFIX, ApiKey, id_of, make_key
from app.engine.ports import ApiKeys
from app.settings import Store
from app.storage import Storage, build_storage
from app.telemetry import logs
from app.terminal import name_what_is_no_setting, read_settings, say, stop

UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
WIDE: Final = 300
"""Columns for other programs: nothing may be cut for them."""
LONGEST: Final = timedelta(days=3660)

cli = typer.Typer(no_args_is_help=True, help="Make, list and revoke the API keys of the configured store.")


def duration(text: str) -> timedelta:
    """
    Read how long a key is to last: a whole number of minutes, hours, days or weeks, up to ten years.

    Raises:
        typer.BadParameter: If it is none.

    """
    match = re.fullmatch(r"([1-9][0-9]{0,6})([mhdw])", text)
    lasts = timedelta(**{UNITS[match[2]]: int(match[1])}) if match else None
    if lasts is None or lasts > LONGEST:
        raise typer.BadParameter("write it as 30m, 12h, 90d or 52w, ten years at the most")
    return lasts


@cli.command()
def create(
    owner: Annotated[
        str,
        typer.Option(
            help="Whose documents it opens: letters, digits and . _ @ : -  What was handed in while nobody had to say "
            "who they are belongs to `anonymous`."
        ),
    ],
    expires: Annotated[
        timedelta | None,
        typer.Option(parser=duration, metavar="TIME", help="How long it is valid, such as 90d; by default for ever."),
    ] = None,
) -> None:
    """Make a key and print it, this once: only its hash is kept."""

    async def add(keys: ApiKeys, now: datetime) -> tuple[str, ApiKey]:
        try:
            key, kept = make_key(
                secrets.token_hex(8),
                secrets.token_hex(32),
                owner=owner,
                now=now,
                expires_at=now + expires if expires else None,
            )
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--owner") from error
        await keys.add(kept)
        return key, kept

    key, kept = _with_keys(add)
    say(f"Key {kept.id} of {kept.owner}, valid {_until(kept)}. This is the only time that it is printed:")
    sys.stdout.write(f"{key}\n")


@cli.command("list")
def show() -> None:
    """List all keys, the oldest first; none is ever shown again in full."""

    async def read(keys: ApiKeys, now: datetime) -> None:
        table = Table("id", "owner", "made", "valid", "state", box=None)
        for key in await keys.list():
            table.add_row(key.id, key.owner, _day(key.created_at), _until(key), _state(key, now))
        if not table.rows:
            say("There are no keys yet; `keys create` makes one.")
        Console(width=None if sys.stdout.isatty() else WIDE).print(table)

    _with_keys(read, in_a_store_that_is_there=True)


@cli.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `list` shows it, or the whole key.")],
) -> None:
    """Make a key invalid; within half a minute every instance refuses it."""

    async def end(keys: ApiKeys, now: datetime) -> ApiKey:
        return await keys.revoke(id_of(key_id) if key_id.startswith(PREFIX) else key_id, now=now)

    revoked = _with_keys(end, in_a_store_that_is_there=True)
    say(f"Key {revoked.id} of {revoked.owner} is revoked; within half a minute every instance refuses it.")


def _with_keys[T](work: Callable[[ApiKeys, datetime], Awaitable[T]], *, in_a_store_that_is_there: bool = False) -> T:
    """Do *work* with the store's keys, or end with what is wrong in a sentence."""
    name_what_is_no_setting()
    settings = read_settings()
    say(f"Keys are kept in {settings.whereabouts}")
    if in_a_store_that_is_there and settings.store is Store.SQLITE and not settings.sqlite_path.exists():
        stop("There is no such file")
    logs.configure(level=settings.log_level, project=settings.google_cloud_project, stream=sys.stderr)
    try:
        return asyncio.run(_opened(build_storage(settings), work))
    except ServiceError as error:
        stop(error.message)


async def _opened[T](storage: Storage, work: Callable[[ApiKeys, datetime], Awaitable[T]]) -> T:
    async with storage.tasks.open():
        await storage.tasks.check()  # and learn the store's time by it
        return await work(storage.api_keys, storage.tasks.now())


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return f"revoked {_day(key.revoked_at)}"
    return "expired" if key.expires_at is not None and key.expires_at <= now else "valid"


def _until(key: ApiKey) -> str:
    return "for ever" if key.expires_at is None else f"until {_day(key.expires_at)}"


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
