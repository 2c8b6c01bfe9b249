"""Build the spaCy pipeline of a run: the only place that orders components."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.util import compile_infix_regex, load_config

from pipeline.config import Profile, RunConfig
from pipeline.errors import ConfigError

RECOGNISER = "symptograph_recogniser"
# What needs no mentions; what the network sees; what profile ``accurate`` adds; what reads the
# mentions.
LAYOUT = ("symptograph_sections", "symptograph_sentences", "symptograph_abbreviations")
_RULES = (
    *LAYOUT,
    "symptograph_gazetteer",
    "symptograph_patterns",
    "symptograph_resolver",
)
_LEARNED = (RECOGNISER, "symptograph_joiner")
_MEANING = (
    "symptograph_assertion",
    "symptograph_linker",
    "symptograph_topics",
    "symptograph_relations",
)
COMPONENTS: dict[Profile, tuple[str, ...]] = {
    "fast": (*_RULES, *_MEANING),
    "accurate": (*_RULES, *_LEARNED, *_MEANING),
}
_READ_TERMS = ("symptograph_gazetteer", "symptograph_linker")
# spaCy's own limit is for its parser, which is not here.
_MAX_LENGTH = 2_000_000
MODEL = Path(__file__).parent / "data" / "model"
META = "symptograph"


def assemble(config: RunConfig) -> Language:
    """Make the pipeline that a configuration asks for, ready to use; :func:`made_with` tells it.

    Raises
    ------
    ConfigError
        If the model folder of the configuration holds no recogniser.
    """
    terms = list(config.terms)
    if config.profile == "fast":
        nlp = build("fast", terms=terms)
    else:
        nlp = load_model(Path(config.model) if config.model else MODEL, terms)
    nlp.max_length = _MAX_LENGTH
    # So that a pipeline can say what it was made from, after saving and loading too.
    nlp.meta[META] = config.model_dump(include={"profile", "model", "terms"})
    return nlp


def made_with(nlp: Language) -> RunConfig:
    """What :func:`assemble` made a pipeline from.

    Raises
    ------
    ConfigError
        If it did not make this one.
    """
    try:
        return RunConfig.model_validate(nlp.meta[META])
    except (KeyError, ValueError) as error:
        raise ConfigError(
            "nlp: not a pipeline of pipeline.load(); give one that it made"
        ) from error


def build(
    profile: Profile, network: dict[str, object] | None = None, terms: Sequence[str] = ()
) -> Language:
    """Make a pipeline; a recogniser in it is untrained.

    Parameters
    ----------
    network
        Config of the recogniser's model; the default one where none is given.
    terms
        Paths of the user's own terminology files.
    """
    nlp = spacy.blank("en")
    # A Markdown link ("sugar](https://…") is one token to spaCy; its text must end before it.
    infixes = [*(nlp.Defaults.infixes or ()), r"\]\(", r"(?<=\w)\]"]
    nlp.tokenizer.infix_finditer = compile_infix_regex(infixes).finditer  # type: ignore[union-attr]
    for name in COMPONENTS[profile]:
        config: dict[str, object] = {}
        if network and name == RECOGNISER:
            config = {"model": network}
        elif terms and name in _READ_TERMS:
            config = {"index": {"@misc": "symptograph.TermIndex.v1", "terms": list(terms)}}
        nlp.add_pipe(name, config=config)
    return nlp


def load_model(folder: Path, terms: Sequence[str] = ()) -> Language:
    """Make a pipeline of profile ``accurate`` with the recogniser of a trained model.

    Raises
    ------
    ConfigError
        If the folder holds no recogniser.
    """
    try:
        settings = load_config(folder / "config.cfg")["components"][RECOGNISER]
        nlp = build("accurate", settings["model"], terms)
        nlp.get_pipe(RECOGNISER).from_disk(folder / RECOGNISER, exclude=["vocab"])  # type: ignore[attr-defined]
    except (OSError, KeyError, ValueError) as error:
        raise ConfigError(
            f"{folder}: holds no recogniser ({error}); give a folder that `symptograph train` wrote"
        ) from error
    return nlp
