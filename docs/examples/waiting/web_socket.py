"""Watch a task through a WebSocket: `python web_socket.py TASK_ID`."""

import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

SERVER = os.environ.get("AFTERWORD_SERVER", "http://localhost:8080").replace("http", "ws", 1)
KEY = os.environ.get("AFTERWORD_KEY")
FINAL = {"completed", "failed", "cancelled"}


def watch(task_id: str) -> Iterator[dict[str, Any]]:
    """Yield the task at each change, until it has ended."""
    headers = {"Authorization": f"Bearer {KEY}"} if KEY else {}
    known = ""
    while True:
        try:
            with connect(f"{SERVER}/tasks/{task_id}/ws{known}", additional_headers=headers, max_size=None) as socket:
                while True:
                    task = json.loads(socket.recv())
                    known = f"?starting_after={task['revision']}"
                    yield task
                    if task["status"] in FINAL:
                        return
        except (ConnectionClosed, InvalidStatus, OSError) as error:
            if not passes(error):
                raise
        time.sleep(1)


def passes(error: Exception) -> bool:
    """Tell a refusal for good from a moment without a server, or with one that is too busy."""
    if isinstance(error, InvalidStatus):  # of the handshake
        return error.response.status_code in {429, 503}
    if isinstance(error, ConnectionClosed) and error.rcvd and error.rcvd.code > 4000:  # noqa: PLR2004 - and a status
        return error.rcvd.code in {4429, 4503}
    return True


if __name__ == "__main__":
    for task in watch(sys.argv[1]):
        print(task["status"], task["progress"] or "", file=sys.stderr)
    print(task["result"])
