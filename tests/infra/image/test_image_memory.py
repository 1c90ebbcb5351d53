"""The memory that Terraform gives an instance holds the server, full children, and full bodies in flight."""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any, Final

import httpx

from tests.acceptance.instance import ended
from tests.emulator import Emulator
from tests.infra.image.container import Container, rehearsal, running
from tests.infra.image.sizes import MIB, SIZES

HUNGRY: Final = Path(__file__).parent / "hungry.py"
MOUNTED: Final = f"--volume={HUNGRY}:/srv/hungry.py:ro"
BELOW_THE_LIMIT: Final = 32

BODY: Final = json.dumps({"content": "a" * 1_000_000 + "😀", "delay_seconds": 3600}, ensure_ascii=False).encode()
"""One letter beyond the first plane, and Python keeps four bytes for each letter of the text: the dearest body."""

TAKEN: Final = """
import json, os, re
from pathlib import Path
shares = {}
for entry in Path('/proc').glob('[0-9]*'):
    if int(entry.name) != os.getpid():
        shares[entry.name] = int(re.search(r'^Pss: +([0-9]+)', (entry / 'smaps_rollup').read_text(), re.MULTILINE)[1])
print(json.dumps(shares))
"""
"""What each process takes, in KiB: its own pages, and its share of those that it has in common with others."""

PEAK: Final = """
from pathlib import Path
files = Path('/sys/fs/cgroup/memory.peak'), Path('/sys/fs/cgroup/memory/memory.max_usage_in_bytes')
print(next(file.read_text() for file in files if file.exists()))
"""


def taken(container: Container) -> dict[str, int]:
    """Return what each process takes, by its id, in KiB."""
    shares: dict[str, int] = json.loads(container.python(TAKEN))
    return shares


def test_a_server_without_work_takes_no_more_than_is_set_aside_for_it(container: Container) -> None:
    """Terraform adds this to what tasks and bodies may take, and refuses a size that cannot hold it."""
    with httpx.Client(base_url=container.url, timeout=30) as client:
        accepted = client.post("/process_document/", json={"content": "La biblioteca abre los domingos."})
        ended(client, accepted.headers["location"])

    shares = [kibibytes // 1024 for _, kibibytes in sorted(taken(container).items(), key=lambda share: int(share[0]))]
    mebibytes = sum(shares)

    sys.stdout.write(f"The server takes {mebibytes} MiB without work {shares}; {SIZES.base} are set aside.\n")
    assert mebibytes < SIZES.base


async def test_full_children_and_full_bodies_fit(emulator: Emulator) -> None:
    """Where they do not, the kernel ends whatever is largest, in the hour with the most work."""
    variables = rehearsal(emulator.host) | {"AFTERWORD_PROCESSORS": "hungry", "AFTERWORD_HEARTBEAT": "1"}
    with running(variables, MOUNTED) as container:
        async with httpx.AsyncClient(base_url=container.url, timeout=60) as client:
            fed = [await feed(client) for _ in range(SIZES.cpu)]
            before = taken(container)
            statuses = await storm(client)
            after = taken(container)
            tasks = [(await client.get(path)).json() for path in fed]
            alive = await client.get("/health/live")
        killed = container.state("OOMKilled")
        peak = int(container.python(PEAK)) // MIB

    sys.stdout.write(f"{len(statuses)} bodies beside {SIZES.cpu} full children: {peak} of {SIZES.memory} MiB.\n")
    assert set(statuses) <= {httpx.codes.ACCEPTED, httpx.codes.SERVICE_UNAVAILABLE}
    assert httpx.codes.ACCEPTED in statuses
    assert {(task["status"], task["attempt"]) for task in tasks} == {("processing", 1)}
    assert set(before) == set(after)
    assert alive.status_code == httpx.codes.OK
    assert killed == "false"


async def feed(client: httpx.AsyncClient) -> str:
    """Have a child take nearly all that it may, and return the path of its task."""
    body: dict[str, Any] = {"content": str(SIZES.child_memory - BELOW_THE_LIMIT), "model_name": "hungry"}
    accepted = (await client.post("/process_document/", json=body)).raise_for_status()
    path: str = accepted.headers["location"]
    give_up_at = time.monotonic() + 30
    while (await client.get(path)).json()["progress"] is None:
        assert time.monotonic() < give_up_at, "the model does not report that it is full"
        await asyncio.sleep(0.1)
    return path


async def storm(client: httpx.AsyncClient) -> list[int]:
    """Post as many bodies at once as may be in flight together; the store may not keep up with them."""
    count = SIZES.body_budget * MIB // len(BODY)
    answers = await asyncio.gather(
        *(
            client.post("/process_document/", content=BODY, headers={"Content-Type": "application/json"})
            for _ in range(count)
        )
    )
    return [answer.status_code for answer in answers]
