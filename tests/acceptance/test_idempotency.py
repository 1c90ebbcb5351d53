"""Many clients, one `Idempotency-Key`, two instances: one task, whichever store holds it."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.acceptance.instance import QUICK, ended, running

CLIENTS = 24
SMALL = "La biblioteca de Zaragoza abre los domingos."
LARGE = SMALL.ljust(1024 * 1024, ".")
"""As large as a document may be: it does not fit into one Firestore document."""


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "large"])
def test_clients_that_race_with_one_key_get_one_task(
    content: str, store_variables: dict[str, str], tmp_path: Path
) -> None:
    """Behind a load balancer the repetitions of one request land on different instances."""
    variables = store_variables | QUICK
    with running(tmp_path / "log-a", **variables) as a, running(tmp_path / "log-b", **variables) as b:
        repeated: list[int] = []

        def post(number: int) -> httpx.Response:
            url = f"{(a, b)[number % 2].url}/process_document/"
            body = {"content": content if number % 3 else f"{content[:-1]}!"}
            answered = httpx.post(url, json=body, headers={"Idempotency-Key": "k"}, timeout=30)
            if answered.status_code != httpx.codes.SERVICE_UNAVAILABLE or len(repeated) == CLIENTS:
                return answered
            repeated.append(number)  # the store is slow on a busy machine; what it did not answer may have landed
            return post(number)

        with ThreadPoolExecutor(CLIENTS) as clients:
            answers = list(clients.map(post, range(CLIENTS)))
        accepted = [answer for answer in answers if answer.status_code == httpx.codes.ACCEPTED]
        refused = [answer for answer in answers if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY]
        with httpx.Client(base_url=b.url) as client:
            task = ended(client, accepted[0].headers["location"])
            listed = client.get("/tasks").json()["tasks"]

    assert len(accepted) + len(refused) == CLIENTS, Counter(answer.status_code for answer in answers)
    assert {len(accepted), len(refused)} == {CLIENTS // 3, CLIENTS - CLIENTS // 3}, "one of the two bodies has won"
    assert len({answer.text for answer in accepted}) == 1
    assert [answer.headers.get("idempotency-replayed") for answer in accepted].count(None) in (
        {0, 1} if repeated else {1}
    )
    assert {answer.json()["code"] for answer in refused} == {"submission_conflict"}
    assert task["status"] == "completed"
    assert [one["task_id"] for one in listed] == [task["task_id"]]
