"""A service on a platform of stand-ins, and the script that releases to it, run as a person or a pipeline runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.infra.fake_cloud_run import CloudRun, Program, serving

ROOT: Final = Path(__file__).parents[2]
SCRIPT: Final = ROOT / "infra" / "deploy.py"
REPOSITORY: Final = "europe-west1-docker.pkg.dev/a-project/afterword/afterword"
PLACEHOLDER: Final = "us-docker.pkg.dev/cloudrun/container/hello"
OLD, NEW = "a" * 40, "b" * 40
PLACE: Final = ("--project=a-project", "--region=europe-west1")
TRIAL: Final = "c-bbbbbbb"
BEFORE, AFTER = "afterword-00002-abc", "afterword-00003-abc"
"""The revision that runs the old commit, and the one that the next release makes."""
SECONDS: Final = 50


def image(commit: str) -> str:
    """Return the image of a commit, by its digest."""
    return f"{REPOSITORY}@sha256:{commit[0] * 64}"


@dataclass(frozen=True)
class Rehearsal:
    """The platform, as it is kept in *folder*, and what is done there."""

    folder: Path
    cloud: CloudRun
    variables: dict[str, str]

    @property
    def state(self) -> dict[str, Any]:
        """What the stand-in for gcloud keeps."""
        state: dict[str, Any] = json.loads((self.folder / "state.json").read_text())
        return state

    def change(self, **members: object) -> None:
        """Replace some of what the stand-in for gcloud keeps."""
        (self.folder / "state.json").write_text(json.dumps(self.state | members))

    def serve(self, *traffic: dict[str, Any], latest: str, **images: str) -> None:
        """Let *traffic* be shared by revisions of *images*; names have `_` for `-`, and *latest* is the newest."""
        revisions = {name.replace("_", "-"): of for name, of in images.items()}
        service = {
            "name": "afterword",
            "generation": int(latest.split("-")[1]),
            "image": revisions[latest],
            "created": latest,
            "ready": latest,
            "traffic": list(traffic),
        }
        self.change(service=service, revisions=revisions)

    def trouble(self, command: str, *troubles: str) -> None:
        """Say what happens to the next calls of a gcloud *command*."""
        self.change(troubles=self.state["troubles"] | {command: list(troubles)})

    @property
    def serving(self) -> dict[str, int]:
        """Which revision has which share of the traffic."""
        service = self.state["service"]
        return {
            target.get("revisionName", service["ready"]): target["percent"]
            for target in service["traffic"]
            if target.get("percent")
        }

    @property
    def follows_latest(self) -> bool:
        """Whether new revisions get the traffic by themselves."""
        return any(target.get("latestRevision") for target in self.state["service"]["traffic"])

    @property
    def tags(self) -> dict[str, str]:
        """Which tag names which revision."""
        return {target["tag"]: target["revisionName"] for target in self.state["service"]["traffic"] if "tag" in target}

    @property
    def calls(self) -> list[list[str]]:
        """The command lines that gcloud got."""
        return [call["words"] for call in self._calls()]

    @property
    def pids(self) -> list[int]:
        """The processes that ran them."""
        return [call["pid"] for call in self._calls()]

    @property
    def changes(self) -> list[str]:
        """The calls that change something, without what all have in common."""
        common = {"--quiet", *PLACE, "afterword"}
        return [
            " ".join(word for word in words if word not in common)
            for words in self.calls
            if {"deploy", "update-traffic"} & set(words)
        ]

    def _calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "calls.jsonl").read_text().splitlines()]

    def start(self, command: str, *options: str) -> subprocess.Popen[str]:
        """Begin to run the script."""
        return self.execute([sys.executable, str(SCRIPT), command, *PLACE, *options], cwd=self.folder)

    def execute(self, command: Sequence[str], *, cwd: Path) -> subprocess.Popen[str]:
        """Begin to run *command* where gcloud is the stand-in."""
        return subprocess.Popen(  # noqa: S603 - the script under test
            command,
            env=os.environ | self.variables,
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, command: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run the script to its end."""
        return finished(self.start(command, *options))

    def release(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Release the new commit."""
        return finished(self.begin_release(*options))

    def begin_release(self, *options: str) -> subprocess.Popen[str]:
        """Begin to release the new commit."""
        return self.start("release", f"--image={REPOSITORY}:{NEW}", f"--commit={NEW}", *options)

    def wait_until_gcloud_hangs(self) -> None:
        """Return when a call of gcloud has begun to hang."""
        give_up_at = time.monotonic() + SECONDS
        while not (self.folder / "hanging").exists():
            assert time.monotonic() < give_up_at, "gcloud does not hang"
            time.sleep(0.02)
        (self.folder / "hanging").unlink()


def assert_nothing_has_changed(platform: Rehearsal) -> None:
    """What served before serves, nothing is on trial, and the way back is not one to a revision that failed."""
    assert platform.serving == {BEFORE: 100}
    assert platform.tags == {}


def finished(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """Wait for the end of the script; a script that does not end is killed, and that is a failure."""
    try:
        out, err = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@contextmanager
def rehearsal(folder: Path) -> Iterator[Rehearsal]:
    """Set up a platform whose service runs the old commit, released over a placeholder."""
    cloud = CloudRun(folder)
    cloud.programs = {PLACEHOLDER: Program(), image(OLD): Program(commit=OLD), image(NEW): Program(commit=NEW)}
    with serving(cloud) as address:
        urls = {"service": f"{address}/service", "tag": f"{address}/{{tag}}"}
        state = {
            "images": {f"{REPOSITORY}:{NEW}": image(NEW).rpartition("@")[2]},
            "broken": [],
            "troubles": {},
            "urls": urls,
        }
        (folder / "state.json").write_text(json.dumps(state))
        os.mkfifo(folder / "go")
        programs = folder / "bin"
        programs.mkdir()
        gcloud = programs / "gcloud"
        gcloud.write_text(f'#!/bin/sh\nexec {sys.executable} -IS {ROOT}/tests/infra/fake_gcloud.py "$@"\n')
        gcloud.chmod(0o755)
        variables = {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "FAKE_GCLOUD": str(folder),
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS": f"{address}/iam/",
            "NO_PROXY": "127.0.0.1",
        }
        rehearsed = Rehearsal(folder, cloud, variables)
        rehearsed.serve(
            {"latestRevision": True, "percent": 100},
            latest="afterword-00002-abc",
            afterword_00001_abc=PLACEHOLDER,
            afterword_00002_abc=image(OLD),
        )
        yield rehearsed
