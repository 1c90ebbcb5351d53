"""`python -m app keys`: a key is made, listed and revoked by a person at a terminal, or by a script."""

import asyncio
import logging
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
import structlog
from typer.testing import CliRunner, Result

from app.__main__ import cli
from app.domain.keys import PREFIX
from tests.unit.api.tenants import bearer, guarded

KEY: Final = re.compile(PREFIX + "([0-9a-f]{16})_[0-9a-f]{64}")
NOBODY: Final = "0123456789abcdef"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return a file for a store of one's own."""
    return tmp_path / "tasks.db"


def run(database: Path, *arguments: str, **variables: str) -> Result:
    """Run one command over *database*, in a terminal that is wide enough for a table."""
    variables = {"AFTERWORD_STORE": "sqlite", "AFTERWORD_SQLITE_PATH": str(database), "COLUMNS": "200"} | variables
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        return CliRunner().invoke(cli, ["keys", *arguments], env=variables)
    finally:  # whatever the command has set up for its own log lines ends with it
        structlog.reset_defaults()
        root.handlers, root.level = handlers, level


def made(database: Path, *arguments: str, owner: str = "acme") -> str:
    """Make a key and return it."""
    result = run(database, "create", "--owner", owner, *arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout.strip()


def id_of(key: str) -> str:
    """Return the part of *key* that is no secret."""
    found = KEY.fullmatch(key)
    assert found
    return found[1]


def said(result: Result) -> str:
    """Return what a person reads on standard error, however it was wrapped and framed."""
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", result.stderr).split())


def rows(database: Path) -> list[tuple[object, ...]]:
    """Return all that is kept of the keys."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("SELECT * FROM api_keys ORDER BY id").fetchall()


def test_a_new_key_is_all_that_is_printed(database: Path) -> None:
    """A script puts standard output into a secret store as it is; what a person should know is beside it."""
    result = run(database, "create", "--owner", "acme")

    assert result.exit_code == 0
    assert KEY.fullmatch(result.stdout.removesuffix("\n"))
    assert id_of(result.stdout.strip()) in said(result)
    assert "acme" in said(result)
    assert "for ever" in said(result)
    assert result.stdout.strip() not in said(result)


def test_no_two_keys_are_alike(database: Path) -> None:
    """Each can be revoked by itself."""
    keys = [made(database) for _ in range(5)]

    assert len({id_of(key) for key in keys}) == len({key.rpartition("_")[2] for key in keys}) == 5


def test_the_key_itself_is_nowhere_in_the_store(database: Path) -> None:
    """Whoever gets hold of a backup can call nothing with it."""
    key = made(database)

    secret = key.rpartition("_")[2]
    kept = b"".join(file.read_bytes() for file in database.parent.iterdir())
    assert id_of(key).encode() in kept
    assert secret.encode() not in kept
    assert bytes.fromhex(secret) not in kept


def test_a_list_shows_whose_keys_there_are_and_no_key(database: Path) -> None:
    """It is what one looks at to find the key to revoke, with others looking on."""
    keys = {owner: made(database, "--expires", "90d", owner=owner) for owner in ("acme", "globex", "user@example.com")}
    run(database, "revoke", id_of(keys["globex"]))

    result = run(database, "list")

    lines = {line.split()[1]: line for line in result.stdout.splitlines()[1:] if line.strip()}
    assert list(lines) == list(keys), "the oldest comes first"
    assert all(id_of(keys[owner]) in line for owner, line in lines.items())
    assert all("until 20" in line for line in lines.values())
    assert ["revoked" in line for line in lines.values()] == [False, True, False]
    assert not KEY.search(result.output)
    assert not re.search("[0-9a-f]{17}", result.output), "neither a secret nor a digest"


@pytest.mark.parametrize("command", [("list",), ("revoke", "0" * 16)])
def test_a_store_that_is_not_there_is_not_made_by_a_look_at_it(database: Path, command: tuple[str, ...]) -> None:
    """Of a leaked key it would be said that there is none, while it opens the real store."""
    result = run(database, *command)

    assert (result.exit_code, database.exists()) == (1, False)
    assert f"Keys are kept in {database}" in said(result)
    assert "There is no such file" in said(result)


def test_an_empty_list_is_a_list(database: Path) -> None:
    """A new deployment has none."""
    database.touch()

    result = run(database, "list")

    assert result.exit_code == 0
    assert len(result.stdout.split()) == 5, "the names of the columns"


def test_a_key_is_revoked_once(database: Path) -> None:
    """A second time changes nothing, and is no error: a script may be repeated."""
    key_id = id_of(made(database))

    first = run(database, "revoke", key_id)
    kept = rows(database)
    second = run(database, "revoke", key_id)

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout == ""
    assert f"Key {key_id} of acme is revoked" in said(first)
    assert rows(database) == kept
    assert "revoked" in run(database, "list").stdout


@pytest.mark.parametrize("key_id", [NOBODY, "acme", "", "%", "' OR 1=1 --", "/", "é", NOBODY.upper(), f"{NOBODY}/x"])
def test_an_id_that_no_key_has_is_said(database: Path, key_id: str) -> None:
    """Who has mistyped it must not believe that the key has ended."""
    kept = id_of(made(database))

    result = run(database, "revoke", "--", key_id)

    assert result.exit_code == 1
    assert "There is no API key with this id" in said(result)
    assert f"{kept} " in run(database, "list").stdout
    assert "revoked" not in run(database, "list").stdout


def test_a_whole_key_can_be_revoked_and_is_not_repeated(database: Path) -> None:
    """Of a key that got out, the whole is what one has; it must not be in a log of the terminal once more."""
    key = made(database)

    result = run(database, "revoke", key)

    assert result.exit_code == 0
    assert key not in result.output
    assert "revoked" in run(database, "list").stdout


@pytest.mark.parametrize(
    "owner", ["acme", "A", "0", "a.b_c@d:e-f", "x" * 128, "batch@a-project.iam.gserviceaccount.com"]
)
def test_an_owner_has_a_plain_name(database: Path, owner: str) -> None:
    """An account's e-mail is one as well."""
    assert KEY.fullmatch(made(database, owner=owner))


@pytest.mark.parametrize(
    "owner",
    [
        "",
        " ",
        "a b",
        "-a",
        ".a",
        "@a",
        "a/b",
        "a\n",
        "a\0",
        "é",
        "\N{FULLWIDTH LATIN SMALL LETTER A}",
        "x" * 129,
        "../a",
        "a,b",
        '"a"',
        "a\u200b",
    ],
)
def test_an_owner_with_another_name_is_refused(database: Path, owner: str) -> None:
    """Names get into logs, lists and ids, and two must never look the same."""
    result = run(database, "create", f"--owner={owner}")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "an owner has 1 to 128 letters" in said(result)
    assert rows(database) == []


@pytest.mark.parametrize(("arguments"), [["create"], ["revoke"], ["create", "acme"], ["delete", NOBODY], []])
def test_a_command_that_is_none_changes_nothing(database: Path, arguments: list[str]) -> None:
    """It says how it is used, and touches no store."""
    result = run(database, *arguments)

    assert result.exit_code == 2
    assert not database.exists()


@pytest.mark.parametrize("expires", ["1m", "12h", "90d", "52w", "3660d", "5270400m"])
def test_a_key_can_be_made_to_end(database: Path, expires: str) -> None:
    """In the unit that a person thinks in."""
    key = made(database, "--expires", expires)

    assert "until 20" in run(database, "list").stdout
    assert id_of(key) in run(database, "list").stdout


@pytest.mark.parametrize(
    "expires",
    [
        "",
        "0d",
        "00d",
        "090d",
        "-1d",
        "+1d",
        "1y",
        "1s",
        "d",
        "90",
        "1.5d",
        "1,5d",
        "1e3d",
        "0x1d",
        "1 d",
        " 1d",
        "1d\n",
        "1dd",
        "1d12h",
        "1D",
        "\N{ARABIC-INDIC DIGIT THREE}d",
        "\N{FULLWIDTH DIGIT THREE}d",
        "3661d",
        "524w",
        "99999999w",
        "999999999w",
        "9999999999w",
        "nan",
        "inf",
        "never",
        "9" * 5000 + "d",
    ],
)
def test_a_duration_that_is_none_is_refused(database: Path, expires: str) -> None:
    """A key that ends at another time than its owner believes is one that nobody thinks of any more."""
    result = run(database, "create", "--owner", "acme", f"--expires={expires}")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "Invalid value for '--expires'" in said(result)
    assert not database.exists()


@pytest.mark.parametrize("command", [["create", "--owner", "acme"], ["list"], ["revoke", NOBODY]])
def test_a_store_out_of_reach_is_said_in_a_sentence(tmp_path: Path, command: list[str]) -> None:
    """No key is printed that nobody has kept; and no traceback."""
    (tmp_path / "file").write_text("no folder")

    result = run(tmp_path / "file" / "tasks.db", *command)

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[-1].startswith(("The task store", "There is no such file"))
    assert "Traceback" not in result.output


def test_a_firestore_out_of_reach_is_said_in_a_sentence(database: Path) -> None:
    """The same for the other store."""
    result = run(
        database,
        "create",
        "--owner=acme",
        AFTERWORD_STORE="firestore",
        FIRESTORE_EMULATOR_HOST="127.0.0.1:1",
        GOOGLE_CLOUD_PROJECT="test-nowhere",
    )

    assert (result.exit_code, result.stdout) == (1, "")
    assert "The task store does not answer" in said(result)


def test_a_wrong_setting_is_named(database: Path) -> None:
    """The command reads the service's own settings, all of them."""
    result = run(database, "list", AFTERWORD_LEASE="soon")

    assert result.exit_code == 2
    assert "AFTERWORD_LEASE" in said(result)


async def test_a_key_that_was_made_is_taken_by_the_service_until_it_is_revoked(tmp_path: Path) -> None:
    """Over the same file, while it runs; another key of the owner goes on."""
    database = tmp_path / "tasks.db"
    async with guarded(tmp_path) as here:
        keys = [await asyncio.to_thread(made, database) for _ in range(2)]
        task = await here.caller.post("/process_document/", json={"content": "x"}, headers=bearer(keys[0]))
        await asyncio.to_thread(run, database, "revoke", id_of(keys[0]))

    async with guarded(tmp_path) as here:
        seen = [(await here.caller.get(task.headers["location"], headers=bearer(key))).status_code for key in keys]

    assert (task.status_code, seen) == (202, [401, 200])
