"""The scheduler's request, to a process that was started by it: what waits is done, and by nothing else."""

import time
from pathlib import Path

import httpx

from tests.acceptance.conftest import firestore_variables
from tests.acceptance.instance import QUICK, Instance, ended, running
from tests.emulator import Emulator
from tests.google_tokens import ACCOUNT, AUDIENCE, stripped

ON_CLOUD_RUN = {
    "K_SERVICE": "afterword",
    "K_REVISION": "afterword-00001-abc",
    "AFTERWORD_ALLOW_EMULATOR": "true",
    "AFTERWORD_SWEEP_AUTH": "platform",
    "AFTERWORD_SWEEP_AUDIENCE": AUDIENCE,
    "AFTERWORD_SWEEP_ACCOUNT": ACCOUNT,
    "AFTERWORD_GOOGLE_AUTH": "platform",
    "AFTERWORD_GOOGLE_AUDIENCES": "https://afterword.internal",
    "AFTERWORD_GOOGLE_ACCOUNTS": "caller@example.com",
}
SWEEP = float(QUICK["AFTERWORD_SWEEP"])
TEXT = "La comisión de Zaragoza aprobó el informe sobre la Universidad de Salamanca. " * 500


def calling(instance: Instance) -> httpx.Client:
    """Return a caller with an identity that the platform has checked."""
    token = stripped(email="caller@example.com", aud="https://afterword.internal")
    return httpx.Client(base_url=instance.url, headers={"Authorization": f"Bearer {token}"})


def test_the_schedulers_request_brings_work_back_from_zero(emulator: Emulator, tmp_path: Path) -> None:
    """With no instance left, nothing else can notice that a task is waiting."""
    variables = firestore_variables(emulator.host) | QUICK
    with running(tmp_path / "log", **variables, **ON_CLOUD_RUN) as dying, calling(dying) as client:
        accepted = [client.post("/process_document/", json={"content": f"{n}. {TEXT}"}) for n in range(6)]
        paths = [answer.raise_for_status().headers["location"] for answer in accepted]
        dying.kill()

    with running(tmp_path / "log-2", **variables, **ON_CLOUD_RUN) as woken, calling(woken) as client:
        token = {"Authorization": f"Bearer {stripped()}"}
        swept = client.post("/internal/sweep", headers=token, timeout=60).raise_for_status().json()
        statuses = [ended(client, path)["status"] for path in paths]

    assert swept["running"] == 0
    assert statuses == ["completed"] * 6


def test_a_probed_instance_takes_up_nothing(emulator: Emulator, tmp_path: Path) -> None:
    """A revision that is being tried out must not work on what others have accepted."""
    variables = firestore_variables(emulator.host) | QUICK
    with running(tmp_path / "log", **variables, **ON_CLOUD_RUN) as first, calling(first) as client:
        accepted = client.post("/process_document/", json={"content": TEXT, "delay_seconds": 1})
        first.kill()

    path = accepted.raise_for_status().headers["location"]
    with running(tmp_path / "log-2", **variables, **ON_CLOUD_RUN) as tried, calling(tried) as client:
        tagged = {"Host": "c-1234567---afterword-abc-ew.a.run.app"}
        refused = client.post("/internal/sweep", headers=tagged | {"Authorization": f"Bearer {stripped()}"})
        seen, give_up_at = set(), time.monotonic() + 3 * SWEEP
        while time.monotonic() < give_up_at:
            seen.add(client.get(path, headers=tagged).json()["status"])
        ended(client, path)

    assert refused.status_code == httpx.codes.CONFLICT
    assert seen == {"pending"}
