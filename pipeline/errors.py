"""Errors whose message is meant for the user: what is wrong, where, and what to do.

SymptographError
 ├── ConfigError        a setting that cannot work
 ├── ArticleError       an input that cannot be read; the run goes on without it
 ├── TerminologyError   a terminology source that cannot be read or compiled
 ├── GoldError          a gold file that does not follow its format
 ├── RunError           a folder that does not hold the run it should
 ├── OutputError        a place that cannot be written to
 └── StoppedError       the user stopped the work
"""

from __future__ import annotations

from pathlib import Path


class SymptographError(Exception):
    """Base of all errors that are reported in one line, without a traceback."""


class ConfigError(SymptographError):
    """A setting that cannot work."""


class ArticleError(SymptographError):
    """An input that cannot be read; recorded in the ``errors`` table, the run goes on."""


class TerminologyError(SymptographError):
    """A terminology source that cannot be read or compiled."""


class GoldError(SymptographError):
    """A gold file that does not follow its format."""


class RunError(SymptographError):
    """A folder that does not hold the run it should."""


class OutputError(SymptographError):
    """A place that cannot be written to."""


def unwritable(folder: Path, error: OSError) -> OutputError:
    """What to raise of an output folder that the system does not let us write to."""
    return OutputError(
        f"{folder}: cannot be written ({error.strerror or error}); "
        "give a folder you may write to with --out"
    )


class StoppedError(SymptographError):
    """The user stopped the work."""
