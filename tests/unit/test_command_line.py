"""The command line, as a person at a terminal uses it."""

import json
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.__main__ import cli

DOCUMENTS = Path(__file__).parents[2] / "docs" / "examples" / "documents"


def run(*arguments: str, typed: str | None = None, **variables: str) -> Result:
    """Run one command."""
    return CliRunner().invoke(cli, arguments, input=typed, env=variables)


def test_a_document_is_read_without_a_server() -> None:
    """The quickest way to see what the service can do."""
    result = run("process", str(DOCUMENTS / "informe-es.txt"))

    assert result.exit_code == 0
    assert "Universidad de Zaragoza" in result.stdout
    assert "summary" in result.stdout


def test_machines_get_json_and_nothing_else() -> None:
    """Standard output is piped into other programs; the progress bar goes elsewhere."""
    result = run("process", "--json", str(DOCUMENTS / "minutes-en.txt"))

    read = json.loads(result.stdout)
    assert read["language"] == "en"
    assert {"summary", "keywords", "entities", "statistics"} <= set(read)


def test_a_text_can_come_from_standard_input() -> None:
    """A dash means what it means everywhere."""
    result = run("process", "-", "--model", "uppercase", typed="hola")

    assert result.exit_code == 0
    assert result.stdout.strip() == "Texto procesado asíncronamente: 'HOLA'"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "cannot be read"), (b"", "is empty"), (b" \n\t", "is empty"), (b"caf\xe9", "is not a text in UTF-8")],
)
def test_a_file_that_is_no_text_is_refused_in_a_sentence(content: bytes | None, complaint: str, tmp_path: Path) -> None:
    """Nobody should have to read a traceback to learn that a file is missing."""
    file = tmp_path / "document.txt"
    if content is not None:
        file.write_bytes(content)

    result = run("process", str(file))

    assert result.exit_code == 1
    assert complaint in " ".join(result.stderr.split())


def test_an_unknown_model_is_refused_with_the_known_ones() -> None:
    """The answer to a typing error is the list to choose from."""
    result = run("process", str(DOCUMENTS / "minutes-en.txt"), "--model", "extractiv")

    assert result.exit_code == 1
    assert "extractive_v1" in result.stderr


def test_the_models_are_listed() -> None:
    """One has to know what can be asked for."""
    result = run("models")

    assert result.exit_code == 0
    assert "extractive_v1" in result.stdout
    assert "uppercase" in result.stdout


def test_a_wrong_setting_is_named_by_its_variable() -> None:
    """The operator typed a variable, not a field of a class."""
    result = run("models", AFTERWORD_LEASE="soon")

    assert result.exit_code == 2
    assert "AFTERWORD_LEASE" in result.stderr


def test_a_module_of_models_that_is_missing_is_named() -> None:
    """A typing error in the deployment must not start a service without its model."""
    result = run("models", AFTERWORD_PROCESSORS="no.such.module")

    assert result.exit_code == 1
    assert "no.such.module" in result.stderr


def test_a_port_that_is_taken_is_named_in_a_sentence() -> None:
    """Ten lines of retries, after a line that says it listens, tell nobody what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        result = run("serve", PORT=str(port))

    assert result.exit_code == 1
    assert f"Port {port} is in use" in result.stderr
    assert "set PORT" in result.stderr
