"""What a release does when somebody else releases, deploys or moves traffic at the same time."""

from collections.abc import Sequence

import pytest

from tests.infra.rehearsal import AFTER, TRIAL, Rehearsal, assert_nothing_has_changed, finished, image

THEIRS = "afterword-00009-abc"


def deploy_at_the_same_time(platform: Rehearsal, *, looks: int, tags: Sequence[dict[str, str]] = ()) -> str:
    """Let somebody else deploy when the release looks at the service for that time; return what it says in the end."""
    platform.trouble("run services describe", *["pass"] * (looks - 1), "wait")
    release = platform.begin_release()
    platform.wait_until_gcloud_hangs()
    state = platform.state
    service = state["service"] | {"created": THEIRS, "image": image("e" * 40)}
    service["traffic"] = [target for target in service["traffic"] if "tag" not in target] + list(tags)
    platform.change(service=service, revisions=state["revisions"] | {THEIRS: image("e" * 40)})
    (platform.folder / "go").write_text("")
    done = finished(release)
    assert done.returncode == 1
    return done.stderr


def test_a_revision_of_somebody_else_is_not_taken_for_ones_own(platform: Rehearsal) -> None:
    """The newest revision is not the one that was just started."""
    complaint = deploy_at_the_same_time(platform, looks=2)

    assert f"Somebody else deployed {THEIRS} at the same time" in complaint
    assert_nothing_has_changed(platform)


def test_two_releases_of_one_commit_do_not_try_each_others_revision(platform: Rehearsal) -> None:
    """They have one tag between them; what it names is what would be tried."""
    complaint = deploy_at_the_same_time(platform, looks=3, tags=[{"revisionName": THEIRS, "tag": TRIAL}])

    assert "Somebody else releases the same commit" in complaint
    assert_nothing_has_changed(platform)


def test_nobody_is_overtaken(platform: Rehearsal) -> None:
    """The latest revision is somebody else's by now; to move traffic to it would skip its trial."""
    complaint = deploy_at_the_same_time(platform, looks=4)

    assert f"Somebody else has deployed {THEIRS} since" in complaint
    assert not any("--to-revisions" in change for change in platform.changes)
    assert_nothing_has_changed(platform)


@pytest.mark.parametrize("looks", [5, 6], ids=["before traffic follows", "after it follows"])
def test_what_was_deployed_in_the_last_moment_gets_no_traffic(platform: Rehearsal, looks: int) -> None:
    """It has not been tried: what was tried keeps the traffic, by its name, until the next release."""
    platform.trouble("run services describe", *["pass"] * (looks - 1), "wait")
    release = platform.begin_release()
    platform.wait_until_gcloud_hangs()
    state = platform.state
    platform.change(
        service=state["service"] | {"created": THEIRS}, revisions=state["revisions"] | {THEIRS: image("e" * 40)}
    )
    (platform.folder / "go").write_text("")
    done = finished(release)

    assert done.returncode == 0
    assert f"traffic may be pinned to {AFTER}" in done.stdout
    assert (platform.serving, platform.follows_latest) == ({AFTER: 100}, False)
