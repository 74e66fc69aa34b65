"""Notebooks are written as MyST Markdown, `notebooks/*.md`; the `.ipynb` beside each is made from it, without outputs.

    python tools/notebooks.py                              make every .ipynb
    python tools/notebooks.py --check                      only say which are out of step
    python tools/notebooks.py --back notebooks/tape.ipynb  the way back, after editing in JupyterLab: its .md from it

Cells have counted ids, so that the same text makes the same file.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import jupytext
import nbformat

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
FORM = "md:myst"
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
# versions of jupytext have no place in the sources
HEADER = "kernelspec,-jupytext.text_representation.jupytext_version,-jupytext.text_representation.format_version"


def sources(folder: Path = FOLDER) -> list[Path]:
    """The Markdown files of all notebooks."""
    return sorted(folder.glob("*.md"))


def notebook_of(source: Path) -> Any:
    """The notebook that a Markdown source describes."""
    notebook = jupytext.read(source, fmt=FORM)
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"{'code' if cell.cell_type == 'code' else 'text'}-{number:02}"
    return notebook


def written(source: Path) -> str:
    """The text of the `.ipynb` of a Markdown source."""
    return str(nbformat.writes(notebook_of(source))) + "\n"


def back(notebook: Path) -> str:
    """The Markdown of a notebook; its outputs are left out."""
    made = nbformat.read(notebook, as_version=4)
    made.metadata = nbformat.from_dict({"kernelspec": KERNEL, "jupytext": {"notebook_metadata_filter": HEADER}})
    lines = jupytext.writes(made, fmt=FORM).splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("  notebook_metadata_filter:"))


def out_of_step(folder: Path = FOLDER) -> list[Path]:
    """The notebooks that are not what their source makes, or have none."""
    wrong = [s.with_suffix(".ipynb") for s in sources(folder)
             if not s.with_suffix(".ipynb").exists() or s.with_suffix(".ipynb").read_text("utf-8") != written(s)]
    return wrong + sorted(n for n in folder.glob("*.ipynb") if not n.with_suffix(".md").exists())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say which are out of step")
    parser.add_argument("--back", nargs="+", type=Path, metavar="NOTEBOOK", help="write the .md of these .ipynb")
    options = parser.parse_args()
    if options.back:
        for notebook in options.back:
            notebook.with_suffix(".md").write_text(back(notebook), "utf-8")
    elif options.check:
        wrong = out_of_step()
        for notebook in wrong:
            print(f"{notebook.name} is not what its .md makes: python tools/notebooks.py")
        return 1 if wrong else 0
    for source in sources():
        source.with_suffix(".ipynb").write_text(written(source), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
