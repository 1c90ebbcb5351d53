"""One service on Cloud Run, seen and changed through `gcloud`, which must be installed and logged in."""

import json
import os
import re
import signal
import subprocess
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

SIGNALS: Final = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
READ, START, ROUTE = 60, 900, 180
"""Seconds that gcloud may take to read, to start a revision, and to move traffic."""


class Failure(Exception):
    """Why it went no further, and what to do; *code* is the exit code."""

    def __init__(self, message: str, *, code: int = 1) -> None:
        """Say *message*."""
        super().__init__(message)
        self.code = code


class Tagged(NamedTuple):
    """What a tag names, and where that answers."""

    revision: str
    url: str


@dataclass(frozen=True)
class Service:
    """
    A service as it is.

    *shares* is the traffic, in percent, of each revision that has some;
    *follows* says whether new revisions get it by themselves.
    """

    url: str
    image: str
    created: str
    ready: str
    shares: dict[str, int]
    tags: dict[str, Tagged]
    follows: bool = False

    @classmethod
    def parse(cls, described: dict[str, Any]) -> "Service":
        """
        Read what `gcloud run services describe` says.

        Raises:
            Failure: If no revision serves, as after a first start that failed.
        """
        status = described.get("status", {})
        shares: dict[str, int] = {}
        tags: dict[str, Tagged] = {}
        for target in status.get("traffic", []):
            revision = target.get("revisionName") or status.get("latestReadyRevisionName", "")
            if target.get("percent"):
                shares[revision] = shares.get(revision, 0) + target["percent"]
            if target.get("tag"):
                tags[target["tag"]] = Tagged(revision, target.get("url", ""))
        if not shares:
            raise Failure("No revision of the service serves: mend what the console says of it, then try again.")
        return cls(
            url=status["url"],
            image=described["spec"]["template"]["spec"]["containers"][0]["image"],
            created=status["latestCreatedRevisionName"],
            ready=status["latestReadyRevisionName"],
            shares=shares,
            tags=tags,
            follows=any(target.get("latestRevision") and target.get("percent") for target in status["traffic"]),
        )

    @property
    def main(self) -> str:
        """The revision that serves most."""
        return max(self.shares, key=self.shares.__getitem__)

    def is_routed(self, *flags: str) -> bool:
        """Whether traffic and tags are as these *flags* of `update-traffic` ask for."""
        asked = {name: pairs(value) for name, _, value in (flag.partition("=") for flag in flags)}
        named = {tag: target.revision for tag, target in self.tags.items()}
        return (
            asked.get("--to-revisions", self._shares_as_text) == self._shares_as_text
            and ("--to-latest" not in asked or (self.follows and len(self.shares) == 1))
            and asked.get("--update-tags", {}).items() <= named.items()
            and not asked.get("--remove-tags", {}).keys() & named
        )

    @property
    def _shares_as_text(self) -> dict[str, str]:
        return {revision: str(percent) for revision, percent in self.shares.items()}

    def __str__(self) -> str:
        """Say who serves how much."""
        return ", ".join(f"{revision} {percent} %" for revision, percent in self.shares.items())


@dataclass(frozen=True)
class Cloud:
    """Where one service is, and what can be done to it."""

    project: str
    region: str
    service: str

    @property
    def audience(self) -> str:
        """What a caller's identity token is made for; Terraform gives the service the same."""
        return f"https://{self.service}.internal"

    @property
    def build_account(self) -> str:
        """The service account that the service lets in to be tried out; Terraform has made it."""
        return f"{self.service}-build@{self.project}.iam.gserviceaccount.com"

    def describe(self) -> Service:
        """Say how the service is now."""
        try:
            described = self._run("services", "describe", self.service, "--format=json")
        except Failure as failure:
            raise Failure(
                f"{failure}\nIf {self.service} does not exist yet in {self.project}, {self.region}: "
                "`terraform apply` makes it, see infra/README.md."
            ) from failure
        return Service.parse(json.loads(described))

    def image_of(self, revision: str) -> str:
        """Name the image that *revision* runs."""
        described = json.loads(self._run("revisions", "describe", revision, "--format=json"))
        return str(described["spec"]["containers"][0]["image"])

    def by_digest(self, image: str) -> str:
        """Name *image* by what it holds, since a tag can be moved."""
        if "@" in image:
            return image
        described = self.gcloud("artifacts", "docker", "images", "describe", image, "--format=json")
        return f"{repository(image)}@{json.loads(described)['image_summary']['digest']}"

    def start(self, image: str) -> str:
        """
        Start *image* without traffic, and name its revision.

        Not with `--tag`: then gcloud chooses the revision's name, it stays in
        the service's template, and Terraform stumbles over it for ever after.
        Which revision is the latest *ready* one is not asked: without traffic,
        the platform may be late to say so.
        """
        self._run("deploy", self.service, f"--image={image}", "--no-traffic", limit=START)
        now = self.describe()
        if now.image != image:
            raise Failure(f"Somebody else deployed {now.created} at the same time; try again when that is done.")
        return now.created

    def route(self, *flags: str) -> None:
        """
        Change traffic and tags, all of it or none.

        gcloud also fails after it has done so: if the answer got lost, or if
        the newest revision, whoever's it is, is not well. So what is there
        counts, and not what it says.
        """
        try:
            self._run("services", "update-traffic", self.service, *flags, limit=ROUTE)
        except Failure:
            if not self.describe().is_routed(*flags):
                raise

    def routing(self, *flags: str) -> str:
        """Say how a person does what `route` does."""
        words = ["gcloud run services update-traffic", self.service, *flags]
        return " ".join([*words, f"--region={self.region}", f"--project={self.project}"])

    def gcloud(self, *words: str, limit: float = READ) -> str:
        """Run gcloud, which asks nothing, and return what it printed."""
        return run("gcloud", *words, "--quiet", f"--project={self.project}", limit=limit)

    def _run(self, *words: str, limit: float = READ) -> str:
        return self.gcloud("run", *words, f"--region={self.region}", limit=limit)


def pairs(text: str) -> dict[str, str]:
    """Read `a=1,b=2`, or the names alone."""
    return {name: value for name, _, value in (pair.partition("=") for pair in text.split(",") if pair)}


def repository(image: str) -> str:
    """Return *image* without its digest or tag."""
    return re.sub(r"[@:][^/]*$", "", image)


def run(*command: str, limit: float) -> str:
    """
    Run *command* and return what it printed; nothing of it is left behind, whatever happens.

    It has a session of its own, so that Ctrl-C reaches it through here only;
    and no signal comes between its start and our knowing of it.

    Raises:
        Failure: If it fails, is not installed, or takes longer than *limit* seconds.
    """
    held = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    process = None
    try:
        process = subprocess.Popen(  # noqa: S603 - no shell, and the words are ours
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
        printed, complaint = process.communicate(timeout=limit)
    except OSError as error:
        raise Failure(f"{command[0]} is not installed, or not on the PATH ({error.strerror}).") from error
    except subprocess.TimeoutExpired as error:
        raise Failure(f"`{' '.join(command)}` did not end within {limit:.0f} s.") from error
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
        if process is not None and process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    if process.returncode != 0:
        raise Failure(f"`{' '.join(command)}` failed with code {process.returncode}:\n{complaint.strip()}")
    return printed
