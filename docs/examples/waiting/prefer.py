"""Hand in a document and wait for it in one request: `python prefer.py FILE`."""

import os
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

SERVER = os.environ.get("AFTERWORD_SERVER", "http://localhost:8080")
KEY = os.environ.get("AFTERWORD_KEY")


def process(content: str, client: httpx.Client) -> dict[str, Any]:
    """Return the task: ended, if it did within ten seconds."""
    headers = {"Prefer": "wait=10", "Idempotency-Key": str(uuid4())}  # sent again, it is the same task
    while True:
        try:
            answer = client.post("/process_document/", json={"content": content}, headers=headers)
        except httpx.TransportError:
            time.sleep(1)
            continue
        if answer.status_code in {429, 503}:
            time.sleep(int(answer.headers.get("Retry-After", 1)))
            continue
        task: dict[str, Any] = answer.raise_for_status().json()
        return task  # 200: it has ended; 202: ask for it again at the Location


if __name__ == "__main__":
    headers = {"Authorization": f"Bearer {KEY}"} if KEY else {}
    with httpx.Client(base_url=SERVER, headers=headers, timeout=40) as client:
        task = process(Path(sys.argv[1]).read_text(encoding="utf-8"), client)
    print(task["result"] or f"not yet: {SERVER}/document_status/{task['task_id']}")
