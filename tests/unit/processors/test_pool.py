"""The pool: what goes in and what comes out, whatever a model answers or raises. Every test runs real processes."""

import asyncio

import pytest

from app.domain.errors import PermanentFailure, ProcessorError, TransientFailure
from app.domain.processing import Document, Kind
from app.processors.pool import ForkserverPool
from tests.pooled import CATALOGUE, LONG, MEBIBYTE, MODULES, Progress, assert_works, make_pool, run

TELLTALE = "a sentence that nobody may read in a log"

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_model_gets_the_document_with_its_options_and_its_answer_comes_back(pool: ForkserverPool) -> None:
    """Nothing is lost between the processes, whatever the alphabet."""
    answer = await run(pool, "well_behaved", "¿Qué? 漢字 🙂")

    assert answer == {"summary": "¿Qué? 漢字 🙂", "options": {"language": "es"}, "characters": 10}


async def test_a_text_gets_the_summary_alone(pool: ForkserverPool) -> None:
    """The tutorial's callers of texts expect a string."""
    processor = CATALOGUE.find("well_behaved", Kind.TEXT)

    answer = await pool.run(processor, Document(text="hola", kind=Kind.TEXT), Progress(), limit=LONG)

    assert answer == "hola"


async def test_a_document_of_8_mib_comes_through(pool: ForkserverPool) -> None:
    """The largest text that an upload may hold is within what the socket carries."""
    with pytest.raises(PermanentFailure, match="larger than"):
        await run(pool, "well_behaved", "ñ" * (4 * MEBIBYTE))


async def test_the_last_progress_is_never_lost_and_the_rest_is_rationed(pool: ForkserverPool) -> None:
    """A model may report for every sentence without flooding the loop; a fraction beyond 1 is taken for 1."""
    progress = Progress()

    await run(pool, "reports", progress=progress)

    assert progress.heard[0] == ("reading", 0.0)
    assert progress.heard[-1] == ("done", 1.0)
    assert len(progress.heard) < 1000


async def test_more_jobs_than_slots_wait_their_turn(pool: ForkserverPool) -> None:
    """A caller that counted slots wrongly gets its answer late, not never."""
    answers = await asyncio.gather(*(run(pool, "prints", str(number)) for number in range(5)))

    assert answers == [{"summary": str(number)} for number in range(5)]


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("raises", ProcessorError, "The model raised ValueError"),
        ("leaves", ProcessorError, "The model raised SystemExit"),
        ("interrupts", ProcessorError, "The model raised KeyboardInterrupt"),
        ("recurses", ProcessorError, "The model raised RecursionError"),
        ("fails_for_now", TransientFailure, "The dictionary is being replaced"),
        ("fails_for_good", PermanentFailure, "The document is empty"),
    ],
)
async def test_what_a_model_raises_crosses_as_one_of_our_errors(
    pool: ForkserverPool, name: str, error: type[ProcessorError], message: str
) -> None:
    """The runner decides on retries by the class; only texts meant for callers reach callers."""
    with pytest.raises(ProcessorError) as raised:
        await run(pool, name, TELLTALE)

    assert type(raised.value) is error
    assert raised.value.message == message
    await assert_works(pool)


async def test_an_error_is_logged_with_its_place_and_without_its_text(capfd: pytest.CaptureFixture[str]) -> None:
    """An operator finds the line that broke; the document stays out of the logs."""
    pool = make_pool()

    async with pool.open():
        with pytest.raises(ProcessorError):
            await run(pool, "raises", TELLTALE)

    logged = capfd.readouterr().err
    assert logged.count("processor broke") == 1
    assert "poison.py" in logged
    assert TELLTALE not in logged


async def test_children_log_what_the_operator_wants_to_read(capfd: pytest.CaptureFixture[str]) -> None:
    """One setting holds for the whole service, whatever process a line comes from."""
    pool = ForkserverPool(slots=1, modules=MODULES, memory=128 * MEBIBYTE, log_level="ERROR")

    async with pool.open():
        with pytest.raises(ProcessorError):
            await run(pool, "raises")

    assert "processor broke" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        ("nothing", "The model gave no answer that fits a document"),
        ("a number", "The model gave no answer that fits a document"),
        ("nan", "The model's answer cannot be written as JSON"),
        ("infinity", "The model's answer cannot be written as JSON"),
        ("a set", "The model's answer cannot be written as JSON"),
        ("bytes", "The model's answer cannot be written as JSON"),
        ("a cavern", "The model's answer cannot be written as JSON"),
        ("too much", "The model's answer is larger than 524288 bytes"),
    ],
)
async def test_an_answer_that_could_not_be_stored_is_a_permanent_failure(
    pool: ForkserverPool, returned: str, message: str
) -> None:
    """It would be the same next time, and the store must never meet it."""
    with pytest.raises(PermanentFailure) as raised:
        await run(pool, "answers", returned)

    assert raised.value.message == message


async def test_half_a_surrogate_pair_in_an_answer_is_replaced(pool: ForkserverPool) -> None:
    """A text that was cut through a character must not fail the whole task."""
    assert await run(pool, "answers", "half a pair") == {"summary": "a?b"}


async def test_what_a_model_prints_is_not_taken_for_its_answer(pool: ForkserverPool) -> None:
    """Models print; libraries write to descriptor 1 on their own."""
    assert await run(pool, "prints", "the answer") == {"summary": "the answer"}
