"""What a question is about: a function of the cell, or the cell itself as a function of what it reads.

Invariant: a subject is made of the cells' texts and of names that have run; nothing of it has been executed.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from typing import Any

from IPython.core.error import UsageError

from workbench.records import dataclass
from workbench_jupyter.cost_magics import CostMagics
from workbench_jupyter.magics import GradMagics
from workbench_jupyter.options import Options, parse_line
from workbench_jupyter.panel.arguments import Asked, Given, given_for, opened
from workbench_jupyter.panel.constants import Unknown
from workbench_jupyter.panel.names import Home, evaluated
from workbench_jupyter.panel.reading import Problem, Reading, chosen, first_line, free_in, last_line, names_in, reached
from workbench_jupyter.panel.wrt import holds_reals, positions
from workbench_jupyter.plain import first_reads, only_shows, output_of

CELL = "this cell"
PARSERS = {"grad": GradMagics.grad_cell.parser, "cost": CostMagics.cost_cell.parser,
           "tape": CostMagics.tape_cell.parser}
Others = Sequence[tuple[str, Reading]]


class Nothing(Exception):
    """A cell that there is nothing to be said of; why."""


@dataclass(frozen=True)
class Subject:
    """A function, its definition, its arguments. filename, tree: under which name its text is known, and what that is;
    first, last: its lines; home: what names mean to it."""

    filename: str
    tree: ast.Module
    function: Any
    node: ast.FunctionDef
    name: str
    first: int
    last: int
    given: Given
    wrt: tuple[int, ...]
    wrt_source: str
    home: Home

    def depends_on(self, reading: Reading, others: Others) -> tuple[str, set[str]]:
        """What the function is made of, as text (two that are alike have one program), and the names that it sees."""
        names = names_in(self.node)
        every = [part for _, other in (*others, ("", reading)) for part in other.parts]
        parts = [part for part in reached(names, every) if part.statement is not self.node]
        nodes = (self.node, *(part.statement for part in parts))
        free = set().union(*map(free_in, nodes))
        return repr(([ast.dump(node, include_attributes=True) for node in nodes], self.given.text, self.wrt,
                     self.home.fingerprint(free))), free

    @property
    def notes(self) -> list[Problem]:
        """What is told besides."""
        return self.home.notes


class Unsettled(Exception):
    """A subject whose arguments cannot be worked out; where it stands."""

    def __init__(self, problem: Problem, name: str, first: int, last: int) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.place = {"name": name, "first": first, "last": last}


def subject_of(reading: Reading, filename: str, others: Others, namespace: dict[str, Any], line: int,
               arguments: str | None, wrt: str | None, ran: Sequence[Reading] = ()) -> Subject:
    """The function that a line of a cell is about. ran: cells as they were when they ran.

    Raises `Nothing`, or `Unsettled`."""
    node = chosen(reading, line)
    options = options_of(reading)
    home = Home(namespace, filename)
    _take_others(reading, others, home)
    cells = [("", reading.tree), *(("another cell", other.tree) for _, other in others)]
    if node is None:
        return _plain(reading, filename, home, arguments, wrt or wrt_text(options))
    home.take(reading.parts, filename, own=True)
    function = home.names.get(node.name)
    first, last = first_line(node), last_line(node)
    asked = Asked(function, node, node.name, cells, home.known, home.notes, [reading.tree for reading in ran])
    try:
        given = given_for(asked, arguments or (options.at if options else None))
        source = "written here" if wrt else "the magic's line" if wrt_text(options) else "the first that holds numbers"
        return Subject(filename, reading.tree, function, node, node.name, first, last, given,
                       positions(wrt or wrt_text(options), function, given), source, home)
    except Unknown as reason:
        at = None if arguments or wrt else node.lineno
        raise Unsettled(Problem(str(reason), at), node.name, first, last) from None


def _take_others(reading: Reading, others: Others, home: Home) -> None:
    """Take what the cell needs of the other cells, and of the namespace; that of a call of its functions, too."""
    names = set().union(*(part.uses for part in reading.parts))
    own = {function.name for function in reading.functions}
    for _, other in others:
        names |= set().union(*(part.uses for part in other.parts if part.uses & own))
    names |= {name for _, other in others for part in other.parts if isinstance(part.statement, ast.ClassDef)
              for name in part.binds}  # (an argument may be an object of one)
    wanted = names - home.namespace.keys()
    every = [(filename, part) for filename, other in others for part in other.parts]
    kept = {id(part) for part in reached(wanted, (part for _, part in every))}
    for filename, part in every:
        if id(part) in kept:
            home.take([part], filename, own=False)
    home.fill(names | wanted)


# ---------------------------------------------------------------------- a cell as a function
def _plain(reading: Reading, filename: str, home: Home, arguments: str | None, wrt: str | None) -> Subject:
    """A cell without functions as a function of the names that it reads and that hold numbers."""
    filename += "-function"  # (it is another cell's, too, and no function there)
    body = list(reading.tree.body)
    home.take((part for part in reading.parts if isinstance(part.statement, ast.Import | ast.ImportFrom)), filename,
              own=True)
    for statement in body:
        if isinstance(statement, ast.ClassDef | ast.AsyncFunctionDef):
            raise Nothing("a class: its methods are looked at where a function calls them"
                          if isinstance(statement, ast.ClassDef) else "a coroutine")
    while body and isinstance(body[-1], ast.Expr) and is_beside(body[-1], home):
        body.pop()
    reads, assigned = first_reads(ast.Module(body, []))
    try:
        last, output = output_of(body, assigned)
    except ValueError:
        raise Nothing("nothing here computes a number") from None
    values = _values(reads, home)
    inputs = [name for name in reads if name in values and holds_reals(values[name])]
    if not inputs:
        raise Nothing("nothing here is computed from a name that holds a number or an array")
    parameters = [*inputs, *(name for name in reads if name in values and name in assigned and name not in inputs)]
    node = as_function(body, parameters, last if last is not None else output, lambda s: is_beside(s, home))
    function = evaluated(node, filename, home.names, {})
    asked = Asked(function, node, node.name, [], home.known, home.notes)
    first, end = first_line(body[0]), last_line(body[-1])
    try:
        given = given_for(asked, arguments) if arguments else opened(
            asked, tuple(values[name] for name in parameters), {}, "the values of the notebook's names")
        chosen_wrt = positions(wrt, function, given) if wrt else tuple(range(len(inputs)))
    except Unknown as reason:
        raise Unsettled(Problem(str(reason), None if arguments or wrt else first), CELL, first, end) from None
    return Subject(filename, ast.Module([node], []), function, node, CELL, first, end, given, chosen_wrt,
                   "written here" if wrt else "all that the cell reads", home)


def _values(reads: Sequence[str], home: Home) -> dict[str, Any]:
    """The values of names that are known."""
    found = {}
    for name in reads:
        try:
            found[name] = home.known.names[name]
        except (KeyError, Unknown):
            continue
    return found


def is_beside(statement: ast.stmt, home: Home) -> bool:
    """Whether a statement only shows something: it calls a magic, `print`, a plotting package."""
    value = statement.value if isinstance(statement, ast.Expr | ast.Assign) else None
    inner = value.func.value if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) else None
    if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == "get_ipython":
        return True
    return only_shows(statement, home.names)


def as_function(body: Sequence[ast.stmt], parameters: Sequence[str], result: ast.Expr | str, is_dropped: Any
                ) -> ast.FunctionDef:
    """Statements as the body of a function; each keeps its place."""
    made: list[ast.stmt] = []
    for statement in body:
        if statement is result:
            made.append(ast.copy_location(ast.Return(result.value), statement))
        else:
            made.append(ast.copy_location(ast.Pass(), statement) if is_dropped(statement) else statement)
    if isinstance(result, str):
        name = ast.copy_location(ast.Name(result, ast.Load()), body[-1])
        made.append(ast.copy_location(ast.Return(name), body[-1]))
    spec = ast.arguments([], [ast.arg(name) for name in parameters], None, [], [], None, [])
    node = ast.FunctionDef("cell", spec, made, [], None, None)
    if sys.version_info >= (3, 12):
        node.type_params = []
    ast.copy_location(node, body[0])
    for arg in spec.args:
        ast.copy_location(arg, node)
    return node


# ---------------------------------------------------------------------- the line of a magic
def options_of(reading: Reading) -> Options | None:
    """What the line of a cell magic of ours asks for; None where it has none, or is wrong."""
    parser = PARSERS.get(reading.magic)
    if parser is None:
        return None
    try:
        return parse_line(parser, reading.magic, reading.line)
    except (UsageError, SystemExit):
        return None


def wrt_text(options: Options | None) -> str | None:
    """`--wrt` as text."""
    if options is None or options.wrt is None:
        return None
    return ",".join(map(str, options.wrt if isinstance(options.wrt, tuple) else (options.wrt,)))
