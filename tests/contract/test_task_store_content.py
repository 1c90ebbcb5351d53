"""What every task store promises about the content of a task: kept whole, and erased in time."""

import pytest

from app.domain.errors import StaleWrite, TaskNotFound
from app.domain.task import Status
from app.engine.ports import TaskStore
from tests.contract.arrange import finished, fresh, next_revision, put, put_new

KIB = 1024
MIB = 1024 * KIB
SNOWMAN = "☃"
"""Three bytes in UTF-8."""
CLEF = "𝄞"
"""Four bytes in UTF-8, two units in UTF-16."""


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="empty"),
        pytest.param("x", id="1 byte"),
        pytest.param("\x00 and \r\n and \ufeff and \u2028 and e\u0301", id="characters that like to get lost"),
        pytest.param("añ€😀" * 1000, id="16 KiB nearly"),
        pytest.param("añ€😀" * MIB, id="10 MiB"),
    ],
)
async def test_a_text_comes_back_as_it_was(store: TaskStore, content: str) -> None:
    """Offsets of entities count in the caller's characters, so not one may change."""
    task = fresh(store, content_bytes=len(content.encode()))

    await store.create(task, content.encode())

    assert (await store.content(task)).decode() == content


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(0, id="empty"),
        pytest.param(256, id="256 bytes"),
        pytest.param(16 * KIB, id="16 KiB"),
        pytest.param(16 * KIB + 1, id="16 KiB and 1 byte"),
        pytest.param(MIB, id="1 MiB"),
        pytest.param(10 * MIB, id="10 MiB"),
    ],
)
async def test_a_file_comes_back_as_it_was(store: TaskStore, size: int) -> None:
    """A file is no text: it has NULs, and bytes that are no characters in any encoding."""
    content = (bytes(range(256)) * (size // 256 + 1))[:size]
    task = fresh(store, content_bytes=size, options={"file": True})

    await store.create(task, content)

    assert await store.content(task) == content


@pytest.mark.parametrize("shift", range(4))
@pytest.mark.parametrize("character", [SNOWMAN, CLEF])
async def test_characters_across_a_boundary_stay_whole(store: TaskStore, character: str, shift: int) -> None:
    """Whatever size a store cuts content into, a character of several bytes lies across a cut sooner or later."""
    content = b"x" * shift + character.encode() * (3 * MIB // len(character.encode()))
    task = fresh(store, content_bytes=len(content))

    await store.create(task, content)

    assert await store.content(task) == content


@pytest.mark.parametrize("size", [5, 20 * KIB, 4 * MIB])
@pytest.mark.parametrize("status", [Status.COMPLETED, Status.CANCELLED])
async def test_the_write_that_ends_a_task_erases_its_content(store: TaskStore, status: Status, size: int) -> None:
    """Input is not kept a moment longer than it is needed."""
    seen = await store.create(fresh(store, content_bytes=size), b"x" * size)

    await store.swap(seen, finished(seen.task, status))

    with pytest.raises(TaskNotFound):
        await store.content(seen.task)


@pytest.mark.parametrize("size", [5, 20 * KIB, 4 * MIB])
async def test_a_failed_task_keeps_its_content_for_a_retry(store: TaskStore, size: int) -> None:
    """A retry that the caller asks for must find what it is to work on, through every write in between."""
    content = b"x" * size
    seen = await store.create(fresh(store, content_bytes=size), content)

    failed = await store.swap(seen, finished(seen.task, Status.FAILED))
    waiting = next_revision(failed.task, status=Status.PENDING, attempt=0, failure=None, finished_at=None)
    retried = await store.swap(failed, waiting)

    assert await store.content(retried.task) == content


async def test_writes_that_lost_erase_nothing(store: TaskStore) -> None:
    """A late cancel that lost its race must not take the input from under the worker."""
    content = b"x" * (20 * KIB)
    seen = await store.create(fresh(store, content_bytes=len(content)), content)
    current = await store.swap(seen, next_revision(seen.task))

    with pytest.raises(StaleWrite):
        await store.swap(seen, finished(seen.task, Status.CANCELLED))

    assert await store.content(current.task) == content


async def test_a_create_that_lost_leaves_the_winners_content(store: TaskStore) -> None:
    """Large content is cut up; the loser's pieces must neither replace nor join the winner's."""
    first, second = b"1" * (4 * MIB), b"2" * (5 * MIB)
    winner = await put(store, fresh(store, content_bytes=len(first)), first)

    with pytest.raises(Exception, match="exists already"):
        await put(store, fresh(store, id=winner.task.id, content_bytes=len(second)), second)

    assert await store.content(winner.task) == first


async def test_an_id_that_is_used_again_brings_only_the_new_content(store: TaskStore) -> None:
    """What is left of a deleted task must not show through."""
    old, new = b"old" * MIB, b"new" * (20 * KIB)
    seen = await put(store, fresh(store, Status.FAILED, content_bytes=len(old)), old)
    await store.delete(seen)

    again = await store.create(fresh(store, id=seen.task.id, content_bytes=len(new)), new)

    assert await store.content(again.task) == new


@pytest.mark.parametrize("size", [5, 20 * KIB])
async def test_content_is_handed_out_only_for_its_own_submission(store: TaskStore, size: int) -> None:
    """A worker of a deleted task must not read what another caller stored under the same id."""
    seen = await store.create(fresh(store, content_bytes=size), b"x" * size)
    await store.delete(seen)
    await store.create(fresh(store, id=seen.task.id, owner="somebody-else", content_bytes=size), b"y" * size)

    with pytest.raises(TaskNotFound):
        await store.content(seen.task)


async def test_content_of_an_unknown_task_is_not_found(store: TaskStore) -> None:
    """A worker that comes too late is told so, and does not work on an empty document."""
    unknown = fresh(store)

    with pytest.raises(TaskNotFound):
        await store.content(unknown)


async def test_content_belongs_to_its_task(store: TaskStore) -> None:
    """Two tasks of one moment must not be mixed up."""
    one = await put(store, fresh(store), b"one")
    two = await put(store, fresh(store), b"two")

    await store.delete(one)

    assert await store.content(two.task) == b"two"


async def test_other_stores_read_large_content(store: TaskStore, other_store: TaskStore) -> None:
    """The process that accepts a document is often not the one that works on it."""
    content = CLEF.encode() * MIB
    written = await put_new(store, content_bytes=5)
    large = await store.create(fresh(store, content_bytes=len(content)), content)

    found = await other_store.get(large.task.id)

    assert await other_store.content(found.task) == content
    assert await other_store.content(written.task) == b"hello"
