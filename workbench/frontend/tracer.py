"""The symbolic machine: emits IR for what the evaluator does, and keeps variables straight through regions.

`Tracer` holds the builder, the open frames of the static log, the current source span, and what was read from outside
(guards and hidden inputs, through its `environment`). What the language means is written in modules above
(`arithmetic`, `arrays`, `branches`, `loops`, ...), whose functions take the tracer as first argument.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from dataclasses import field
from typing import Any, NoReturn

from workbench import rules
from workbench.frontend.numbers import alternatives, number_kind, static_constant
from workbench.frontend.order import by_rows
from workbench.frontend.threads import Launches
from workbench.frontend.unwinding import Diverted, NeedStatic, Restart
from workbench.frontend.upward import Upward
from workbench.frontend.values import (
    UNDEFINED,
    Array,
    Bare,
    Cell,
    Conflict,
    DequeValue,
    DictValue,
    DynamicList,
    ListValue,
    Maybe,
    ObjectValue,
    OneOf,
    Scalar,
    Variable,
    bare_in,
    describe,
)
from workbench.frontend.variables import (
    LogFrame,
    StaleReference,
    load_tree,
    same_shape,
    store_tree,
    write_tree,
)
from workbench.ir import Builder, Constant, DifferentiationError, Kind, Slot, Span, Value, deadline, normal_form
from workbench.records import dataclass

MAX_EMITTED = 400_000  # by then, compiling would take hours
ZERO = Constant(0, Kind.INT)
ONE = Constant(1, Kind.INT)
TRUE = Constant(True, Kind.BOOL)


FIRST_SITE = 16  # completions from here on say which `raise` control comes from


@dataclass(eq=False)
class Catcher:
    """A `try` in progress: per handler the classes it takes, and the places that raise to it (completion, handler,
    exception)."""

    classes: list[tuple[type, ...]]
    sites: list[tuple[int, int, Any]] = field(default_factory=list)

    def handler(self, type_: type) -> int | None:
        """The handler that takes an exception of a class."""
        return next((k for k, taken in enumerate(self.classes) if issubclass(type_, taken)), None)


@dataclass(eq=False)
class Pending:
    """An open arm in which the program goes on after a check; in the other arm control leaves with `code`."""

    ok: Value
    code: Any
    possible: frozenset[int]
    log: LogFrame
    depth: int  # of the builder, this arm included
    level: int  # of the static log, this arm included


class Tracer:
    """See the module's text. `decisions` are those of earlier, abandoned tracings."""

    def __init__(self, name: str, environment: Upward, decisions: dict[Any, Any]) -> None:
        self.builder = Builder(name)
        self.environment = environment
        environment.t = self
        self.decisions = decisions
        self.frames: list[LogFrame] = [LogFrame("function")]
        self.calls: tuple[Any, ...] = ()
        self.cells: list[Cell] = []
        self.nonnegative: set[Value] = set()
        self.integers: set[Value] = set()  # results of Python's integer operators, which do not overflow
        self.turned: dict[Any, tuple[Any, Value]] = {}  # loops by key: the frame they are in, and if they made a turn
        self.turns = 0  # of loops that are unrolled as a last resort (`unrolling`)
        self.entered: dict[int, int] = {}  # how often functions were entered by themselves, under run-time conditions
        self.deadline = deadline()  # of whoever waits for the program
        self.emitted = 0  # operations, those of attempts too
        self.unrolled: frozenset[int] = frozenset()  # (by their nodes) functions not taken to be recursive
        self.bares: dict[Any, Bare] = {}  # arrays without axes, by where they are made
        self.static_loops: dict[Value, int] = {}  # indices of loops whose number of iterations is known
        self.listed: dict[Cell, None] = {}  # arrays that are entries of dynamic lists
        self.open_loops: list[tuple[Value, int]] = []
        self.catchers: list[Catcher] = []
        self.raised_at: dict[int, tuple[Any, Any]] = {}  # identity of a caught exception -> it, the span that raised it
        self.pending: list[Pending] = []
        self.handled: list[Any] = []
        self.raising = FIRST_SITE
        self.launches = Launches()

    # ------------------------------------------------------------------ errors
    @property
    def span(self) -> Span | None:
        """The user's line being evaluated."""
        return self.builder.span

    @property
    def is_unconditional(self) -> bool:
        """True where every run of the program comes by."""
        return all(frame.kind == "function" for frame in self.frames)

    def fail(self, reason: str, hint: str = "") -> NoReturn:
        """Refuse, at the user's line."""
        raise DifferentiationError(reason, self.span, hint)

    def in_time(self) -> None:
        """Raise Overdue, at the user's line, where tracing takes longer than somebody waits for it."""
        if self.deadline is not None:
            self.deadline.checked(self.span)

    # ------------------------------------------------------------------ values
    def emit(self, prim: str, *operands: Value, **attrs: Any) -> Value:
        """Emit a typed operation."""
        self.emitted += 1
        self.in_time()
        if self.emitted > MAX_EMITTED:
            self.fail(f"a program of more than {MAX_EMITTED:,} operations: each call of a function is traced by itself",
                      "call functions fewer times, or put what they do into loops over arrays")
        return rules.emit(self.builder, prim, *operands, **attrs)

    def emit_all(self, prim: str, *operands: Value, **attrs: Any) -> tuple[Value, ...]:
        """Emit a typed operation with several results."""
        return rules.emit_all(self.builder, prim, *operands, **attrs)

    def scalar(self, number: Any, kind: Kind | None = None) -> Value:
        """A number of the evaluator as an IR value, cast to `kind` where it is given."""
        own = number_kind(number)
        if own is None:
            self.fail(f"a number is needed here, not {describe(number)}")
        if isinstance(number, Scalar):
            value = self.builder.resolve(number.value)
            return value if kind is None or kind is own else self.emit("cast", value, kind=kind)
        return static_constant(number, kind or own)

    def integer(self, number: Any, what: str = "an integer") -> Value:
        """An integer as an IR value."""
        kind = number_kind(number)
        if kind not in (Kind.INT, Kind.BOOL) or isinstance(number, Array):
            raise TypeError(f"{what} is needed, not {describe(number)}")
        return self.scalar(number, Kind.INT)

    def whole(self, value: Value) -> Value:
        """A float without fraction as an integer; raised as Python raises where it is none."""
        if value.kind.is_single:
            value = self.emit("cast", value, kind=Kind.F64)
        self.check(self.emit("not", self.emit("isnan", value)), "ValueError", "cannot convert float NaN to integer")
        self.check(self.emit("not", self.emit("isinf", value)), "OverflowError",
                   "cannot convert float infinity to integer")
        self.check(self.emit("lt", self.emit("abs", value), Constant(2.0**63, Kind.F64)), "DifferentiationError",
                   "an integer beyond 64 bits: keep it a float")
        return self.emit("cast", value, kind=Kind.INT)

    def static_int(self, number: Any, what: str) -> int:
        """An integer that must be known while specialising."""
        if isinstance(number, Scalar):
            value = self.builder.resolve(number.value)
            if isinstance(value, Constant):
                return int(value.value.real)
            raise NeedStatic(number, what, self.span)
        if isinstance(number, bool) or not hasattr(number, "__index__"):
            raise TypeError(f"{what} must be an integer, not {describe(number)}")
        return int(number.__index__())

    def join(self, value: Value, python: bool, joined: Iterable[Any]) -> Scalar:
        """The scalar that one of several numbers becomes."""
        return Scalar(value, python, alternatives(value.kind, python, joined))

    def wrap(self, value: Value, python: bool) -> Any:
        """A scalar IR value for the evaluator; integer and boolean constants become static numbers."""
        if isinstance(value, Constant) and value.kind in (Kind.INT, Kind.BOOL) and python:
            return value.value
        return Scalar(value, python)

    def dim(self, value: Value) -> Any:
        """A dimension for the evaluator."""
        value = self.builder.resolve(value)
        return value.value if isinstance(value, Constant) else Scalar(value, True)

    def same(self, a: Value, b: Value) -> bool:
        """True when two integer values are provably equal."""
        if a is b or a == b:
            return True
        return bool(self.polynomial(a) == self.polynomial(b))

    def polynomial(self, value: Value) -> Any:
        """The normal form of an integer value."""
        return normal_form(self.builder.resolve(value), self.definition)

    def definition(self, value: Value) -> Any:
        """The operation that makes a value, its operands as they are now known."""
        return self.builder.definitions.get(self.builder.resolve(value))

    def check(self, ok: Value, exception: str, message: str) -> None:
        """Emit a check unless it holds by construction."""
        if isinstance(ok, Constant) and ok.value:
            return
        type_ = getattr(builtins, exception, None)
        if type_ is not None and self.catches(type_):
            code = self.site(type_, type_(message) if message else type_())
            self.divert(ok, code, frozenset({code}))
            return
        self.builder.effect("check", [ok], exception=exception, message=message)

    # ------------------------------------------------------------------ exceptions that the program catches
    def site(self, type_: type, exception: Any) -> int:
        """The completion by which control leaves for the handler of an exception that is raised here."""
        catcher = next(c for c in reversed(self.catchers) if c.handler(type_) is not None)
        code, self.raising = self.raising, self.raising + 1
        catcher.sites.append((code, catcher.handler(type_) or 0, exception))
        self.raised_at[id(exception)] = (exception, self.builder.span)
        return code

    def catches(self, type_: type) -> bool:
        """True where the program catches exceptions of this class."""
        return any(catcher.handler(type_) is not None for catcher in self.catchers)

    def divert(self, ok: Value, code: Any, possible: frozenset[int]) -> None:
        """Go on where `ok` holds: in an arm that stays open until the block, arm or loop around it ends."""
        if isinstance(ok, Constant):
            if not ok.value:
                raise Diverted(code, possible)
            return
        self.builder.begin_arm()
        log = LogFrame("arm")
        self.frames.append(log)
        self.pending.append(Pending(ok, code, possible, log, self.builder.depth, len(self.frames)))

    def is_nonnegative(self, value: Value) -> bool:
        """True when an integer is known not to be negative."""
        value = self.builder.resolve(value)
        if isinstance(value, Constant):
            return bool(value.value.real >= 0)
        if value in self.nonnegative:
            return True
        op = self.builder.definitions.get(value)
        if op is None or value.kind is not Kind.INT:
            return False
        if op.prim in ("add", "mul", "minimum"):
            return all(self.is_nonnegative(v) for v in op.operands)
        if op.prim in ("maximum",):
            return any(self.is_nonnegative(v) for v in op.operands)
        if op.prim in ("floordiv", "mod") and isinstance(op.operands[1], Constant) and op.operands[1].value.real > 0:
            return op.prim == "mod" or self.is_nonnegative(op.operands[0])
        return op.prim in ("index", "mask_count")

    # ------------------------------------------------------------------ arrays
    def new_cell(self, value: Value, name: str = "", origin: int | None = None) -> Cell:
        """A buffer whose first version is `value` (a fresh array); how it lies is known for vectors only."""
        slot = self.builder.slot(value.type, value, name or value.name)
        cell = Cell(slot, len(self.cells), len(self.frames), name, origin)
        cell.order = by_rows(1) if len(value.dims) == 1 else None
        self.cells.append(cell)
        return cell

    def new_array(self, value: Value, name: str = "") -> Any:
        """A fresh array value for the evaluator (a scalar of NumPy's kind when it has no dimensions)."""
        if not value.is_array:
            return Scalar(value, False)
        cell = self.new_cell(value, name)
        return Array(cell, (), value.dims)

    # ------------------------------------------------------------------ variables
    def variable(self, name: str, value: Any = UNDEFINED) -> Variable:
        """A new variable, born here."""
        variable = Variable(name, len(self.frames), UNDEFINED)
        if value is not UNDEFINED:
            self._held(variable, value)
            variable.stored = store_tree(self.builder, value, name)
        return variable

    @staticmethod
    def _held(variable: Variable, value: Any) -> None:
        """Note which variables have an array without axes."""
        if variable.name != "$result":  # (what a function gives is bound to something else, or to nothing)
            for array in bare_in(value):
                array.holders.add(variable)

    def assign(self, variable: Variable, value: Any, surely: bool = True) -> None:
        """Bind a variable. `surely`: whichever way the program has come here, it is bound anew."""
        if isinstance(value, Scalar) and not value.value.name and not isinstance(value.value, Constant):
            value.value.name = variable.name.removeprefix("$")
        self._held(variable, value)
        if isinstance(value, Array) and not value.steps and not value.cell.name:
            self._name(value.cell, variable.name.removeprefix("$"))
        if isinstance(value, DynamicList) and not variable.name.startswith("$"):
            value.length.name = f"{variable.name}_length"
            for column in value.columns:
                if isinstance(column, Slot):
                    column.name = column.name or variable.name
        for frame in reversed(self.frames[variable.depth:] if surely else ()):
            frame.written.add(variable)
            if frame.kind != "function":  # an arm that is not taken, a loop without iterations: not surely in the outer
                break
        if same_shape(variable.stored, value):
            write_tree(self.builder, variable.stored, value)
            return
        for frame in self.frames[variable.depth:]:
            frame.entry.setdefault(variable, variable.stored)
        variable.stored = store_tree(self.builder, value, variable.name)

    @staticmethod
    def _name(cell: Cell, name: str) -> None:
        """Name a buffer after the first variable that holds it."""
        cell.name = cell.slot.name = name
        value = cell.slot.value
        if value is not None and not value.name and not isinstance(value, Constant):
            value.name = name

    def read(self, variable: Variable, missing: str = "") -> Any:
        """The value of a variable, UNDEFINED if it has none. `missing`: of an attribute, what is raised where it turns
        out at run time to have none."""
        stored = variable.stored
        self.note_read(variable)
        try:
            value = load_tree(stored, self.builder.read)
        except StaleReference as stale:
            self.refuse_renamed(stale.target, repr(variable.name))
        self.certain(value)
        if isinstance(value, Maybe):
            defined = self.scalar(value.defined)
            message = f"cannot access local variable '{value.name}' where it is not associated with a value"
            self.check(defined, "AttributeError" if missing else "UnboundLocalError", missing or message)
            return value.value
        return value

    def refuse_renamed(self, target: Any, what: str) -> NoReturn:
        """What refers to something that a loop has renamed is used: the loop makes its names choices instead."""
        loop = getattr(getattr(target, "cell", target), "renamed_by", None)
        if loop is not None and loop not in self.decisions:
            raise Restart(loop, "choice", self.span, "an alias of a renamed array is used") from None
        self.fail(f"{what} names an array or container that a loop has rebound under other names",
                  "make it a copy, or do not use it after the loop")

    def note_read(self, variable: Variable) -> None:
        """Note in the open frames that what a variable holds was asked for."""
        for frame in reversed(self.frames[variable.depth:]):
            if variable in frame.written:
                break
            frame.reads.setdefault(variable, variable.stored)

    def certain(self, value: Any) -> None:
        """Refuse what is another thing on each of two paths, of kinds that are not kept apart at run time."""
        if isinstance(value, Conflict):
            self.usable(value)

    def usable(self, *values: Any) -> None:
        """Refuse what a program computes with where it is another thing on each of two paths."""
        for value in values:
            if isinstance(value, (Conflict, OneOf)):
                reason = value.reason if isinstance(value, Conflict) else describe(value)
                self.fail(reason, value.hint if isinstance(value, Conflict) else Conflict(reason).hint)

    def rename(self, target: Any) -> None:
        """References to a cell or container made so far are stale from here on."""
        target.generation += 1
        self.frames[-1].renamed.append(target)

    # ------------------------------------------------------------------ containers
    def new_list(self, values: list[Any], name: str = "list", site: Any = None) -> ListValue:
        """A Python list of the evaluator."""
        return ListValue([self.variable(f"{name}_{i}", v) for i, v in enumerate(values)], len(self.frames), site=site)

    def new_deque(self, values: list[Any], longest: int | None) -> DequeValue:
        """A deque of the evaluator, of at most so many entries."""
        return DequeValue([self.variable("entry", v) for v in values], len(self.frames), longest=longest)

    def new_dict(self, entries: dict[Any, Any], name: str = "dict", type_: type = dict, default: Any = None
                 ) -> DictValue:
        """A Python dict of the evaluator; `default`: of a defaultdict, what makes an entry."""
        items = {key: self.variable(f"{name}_{key}", v) for key, v in entries.items()}
        return DictValue(items, len(self.frames), type=type_, default=default)

    def new_object(self, type_: type, fields: dict[str, Any], original: Any = None) -> ObjectValue:
        """An instance of a user's class."""
        self.environment.guard_class(type_)
        items = {key: self.variable(key, v) for key, v in fields.items()}
        return ObjectValue(type_, items, len(self.frames), original=original)

    def may_restructure(self, container: Any, what: str) -> None:
        """Refuse a change of a container's structure under a run-time condition or in a loop."""
        between = [frame.kind for frame in self.frames[container.depth:]]
        reason = f"{what} inside a loop or a branch on a run-time value"
        if "arm" in between:
            self.fail(reason, "use an array")
        if "loop" in between:
            if not self.open_loops:
                self.fail(reason, "use an array")
            # a loop whose trip count is known is unrolled
            raise NeedStatic(Scalar(self.open_loops[-1][0], True), reason, self.span)
