"""The command lines of a deployment, as the real gcloud reads them, where it is installed."""

import json
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.infra.rehearsal import Rehearsal, rehearsal

GCLOUD = shutil.which("gcloud")

pytestmark = pytest.mark.skipif(GCLOUD is None, reason="gcloud is not installed")


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Rehearsal]:
    """A service that runs the old commit."""
    with rehearsal(tmp_path) as made:
        yield made


def read_by_gcloud(commands: list[str], folder: Path) -> dict[str, Any]:
    """Let gcloud read *commands* without running them; return what it objects to in each."""
    listed = folder / "commands.json"
    listed.write_text(json.dumps([{"command_string": command} for command in commands]))
    alone = os.environ | {"CLOUDSDK_CONFIG": str(folder / "config"), "CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}
    done = subprocess.run(  # noqa: S603 - gcloud, with words of ours
        [str(GCLOUD), "meta", "lint-gcloud-commands", f"--commands-file={listed}"],
        env=alone,
        check=True,
        capture_output=True,
        text=True,
    )
    return {found["command_string"]: found["error_message"] for found in json.loads(done.stdout)}


def test_gcloud_understands_all_that_a_deployment_says_to_it(platform: Rehearsal) -> None:
    """The stand-in knows what we believe; a flag that was renamed is found by the real one only."""
    platform.release()
    platform.run("rollback")
    platform.cloud.stuck_at = "afterword-00002-abc"
    platform.release("--patience=0")
    said = [shlex.join(["gcloud", *call]) for call in platform.calls]
    mistaken = f"{said[-1]} --no-such-flag"

    objections = read_by_gcloud([*said, mistaken], platform.folder)

    assert {command: objection for command, objection in objections.items() if objection}.keys() == {mistaken}
    assert len(objections) == len({*said, mistaken}) > 10
