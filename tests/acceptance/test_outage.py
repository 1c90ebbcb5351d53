"""The store goes away and comes back: callers are told at once, and nothing that runs is lost."""

import asyncio
import time
from pathlib import Path

import httpx

from tests.acceptance.conftest import firestore_variables
from tests.acceptance.instance import QUICK, Instance
from tests.emulator import Emulator
from tests.grpc_proxy import GrpcProxy

LONG = "La comisión aprobó el informe sobre la Universidad de Salamanca y fijó otra reunión para el lunes. " * 5000
FINAL = {"completed", "failed", "cancelled"}


async def test_an_outage_is_told_and_survived(emulator: Emulator, tmp_path: Path) -> None:
    """A store that is away for seconds must not cost a task, nor keep callers waiting for an answer."""
    async with GrpcProxy(emulator.host).running() as proxy:
        variables = firestore_variables(proxy.host) | QUICK
        instance = Instance(log=tmp_path / "log", variables=variables)
        try:
            await asyncio.to_thread(instance.start)
            async with httpx.AsyncClient(base_url=instance.url, timeout=30) as client:
                accepted = await client.post("/process_document/", json={"content": LONG})
                await proxy.cut()
                asked_at = time.monotonic()
                refused = await client.post("/process_document/", json={"content": "Otro documento."})
                seconds = time.monotonic() - asked_at
                alive = await client.get("/health/live")
                ready = await client.get("/health/ready")
                await proxy.restore()
                task = await ended(client, accepted.headers["location"])
                later = await client.post("/process_document/", json={"content": "Otro documento."})
        finally:
            instance.kill()

    assert refused.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert refused.json()["code"] == "store_unavailable"
    assert refused.json()["retryable"] is True
    assert int(refused.headers["retry-after"]) >= 1
    assert seconds < 5
    assert alive.status_code == httpx.codes.OK
    assert ready.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert task["status"] == "completed"
    assert later.status_code == httpx.codes.ACCEPTED


async def ended(client: httpx.AsyncClient, path: str) -> dict[str, object]:
    """Poll *path* through the end of the outage until its task has ended."""
    async with asyncio.timeout(60):
        while True:
            answer = await client.get(path)
            task: dict[str, object] = answer.json()
            if answer.is_success and task["status"] in FINAL:
                return task
            await asyncio.sleep(0.1)
