"""Files as people have them, made here."""

import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO

import docx
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

LEFT, TOP, LEADING = 72, 770, 14


def pdf_of(  # noqa: PLR0913 - each is one thing that a file may have
    pages: Sequence[Sequence[str]],
    *,
    title: str = "",
    header: str = "",
    footer: str = "",
    user_password: str | None = None,
    outline: Sequence[tuple[str, int, int]] = (),
) -> bytes:
    """
    Make a PDF whose *pages* have these lines; `# ` before one makes it large, an empty one is a gap.

    *header* and *footer* stand on every page, `{page}` in them for its number; *outline* names entries with their
    levels and pages, both from 0. With a *user_password*, even an empty one, the file is encrypted.
    """
    made = BytesIO()
    encryption = None if user_password is None else StandardEncryption(user_password, ownerPassword="the owner's")
    canvas = Canvas(made, pagesize=A4, encrypt=encryption)
    canvas.setTitle(title)
    for number, lines in enumerate(pages):
        for key, (entry, level, page) in enumerate(outline):
            if page == number:
                canvas.bookmarkPage(str(key))
                canvas.addOutlineEntry(entry, str(key), level)
        canvas.setFont("Helvetica", 8)
        canvas.drawString(LEFT, 810, header.format(page=number + 1))
        canvas.drawString(LEFT, 30, footer.format(page=number + 1))
        for place, line in enumerate(lines):
            canvas.setFont("Helvetica", 18 if line.startswith("# ") else 10)
            canvas.drawString(LEFT, TOP - LEADING * place, line.removeprefix("# "))
        canvas.showPage()
    canvas.save()
    return made.getvalue()


def set_pdf_of(chapters: Mapping[str, Sequence[str]]) -> bytes:
    """Make a PDF as a typesetter would: *chapters* with their paragraphs, each chapter on a new page."""
    made = BytesIO()
    styles = getSampleStyleSheet()
    story: list[object] = []
    for heading, paragraphs in chapters.items():
        story += [Paragraph(heading, styles["Heading1"])]
        story += [Paragraph(paragraph, styles["BodyText"]) for paragraph in paragraphs]
        story += [PageBreak()]
    SimpleDocTemplate(made, pagesize=A4).build(story)
    return made.getvalue()


def docx_of(*blocks: tuple[str, str], title: str = "") -> bytes:
    """Make a Word file of *blocks*, each a style and its text; in a `Table`, tabs and line ends part the cells."""
    document = docx.Document()
    document.core_properties.title = title
    for style, text in blocks:
        if style == "Table":
            rows = [line.split("\t") for line in text.split("\n")]
            table = document.add_table(len(rows), len(rows[0]))
            for cells, texts in zip(table.rows, rows, strict=True):
                for cell, content in zip(cells.cells, texts, strict=True):
                    cell.text = content
        else:
            document.add_paragraph(text, style=style)
    made = BytesIO()
    document.save(made)
    return made.getvalue()


WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MARKUP_COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_OFFICE = "application/vnd.openxmlformats-officedocument"
_TYPES = {
    "word/document.xml": f"{_OFFICE}.wordprocessingml.document.main+xml",
    "word/styles.xml": f"{_OFFICE}.wordprocessingml.styles+xml",
    "word/footnotes.xml": f"{_OFFICE}.wordprocessingml.footnotes+xml",
    "docProps/app.xml": f"{_OFFICE}.extended-properties+xml",
    "docProps/core.xml": "application/vnd.openxmlformats-package.core-properties+xml",
}


def docx_with(body: str, **parts: str) -> bytes:
    """Make a Word file whose XML is given: its *body*, and other parts by their bare names."""
    root = f'xmlns:w="{WORD}" xmlns:mc="{MARKUP_COMPATIBILITY}"'
    written = {"document": f"<w:document {root}><w:body>{body}</w:body></w:document>"}
    written |= {name: content.replace("ROOT", root) for name, content in parts.items()}
    paths = {path.rpartition("/")[2].removesuffix(".xml"): path for path in _TYPES}
    return zip_of({paths[name]: content.encode() for name, content in written.items()} | {TYPES_PART: content_types()})


TYPES_PART = "[Content_Types].xml"


def content_types(types: Mapping[str, str] = _TYPES) -> bytes:
    """Write the list of a package's parts."""
    parts = "".join(f'<Override PartName="/{path}" ContentType="{type_}"/>' for path, type_ in types.items())
    return f'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">{parts}</Types>'.encode()


def zip_of(members: Mapping[str, bytes]) -> bytes:
    """Make a zip."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()
