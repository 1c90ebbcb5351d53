#!/usr/bin/env python3
"""
Put an image into service on Cloud Run, or go back to what served before.

Either all of it is done, or what served before serves on: also if something
fails, and if Ctrl-C or SIGTERM interrupts it. Only SIGKILL leaves things as they
are at that moment; the next release puts them in order.

exit codes: 0 done; 1 failed, and what served before serves; 2 not understood;
3 failed, and traffic could not be put back; 129, 130 or 143 interrupted, and
what served before serves.
"""

import argparse
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NoReturn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the script may be run from anywhere

from infra.cloud_run import READ, SIGNALS, Cloud, Failure, Service, repository, run
from infra.smoke import PAUSE, Caller, answers, gets_traffic, identity, keeps_strangers_out, processes

PREVIOUS: Final = "previous"
"""The tag of what served before the last release; the platform itself has no notion of it."""
TRIAL: Final = re.compile(r"c-[0-9a-f]{7}")
"""The tag of a revision on trial; a tag begins with a letter."""
LONGEST_NAME: Final = 46 - len("c-0123456")
"""A tag and the service's name share one label of a host name."""
TRIES: Final = 3
ROUNDS: Final = 8
"""Looks at a service until traffic follows; the platform may be late to call a revision its latest ready one."""


class Interrupted(BaseException):
    """Somebody asked for the end; *number* is the signal."""

    def __init__(self, number: int) -> None:
        """Remember *number*."""
        super().__init__(f"interrupted by {signal.Signals(number).name}")
        self.number = number


def promotion(now: Service, *, revision: str, served: str, image: str) -> list[str]:
    """
    Return what gives all traffic to the *revision* that was tried, by its name, and marks the way back.

    *served* is the image that served most. Neither a placeholder nor the same
    image once more is worth going back to. All trials end with this one: their
    revisions are older, or their releases were killed.
    """
    trials = sorted(tag for tag in now.tags if TRIAL.fullmatch(tag))
    flags = [f"--to-revisions={revision}=100", f"--remove-tags={','.join(trials)}"]
    is_a_way_back = repository(served) == repository(image) and served != image
    return [*flags, f"--update-tags={PREVIOUS}={now.main}"] if is_a_way_back else flags


def restoration(before: Service, *trials: str) -> list[str]:
    """Return what serves as *before* again, by the revisions' names, without the tags of *trials*."""
    flags = ["--to-revisions=" + ",".join(f"{revision}={percent}" for revision, percent in before.shares.items())]
    gone = list(trials)
    if PREVIOUS in before.tags:
        flags.append(f"--update-tags={PREVIOUS}={before.tags[PREVIOUS].revision}")
    else:
        gone.append(PREVIOUS)
    return [*flags, f"--remove-tags={','.join(gone)}"] if gone else flags


def in_between(before: Service, now: Service, *, revision: str) -> str | None:
    """Say what somebody else has done since this release began, if anything."""
    if now.created != revision:
        return f"Somebody else has deployed {now.created} since; see whether it is still being released."
    if now.shares != before.shares:
        return f"Somebody else has moved traffic since, from {before} to {now}; find out why, then try again."
    return None


def release(cloud: Cloud, options: argparse.Namespace) -> None:
    """Start an image without traffic, try it, and let traffic follow it."""
    before = cloud.describe()
    say(f"serving: {before}")
    image, served = cloud.by_digest(options.image), cloud.image_of(before.main)
    token = identity(cloud, options.impersonate)
    trial = f"c-{options.commit[:7]}"
    with all_or_nothing(cloud) as undo:
        say(f"starting {image}, without traffic")
        revision = cloud.start(image)
        undo[:] = [f"--remove-tags={trial}"]
        cloud.route(f"--update-tags={trial}={revision}")
        tagged = cloud.describe().tags.get(trial)
        if tagged is None or tagged.revision != revision:
            raise Failure(f"Somebody else releases the same commit: {trial} is {tagged}. Let one of the two end first.")
        say(f"trying {revision} at {tagged.url}")
        caller = Caller(tagged.url, token, time.monotonic() + options.patience)
        commit = answers(caller, revision)
        if commit != options.commit:
            raise Failure(f"{image} was built from {commit}, not from {options.commit}: see --build-arg COMMIT.")
        keeps_strangers_out(caller, revision)
        processes(caller, revision)
        now = cloud.describe()
        if reason := in_between(before, now, revision=revision):
            raise Failure(reason)
        say(f"moving all traffic to {revision}")
        undo[:] = restoration(before, trial)
        cloud.route(*promotion(now, revision=revision, served=served, image=image))
        gets_traffic(Caller(before.url, token, time.monotonic() + options.patience), revision)
    if not _follows(cloud, revision):
        say(f"traffic may be pinned to {revision} until the next release; what Terraform changes waits until then")
    say(f"done: {before.url} answers from {revision}, commit {commit}")


def _follows(cloud: Cloud, revision: str) -> bool:
    """
    Unpin traffic, if the newest revision is the one that serves; say whether it is seen to follow.

    What somebody else has made meanwhile was not tried: then it is pinned again.
    """
    for _ in range(ROUNDS):
        with suppress(Failure):
            now = cloud.describe()
            if now.created != revision:
                if not now.follows:
                    return False
                cloud.route(f"--to-revisions={revision}=100")
            elif now.follows:
                return True
            elif now.ready == revision:
                cloud.route("--to-latest")
            else:
                time.sleep(PAUSE)
    return False


def rollback(cloud: Cloud, options: argparse.Namespace) -> None:
    """Go back to what served before the last release; once more, and it returns."""
    before = cloud.describe()
    say(f"serving: {before}")
    target = before.tags.get(PREVIOUS)
    if target is None:
        by_hand = cloud.routing("--to-revisions=REVISION=100")
        raise Failure(f"No revision is tagged `{PREVIOUS}`: nothing was released over another yet. By hand: {by_hand}")
    by_hand = cloud.routing(f"--to-revisions={target.revision}=100")
    left = [revision for revision in before.shares if revision != target.revision]
    if not left:
        raise Failure(f"{target.revision}, tagged `{PREVIOUS}`, serves already.")
    token = identity(cloud, options.impersonate)
    say(f"trying {target.revision} at {target.url}")
    try:
        caller = Caller(target.url, token, time.monotonic() + options.patience)
        commit = answers(caller, target.revision)
    except Failure as failure:
        raise Failure(f"{failure}\nTo go back to it all the same: {by_hand}") from failure
    keeps_strangers_out(caller, target.revision)
    way_back = max(left, key=before.shares.__getitem__)
    with all_or_nothing(cloud) as undo:
        now = cloud.describe()
        if (now.shares, now.tags.get(PREVIOUS)) != (before.shares, target):
            raise Failure(f"Somebody else has moved traffic since, from {before} to {now}; look again, then go back.")
        say(f"moving all traffic to {target.revision}")
        undo[:] = restoration(now)
        cloud.route(f"--to-revisions={target.revision}=100", f"--update-tags={PREVIOUS}={way_back}")
        gets_traffic(Caller(before.url, token, time.monotonic() + options.patience), target.revision)
    say(f"done: {before.url} answers from {target.revision}, commit {commit}, until the next release")
    say(f"another rollback returns to {way_back}")


def preflight(cloud: Cloud, options: argparse.Namespace) -> None:
    """See that the work tree is a commit without changes, and that there is a service to try it on."""
    changes = run("git", "status", "--porcelain", "--untracked-files=all", limit=READ)
    if changes:
        raise Failure(f"Only a commit can be released. Commit, ignore or remove:\n{changes.rstrip()}")
    head = run("git", "rev-parse", "HEAD", limit=READ).strip()
    if head != options.commit:
        raise Failure(f"The work tree is at {head}, and {options.commit} is to be released. Begin anew.")
    cloud.describe()
    identity(cloud, options.impersonate)
    say(f"ready to release {head}")


@contextmanager
def all_or_nothing(cloud: Cloud) -> Iterator[list[str]]:
    """
    Put back what served before if the block fails or is interrupted.

    The block keeps in the list what that takes, and changes it before each
    step. A second signal changes nothing any more.
    """
    undo: list[str] = []
    try:
        yield undo
        _ignore_signals()  # it is done, whatever comes now
    except BaseException as reason:
        _ignore_signals()
        if undo:
            say("putting back what was there before; this takes a moment")
        if undo and not _is_put_back(cloud, undo):
            by_hand = cloud.routing(*undo)
            if undo[0].startswith("--to-revisions"):
                raise Failure(f"{reason}\nTraffic could not be put back. By hand: {by_hand}", code=3) from reason
            say(f"the tag could not be removed, which harms nobody; by hand: {by_hand}")
        with suppress(Failure):
            say(f"serving: {cloud.describe()}")
        raise


def _is_put_back(cloud: Cloud, undo: list[str]) -> bool:
    for _ in range(TRIES):
        with suppress(Failure):
            cloud.route(*undo)
            return True
    return False


def _interrupt(number: int, _: object) -> NoReturn:
    _ignore_signals()
    raise Interrupted(number)


def _ignore_signals() -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def say(line: str) -> None:
    """Tell the progress, at once also in a build's log; that nobody listens any more changes nothing."""
    with suppress(OSError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--project", type=_named(r".+"), required=True, help="the Google project's id")
    common.add_argument("--region", type=_named(r".+"), required=True, help="the region, such as europe-west1")
    common.add_argument(
        "--service",
        type=_named(f"[a-z][a-z0-9-]{{0,{LONGEST_NAME - 1}}}"),
        default="afterword",
        help=f"the service's name, at most {LONGEST_NAME} characters (default: %(default)s)",
    )
    common.add_argument(
        "--impersonate", metavar="ACCOUNT", help="who calls the service (default: its build account, SERVICE-build@…)"
    )
    calling = argparse.ArgumentParser(add_help=False)
    calling.add_argument(
        "--patience",
        metavar="SECONDS",
        type=float,
        default=300,
        help="how long a revision may take to do its work, and traffic to arrive (default: %(default)s each)",
    )
    top = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for command, parents in ((release, [common, calling]), (rollback, [common, calling]), (preflight, [common])):
        added = commands.add_parser(
            command.__name__, parents=parents, help=command.__doc__, description=command.__doc__
        )
        added.set_defaults(command=command)
    image, commit = commands.choices["release"], _named("[0-9a-f]{40}")
    image.add_argument("--image", type=_named(r".+"), required=True, metavar="REPOSITORY:TAG|REPOSITORY@DIGEST")
    for named in (image, commands.choices["preflight"]):
        named.add_argument("--commit", type=commit, required=True, help="what the image is built from: all 40 digits")
    return top


def _named(pattern: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise argparse.ArgumentTypeError(f"{text!r} is not of the form {pattern}" if text else "it is empty")
        return text

    return check


def main() -> int:
    """Do what the command line says, and return the exit code."""
    options = parser().parse_args()
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # `nohup` has its reason
            signal.signal(number, _interrupt)
    try:
        options.command(Cloud(options.project, options.region, options.service), options)
    except Failure as failure:
        sys.stderr.write(f"error: {failure}\n")
        return failure.code
    except Interrupted as interruption:
        sys.stderr.write(f"{interruption}\n")
        return 128 + interruption.number
    return 0


if __name__ == "__main__":
    sys.exit(main())
