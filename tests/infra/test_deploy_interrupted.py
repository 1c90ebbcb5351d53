"""A release or a rollback that is interrupted: by Ctrl-C, by a build's end, more than once."""

import signal
import subprocess

import pytest

from tests.infra.fake_cloud_run import Program
from tests.infra.rehearsal import AFTER, BEFORE, NEW, TRIAL, Rehearsal, assert_nothing_has_changed, finished, image
from tests.processes import vanishes


def interrupted(process: subprocess.Popen[str], number: signal.Signals) -> subprocess.CompletedProcess[str]:
    """Interrupt the script, and wait for its end."""
    process.send_signal(number)
    return finished(process)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_interrupted_while_gcloud_deploys(platform: Rehearsal, number: signal.Signals) -> None:
    """And with it goes gcloud, which is not left to finish what nobody waits for."""
    platform.trouble("run deploy", "hang")
    release = platform.begin_release()
    platform.wait_until_gcloud_hangs()

    done = interrupted(release, number)

    assert done.returncode == 128 + number
    assert done.stderr == f"interrupted by {number.name}\n"
    assert all(vanishes(pid) for pid in platform.pids)
    assert_nothing_has_changed(platform)


def test_interrupted_when_the_revision_has_started(platform: Rehearsal) -> None:
    """It stays, without traffic and without a name of its own, and costs nothing."""
    platform.trouble("run deploy", "hang after")
    release = platform.begin_release()
    platform.wait_until_gcloud_hangs()

    done = interrupted(release, signal.SIGTERM)

    assert done.returncode == 143
    assert platform.state["service"]["created"] == AFTER
    assert_nothing_has_changed(platform)


@pytest.mark.parametrize("trouble", ["hang", "hang after"])
def test_interrupted_while_the_trial_is_tagged(platform: Rehearsal, trouble: str) -> None:
    """Whether the tag is there is not known, so it is removed."""
    platform.trouble("run services update-traffic", trouble)
    release = platform.begin_release()
    platform.wait_until_gcloud_hangs()

    done = interrupted(release, signal.SIGTERM)

    assert done.returncode == 143
    assert platform.changes[-1] == f"run services update-traffic --remove-tags={TRIAL}"
    assert_nothing_has_changed(platform)


@pytest.mark.parametrize(
    ("call", "number"), [("GET", signal.SIGTERM), ("POST", signal.SIGINT), ("DELETE", signal.SIGTERM)]
)
def test_interrupted_during_the_trial(platform: Rehearsal, call: str, number: signal.Signals) -> None:
    """A call that is not answered must not keep anybody waiting."""
    platform.cloud.holds = f"{call} /{TRIAL}/"
    release = platform.begin_release()
    assert platform.cloud.reached.wait(30)

    done = interrupted(release, number)

    assert done.returncode == 128 + number
    assert done.stdout.splitlines()[-1] == f"serving: {BEFORE} 100 %"
    assert_nothing_has_changed(platform)


def test_interrupted_between_the_trial_and_the_traffic(platform: Rehearsal) -> None:
    """The last moment at which nothing has happened yet."""
    platform.trouble("run services describe", "pass", "pass", "pass", "hang")
    release = platform.begin_release()
    platform.wait_until_gcloud_hangs()

    done = interrupted(release, signal.SIGTERM)

    assert done.returncode == 143
    assert f"DELETE /{TRIAL}/tasks/task-1" in platform.cloud.calls
    assert not any("--to-revisions" in change for change in platform.changes)
    assert_nothing_has_changed(platform)


@pytest.mark.parametrize("trouble", ["hang", "hang after"])
def test_interrupted_while_traffic_moves(platform: Rehearsal, trouble: str) -> None:
    """Whether it has moved is not known, so it is moved back."""
    platform.trouble("run services update-traffic", "pass", trouble)
    release = platform.begin_release()
    platform.wait_until_gcloud_hangs()

    done = interrupted(release, signal.SIGTERM)

    assert done.returncode == 143
    assert done.stdout.splitlines()[-1] == f"serving: {BEFORE} 100 %"
    assert_nothing_has_changed(platform)


def test_interrupted_before_traffic_has_been_seen_to_arrive(platform: Rehearsal) -> None:
    """Until then nobody has said that it is done."""
    platform.cloud.holds = "GET /service/"
    release = platform.begin_release()
    assert platform.cloud.reached.wait(30)
    assert platform.serving == {AFTER: 100}

    done = interrupted(release, signal.SIGTERM)

    assert done.returncode == 143
    assert_nothing_has_changed(platform)


def test_a_second_interruption_does_not_stop_the_putting_back(platform: Rehearsal) -> None:
    """Whoever presses Ctrl-C presses it twice."""
    platform.trouble("run services update-traffic", "pass", "hang after", "wait")
    release = platform.begin_release()
    platform.wait_until_gcloud_hangs()
    release.send_signal(signal.SIGINT)
    platform.wait_until_gcloud_hangs()

    release.send_signal(signal.SIGINT)
    release.send_signal(signal.SIGTERM)
    (platform.folder / "go").write_text("")
    done = finished(release)

    assert done.returncode == 130
    assert_nothing_has_changed(platform)


def test_an_interruption_does_not_stop_the_putting_back_after_a_failure(platform: Rehearsal) -> None:
    """A release that fails anyway must not leave less behind than one that is interrupted."""
    platform.cloud.programs[image(NEW)] = Program(commit=NEW, ready=False)
    platform.trouble("run services update-traffic", "pass", "wait")
    release = platform.begin_release("--patience=0")
    platform.wait_until_gcloud_hangs()

    release.send_signal(signal.SIGTERM)
    (platform.folder / "go").write_text("")
    done = finished(release)

    assert done.returncode == 1
    assert "is not ready" in done.stderr
    assert_nothing_has_changed(platform)


def test_an_interrupted_rollback_goes_nowhere(platform: Rehearsal) -> None:
    """It too is all or nothing, with the way back where it was."""
    platform.release()
    platform.trouble("run services update-traffic", "hang after")
    going_back = platform.start("rollback")
    platform.wait_until_gcloud_hangs()
    assert platform.serving == {BEFORE: 100}

    done = interrupted(going_back, signal.SIGINT)

    assert done.returncode == 130
    assert (platform.serving, platform.tags) == ({AFTER: 100}, {"previous": BEFORE})
