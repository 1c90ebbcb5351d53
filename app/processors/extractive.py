"""
The default engine, as it is offered: it reads a document and quotes it, without network, model server or GPU.

The analysis itself is imported where it runs. The web worker only offers it, and
is spared half a second of imports and thirty megabytes.
"""

from typing import Final

from app.domain.processing import Document, Processor, Report, Result
from app.processors.statistical_models import installed_packages

NAME: Final = "extractive_v1"
LANGUAGES: Final = ("es", "en", "fr", "pt")


def load() -> None:
    """Read all models and lists; a second call costs nothing."""
    from app.processors import statistical  # noqa: PLC0415 - see above

    statistical.load()
    load_rules()


def load_rules() -> None:
    """Read the lists only: without the statistical models, the rules are all there is."""
    from app.processors import analysis  # noqa: PLC0415 - see above

    analysis.warm_up()


def run(document: Document, report: Report) -> Result:
    """Answer summary, keywords, entities, language and statistics of *document*."""
    from app.processors import analysis  # noqa: PLC0415 - see above

    return analysis.analyse(document, report)


PROCESSOR = Processor(
    name=NAME,
    aliases=("default_ai_model", "summarizer_v1"),
    run=run,
    load=load,
    languages=LANGUAGES,
    layers=("rules", *installed_packages()),
    description="Summary in the document's own sentences, key phrases and named entities; offline and repeatable.",
)
