"""The notebook: it runs, and what it shows is what was recorded in it.

``python tests/test_notebook.py`` runs it and records what it shows anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "docs" / "quickstart.ipynb"


def executed():
    """The notebook after all of its cells have run, in the folder that it lies in."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    resources = {"metadata": {"path": str(NOTEBOOK.parent)}}
    # The times of execution would be others each time.
    NotebookClient(notebook, timeout=120, resources=resources, record_timing=False).execute()
    return notebook


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def shown(cell):
    """What a cell shows, as text."""
    return [output.get("text") or output["data"]["text/plain"] for output in cell.outputs]


@pytest.fixture(scope="module")
def recorded():
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    return notebook


@pytest.fixture(scope="module")
def again(tmp_path_factory):
    """The notebook run anew, with this source tree and nothing of the user's own settings."""
    folder = str(tmp_path_factory.mktemp("jupyter"))
    with pytest.MonkeyPatch.context() as patch:
        for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):
            patch.setenv(name, folder)
        patch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", ""))))
        return executed()


def test_notebook_shows_what_was_recorded(recorded, again):
    cells = code_cells(recorded)
    assert len(cells) > 8
    assert [shown(cell) for cell in code_cells(again)] == [shown(cell) for cell in cells]


def test_notebook_warns_of_nothing(again):
    outputs = [output for cell in code_cells(again) for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {
        "execute_result",
        "display_data",
        "stream",
    }
    assert "stderr" not in [output.get("name") for output in outputs]


def test_notebook_was_recorded_in_order(recorded):
    counts = [cell.execution_count for cell in code_cells(recorded)]
    assert counts == list(range(1, len(counts) + 1))


def test_notebook_holds_nothing_of_the_computer_it_was_recorded_on():
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert not re.search(r"0x[0-9a-f]{6,}|/(?:tmp|home|Users)/|\d{4}-\d\d-\d\dT", text)


def record():
    """Write the notebook with what it shows now."""
    notebook = executed()
    # All but the name belongs to the Python that it ran in.
    notebook.metadata.language_info = {"name": "python"}
    nbformat.write(notebook, NOTEBOOK)


if __name__ == "__main__":
    record()
