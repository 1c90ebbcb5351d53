"""Models on the event loop: nobody can kill them, so nobody waits for them."""

import asyncio
from datetime import timedelta
from typing import Final, NoReturn, cast

import pytest
from structlog.testing import capture_logs

from app.domain.errors import PermanentFailure, TimeLimitExceeded, TransientFailure
from app.domain.processing import Document, Execution, Json, Processor, Report, Result, Run
from app.engine import on_the_loop

MOMENT: Final = timedelta(milliseconds=5)
AMPLE: Final = timedelta(minutes=1)
DOCUMENT: Final = Document(text="A document.")


def report(_stage: str, _fraction: float, /) -> None:
    """Listen to nothing."""


async def test_a_model_that_swallows_its_cancellation_is_left_behind() -> None:
    """It once kept its task alive for ever, heartbeat after heartbeat, and then the whole process."""
    released = asyncio.Event()

    async def resist(_document: Document, _report: Report) -> Result:
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue
        return "At last."

    stubborn = Processor(name="stubborn", run=resist, execution=Execution.IO)

    with capture_logs() as lines, pytest.raises(TimeLimitExceeded) as ended:
        await on_the_loop.run(stubborn, DOCUMENT, report, limit=MOMENT, farewell=MOMENT)

    released.set()
    assert ended.value.retryable
    assert {"event": "model ignores its cancellation", "model": "stubborn", "log_level": "warning"} in lines


async def test_a_cancelled_model_may_clean_up() -> None:
    """A connection that nobody closes is one less for the next document."""
    cleaned_up = asyncio.Event()

    async def wait(_document: Document, _report: Report) -> Result:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned_up.set()
        return None

    with pytest.raises(TimeLimitExceeded):
        await on_the_loop.run(
            Processor(name="tidy", run=wait, execution=Execution.IO), DOCUMENT, report, limit=MOMENT, farewell=AMPLE
        )

    assert cleaned_up.is_set()


async def test_what_a_model_says_of_its_failure_is_passed_on() -> None:
    """A model knows best whether another attempt would help."""

    async def refuse(_document: Document, _report: Report) -> Result:
        raise PermanentFailure("The document is not in Latin")

    with pytest.raises(PermanentFailure, match="not in Latin"):
        await on_the_loop.run(
            Processor(name="latin", run=refuse, execution=Execution.IO), DOCUMENT, report, limit=AMPLE
        )


async def test_a_model_that_cannot_even_be_called_is_a_failed_attempt() -> None:
    """Its author forgot a parameter; the caller must learn of it, and not wait for three leases to expire."""

    async def forgetful(document: Document) -> Result:
        return document.text

    broken = Processor(name="forgetful", run=cast("Run", forgetful), execution=Execution.IO)

    with pytest.raises(TransientFailure, match="The model raised TypeError"):
        await on_the_loop.run(broken, DOCUMENT, report, limit=AMPLE)


async def test_an_answer_that_breaks_when_it_is_looked_at_is_a_failed_attempt() -> None:
    """Models return what their libraries gave them."""

    class Treacherous(dict[str, Json]):
        """An object that looks like an answer."""

        def get(self, *_: object) -> NoReturn:
            """Break."""
            raise LookupError(DOCUMENT.text)

    async def betray(_document: Document, _report: Report) -> Result:
        return Treacherous()

    treacherous = Processor(name="treacherous", run=betray, execution=Execution.IO)

    with pytest.raises(TransientFailure, match=r"^The model raised LookupError$"):
        await on_the_loop.run(treacherous, DOCUMENT, report, limit=AMPLE)


async def test_a_model_that_cancels_itself_is_a_failed_attempt() -> None:
    """A library that cancels the task it runs in must not look like a shutdown."""

    async def give_up(_document: Document, _report: Report) -> Result:
        current = asyncio.current_task()
        assert current is not None
        current.cancel()
        await asyncio.sleep(0)
        return None

    giving_up = Processor(name="giving_up", run=give_up, execution=Execution.IO)

    with pytest.raises(TransientFailure, match="cancelled itself"):
        await on_the_loop.run(giving_up, DOCUMENT, report, limit=AMPLE)
