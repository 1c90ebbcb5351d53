"""What the callers handed in, and the texts that are kept, read back from wherever `firestore_writes` has put them."""

from collections.abc import Sequence

from app.adapters.firestore_codec import CONTENT
from app.adapters.firestore_wire import FirestoreWire
from app.domain.task import Task


async def read_content(wire: FirestoreWire, task: Task) -> bytes | None:
    """
    The content of *task*, or None if any of it has been erased or has expired.

    Raises:
        StoreUnavailable: If the store does not answer.

    """
    if parts := wire.names.parts(task):
        return await _read_parts(wire, parts, task.content_bytes)
    found = await wire.documents([wire.names.task(task.id)], [CONTENT, "submission", "expires_at"])
    for document in found:
        content = document.fields.get(CONTENT)
        is_same = document.fields.get("submission") == task.submission
        if isinstance(content, str | bytes) and is_same and not wire.has_expired(document):
            return content if isinstance(content, bytes) else content.encode()
    return None


async def read_text(wire: FirestoreWire, task: Task) -> bytes | None:
    """
    The text that is kept beside *task*, or None if there is none, or any of it has been erased or has expired.

    Raises:
        StoreUnavailable: If the store does not answer.

    """
    if task.text is None:
        return None
    parts = wire.names.text_parts(task, task.text)
    return await _read_parts(wire, parts, task.text.size) if parts else b""


async def _read_parts(wire: FirestoreWire, names: Sequence[str], size: int) -> bytes | None:
    found = await wire.documents(names, [CONTENT, "expires_at"])
    pieces = {each.name: each.fields.get(CONTENT) for each in found if not wire.has_expired(each)}
    ordered = [pieces.get(name) for name in names]
    whole = b"".join(piece for piece in ordered if isinstance(piece, bytes))
    return whole if len(whole) == size else None
