"""What a task costs on Firestore, counted on the wire between the service and a real emulator."""

import asyncio
from collections import Counter
from pathlib import Path

import httpx
import pytest

from tests.acceptance.conftest import firestore_variables
from tests.acceptance.instance import Instance, make_key, running
from tests.emulator import Emulator
from tests.grpc_proxy import GrpcProxy

WRITE = "Commit"


@pytest.mark.parametrize("auth", ["none", "required"])
async def test_a_short_task_claimed_at_birth_costs_two_writes_and_no_reads(
    auth: str, emulator: Emulator, tmp_path: Path
) -> None:
    """Every read and write is on the operator's bill; whose key it is, is known from the request before."""
    async with GrpcProxy(emulator.host).running() as proxy:
        variables = firestore_variables(proxy.host) | {"AFTERWORD_SWEEP": "600", "AFTERWORD_AUTH": auth}
        spent = await asyncio.to_thread(spent_on_one_task, proxy, tmp_path / "log", variables)

    assert spent == Counter({WRITE: 2})


def spent_on_one_task(proxy: GrpcProxy, log: Path, variables: dict[str, str]) -> Counter[str]:
    """Run two tasks and return the calls made for the second; the first sweep is over by then."""
    key = {"X-API-Key": make_key(variables, "acme")} if variables["AFTERWORD_AUTH"] == "required" else {}
    with running(log, **variables) as instance, httpx.Client(base_url=instance.url, headers=key) as client:
        run_one(client, instance, number=1)
        before = Counter(proxy.calls)
        run_one(client, instance, number=2)
        return Counter(proxy.calls) - before


def run_one(client: httpx.Client, instance: Instance, *, number: int) -> None:
    """Have one document processed; its end is seen in the log, so that no poll is counted."""
    client.post("/process_document/", json={"content": f"La biblioteca abre el día {number}."}).raise_for_status()
    instance.wait_for_line("task completed", times=number)
