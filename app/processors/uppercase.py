"""The smallest model there is: it gives a text back in capitals."""

from app.domain.processing import Document, Execution, Kind, Processor, Report, Result


def run(document: Document, report: Report) -> Result:
    """Answer the text in capitals; the option *blocking* says that the caller waited for it."""
    report("uppercase", 0.0)
    how = "Texto procesado" if document.options.get("blocking") is True else "Texto procesado asíncronamente"
    return f"{how}: '{document.text.upper()}'"


PROCESSOR = Processor(
    name="uppercase",
    run=run,
    execution=Execution.CPU,
    kinds=frozenset({Kind.TEXT}),
    description="The text in capitals.",
)
