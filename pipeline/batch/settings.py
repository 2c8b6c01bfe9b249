"""What decides the rows of a run, in words, so that two runs can be compared."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

import pipeline
from pipeline.config import RunConfig
from pipeline.errors import OutputError
from pipeline.tables.schema import RUN_FILE
from pipeline.terminology.cache import index_folder


def run_settings(config: RunConfig) -> dict[str, str]:
    """The settings of a run, the contents of its models and data among them, by name."""
    shown = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in config.model_dump().items()
    }
    if config.model:
        shown["model"] = f"{config.model} ({_digest([Path(config.model)])})"
    return shown | {
        "version": pipeline.__version__,
        "data": _digest([Path(str(resources.files("pipeline") / "data"))]),
        "terminology": index_folder(config.term_files).name,
    }


def _digest(folders: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix not in (".py", ".pyc"):
                digest.update(path.relative_to(folder).as_posix().encode() + b"\0")
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def differences(before: dict[str, str], now: dict[str, str]) -> str:
    """Which settings are others, in words."""
    names = sorted(n for n in before.keys() | now.keys() if before.get(n) != now.get(n))
    return ", ".join(
        f"{name}: {before.get(name, 'not set')} before, {now.get(name, 'not set')} now"
        for name in names
    )


def check_folder(folder: Path, settings: dict[str, str]) -> bool:
    """Tell whether a folder holds a finished run with these settings.

    Raises
    ------
    OutputError
        If it holds a run with others.
    """
    try:
        found = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError) as error:
        raise OutputError(
            f"{folder / RUN_FILE}: cannot be read ({error}); give another --out, or --overwrite"
        ) from error
    before = _settings_of(found)
    if before != settings:
        raise OutputError(
            f"{folder}: holds a run with other settings ({differences(before, settings)}); "
            "give another folder with --out, or --overwrite"
        )
    return True


def _settings_of(run_file: Any) -> dict[str, str]:
    found = run_file.get("settings") if isinstance(run_file, dict) else None
    return found if isinstance(found, dict) else {}
