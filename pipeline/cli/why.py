"""``symptograph why``: how a stretch of text came to be a mention, or why it is none."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from pipeline.cli import options
from pipeline.cli.console import out, prepare_terminology
from pipeline.errors import RunError
from pipeline.records import Article

if TYPE_CHECKING:
    from pipeline.config import RunConfig
    from pipeline.explain import Explanation

_STRETCH = re.compile(r"^(\d+)-(\d+)$")


def command(
    doc_id: Annotated[
        str, typer.Argument(metavar="DOC_ID", help="A document of the run, or - for stdin.")
    ],
    stretch: Annotated[
        str, typer.Argument(metavar="START-END", help="Characters, or words of the text.")
    ],
    run_dir: Annotated[Path | None, typer.Option("--run", help="Folder of a finished run.")] = None,
    profile: options.Profile = options.DEFAULT_PROFILE,
    model: options.Model = None,
    terms: options.Terms = None,
) -> None:
    """Say what found, typed, linked and asserted a stretch of text, or what kept it out.

    The stretch is START-END as in the entities table, or the words themselves (their first
    occurrence counts). With --run the run's own settings are used.
    """
    from pipeline.annotate import make_doc, part_around
    from pipeline.assemble import assemble
    from pipeline.config import RunConfig
    from pipeline.explain import explain

    if doc_id == "-":
        article = Article("-", "-", sys.stdin.read())
        config = RunConfig.for_profile(profile, model, terms or ())
    elif run_dir is None:
        raise RunError(f"say with --run in which run {doc_id!r} is, or give - and a text on stdin")
    else:
        article, config = _of_run(run_dir, doc_id)
    start, end = _place(stretch, article.text)
    prepare_terminology(config.term_files)
    # Of a long article, the part that was annotated at once.
    article, shift = part_around(article, start, config.window)
    nlp = assemble(config)
    _print(explain(nlp, make_doc(nlp, article), start - shift, end - shift))


def _of_run(run_dir: Path, doc_id: str) -> tuple[Article, RunConfig]:
    """A document of a run, and the run's settings."""
    from pipeline.tables.frames import read_articles, read_run_file

    (article,) = read_articles(run_dir, [doc_id])
    _, config = read_run_file(run_dir)
    return article, config


def _place(stretch: str, text: str) -> tuple[int, int]:
    match = _STRETCH.match(stretch)
    if match:
        start, end = int(match[1]), int(match[2])
        if not start < end <= len(text):
            raise RunError(f"no stretch {stretch}: the text has {len(text):,} characters")
        return start, end
    start = text.find(stretch)
    if start < 0 or not stretch:
        raise RunError(f"{stretch!r} is not in the text; give START-END or words as written there")
    return start, start + len(stretch)


def _print(found: Explanation) -> None:
    from pipeline.explain import decided_by

    verdict = "a mention" if found.is_mention else "no mention"
    out.print(Text(f"{found.text!r} ({found.start}-{found.end}) is {verdict}.", style="bold"))
    for mention in found.mentions:
        out.print(Text(
            f"  {mention.label_} {mention.text!r} ({mention.start_char}-{mention.end_char}), "
            f"found by {mention._.source}, score {mention._.score:.2f}"
        ))  # fmt: skip
        said = [
            name
            for name, holds in (("negated", mention._.negated), ("uncertain", mention._.uncertain))
            if holds
        ]
        said += [mention._.role] if mention._.role else []
        said += ["somebody else's"] if mention._.experiencer == "other" else []
        if said:
            out.print(Text(f"    {', '.join(said)}: because of {decided_by(mention)!r}"))
        if mention._.long_form:
            out.print(Text(f"    stands for {mention._.long_form!r} here"))
        for concept, match in zip(mention._.concepts, mention._.matches, strict=True):
            out.print(Text(f"    {_link((*concept, *match))}"))
    if found.considered:
        table = Table("candidate", "where", "type", "found by", "", "became")
        for c in found.considered:
            cells = (c.text, f"{c.start}-{c.end}", c.label, c.found_by, c.detail, c.fate)
            table.add_row(*map(Text, cells))
        out.print(table)
    else:
        out.print("  No component proposed it or anything that touches it.")
    if found.probabilities:
        shares = ", ".join(f"{label} {p:.2f}" for label, p in found.probabilities.items())
        out.print(f"  The network's probability of just this stretch: {shares}")
    if not found.is_mention:
        for label, links in found.links.items():
            for link in links[:1]:
                out.print(Text(f"  As {label} it would be {_link(link)}"))


def _link(link: tuple[Any, ...]) -> str:
    curie, label, score, match, scope, name = link
    kind = f"{match}, {scope.lower()} name" if scope else match
    return f"{curie} {label!r}, score {score:.2f} ({kind} {name!r})"
