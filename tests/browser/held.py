"""A task that is under way for as long as its test wants."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from uuid import uuid4

import httpx

from tests.acceptance.instance import Instance

RESULT: Final = {"summary": "There it is."}


@dataclass(frozen=True)
class HeldTask:
    """One task; it ends when there is the file *gate*."""

    id: str
    gate: Path

    @classmethod
    def begin(cls, service: Instance, *, within: Path, key: str = "-") -> Self:
        """Hand it in, with its file *within* a folder."""
        gate = within / uuid4().hex
        body = {"content": str(gate), "model_name": "waits_for_a_file"}
        answer = httpx.post(f"{service.url}/process_document/", json=body, headers={"X-API-Key": key})
        return cls(answer.raise_for_status().json()["task_id"], gate)

    def end(self) -> Self:
        """Let it end."""
        self.gate.touch()
        return self
