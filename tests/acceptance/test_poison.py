"""Models that break: each costs an attempt, says why in its task, and harms nobody else."""

from collections.abc import Iterator

import httpx
import pytest

from tests.acceptance.instance import Instance, ended, running

QUOTED = "hunter2 is nobody's business"


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Run one instance that offers every broken model, with little time and memory for each."""
    folder = tmp_path_factory.mktemp("poison")
    variables = {
        "AFTERWORD_SQLITE_PATH": str(folder / "tasks.db"),
        "AFTERWORD_PROCESSORS": "tests.poison",
        "AFTERWORD_CPU_LIMIT": "4",
        "AFTERWORD_HEARTBEAT": "0.5",
        "AFTERWORD_CHILD_MEMORY_MIB": "128",
    }
    with running(folder / "log", **variables) as started:
        yield started


@pytest.fixture
def client(instance: Instance) -> Iterator[httpx.Client]:
    """Return a client of that instance."""
    with httpx.Client(base_url=instance.url, timeout=30) as opened:
        yield opened


@pytest.mark.parametrize(
    ("model", "content", "code", "retryable"),
    [
        ("raises", QUOTED, "processor_error", "retryable"),
        ("recurses", QUOTED, "processor_error", "retryable"),
        ("fails_for_good", QUOTED, "processor_failed_permanently", "permanent"),
        ("hangs", QUOTED, "time_limit_exceeded", "permanent"),
        ("eats_memory", "1000", "memory_limit_exceeded", "retryable"),
        ("exits", QUOTED, "processor_crashed", "retryable"),
        ("segfaults", QUOTED, "processor_crashed", "retryable"),
    ],
)
def test_a_broken_attempt_is_told_in_the_task(  # noqa: PLR0913, PLR0917 - one row of a table
    client: httpx.Client, instance: Instance, model: str, content: str, code: str, retryable: str
) -> None:
    """An error that vanishes into a log is the fourth of the tutorial's warnings."""
    body = {"content": content, "model_name": model, "max_attempts": 1}
    accepted = client.post("/process_document/", json=body).raise_for_status()
    task = ended(client, accepted.headers["location"])

    assert task["status"] == "failed"
    assert isinstance(task["failure"], dict)
    assert task["failure"] == {"code": code, "message": task["error"], "retryable": retryable == "retryable"}
    assert task["error"]
    assert QUOTED not in str(task)
    assert QUOTED not in instance.log.read_text()


def test_the_service_goes_on_beside_them(client: httpx.Client) -> None:
    """A poisonous document must not be a way to stop everybody else's."""
    bad = [client.post("/process_document/", json={"content": "x", "model_name": "exits"}) for _ in range(4)]
    good = client.post("/process_document/", json={"content": "La biblioteca de Zaragoza abre los domingos."})

    poisoned = [ended(client, answer.headers["location"]) for answer in bad]
    assert ended(client, good.headers["location"])["status"] == "completed"
    assert {task["status"] for task in poisoned} == {"failed"}
    assert {task["attempt"] for task in poisoned} == {3}


def test_a_failed_task_can_be_tried_again(client: httpx.Client) -> None:
    """The caller may know that the reason is gone."""
    accepted = client.post("/process_document/", json={"content": "x", "model_name": "exits", "max_attempts": 1})
    task_id = accepted.json()["task_id"]
    ended(client, f"/tasks/{task_id}")

    again = client.post(f"/tasks/{task_id}/retry")
    task = ended(client, f"/tasks/{task_id}")

    assert again.status_code == httpx.codes.OK
    assert task["status"] == "failed"
    assert task["attempt"] == 1


def test_a_running_task_can_be_cancelled(client: httpx.Client) -> None:
    """Nobody should pay for what nobody wants any longer."""
    accepted = client.post("/process_document/", json={"content": "x", "model_name": "hangs"})
    task_id = accepted.json()["task_id"]

    asked = client.post(f"/tasks/{task_id}/cancel")
    task = ended(client, f"/tasks/{task_id}")

    assert asked.status_code == httpx.codes.OK
    assert task["status"] == "cancelled"


def test_a_waiting_task_can_be_cancelled_and_erased(client: httpx.Client) -> None:
    """A document handed in by mistake should be gone, not kept for a week."""
    accepted = client.post("/process_document/", json={"content": "x", "model_name": "hangs", "delay_seconds": 600})
    task_id = accepted.json()["task_id"]

    cancelled = client.post(f"/tasks/{task_id}/cancel")

    assert cancelled.json()["status"] == "cancelled"
    assert client.post(f"/tasks/{task_id}/cancel").status_code == httpx.codes.OK
    assert client.post(f"/tasks/{task_id}/retry").status_code == httpx.codes.CONFLICT
    assert client.delete(f"/tasks/{task_id}").status_code == httpx.codes.NO_CONTENT
    assert client.get(f"/tasks/{task_id}").status_code == httpx.codes.NOT_FOUND
