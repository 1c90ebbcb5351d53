"""Wait by long polls: `python long_poll.py TASK_ID`; one request for each change, and one every half a minute."""

import os
import sys
import time
from typing import Any

import httpx

SERVER = os.environ.get("AFTERWORD_SERVER", "http://localhost:8080")
KEY = os.environ.get("AFTERWORD_KEY")
FINAL = {"completed", "failed", "cancelled"}


def wait_for(task_id: str, client: httpx.Client) -> dict[str, Any]:
    """Return how the task has ended."""
    known: dict[str, str] = {}
    while True:
        wait = {"wait": 30} if known else {}  # the first answer comes at once
        try:
            answer = client.get(f"/tasks/{task_id}", params=wait, headers=known)
        except httpx.TransportError:  # the server is being replaced
            time.sleep(1)
            continue
        if answer.status_code in {429, 503}:
            time.sleep(int(answer.headers.get("Retry-After", 1)))
        elif answer.status_code != httpx.codes.NOT_MODIFIED:  # which is: nothing has changed for 30 s
            task: dict[str, Any] = answer.raise_for_status().json()
            print(task["status"], task["progress"] or "", file=sys.stderr)
            if task["status"] in FINAL:
                return task
            known = {"If-None-Match": answer.headers["ETag"]}  # answer when it is news to me


if __name__ == "__main__":
    headers = {"Authorization": f"Bearer {KEY}"} if KEY else {}
    with httpx.Client(base_url=SERVER, headers=headers, timeout=40) as client:
        print(wait_for(sys.argv[1], client)["result"])
