"""A rollback, and what comes after one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.infra.fake_cloud_run import Check, Program
from tests.infra.rehearsal import NEW, OLD, Rehearsal, finished, image, rehearsal

FIRST, SECOND = "afterword-00002-abc", "afterword-00003-abc"


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Rehearsal]:
    """A service on which the new commit was released over the old one."""
    with rehearsal(tmp_path) as made:
        made.serve(
            {"latestRevision": True, "percent": 100},
            {"revisionName": FIRST, "tag": "previous"},
            latest=SECOND,
            afterword_00002_abc=image(OLD),
            afterword_00003_abc=image(NEW),
        )
        yield made


def test_a_rollback_returns_to_what_served_before(platform: Rehearsal) -> None:
    """In one call, by name; and it says what that means for the next release."""
    done = platform.run("rollback")

    url = platform.state["urls"]["service"]
    assert (done.returncode, done.stderr) == (0, "")
    assert platform.changes == [
        f"run services update-traffic --to-revisions={FIRST}=100 --update-tags=previous={SECOND}"
    ]
    assert done.stdout.splitlines()[-2:] == [
        f"done: {url} answers from {FIRST}, commit {OLD}, until the next release",
        f"another rollback returns to {SECOND}",
    ]
    assert platform.serving == {FIRST: 100}


def test_a_rollback_looks_before_it_leaps(platform: Rehearsal) -> None:
    """What served a month ago may not find its database any more; that is seen before anybody gets there."""
    platform.cloud.programs[image(OLD)].ready = False

    done = platform.run("rollback", "--patience=0")

    assert done.returncode == 1
    assert f"{FIRST} is not ready" in done.stderr
    assert (
        f"To go back to it all the same: gcloud run services update-traffic afterword --to-revisions={FIRST}=100"
        in (done.stderr)
    )
    assert platform.changes == []


@pytest.mark.parametrize("check", [Check.NONE, Check.PLATFORM], ids=lambda check: check.name)
def test_nobody_goes_back_to_what_lets_strangers_in(platform: Rehearsal, check: Check) -> None:
    """It was made before the service was opened, when Cloud Run still looked at everybody first."""
    platform.cloud.public = True
    platform.cloud.programs[image(OLD)].check = check

    done = platform.run("rollback")

    assert done.returncode == 1
    assert f"{FIRST} should refuse whoever comes" in done.stderr
    assert platform.changes == []


def test_a_second_rollback_returns(platform: Rehearsal) -> None:
    """Whoever went back by mistake has not lost the way."""
    platform.run("rollback")

    done = platform.run("rollback")

    assert done.returncode == 0
    assert (platform.serving, platform.tags) == ({SECOND: 100}, {"previous": FIRST})


def test_a_release_after_a_rollback_lets_traffic_follow_again(platform: Rehearsal) -> None:
    """A rollback pins; a release that left it so would change nothing for anybody, and be green."""
    platform.run("rollback")
    third = "e" * 40
    platform.cloud.programs[image(third)] = Program(commit=third)

    done = platform.run("release", f"--image={image(third)}", f"--commit={third}")

    assert done.returncode == 0
    assert (platform.serving, platform.follows_latest) == ({"afterword-00004-abc": 100}, True)


def test_a_rollback_out_of_a_split_returns_to_its_larger_part(platform: Rehearsal) -> None:
    """One of the two was the way back already."""
    platform.serve(
        {"revisionName": FIRST, "percent": 60},
        {"revisionName": SECOND, "percent": 40},
        {"revisionName": FIRST, "tag": "previous"},
        latest=SECOND,
        afterword_00002_abc=image(OLD),
        afterword_00003_abc=image(NEW),
    )

    done = platform.run("rollback")

    assert done.returncode == 0
    assert (platform.serving, platform.tags) == ({FIRST: 100}, {"previous": SECOND})


def test_without_a_way_back_it_says_so(platform: Rehearsal) -> None:
    """After the first release there is none, and nobody should have to guess why."""
    platform.serve({"latestRevision": True, "percent": 100}, latest=FIRST, afterword_00002_abc=image(OLD))

    done = platform.run("rollback")

    assert done.returncode == 1
    assert "No revision is tagged `previous`" in done.stderr
    assert "--to-revisions=REVISION=100" in done.stderr
    assert platform.changes == []


def test_who_has_gone_back_by_hand_is_there_already(platform: Rehearsal) -> None:
    """Moved by hand, traffic leaves the tag where it was."""
    platform.serve(
        {"revisionName": FIRST, "percent": 100},
        {"revisionName": FIRST, "tag": "previous"},
        latest=FIRST,
        afterword_00002_abc=image(OLD),
    )

    done = platform.run("rollback")

    assert done.returncode == 1
    assert f"{FIRST}, tagged `previous`, serves already" in done.stderr
    assert platform.changes == []


def test_a_rollback_that_fails_goes_nowhere(platform: Rehearsal) -> None:
    """What served before serves, and the way back is where it was."""
    platform.trouble("run services update-traffic", "fail")

    done = platform.run("rollback")

    assert done.returncode == 1
    assert platform.changes[-1] == (
        f"run services update-traffic --to-revisions={SECOND}=100 --update-tags=previous={FIRST}"
    )
    assert (platform.serving, platform.tags) == ({SECOND: 100}, {"previous": FIRST})


def test_a_rollback_is_not_undone_because_gcloud_complains(platform: Rehearsal) -> None:
    """It complains for as long as the newest revision is broken, which is why somebody goes back."""
    platform.trouble("run services update-traffic", "fail after")

    done = platform.run("rollback")

    assert (done.returncode, done.stderr) == (0, "")
    assert (platform.serving, platform.tags) == ({FIRST: 100}, {"previous": SECOND})


def test_a_rollback_does_not_take_back_a_release_that_it_has_not_seen(platform: Rehearsal) -> None:
    """Whoever released meanwhile believes that it serves."""
    third = "afterword-00004-abc"
    platform.trouble("run services describe", "pass", "wait")
    rollback = platform.start("rollback")
    platform.wait_until_gcloud_hangs()
    state = platform.state
    platform.change(
        service=state["service"] | {"created": third, "ready": third},
        revisions=state["revisions"] | {third: image(NEW)},
    )
    (platform.folder / "go").write_text("")
    done = finished(rollback)

    assert done.returncode == 1
    assert "Somebody else has moved traffic since" in done.stderr
    assert platform.changes == []
    assert platform.serving == {third: 100}


def test_a_rollback_that_does_not_arrive_is_taken_back(platform: Rehearsal) -> None:
    """Done is what callers see."""
    platform.cloud.stuck_at = SECOND

    done = platform.run("rollback", "--patience=0")

    assert done.returncode == 1
    assert f"should answer from {FIRST} by now" in done.stderr
    assert platform.serving == {SECOND: 100}
