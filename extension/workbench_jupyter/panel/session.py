"""What a page asks of the kernel about cells: the answers, and what is kept between them.

Invariant: a session answers one question at a time; nothing of the user's runs, and nothing is printed.
"""

from __future__ import annotations

import ast
import hashlib
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.frontend import source
from workbench.frontend.looking import only_looking
from workbench.frontend.statements import forget
from workbench.ir import DifferentiationError, within
from workbench_jupyter.panel.analysis import Analysis, problem_of
from workbench_jupyter.panel.arguments import Asked, given_for
from workbench_jupyter.panel.constants import Unknown
from workbench_jupyter.panel.names import Home
from workbench_jupyter.panel.reading import Problem, Reading, Unreadable, chosen, first_line, last_line, read
from workbench_jupyter.panel.wrt import positions

#: So many seconds an analysis may take.
PATIENCE = 3.0
#: So many analyses are kept.
MOST = 16
#: So many texts are kept besides those of cells that are there: what is undone is not read again.
SPARE = 8


class Session:
    """Answers about one kernel's cells. namespace: gives the names that have run."""

    def __init__(self, namespace: Any) -> None:
        self.namespace = namespace
        self.analyses: OrderedDict[str, Analysis] = OrderedDict()
        self.texts: OrderedDict[str, Reading | Unreadable] = OrderedDict()
        self.held: list[str] = []

    def answer(self, question: Mapping[str, Any]) -> Any:
        """The answer to a question of the protocol. Raises LookupError for an analysis that is gone."""
        match question.get("what"):
            case "analyse":
                return self.analyse(question)
            case "at":
                analysis = self.analysis(question)
                sizes = {str(k): float(v) for k, v in (question.get("sizes") or {}).items()}
                return {**analysis.at(sizes), "change": None}
        raise ValueError(f"there is no answer to {question.get('what')!r}")

    def analysis(self, question: Mapping[str, Any]) -> Analysis:
        """The analysis that a question is about."""
        key = question.get("key")
        if key not in self.analyses:
            raise LookupError("this analysis is not kept any more: ask again")
        self.analyses.move_to_end(str(key))
        return self.analyses[str(key)]

    # ------------------------------------------------------------------ analysing
    def read(self, text: str) -> Reading:
        """A cell's text, read once. Raises `Unreadable`."""
        found = self.texts.get(text)
        if found is None:
            try:
                found = read(text)
            except Unreadable as error:
                found = error
            self.texts[text] = found
        self.texts.move_to_end(text)
        if isinstance(found, Unreadable):
            raise found
        return found

    def analyse(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """What there is to be said of the cell's function under the cursor."""
        begin = time.perf_counter()
        cell = question["cell"]
        try:
            reading = self.read(str(cell["source"]))
        except Unreadable as error:
            return {"problems": [error.problem.as_dict()]}
        node = chosen(reading, int(cell.get("line") or 1))
        if node is None:
            return {"nothing": "no function here"}
        place = {"name": node.name, "first": first_line(node), "last": last_line(node)}
        try:
            analysis = self._analysis(str(cell.get("id") or ""), reading, node, question)
        except _Failed as failed:
            return {**place, "problems": [problem.as_dict() for problem in failed.problems]}
        problems = [*analysis.problems, *([analysis.refusal] if analysis.refusal else [])]
        return {
            "key": analysis.key, **place,
            "functions": [{"name": f.name, "first": first_line(f), "last": last_line(f)} for f in reading.functions],
            "arguments": {"text": analysis.given.text, "source": analysis.given.source},
            "dims": analysis.dims(), **analysis.at(question.get("sizes")), "change": None, "views": [],
            "problems": [problem.as_dict() for problem in problems],
            "seconds": time.perf_counter() - begin,
        }

    def _analysis(self, cell: str, reading: Reading, node: ast.FunctionDef, question: Mapping[str, Any]) -> Analysis:
        """The analysis, made anew only where something that it depends on has changed. Raises `_Failed`."""
        filename = file_of(reading.source)
        home = Home(self.namespace(), filename)
        others = self._others(question.get("others") or [])
        for name, other in others:
            self._hold(name, other)
            home.take(other.tree, name, own=False)
        self._hold(filename, reading)
        home.take(reading.tree, filename, own=True)
        home.fill(reading.tree, *(other.tree for _, other in others))
        function = home.names.get(node.name)
        try:
            asked = Asked(function, node, node.name, [("", reading.tree), *(
                ("another cell", other.tree) for _, other in others)], home.known, home.notes)
            given = given_for(asked, question.get("arguments"))
            wrt = positions(question.get("wrt"), function, given)
        except Unknown as reason:
            raise _Failed([Problem(str(reason), node.lineno)]) from None
        key = digest(repr((cell, reading.source, node.name, given.text, given.source, wrt, home.fingerprint())))[:20]
        known = self.analyses.get(key)
        if known is not None and known.is_current():
            self.analyses.move_to_end(key)
            return known
        try:
            with within(PATIENCE), only_looking():
                analysis = Analysis(key, cell, reading, node, filename, function, node.name, given, wrt, home.notes)
        except DifferentiationError as refusal:
            raise _Failed([problem_of(refusal, filename, node, home.why)]) from None
        except Exception as error:
            raise _Failed([problem_of(error, filename, node, home.why)]) from None
        self.analyses[key] = analysis
        self._forget({filename, *(name for name, _ in others)})
        return analysis

    def _others(self, cells: Sequence[Mapping[str, Any]]) -> list[tuple[str, Reading]]:
        """The notebook's other cells, as far as they can be read, with the names of their texts."""
        found = []
        for cell in cells:
            try:
                reading = self.read(str(cell["source"]))
            except Unreadable:
                continue
            found.append((file_of(reading.source), reading))
        return found

    def _hold(self, filename: str, reading: Reading) -> None:
        """Have the definitions of a text found."""
        if filename not in self.held:
            source.hold(filename, reading.source, reading.tree)
            self.held.append(filename)

    def _forget(self, used: set[str]) -> None:
        """Let the oldest analyses go, and the texts that nothing is about any more."""
        while len(self.analyses) > MOST:
            self.analyses.popitem(last=False)
        used |= {analysis.filename for analysis in self.analyses.values()}
        for filename in [name for name in self.held if name not in used]:
            self.held.remove(filename)
            forget(source.release(filename))
        for text in [text for text in self.texts if file_of(text) not in used][:-SPARE]:
            del self.texts[text]


class _Failed(Exception):
    """A cell that cannot be analysed."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(problems[0].message)
        self.problems = problems


def file_of(text: str) -> str:
    """The name under which a cell's text is known to whatever asks for sources."""
    return f"<cell {digest(text)[:16]}>"


def digest(text: str) -> str:
    """A text's own name; there may be anything in it, halves of characters, too."""
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()


__all__ = ["Session"]
