"""Watch a task's server-sent events: `python server_sent_events.py TASK_ID`."""

import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx

SERVER = os.environ.get("AFTERWORD_SERVER", "http://localhost:8080")
KEY = os.environ.get("AFTERWORD_KEY")
FINAL = {"completed", "failed", "cancelled"}


def watch(task_id: str, client: httpx.Client) -> Iterator[dict[str, Any]]:
    """Yield the task at each change, until it has ended."""
    known: dict[str, str] = {}
    while True:
        try:
            with client.stream("GET", f"/tasks/{task_id}/events", headers=known) as answer:
                if answer.status_code not in {429, 503}:
                    answer.raise_for_status()
                    for event in events(answer):
                        known = {"Last-Event-ID": event["id"]} if "id" in event else known
                        if "data" in event:
                            task = json.loads(event["data"])
                            yield task
                            if task["status"] in FINAL:
                                return
        except httpx.TransportError:  # cut off: go on behind the last event
            pass
        time.sleep(1)


def events(answer: httpx.Response) -> Iterator[dict[str, str]]:
    """Yield the fields of each event; `iter_lines` would also break lines where Unicode does, within a text."""
    held = b""
    for part in answer.iter_bytes():
        *whole, held = (held + part).split(b"\n\n")
        for event in whole:
            lines = event.decode().split("\n")
            yield dict(line.split(": ", 1) for line in lines if ": " in line)


if __name__ == "__main__":
    headers = {"Authorization": f"Bearer {KEY}"} if KEY else {}
    with httpx.Client(
        base_url=SERVER, headers=headers, timeout=40
    ) as client:  # it is never silent for longer than 15 s
        for task in watch(sys.argv[1], client):
            print(task["status"], task["progress"] or "", file=sys.stderr)
        print(task["result"])
