"""The tutorial's five paths, over HTTP, as its readers call them."""

from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from tests.acceptance.instance import Instance, ended, running

SAMPLE = {
    "content": (
        "Este es un documento de prueba para demostrar el procesamiento asíncrono con FastAPI y BackgroundTasks. "
        "Contiene información sobre la Inteligencia Artificial y el ecosistema Python."
    ),
    "model_name": "summarizer_v1",
}


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Run one instance over SQLite for all tests of this file."""
    folder = tmp_path_factory.mktemp("tutorial")
    with running(folder / "log", AFTERWORD_SQLITE_PATH=str(folder / "tasks.db")) as started:
        yield started


@pytest.fixture
def client(instance: Instance) -> Iterator[httpx.Client]:
    """Return a client of that instance."""
    with httpx.Client(base_url=instance.url, timeout=30) as opened:
        yield opened


def test_a_document_is_accepted_and_then_read(client: httpx.Client) -> None:
    """The one thing that the service is for."""
    accepted = client.post("/process_document/", json=SAMPLE)
    task_id = accepted.json()["task_id"]
    task = ended(client, f"/document_status/{task_id}")

    assert accepted.status_code == httpx.codes.ACCEPTED
    assert accepted.headers["location"] == f"/document_status/{task_id}"
    assert int(accepted.headers["retry-after"]) >= 1
    assert accepted.json() | {"status": "pending", "result": None, "error": None} == accepted.json()
    assert str(UUID(task_id)) == task_id
    assert task["status"] == "completed"
    assert task["error"] is None
    result = task["result"]
    assert isinstance(result, dict)
    assert result["summary"]
    assert "inteligencia artificial" in result["keywords"]
    misc = {entity["text"] for entity in result["entities"] if entity["type"] == "MISC"}
    assert {"FastAPI", "Python"} <= misc
    assert result["language"] == "es"


def test_an_unknown_document_is_not_found(client: httpx.Client) -> None:
    """Clients of the tutorial look at this very sentence."""
    answer = client.get("/document_status/00000000-0000-4000-8000-000000000000")

    assert answer.status_code == httpx.codes.NOT_FOUND
    assert answer.json()["detail"] == "Task not found"


def test_a_text_is_processed_under_the_callers_own_id(client: httpx.Client) -> None:
    """The tutorial's first example, word for word."""
    accepted = client.post("/process_text_async/", json={"text": "hola", "task_id": "mi-tarea-1"})
    task = ended(client, "/task_status/mi-tarea-1")

    assert accepted.status_code == httpx.codes.OK
    assert accepted.json() == {
        "message": "Procesamiento iniciado en segundo plano",
        "task_id": "mi-tarea-1",
        "status": "pending",
        "id": accepted.json()["id"],
    }
    assert accepted.headers["location"] == "/task_status/mi-tarea-1"
    assert task["result"] == "Texto procesado asíncronamente: 'HOLA'"


@pytest.mark.parametrize("task_id", ["a/b//c", "año 2026/№ 7", "50 %?#", "../x", "z" * 255])
def test_the_location_leads_to_the_text_whatever_its_id(client: httpx.Client, task_id: str) -> None:
    """Callers choose their ids, and not with URLs in mind."""
    accepted = client.post("/process_text_async/", json={"text": "hola", "task_id": task_id})
    task = ended(client, accepted.headers["location"])

    assert accepted.json()["task_id"] == task_id
    assert task["status"] == "completed"


def test_an_unknown_text_is_not_found_as_data(client: httpx.Client) -> None:
    """The tutorial answers 200 here, and its clients rely on it."""
    answer = client.get("/task_status/nobody/has sent this")

    assert answer.status_code == httpx.codes.OK
    assert answer.json() == {"status": "not_found", "result": None}


def test_the_blocking_call_answers_with_the_result(client: httpx.Client) -> None:
    """The caller waits, and gets the tutorial's answer."""
    answer = client.post("/process_text_blocking/", params={"text": "hola"})

    assert answer.status_code == httpx.codes.OK
    assert answer.json() == {
        "message": "Procesamiento completado (bloqueante)",
        "result": "Texto procesado: 'HOLA'",
    }


def test_a_text_can_be_given_to_a_document_model(client: httpx.Client) -> None:
    """Any document model may be named for a text too; then the result is the summary."""
    text = "La biblioteca abre los domingos. Los lectores lo habían pedido durante años."

    client.post("/process_text_async/", json={"text": text, "task_id": "resumen", "model_name": "extractive_v1"})
    task = ended(client, "/task_status/resumen")

    assert isinstance(task["result"], str)
    assert task["result"]


def test_nothing_that_callers_send_gets_into_the_log(client: httpx.Client, instance: Instance) -> None:
    """A log is read by people whom the document was not meant for; once a server's own request line held it."""
    marker = "Zebrafinken"

    client.post("/process_text_blocking/", params={"text": marker})
    client.post("/process_document/", json={"content": marker, "model_name": marker})
    client.post("/process_document/", json={"content": 5, marker: marker})
    accepted = client.post("/process_document/", json={"content": f"{marker} leben in Australien."})
    client.post("/process_text_async/", json={"text": "hola", "task_id": marker})
    client.get(f"/task_status/{marker}")
    client.get(f"/{marker}")
    ended(client, accepted.headers["location"])

    assert marker not in instance.log.read_text()
