"""Build the spaCy pipeline of a run: the only place that orders components."""

from __future__ import annotations

import spacy
from spacy.language import Language
from spacy.util import compile_infix_regex

from pipeline.config import RunConfig

COMPONENTS = (
    "symptograph_sections",
    "symptograph_sentences",
    "symptograph_abbreviations",
    "symptograph_gazetteer",
    "symptograph_patterns",
    "symptograph_resolver",
    "symptograph_assertion",
    "symptograph_linker",
    "symptograph_topics",
    "symptograph_relations",
)


def assemble(config: RunConfig) -> Language:
    """Make the pipeline that a configuration asks for."""
    nlp = spacy.blank("en")
    nlp.max_length = config.max_chars
    # A Markdown link ("sugar](https://…") is one token to spaCy; its text must end before it.
    infixes = [*(nlp.Defaults.infixes or ()), r"\]\(", r"(?<=\w)\]"]
    nlp.tokenizer.infix_finditer = compile_infix_regex(infixes).finditer  # type: ignore[union-attr]
    for name in COMPONENTS:
        nlp.add_pipe(name)
    return nlp
