"""What a page asks of the kernel about cells: the answers, and what is kept between them.

Invariant: a session answers one question at a time; nothing of the user's runs, and nothing is printed.
"""

from __future__ import annotations

import ast
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from workbench.frontend import source
from workbench.frontend.looking import only_looking
from workbench.frontend.statements import forget
from workbench.ir import Stopped, in_time, within
from workbench.views.numbers import sizes_of
from workbench_jupyter.panel import changes, views
from workbench_jupyter.panel.analysis import Analysis, problem_of
from workbench_jupyter.panel.arguments import GUESSED
from workbench_jupyter.panel.baselines import Baselines
from workbench_jupyter.panel.reading import Problem, Reading, Unreadable, first_line, last_line, read
from workbench_jupyter.panel.subjects import Nothing, Others, Subject, Unsettled, subject_of

#: So many seconds an analysis may take.
PATIENCE = 5.0
#: Where the value's cost has taken less than this, in seconds, the gradient's is waited for.
SOON = 0.025
#: So many analyses are kept.
MOST = 16
#: So many runs of cells are remembered until the next question.
MOST_RUNS = 256
#: So many texts are kept besides those of cells that are there: what is undone is not read again.
SPARE = 8


class Session:
    """Answers about one kernel's cells. namespace: gives the names that have run."""

    def __init__(self, namespace: Callable[[], dict[str, Any]]) -> None:
        self.namespace = namespace
        self.analyses: OrderedDict[str, Analysis] = OrderedDict()
        self.texts: OrderedDict[str, Reading | Unreadable] = OrderedDict()
        self.held: dict[str, str] = {}  # names of texts whose definitions are found, and what they are called
        self.baselines = Baselines()
        self.runs: deque[tuple[str | None, str]] = deque(maxlen=MOST_RUNS)  # cells that have run meanwhile

    def answer(self, question: Mapping[str, Any]) -> Any:
        """The answer to a question of the protocol. Raises LookupError for an analysis that is gone."""
        self.note_runs()
        with only_looking(), np.errstate(all="ignore"):
            match question.get("what"):
                case "analyse":
                    return self.analyse(question)
                case "gradient":
                    return self.complete(question)
                case "at":
                    analysis = self.analysis(question)
                    sizes = sizes_of(question.get("sizes") or {})
                    return self.numbers(analysis, sizes)
                case "view":
                    with within(PATIENCE):
                        self.analysis(question).complete()
                        shown = self.view(question)
                        found = {"kind": shown.kind, "html": shown.html(), "data": shown.as_dict()}
                        in_time(None)  # (where it was given up, figures may be missing)
                        return found
                case "ask":
                    with within(PATIENCE):
                        self.analysis(question).complete()
                        return views.answer(self.view(question), question.get("question") or {})
                case "baseline":
                    return self.pin(question)
        raise ValueError(f"there is no answer to {question.get('what')!r}")

    def note_runs(self) -> None:
        """Take note of the cells that have run, and let go of what was about things that are no more."""
        ran = bool(self.runs)
        while self.runs:
            self.baselines.note_run(*self.runs.popleft())
        namespace = self.namespace() if ran else {}
        if ran:
            self.baselines.let_go()
        for key in [key for key, kept in self.analyses.items() if ran and not kept.lets_go(namespace)]:
            del self.analyses[key]

    def analysis(self, question: Mapping[str, Any]) -> Analysis:
        """The analysis that a question is about."""
        key = question.get("key")
        if key not in self.analyses:
            raise LookupError("unknown key: this analysis is not kept any more, ask again")
        self.analyses.move_to_end(str(key))
        return self.analyses[str(key)]

    def view(self, question: Mapping[str, Any]) -> Any:
        """The view that a question is about."""
        analysis = self.analysis(question)
        found = self.baselines.of(analysis)
        return views.view(analysis, str(question.get("view")), found and found[0])

    def pin(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Compare with a text from now on, or with the last run again."""
        if question.get("key") is None:
            self.baselines.pin(str(question.get("cell") or ""), None)
        else:
            analysis = self.analysis(question)
            self.baselines.pin(analysis.cell, analysis)
        return {}

    def change(self, analysis: Analysis, sizes: Mapping[str, float] | None) -> dict[str, Any] | None:
        """What has changed since the baseline."""
        found = self.baselines.of(analysis)
        return None if found is None else changes.change(found[0], analysis, found[1], sizes)

    def numbers(self, analysis: Analysis, sizes: Mapping[str, float]) -> dict[str, Any]:
        """Totals, lines and what has changed, at sizes."""
        if analysis.pending:
            return {**analysis.at(sizes), "change": None, "pending": True}
        return {**analysis.at(sizes), "change": self.change(analysis, sizes)}

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
        """What there is to be said of the cell's function under the cursor. Where the question allows for `parts`, the
        gradient is left for later if the value has taken a while."""
        begin = time.perf_counter()
        cell = question["cell"]
        try:
            reading = self.read(str(cell["source"]))
            filename = file_of(reading.source)
            others = self._others(question.get("others") or [])
            subject = subject_of(reading, filename, others, self.namespace(), int(cell.get("line") or 1),
                                 question.get("arguments"), question.get("wrt"), self._ran())
        except Unreadable as error:
            return {"problems": [error.problem.as_dict()]}
        except Nothing as why:
            return {"nothing": str(why)}
        except Unsettled as error:
            return {**error.place, "problems": [error.problem.as_dict()]}
        self._hold(subject.filename, reading.source, subject.tree, "the cell")
        try:
            with within(PATIENCE):
                analysis = self._analysis(str(cell.get("id") or ""), reading, subject, others)
                is_soon = time.perf_counter() - begin < SOON
            if is_soon or not question.get("parts"):
                self._complete(analysis)
            with within(PATIENCE):
                return self._told(analysis, question, begin)
        except Exception as error:  # a refusal, or what the program raises whatever its numbers are
            problems = [*subject.notes, problem_of(error, subject.filename, subject.node, subject.home.why)]
            if subject.given.source == GUESSED:
                problems.append(Problem(f"the types of its arguments are guessed ({subject.given.text}): write them, "
                                        "or a call", subject.first))
            return {"name": subject.name, "first": subject.first, "last": subject.last,
                    "problems": [problem.as_dict() for problem in problems]}
        finally:
            self._forget({subject.filename, *(name for name, _ in others), *map(file_of, self.baselines.ran.values())})

    def complete(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to what was asked before, with the gradient. Raises Stopped where it was given up."""
        begin = time.perf_counter()
        analysis = self.analysis(question)
        try:
            self._complete(analysis)
            with within(PATIENCE):
                told = self._told(analysis, question, begin)
                in_time(None)  # (what is missing in a figure may be missing because it was given up)
                return told
        except Stopped:
            analysis.forget_numbers()
            raise
        except Exception as error:
            return {**analysis.place, "problems": [problem_of(error, analysis.filename, analysis.node).as_dict()]}

    def _complete(self, analysis: Analysis) -> None:
        """Find the gradient, and that of what it is compared with."""
        with within(PATIENCE):
            if analysis.pending:
                analysis.complete()
                self.baselines.note(analysis)
        found = self.baselines.of(analysis)
        with within(PATIENCE):
            if found is not None and found[0].pending:
                found[0].complete()
                self.baselines.note(found[0])

    def _told(self, analysis: Analysis, question: Mapping[str, Any], begin: float) -> dict[str, Any]:
        """What is said of an analysis."""
        sizes = sizes_of(question.get("sizes") or {})
        self.baselines.note(analysis)
        told = {"dims": analysis.dims(sizes), **self.numbers(analysis, sizes)}
        return {
            "key": analysis.key, **analysis.place,
            "functions": [{"name": f.name, "first": first_line(f), "last": last_line(f)}
                          for f in analysis.reading.functions],
            "arguments": {"text": analysis.given.text, "source": analysis.given.source},
            "wrt": {"text": ", ".join(analysis.by), "source": analysis.wrt_source},
            "pulled": analysis.pulled, **told, "views": list(views.MAKERS),
            "problems": [problem.as_dict() for problem in analysis.remarks],
            "seconds": time.perf_counter() - begin,
        }

    def _analysis(self, cell: str, reading: Reading, subject: Subject, others: Others) -> Analysis:
        """The analysis, made anew only where something that it depends on has changed."""
        made_of, names = subject.depends_on(reading, others)
        program = digest(made_of)
        given = subject.given
        key = digest(repr((cell, reading.source, given.source, subject.wrt_source, sorted(given.sizes.items()),
                           program)))
        known = self.analyses.get(key)
        if known is not None and known.is_current():
            self.analyses.move_to_end(key)
            return known
        alike = next((a for a in reversed(self.analyses.values()) if a.program_key == program
                      and a.fits(subject.given) and a.is_current()), None)
        if alike is not None:
            analysis = alike.of_text(key, cell, reading, subject)
        else:
            analysis = Analysis(key, program, cell, reading, subject, names)
        self.analyses[key] = analysis
        return analysis

    def _ran(self) -> list[Reading]:
        """Cells as they were when they ran, the last one first."""
        found = []
        for text in reversed(self.baselines.ran.values()):
            try:
                found.append(self.read(text))
            except Unreadable:
                continue
        return found

    def _others(self, cells: Sequence[Mapping[str, Any]]) -> list[tuple[str, Reading]]:
        """The notebook's other cells, as far as they can be read, with the names of their texts."""
        found = []
        for cell in cells:
            try:
                reading = self.read(str(cell["source"]))
            except Unreadable:
                continue
            found.append((file_of(reading.source), reading))
            self._hold(file_of(reading.source), reading.source, reading.tree)
        return found

    def _hold(self, filename: str, text: str, tree: ast.Module, called: str = "another cell") -> None:
        """Have the definitions of a text found."""
        if filename not in self.held:
            source.hold(filename, text, tree)
            self.held[filename] = called

    def _forget(self, used: set[str]) -> None:
        """Let the oldest analyses go, and the texts that nothing is about any more."""
        while len(self.analyses) > MOST:
            self.analyses.popitem(last=False)
        used |= {analysis.filename for analysis in (*self.analyses.values(), *self.baselines.pending())}
        for filename in [name for name in self.held if name not in used]:
            del self.held[filename]
            forget(source.release(filename))
        for text in [text for text in self.texts if file_of(text) not in used][:-SPARE]:
            del self.texts[text]


def file_of(text: str) -> str:
    """The name under which a cell's text is known to whatever asks for sources."""
    return f"cell-{digest(text)[:12]}"


def digest(text: str) -> str:
    """A text's own name in this process. (Python's own hash: those of `hashlib` let other threads run meanwhile, and a
    computing cell goes on for a while then.)"""
    return f"{hash(text) & (2**64 - 1):016x}"
