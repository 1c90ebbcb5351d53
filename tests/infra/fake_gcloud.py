"""
A stand-in for `gcloud`: one service, kept in a file, changed as gcloud 528 and Cloud Run change it.

It knows the commands that a deployment needs and no other. Its folder, named by
`FAKE_GCLOUD`, holds `state.json`; it adds a line to `calls.jsonl` for each call.
The state's `troubles` say what is to happen to a command's next calls:

pass         nothing
fail         it fails before it has changed anything
fail after   it changes everything, and fails then
hang         it hangs before it has changed anything, and tells so by a file `hanging`
hang after   it changes everything, and hangs then
wait         it hangs until somebody writes to the pipe `go`, then goes on
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

type State = dict[str, Any]
type Flags = dict[str, str]

FOLDER: Final = Path(os.environ["FAKE_GCLOUD"])
FOR_EVERY: Final = {"--quiet", "--project"}
HANGS_AT_MOST: Final = 60


class Refused(Exception):
    """What gcloud says, and its exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        """Keep both."""
        super().__init__(message)
        self.code = code


def describe_service(state: State, names: Sequence[str], flags: Flags) -> str:
    """Print the service."""
    service = _service(state, names[0])
    _expect(flags, "--format=json")
    traffic = [
        target
        | {"revisionName": _revision(service, target)}
        | ({"url": state["urls"]["tag"].format(tag=target["tag"])} if "tag" in target else {})
        for target in service["traffic"]
    ]
    status = {
        "url": state["urls"]["service"],
        "latestCreatedRevisionName": service["created"],
        "latestReadyRevisionName": service["ready"],
        "observedGeneration": service["generation"],
        "traffic": traffic,
    }
    spec = {
        "template": {"spec": {"containers": [{"image": service["image"]}]}},
        "traffic": service["traffic"],
    }
    return json.dumps({"metadata": {"name": names[0]}, "spec": spec, "status": status})


def describe_revision(state: State, names: Sequence[str], flags: Flags) -> str:
    """Print a revision."""
    _expect(flags, "--format=json")
    if names[0] not in state["revisions"]:
        raise Refused(f"Cannot find revision [{names[0]}].")
    return json.dumps({"spec": {"containers": [{"image": state["revisions"][names[0]]}]}})


def deploy(state: State, names: Sequence[str], flags: Flags) -> str:
    """Make a revision; it follows the traffic's `LATEST` as soon as it is ready."""
    if state["service"] is None:
        raise Refused("--no-traffic not supported when creating a new service.")
    service = _service(state, names[0])
    if "--no-traffic" in flags:
        _pin(service)
    service["generation"] += 1
    revision = f"{names[0]}-{service['generation']:05d}-abc"
    service["image"] = state["revisions"][revision] = flags["--image"]
    service["created"] = revision
    if flags["--image"] in state["broken"]:
        raise Refused(f"Revision '{revision}' is not ready and cannot serve traffic.")
    if "--no-traffic" not in flags:  # else the platform notices only when it gets some
        service["ready"] = revision
    return ""


def update_traffic(state: State, names: Sequence[str], flags: Flags) -> str:
    """Change the tags first, then the percentages."""
    service = _service(state, names[0])
    updated = _pairs(flags.get("--update-tags", ""))
    gone = {*updated, *flags.get("--remove-tags", "").split(",")}
    tags = {target["tag"]: _key(target) for target in service["traffic"] if target.get("tag", "") not in {*gone, ""}}
    tags |= updated
    shares = {_key(target): target["percent"] for target in service["traffic"] if target.get("percent")}
    if "--to-latest" in flags:
        shares = {"LATEST": 100}
    if "--to-revisions" in flags:
        shares = {revision: int(percent) for revision, percent in _pairs(flags["--to-revisions"]).items()}
    if sum(shares.values()) != 100:
        raise Refused("Every target with traffic is updated but 100% of traffic has not been specified.")
    unknown = {*shares, *tags.values()} - {"LATEST", *state["revisions"]}
    if unknown:
        raise Refused(f"Revision {', '.join(unknown)} not found.")
    if service["created"] in shares:
        service["ready"] = service["created"]
    service["traffic"] = [_target(key) | {"percent": percent} for key, percent in shares.items()]
    service["traffic"] += [_target(key) | {"tag": tag} for tag, key in tags.items()]
    return "Traffic:"


def describe_image(state: State, names: Sequence[str], flags: Flags) -> str:
    """Print an image's digest."""
    _expect(flags, "--format=json")
    if names[0] not in state["images"]:
        raise Refused("Image not found.")
    return json.dumps({"image_summary": {"digest": state["images"][names[0]]}})


def access_token(_: State, __: Sequence[str], ___: Flags) -> str:
    """Print a token for Google's interfaces."""
    return "access-token"


COMMANDS: Final[dict[str, tuple[Callable[[State, Sequence[str], Flags], str], set[str]]]] = {
    "run services describe": (describe_service, {"--region", "--format"}),
    "run services update-traffic": (
        update_traffic,
        {"--region", "--to-latest", "--to-revisions", "--update-tags", "--remove-tags"},
    ),
    "run revisions describe": (describe_revision, {"--region", "--format"}),
    "run deploy": (deploy, {"--region", "--image", "--no-traffic"}),
    "artifacts docker images describe": (describe_image, {"--format"}),
    "auth print-access-token": (access_token, set()),
}


def _service(state: State, name: str) -> State:
    if state["service"] is None or state["service"]["name"] != name:
        raise Refused(f"Cannot find service [{name}]")
    service: State = state["service"]
    return service


def _pin(service: State) -> None:
    """What followed the latest revision stays with the one that is ready now."""
    for target in service["traffic"]:
        if target.pop("latestRevision", False):
            target["revisionName"] = service["ready"]


def _revision(service: State, target: State) -> str:
    return str(service["ready"] if target.get("latestRevision") else target["revisionName"])


def _key(target: State) -> str:
    return "LATEST" if target.get("latestRevision") else str(target["revisionName"])


def _target(key: str) -> State:
    return {"latestRevision": True} if key == "LATEST" else {"revisionName": key}


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split(",") if pair)


def _expect(flags: Flags, flag: str) -> None:
    name, _, value = flag.partition("=")
    if flags.get(name) != value:
        raise Refused(f"this stand-in prints nothing but JSON: {flag}", 2)


def _understand(words: list[str]) -> tuple[str, list[str], Flags]:
    """Split a command line into the command, what it is about, and its flags."""
    plain = [word for word in words if not word.startswith("--")]
    flags = {name: value for name, _, value in (word.partition("=") for word in words if word.startswith("--"))}
    for command, (_, known) in COMMANDS.items():
        length = len(command.split())
        if plain[:length] == command.split():
            needed = FOR_EVERY | (known & {"--region"})
            if not needed <= set(flags) <= known | FOR_EVERY:
                raise Refused(f"unrecognized or missing arguments: {' '.join(flags)}", 2)
            return command, plain[length:], flags
    raise Refused(f"Invalid choice: {' '.join(plain)}", 2)


def _hang() -> None:
    signal.alarm(HANGS_AT_MOST)
    (FOLDER / "hanging").touch()
    signal.pause()


def _wait() -> None:
    signal.alarm(HANGS_AT_MOST)
    (FOLDER / "hanging").touch()
    (FOLDER / "go").read_text()


def _load() -> State:
    state: State = json.loads((FOLDER / "state.json").read_text())
    return state


def _save(state: State) -> None:
    """Put the file in place as a whole: the service's stand-in reads it at any time."""
    draft = FOLDER / "state.new"
    draft.write_text(json.dumps(state, indent=1))
    draft.replace(FOLDER / "state.json")


def _next_trouble(command: str) -> str:
    state = _load()
    troubles = state["troubles"].get(command, [])
    trouble = troubles.pop(0) if troubles else "pass"
    _save(state)
    return str(trouble)


def _carry_out(command: str, names: list[str], flags: Flags) -> str:
    trouble = _next_trouble(command)
    if trouble == "fail":
        raise Refused("the platform has trouble")
    if trouble == "hang":
        _hang()
    if trouble == "wait":
        _wait()
    state = _load()
    try:
        printed = COMMANDS[command][0](state, names, flags)
    finally:
        _save(state)
    if trouble == "fail after":
        raise Refused("the answer was lost")
    if trouble == "hang after":
        _hang()
    return printed


def main() -> int:
    """Do as gcloud would."""
    with (FOLDER / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps({"words": sys.argv[1:], "pid": os.getpid()}) + "\n")
    try:
        command, names, flags = _understand(sys.argv[1:])
        sys.stdout.write(_carry_out(command, names, flags) + "\n")
    except Refused as refusal:
        sys.stderr.write(f"ERROR: (gcloud) {refusal}\n")
        return refusal.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
