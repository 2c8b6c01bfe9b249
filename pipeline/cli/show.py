"""``symptograph show``: one article with its mentions in colour."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.style import Style
from rich.text import Text

from pipeline.cli import options
from pipeline.cli.console import out, prepare_terminology
from pipeline.cli.files import write_text

if TYPE_CHECKING:
    from spacy.tokens import Doc

COLOURS = {"CONDITION": "#c2410c", "SYMPTOM": "#1d4ed8", "BODY_PART": "#15803d"}
_TINTS = {"CONDITION": "#fdba74", "SYMPTOM": "#93c5fd", "BODY_PART": "#86efac"}


def command(
    file: Annotated[Path, typer.Argument(help="A file with one article.")],
    html: Annotated[
        Path | None, typer.Option(help="Write displaCy's span view to this HTML file instead.")
    ] = None,
    profile: options.Profile = options.DEFAULT_PROFILE,
    model: options.Model = None,
    terms: options.Terms = None,
) -> None:
    """Show an article with its conditions, symptoms and body parts marked."""
    from pipeline.annotate import make_doc
    from pipeline.articles.discover import Source
    from pipeline.articles.read import read_article
    from pipeline.assemble import assemble
    from pipeline.config import RunConfig
    from pipeline.errors import ArticleError

    config = RunConfig.for_profile(profile, model, terms or ())
    if file.is_dir():
        raise ArticleError(f"{file}: a folder; give one article file")
    article = read_article(Source(file.stem, file), config.max_chars)
    prepare_terminology(config.term_files)
    doc = make_doc(assemble(config), article)
    if html is None:
        out.print(_legend())
        out.print(marked(doc), soft_wrap=True)
        return
    write_text(html, span_view(doc))
    out.print(Text(f"Written to {html}"))


def marked(doc: Doc) -> Text:
    """The text with mentions in colour: nested ones in bold, denied ones struck through."""
    text = Text(doc.text)
    for mention in doc.spans["sc"]:
        nested = mention.label_ == "BODY_PART"
        text.stylize(
            Style(
                color=COLOURS[mention.label_],
                bold=nested,
                underline=not nested,
                strike=mention._.negated,
                italic=mention._.uncertain,
            ),
            mention.start_char,
            mention.end_char,
        )
    return text


def _legend() -> Text:
    legend = Text()
    for label, colour in COLOURS.items():
        legend.append(
            label, Style(color=colour, underline=label != "BODY_PART", bold=label == "BODY_PART")
        )
        legend.append("  ")
    legend.append("denied", Style(strike=True))
    legend.append("  ")
    legend.append("hedged", Style(italic=True))
    legend.append("\n")
    return legend


def span_view(doc: Doc) -> str:
    """A self-contained HTML page with displaCy's view of overlapping spans; text is escaped."""
    import warnings

    from spacy import displacy

    with warnings.catch_warnings():
        # W117: no spans to show. A text without mentions is shown as it is.
        warnings.filterwarnings("ignore", message=r"\[W117\]")
        page = displacy.render(
            doc,
            style="span",
            page=True,
            jupyter=False,
            options={"spans_key": "sc", "colors": _TINTS},
        )
    return str(page)
