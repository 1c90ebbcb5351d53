"""One store in the emulator behind a proxy, and a second look at its documents that owes the adapter nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import httpx

from app.adapters.clock import StoreClock
from app.adapters.firestore_store import FirestoreStore
from app.domain.task import Task
from tests.emulator import Emulator
from tests.grpc_proxy import GrpcProxy

PATIENT: Final = timedelta(minutes=1)
"""A busy machine may take its time; a test about the limit sets a short one."""

type Document = dict[str, dict[str, Any]]
"""Fields as Firestore's REST interface shows them: `{"status": {"stringValue": "pending"}}`."""


class Documents:
    """The documents of one project, through the emulator's REST interface."""

    def __init__(self, http: httpx.AsyncClient, project: str) -> None:
        """Look into *project*."""
        self._http = http
        self._root = f"/v1/projects/{project}/databases/(default)/documents"

    async def task(self, task: Task) -> Document:
        """Return the fields of the task's document."""
        return await self.read(f"tasks/{task.id}")

    async def read(self, path: str) -> Document:
        """Return the fields of a document."""
        answer = await self._http.get(f"{self._root}/{path}")
        answer.raise_for_status()
        fields: Document = answer.json()["fields"]
        return fields

    async def exists(self, task: Task) -> bool:
        """Return whether there is a document for *task*."""
        answer = await self._http.get(f"{self._root}/tasks/{task.id}")
        return answer.status_code == httpx.codes.OK

    async def parts(self, task: Task) -> dict[str, Document]:
        """Return the parts under the task's document by their ids, without their content."""
        mask = {"mask.fieldPaths": "expires_at", "pageSize": "100"}
        answer = await self._http.get(f"{self._root}/tasks/{task.id}/parts", params=mask)
        answer.raise_for_status()
        return {part["name"].rpartition("/")[2]: part["fields"] for part in answer.json().get("documents", ())}

    async def write(self, task: Task, name: str, value: dict[str, Any] | None) -> None:
        """Set one field of the task's document, or remove it, behind the adapter's back."""
        await self.write_at(f"tasks/{task.id}", name, value)

    async def write_at(self, path: str, name: str, value: dict[str, Any] | None) -> None:
        """Set one field of a document, or remove it; one that does not exist is made."""
        fields = {} if value is None else {name: value}
        mask = {"updateMask.fieldPaths": name}
        answer = await self._http.patch(f"{self._root}/{path}", params=mask, json={"fields": fields})
        answer.raise_for_status()

    async def delete(self, path: str) -> None:
        """Remove a document."""
        answer = await self._http.delete(f"{self._root}/{path}")
        answer.raise_for_status()


@dataclass(frozen=True, slots=True)
class Backend:
    """A *store* whose calls pass through *proxy*, an open *other* one that goes straight, and their *project*."""

    store: FirestoreStore
    other: FirestoreStore
    proxy: GrpcProxy
    documents: Documents
    project: str


@asynccontextmanager
async def open_backend(
    emulator: Emulator, *, call_limit: timedelta = PATIENT, clock: StoreClock | None = None
) -> AsyncIterator[Backend]:
    """Hold two stores over a project of their own."""
    project = f"firestore-{uuid4().hex[:12]}"
    async with (
        GrpcProxy(emulator.host).running() as proxy,
        httpx.AsyncClient(base_url=f"http://{emulator.host}", headers={"Authorization": "Bearer owner"}) as http,
    ):
        store = FirestoreStore(project=project, emulator_host=proxy.host, call_limit=call_limit, clock=clock)
        other = FirestoreStore(project=project, emulator_host=emulator.host, call_limit=PATIENT)
        async with store.open(), other.open():
            yield Backend(store, other, proxy, Documents(http, project), project)
