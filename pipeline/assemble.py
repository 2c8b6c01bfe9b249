"""Build the spaCy pipeline of a run: the only place that orders components."""

from __future__ import annotations

import spacy
from spacy.language import Language

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
    for name in COMPONENTS:
        nlp.add_pipe(name)
    return nlp
