"""The port to the processes that read files and run CPU-bound processors."""

from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from datetime import timedelta

from app.domain.extraction import Extraction
from app.domain.processing import Document, Processor, Report, Result


class ProcessorPool(ABC):
    """Does what takes CPU time, and reads strangers' files, where that can neither block nor harm the process."""

    @abstractmethod
    def open(self) -> AbstractAsyncContextManager[None]:
        """Hold the child processes; none is left behind."""

    @property
    @abstractmethod
    def is_usable(self) -> bool:
        """False while no child process could take a document."""

    @abstractmethod
    async def run(self, processor: Processor, document: Document, report: Report, *, limit: timedelta) -> Result:
        """
        The processor's answer, from a child process; cancelling the call kills that child.

        Raises:
            ProcessorError: If the processor raised, whatever it raised.
            ProcessorCrashed: If the child died, or no child came free in reasonable time.
            MemoryLimitExceeded: If the processor wanted more memory than a child may have.
            TimeLimitExceeded: If it took longer than *limit*, from the moment a child took it up.

        """

    @abstractmethod
    async def extract(self, file: bytes, report: Report, *, limit: timedelta) -> Extraction:
        """
        What can be read in *file*, from a child process; cancelling the call kills that child.

        Raises:
            DocumentEncrypted: If it takes a password.
            DocumentTooLarge: If it takes more memory than a child may have, longer than *limit*
                from the moment a child took it up, or holds more than is read of any file.
            DocumentUnreadable: If it is damaged or of an unknown type, or if it broke the child that read it.
            NoTextFound: If there is nothing to read in it.
            ProcessorCrashed: If the child died of what is not the file's fault, or none came free in reasonable time.

        """
