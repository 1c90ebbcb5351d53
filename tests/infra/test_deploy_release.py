"""A release: all of it, or what served before."""

import os

import pytest

from infra.deploy import ROUNDS
from tests.infra.fake_cloud_run import BUILD, Program
from tests.infra.rehearsal import (
    AFTER,
    BEFORE,
    NEW,
    OLD,
    PLACEHOLDER,
    REPOSITORY,
    TRIAL,
    Rehearsal,
    assert_nothing_has_changed,
    image,
)

PROMOTION = (
    f"run services update-traffic --to-revisions={AFTER}=100 --remove-tags={TRIAL} --update-tags=previous={BEFORE}"
)


def test_a_release_tries_the_image_before_anybody_gets_to_it(platform: Rehearsal) -> None:
    """By digest, without traffic, under a tag; and then all in one call."""
    done = platform.release()

    assert (done.returncode, done.stderr) == (0, "")
    assert platform.changes == [
        f"run deploy --image={image(NEW)} --no-traffic",
        f"run services update-traffic --update-tags={TRIAL}={AFTER}",
        PROMOTION,
        "run services update-traffic --to-latest",
    ]
    assert platform.cloud.calls == [
        f"POST /iam/v1/projects/-/serviceAccounts/{BUILD}:generateIdToken",
        f"GET /{TRIAL}/version",
        f"GET /{TRIAL}/health/ready",
        *[f"GET /{TRIAL}/tasks"] * 4,
        f"POST /{TRIAL}/process_document/",
        f"GET /{TRIAL}/document_status/task-1",
        f"DELETE /{TRIAL}/tasks/task-1",
        "GET /service/version",
    ]
    assert (platform.serving, platform.follows_latest, platform.tags) == ({AFTER: 100}, True, {"previous": BEFORE})


def test_a_trials_document_is_nobody_elses_and_goes_by_itself(platform: Rehearsal) -> None:
    """A second attempt would be another revision's; and a release that is killed deletes nothing."""
    platform.release()

    document = platform.cloud.bodies[f"POST /{TRIAL}/process_document/"]
    assert (document["max_attempts"], document["ttl_seconds"]) == (1, 3600)


def test_every_step_is_told_in_a_line(platform: Rehearsal) -> None:
    """The log of a build is all that is left of it."""
    told = platform.release().stdout

    assert told.splitlines() == [
        f"serving: {BEFORE} 100 %",
        f"starting {image(NEW)}, without traffic",
        f"trying {AFTER} at {platform.state['urls']['tag'].format(tag=TRIAL)}",
        f"moving all traffic to {AFTER}",
        f"done: {platform.state['urls']['service']} answers from {AFTER}, commit {NEW}",
    ]


def test_a_release_asks_nothing_and_names_its_project_in_every_call(platform: Rehearsal) -> None:
    """A question stops a pipeline for ever, and a laptop's default project is some other one."""
    platform.release()

    assert [call for call in platform.calls if not {"--quiet", "--project=a-project"} <= set(call)] == []
    assert [call for call in platform.calls if call[0] == "run" and "--region=europe-west1" not in call] == []


def test_an_image_named_by_digest_is_taken_at_its_word(platform: Rehearsal) -> None:
    """Nobody needs to read the registry who knows what was built."""
    done = platform.run("release", f"--image={image(NEW)}", f"--commit={NEW}")

    assert done.returncode == 0
    assert platform.changes[0] == f"run deploy --image={image(NEW)} --no-traffic"
    assert not any("artifacts" in call for call in platform.calls)


@pytest.mark.parametrize(
    ("program", "complaint"),
    [
        (Program(commit="c" * 40), "was built from cccc"),
        (Program(commit=None), f"should answer from {AFTER}"),
        (Program(commit=NEW, ready=False), "is not ready: GET /health/ready answers 503"),
        (Program(commit=NEW, ends_as="failed"), "processor_crashed"),
        (Program(commit=NEW, polls=10**9), '"status": "processing"'),
    ],
    ids=["another commit", "no answer of ours", "not ready", "a document fails", "a document never ends"],
)
def test_a_revision_that_fails_its_trial_gets_no_traffic(platform: Rehearsal, program: Program, complaint: str) -> None:
    """Whatever is wrong with it is found before anybody else does."""
    platform.cloud.programs[image(NEW)] = program

    done = platform.release("--patience=0")

    assert done.returncode == 1
    assert complaint in done.stderr
    assert done.stdout.splitlines()[-1] == f"serving: {BEFORE} 100 %"
    assert platform.changes[-1] == f"run services update-traffic --remove-tags={TRIAL}"
    assert_nothing_has_changed(platform)


@pytest.mark.parametrize(
    ("command", "changes"),
    [
        ("artifacts docker images describe", []),
        ("run revisions describe", []),
        ("auth print-access-token", []),
        ("run deploy", ["run deploy"]),
    ],
)
def test_what_gcloud_says_of_a_failure_is_passed_on(platform: Rehearsal, command: str, changes: list[str]) -> None:
    """Only gcloud knows why; and before there is a trial, there is nothing to remove."""
    platform.trouble(command, "fail")

    done = platform.release()

    assert done.returncode == 1
    assert "ERROR: (gcloud) the platform has trouble" in done.stderr
    assert [change.split(" --")[0] for change in platform.changes] == changes
    assert_nothing_has_changed(platform)


def test_a_revision_that_never_starts_gets_no_traffic(platform: Rehearsal) -> None:
    """It stays behind as the newest, and the next release goes on from there."""
    platform.change(broken=[image(NEW)])

    failed = platform.release()

    assert failed.returncode == 1
    assert "is not ready and cannot serve traffic" in failed.stderr
    assert_nothing_has_changed(platform)

    platform.change(broken=[])
    assert platform.release().returncode == 0
    assert platform.serving == {"afterword-00004-abc": 100}


def test_a_tag_that_cannot_be_set_ends_it(platform: Rehearsal) -> None:
    """Without a tag there is no address at which to try anything."""
    platform.trouble("run services update-traffic", "fail")

    done = platform.release()

    assert done.returncode == 1
    assert_nothing_has_changed(platform)


def test_what_was_done_counts_and_not_what_gcloud_says(platform: Rehearsal) -> None:
    """It also fails when the answer was lost, or when some other revision is not well."""
    platform.trouble("run services update-traffic", "fail after", "fail after", "fail after")

    done = platform.release()

    assert (done.returncode, done.stderr) == (0, "")
    assert (platform.serving, platform.follows_latest, platform.tags) == ({AFTER: 100}, True, {"previous": BEFORE})


def test_traffic_that_cannot_be_moved_stays(platform: Rehearsal) -> None:
    """And is made sure of."""
    platform.trouble("run services update-traffic", "pass", "fail")

    done = platform.release()

    assert done.returncode == 1
    assert platform.changes[-1] == (
        f"run services update-traffic --to-revisions={BEFORE}=100 --remove-tags={TRIAL},previous"
    )
    assert_nothing_has_changed(platform)


def test_traffic_that_does_not_arrive_is_moved_back(platform: Rehearsal) -> None:
    """Green is what a caller sees, not what gcloud says."""
    platform.cloud.stuck_at = BEFORE

    done = platform.release("--patience=0")

    assert done.returncode == 1
    assert f"should answer from {AFTER} by now" in done.stderr
    assert_nothing_has_changed(platform)


def test_a_split_is_put_back_as_it_was(platform: Rehearsal) -> None:
    """Ninety to ten was somebody's decision, and so was the way back."""
    oldest = "afterword-00001-abc"
    platform.serve(
        {"revisionName": BEFORE, "percent": 90},
        {"revisionName": oldest, "percent": 10},
        {"revisionName": oldest, "tag": "previous"},
        latest=BEFORE,
        afterword_00001_abc=image("d" * 40),
        afterword_00002_abc=image(OLD),
    )
    platform.cloud.stuck_at = BEFORE

    done = platform.release("--patience=0")

    assert done.returncode == 1
    assert platform.serving == {BEFORE: 90, oldest: 10}
    assert platform.tags == {"previous": oldest}


def test_traffic_that_cannot_be_put_back_is_said_with_the_command_that_does(platform: Rehearsal) -> None:
    """The one case in which somebody has to act at once."""
    platform.cloud.stuck_at = BEFORE
    platform.trouble("run services update-traffic", "pass", "pass", "fail", "fail", "fail")

    done = platform.release("--patience=0")

    assert done.returncode == 3
    assert (
        f"By hand: gcloud run services update-traffic afterword --to-revisions={BEFORE}=100 "
        f"--remove-tags={TRIAL},previous --region=europe-west1 --project=a-project"
    ) in done.stderr


def test_putting_back_is_tried_again(platform: Rehearsal) -> None:
    """Trouble rarely comes alone."""
    platform.cloud.stuck_at = BEFORE
    platform.trouble("run services update-traffic", "pass", "pass", "fail", "fail")

    done = platform.release("--patience=0")

    assert done.returncode == 1
    assert_nothing_has_changed(platform)


def test_a_tag_that_stays_behind_is_told_and_the_next_release_removes_it(platform: Rehearsal) -> None:
    """It harms nobody, but it should not stay for ever."""
    platform.cloud.programs[image(NEW)].ready = False
    platform.trouble("run services update-traffic", "pass", "fail", "fail", "fail")

    failed = platform.release("--patience=0")

    assert failed.returncode == 1
    assert "the tag could not be removed" in failed.stdout
    assert platform.serving == {BEFORE: 100}

    other = "e" * 40
    platform.cloud.programs[image(other)] = Program(commit=other)
    platform.run("release", f"--image={image(other)}", f"--commit={other}")
    assert platform.tags == {"previous": BEFORE}


def test_a_service_that_cannot_be_unpinned_serves_all_the_same(platform: Rehearsal) -> None:
    """The release is done; only the next one has something more to do."""
    platform.trouble("run services update-traffic", "pass", "pass", *["fail"] * ROUNDS)

    done = platform.release()

    assert (done.returncode, done.stderr) == (0, "")
    assert f"traffic may be pinned to {AFTER}" in done.stdout
    assert (platform.serving, platform.tags) == ({AFTER: 100}, {"previous": BEFORE})


def test_nobody_reading_on_changes_nothing(platform: Rehearsal) -> None:
    """A terminal that was closed, or `| head`, must not leave traffic in the middle."""
    release = platform.begin_release()
    assert release.stdout is not None
    release.stdout.readline()
    release.stdout.close()
    release.wait(timeout=60)
    assert release.stderr is not None
    release.stderr.close()

    assert platform.serving == {AFTER: 100}
    assert platform.tags == {"previous": BEFORE}


def test_a_placeholder_is_nothing_to_go_back_to(platform: Rehearsal) -> None:
    """The first release has no way back: what was there before answers hello to everything."""
    platform.serve(
        {"latestRevision": True, "percent": 100}, latest="afterword-00001-abc", afterword_00001_abc=PLACEHOLDER
    )

    done = platform.release()

    assert done.returncode == 0
    assert (platform.serving, platform.tags) == ({BEFORE: 100}, {})


def test_the_same_image_once_more_keeps_the_way_back(platform: Rehearsal) -> None:
    """A build that is repeated would else lead from the new commit back to the new commit."""
    platform.release()

    again = platform.release()

    assert again.returncode == 0
    assert (platform.serving, platform.tags) == ({"afterword-00004-abc": 100}, {"previous": BEFORE})


def test_a_service_that_does_not_exist_is_made_by_terraform(platform: Rehearsal) -> None:
    """Deployed by gcloud first, it would have none of what Terraform knows, and Terraform could not adopt it."""
    platform.change(service=None)

    done = platform.release()

    assert done.returncode == 1
    assert "`terraform apply`" in done.stderr
    assert platform.changes == []


@pytest.mark.parametrize(
    "options",
    [
        [f"--image={REPOSITORY}:{NEW}", "--commit=bbbbbbb"],
        [f"--image={REPOSITORY}:{NEW}", f"--commit={NEW.upper()}"],
        [f"--image={REPOSITORY}:{NEW}", f"--commit={NEW}", "--project="],
        [f"--image={REPOSITORY}:{NEW}", f"--commit={NEW}", f"--service={'s' * 38}"],
        ["--image=", f"--commit={NEW}"],
        [],
    ],
    ids=str,
)
def test_a_command_line_that_cannot_be_meant_is_refused_at_once(platform: Rehearsal, options: list[str]) -> None:
    """A tag and a service share one label of 63 characters; an empty project is a variable that nobody has set."""
    done = platform.run("release", *options)

    assert done.returncode == 2
    assert "usage:" in done.stderr
    assert not (platform.folder / "calls.jsonl").exists()


def test_without_gcloud_it_says_so(platform: Rehearsal) -> None:
    """The first thing that is missing on a new laptop."""
    platform.variables["PATH"] = os.devnull

    done = platform.release()

    assert done.returncode == 1
    assert done.stderr.startswith("error: gcloud is not installed")
