"""A deployment ends an instance in the middle of its work, and another one finishes that."""

from typing import Final

import httpx

from tests.acceptance.instance import ended
from tests.emulator import Emulator
from tests.infra.image.container import rehearsal, running

LONGEST: Final = 1024 * 1024
SLOW: Final = (
    "".join(
        f"El señor Rodríguez {number} presentó el informe {number} en Salamanca el {number % 28 + 1} de mayo. "
        for number in range(20_000)
    )
    .encode()[:LONGEST]
    .decode(errors="ignore")
)
"""The longest document, of which a part of a CPU reads no more than half within a drain."""

SLOWLY: Final = 0.4
OFTEN: Final = {"AFTERWORD_SWEEP": "1", "AFTERWORD_HEARTBEAT": "1"}


def test_sigterm_in_the_middle_hands_a_document_over(emulator: Emulator) -> None:
    """It happens several times a day, and must cost neither a task nor one of its attempts."""
    variables = rehearsal(emulator.host) | OFTEN
    with running(variables, cpus=SLOWLY) as ending, running(variables) as staying:
        with httpx.Client(base_url=ending.url, timeout=30) as client:
            accepted = client.post("/process_document/", json={"content": SLOW}).raise_for_status()
            begun = client.get(accepted.headers["location"]).json()
        httpx.get(f"{staying.url}/version")  # nobody sweeps before traffic has come
        status = ending.terminate()
        with httpx.Client(base_url=staying.url, timeout=30) as client:
            task = ended(client, accepted.headers["location"])
        logs = ending.log, staying.log

    assert begun["status"] == "processing"
    assert status == 0
    assert (task["status"], task["attempt"]) == ("completed", 1)
    assert ['"message": "task completed"' in log for log in logs] == [False, True]
    assert '"message": "drain finished"' in logs[0]
