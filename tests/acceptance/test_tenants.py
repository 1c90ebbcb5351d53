"""Two tenants of one service, over HTTP: keys come and go while it runs, and neither sees anything of the other."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

import httpx
import pytest

from tests.acceptance.conftest import firestore_variables
from tests.acceptance.instance import Instance, command, ended, make_key, running

OWNERS: Final = ("acme", "globex")
UNKNOWN: Final = "00000000-0000-4000-8000-000000000000"
DIFFERS: Final = {"date", "x-request-id"}
TEXT: Final = "La biblioteca de Zaragoza abre los domingos."


@dataclass
class Service:
    """Two instances over one store, and who may come in."""

    first: Instance
    second: Instance
    variables: dict[str, str]
    keys: dict[str, str]

    def caller(self, owner: str, instance: Instance) -> httpx.Client:
        """Return a client with the key of *owner*."""
        return httpx.Client(base_url=instance.url, timeout=30, headers={"X-API-Key": self.keys[owner]})


@pytest.fixture(scope="module", params=["sqlite", "firestore"])
def service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Run two instances that ask for a key, over each store."""
    folder = tmp_path_factory.mktemp("tenants")
    if request.param == "sqlite":
        variables = {"AFTERWORD_STORE": "sqlite", "AFTERWORD_SQLITE_PATH": str(folder / "tasks.db")}
    else:
        variables = firestore_variables(request.getfixturevalue("emulator").host)
    variables |= {"AFTERWORD_AUTH": "required", "AFTERWORD_CPU_SLOTS": "1"}
    with running(folder / "log-a", **variables) as first, running(folder / "log-b", **variables) as second:
        with ThreadPoolExecutor() as operators:
            keys = dict(zip(OWNERS, operators.map(partial(make_key, variables), OWNERS), strict=True))
        yield Service(first, second, variables, keys)


def test_keys_come_and_go_while_the_service_runs(service: Service) -> None:
    """Nobody restarts a service for a new customer; and who has lost a key cannot wait for a deployment."""
    keys = [make_key(service.variables, "initech"), service.keys["acme"]]
    with httpx.Client(base_url=service.first.url) as caller:
        before = [caller.get("/tasks", headers={"Authorization": f"Bearer {key}"}).status_code for key in keys]

    key_id = keys[0].split("_")[1]
    revoked = command(service.variables, "keys", "revoke", key_id)
    listed = command(service.variables, "keys", "list")
    with httpx.Client(base_url=service.second.url) as caller:  # it has not seen them yet, so it asks the store
        after = [caller.get("/tasks", headers={"Authorization": f"Bearer {key}"}) for key in keys]

    line = next(line for line in listed.stdout.splitlines() if key_id in line)
    assert (revoked.returncode, listed.returncode) == (0, 0)
    assert ("initech" in line, "revoked" in line) == (True, True)
    assert not any(key in listed.stdout + listed.stderr + revoked.stdout + revoked.stderr for key in keys)
    assert before == [200, 200]
    assert [answered.status_code for answered in after] == [401, 200]
    assert after[0].json()["code"] == "unauthenticated"
    assert after[0].headers["www-authenticate"] == "Bearer"


def test_without_a_key_nobody_gets_further_than_the_entrance(service: Service) -> None:
    """Every path of the reference, from either instance; what is open is open because it holds nothing."""
    statuses = {}
    for instance in (service.first, service.second):
        with httpx.Client(base_url=instance.url) as caller:
            for method, path in operations(caller):
                statuses[method, path] = caller.request(method, path.format(task_id=UNKNOWN)).status_code
            uncounted = caller.post("/process_document/", content=b"x", headers={"Content-Length": "1"}).status_code

    open_to_all = {path for (_, path), status in statuses.items() if status != httpx.codes.UNAUTHORIZED}
    assert open_to_all == {"/health/live", "/health/ready", "/version"}
    assert len(statuses) > len(open_to_all) + 8
    assert uncounted == httpx.codes.UNAUTHORIZED


def test_a_tenant_gets_for_anothers_ids_what_it_gets_for_unknown_ones(service: Service) -> None:
    """On every path of the reference, from the other instance too, while it runs and when it has ended."""
    with (
        service.caller("acme", service.first) as acme,
        service.caller("globex", service.first) as same,
        service.caller("globex", service.second) as other,
    ):
        waiting = acme.post("/process_document/", json={"content": TEXT, "delay_seconds": 3600}).json()["task_id"]
        done = acme.post("/process_document/", json={"content": TEXT}).json()["task_id"]
        text = acme.post("/process_text_async/", json={"text": TEXT, "task_id": "mi-tarea-1"}).json()["id"]
        ended(acme, f"/tasks/{done}")
        ended(acme, f"/tasks/{text}")
        asked = [(method, path) for method, path in operations(acme) if "{task_id}" in path]
        seen = [
            (method, path, name)
            for globex in (same, other)
            for method, path in asked
            for name in (waiting, done, text, "mi-tarea-1")
            if heard(globex, method, path.format(task_id=name))
            != heard(globex, method, path.format(task_id=UNKNOWN if "-4" in name else "tu-tarea-1"))
        ]
        still = [acme.get(f"/tasks/{task_id}").json()["status"] for task_id in (waiting, done, text)]
        listed = [globex.get("/tasks").json()["tasks"] for globex in (same, other)]

    assert len(asked) >= 6
    assert seen == []
    assert still == ["pending", "completed", "completed"]
    assert listed == [[], []]


def test_what_two_tenants_call_alike_is_two_things(service: Service) -> None:
    """The same `Idempotency-Key` and the same `task_id`, on two instances."""
    texts = {"acme": "uno", "globex": "dos"}
    results = {}
    for owner, text in texts.items():
        with service.caller(owner, service.first) as here, service.caller(owner, service.second) as there:
            body = {"text": text, "task_id": "informe"}
            first = here.post("/process_text_async/", json=body, headers={"Idempotency-Key": "1"})
            again = there.post("/process_text_async/", json=body, headers={"Idempotency-Key": "1"})
            results[owner] = ended(there, "/task_status/informe")["result"]
            assert again.json() == first.raise_for_status().json()
            assert again.headers["idempotency-replayed"] == "true"

    assert results == {owner: f"Texto procesado asíncronamente: '{text.upper()}'" for owner, text in texts.items()}


def operations(caller: httpx.Client) -> list[tuple[str, str]]:
    """Return every method of every path that the reference names."""
    paths = caller.get("/openapi.json").raise_for_status().json()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def heard(caller: httpx.Client, method: str, path: str) -> tuple[object, ...]:
    """Return all of an answer but what is different each time."""
    answered = caller.request(method, path)
    headers = sorted((name, value) for name, value in answered.headers.multi_items() if name not in DIFFERS)
    body = answered.content.replace(answered.headers["x-request-id"].encode(), b"")
    return answered.status_code, headers, body
