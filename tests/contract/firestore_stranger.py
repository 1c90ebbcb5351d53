"""
A process without credentials that opens Firestore, for a test that needs other surroundings than its own.

    python -m tests.contract.firestore_stranger

Its log, and what it was told, go to the standard output.
"""

import asyncio
import sys

from app.adapters.firestore_store import FirestoreStore
from app.domain.errors import StoreUnavailable
from app.telemetry import logs


async def main() -> None:
    """Ask twice."""
    store = FirestoreStore(project="any", emulator_host=None)
    async with store.open():
        sys.stdout.write("open\n")
        for _ in range(2):
            try:
                await store.check()
            except StoreUnavailable as error:
                sys.stdout.write(f"told: {error.message}\n")


if __name__ == "__main__":
    logs.configure(level="info", project=None, stream=sys.stdout)
    asyncio.run(main())
