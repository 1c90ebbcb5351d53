"""The tasks in documents that were read, as far as this version of the service can read them."""

from collections.abc import Iterable

from app.adapters.firestore_codec import READABLE, task_from
from app.adapters.firestore_wire import Found
from app.domain.processing import Json
from app.engine.ports import Snapshot
from app.telemetry.logs import get_logger


def snapshots_of(found: Iterable[Found], *, result_left_out: Json = None) -> list[Snapshot]:
    """
    Those of *found* that this version of the service can read.

    *result_left_out* stands for the result of a completed task that was read without it.
    """
    snapshots = []
    for document in found:
        if document.fields.get("schema") not in READABLE:
            continue
        try:
            task = task_from(document.id, document.fields, result_left_out=result_left_out)
        except (KeyError, TypeError, ValueError, OverflowError) as error:  # the others go on
            name = type(error).__name__
            get_logger().error("task unreadable", task_id=document.id, error=name)
        else:
            snapshots.append(Snapshot(task, document.version))
    return snapshots
