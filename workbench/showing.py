"""`wb.show`: a function with its gradient, as something to look at: source and adjoint, the tape, the IR, the cost.

What the magics show is made here, too: `called` runs a call and shows it, `typed` shows what a call would run, and
each part that cannot be made is replaced by a note that says why.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from workbench import composed
from workbench.api import tape, value_and_grad
from workbench.cost.spec import specs_in
from workbench.for_gpus import compile_cuda
from workbench.ir import DifferentiationError, print_function
from workbench.operators.derivative import Derivative
from workbench.operators.snapshots import snapshot
from workbench.operators.tracebacks import with_users_tracebacks
from workbench.records import dataclass
from workbench.views import CheckView, gradient_view
from workbench.views.arguments import Wrt, annotated, call_text, named_blocks, named_gradients
from workbench.views.panel import GradientPanel
from workbench.views.parts import CodePanel, HessianPanel, Note
from workbench.views.places import last_parts, source_and_place
from workbench.views.shown import Panels, Shown, present

#: What can be shown of a gradient, in this order.
SECTIONS = ("adjoint", "tape", "ir", "cost", "ptx")
Arguments = tuple[tuple[Any, ...], dict[str, Any]]
#: Text of the source with the number of its first line, and where it stands.
Source = tuple[Callable[[], tuple[str, int]], str]


class Showing(Panels):
    """What is shown of a function and its gradient, part by part (`.parts`).

    `value`, `grad`: of the call; `hessian`: where order 2 was asked for; None where nothing has run. `derivative`: what
    computes value and gradient. `tape`, `cost`: the objects of those parts, where they were asked for."""

    value: Any = None
    grad: Any = None
    hessian: Any = None
    tape: Any = None
    cost: Any = None

    def __init__(self, derivative: Derivative) -> None:
        super().__init__(())
        self.derivative = derivative

    @property
    def panel(self) -> GradientPanel:
        """The gradient's own part. Raises ValueError where it was not asked for."""
        for part in self.parts:
            if isinstance(part, GradientPanel):
                return part
        raise ValueError("the adjoint is not among what is shown")

    def __repr__(self) -> str:
        return f"<what is shown of {self.derivative!r}>"


@dataclass(frozen=True)
class Asked:
    """What is to be shown: by which arguments, by which engine, up to which derivative, in which parts."""

    wrt: Wrt = 0
    engine: str = "auto"
    order: int = 1
    sections: tuple[str, ...] = ("adjoint",)

    def __post_init__(self) -> None:
        if self.order not in (1, 2):
            raise ValueError(f"order is 1 (the gradient) or 2 (and the Hessian), not {self.order!r}")
        for section in self.sections:
            if section not in SECTIONS:
                raise ValueError(f"there is nothing {section!r} to be shown; there are {', '.join(SECTIONS)}")


@with_users_tracebacks
def show(f: Callable[..., Any] | None = None, /, *args: Any, wrt: Wrt = 0, engine: str = "auto", order: int = 1,
         show: str | Sequence[str] = ("adjoint",), at: Any = None, **named: Any) -> Any:
    """A function with its gradient, to look at: value and gradient of a call, the source beside its adjoint, and more.

    f: any function that `wb.grad` takes. args, named: its arguments; where one is, or holds, a `wb.spec("f64[n]")`,
    nothing runs, and the program for those types is shown. wrt, engine: as for `wb.grad`. order: 1, the gradient; 2,
    the Hessian too. show: which parts, in a sequence or as `"adjoint,cost"`: "adjoint" (the source beside it), "tape"
    (the run, recorded), "ir" (the program before it is emitted), "cost" (what value and gradient cost), "ptx" (a GPU's
    code, compiled without one: `wb.compile_cuda`). at: arguments, a tuple, that give the types only; nothing runs but
    what the tape records.
    Returns a `Showing`, which shows itself: `.parts`, `.value`, `.grad`, `.hessian`, `.derivative`, `.tape`, `.cost`.
    Without arguments it is a decorator: `@wb.show` or `@wb.show(at=(1.0, x))` shows what is to be seen at once (where
    annotations give the types, `float`, `int`, `complex` or the text of a spec, the adjoint too) and gives f back.
    Raises ValueError for an order or a part that there is not; DifferentiationError as `wb.grad`; what f raises.

    >>> import workbench as wb
    >>> def area(radius):
    ...     return 3.0 * radius * radius
    >>> shown = wb.show(area, 2.0, order=2)
    >>> shown.value, shown.grad, shown.hessian
    (12.0, 12.0, 6.0)
    >>> print(wb.show(area, wb.spec("f64")).text().splitlines()[-1])
    operations of the adjoint (of them in loops): mul 3 (0), add 1 (0)
    """
    sections = tuple(part.strip() for part in show.split(",")) if isinstance(show, str) else tuple(show)
    asked = Asked(wrt, engine, order, sections)
    if f is None:
        if args or named:
            raise TypeError("a function is needed before its arguments")
        return functools.partial(_decorated, asked=asked, at=at)
    if at is not None:
        return typed(f, (at if isinstance(at, tuple) else (at,), {}), asked)
    if not args and not named:
        return _decorated(f, asked, None)
    return shown_at(f, (args, named), asked)


def _decorated(f: Callable[..., Any], asked: Asked, at: Any) -> Callable[..., Any]:
    """Show a function that is being defined, and give it back: a refusal is shown, too."""
    try:
        made = defined(f, asked, None if at is None else (at if isinstance(at, tuple) else (at,), {}))
    except DifferentiationError as refusal:
        made = _source_alone(f, asked, f"no adjoint for these types: {refusal}")
    present(made)
    return f


def defined(f: Callable[..., Any], asked: Asked, at: Arguments | None = None,
            hint: str = "its adjoint is shown where annotations or at=(...) give its types") -> Showing:
    """What is to be seen of a function that is not called: at arguments, at the types of its annotations, or only its
    source."""
    known = at if at is not None else (specs, {}) if (specs := annotated(f)) else None
    if known is not None:
        return typed(f, known, asked, f.__name__)
    return _source_alone(f, asked, hint)


def _source_alone(f: Callable[..., Any], asked: Asked, hint: str) -> Showing:
    """The source, and why the adjoint is not beside it."""
    made = Showing(value_and_grad(f, asked.wrt, engine=asked.engine, mode="reverse"))
    source, place = source_and_place(f)
    made.parts = (GradientPanel(gradient_view(made.derivative.__name__, None, (), None, source, place, hint=hint),
                                None),)
    return made


def shown_at(f: Callable[..., Any], given: Arguments, asked: Asked, title: str = "",
             run: Callable[[Derivative, Arguments], Any] | None = None,
             checked: Callable[[Any], tuple[CheckView, ...]] | None = None, source: Source | None = None) -> Showing:
    """What is to be seen of a call: it runs, unless an argument is a spec."""
    if next(specs_in([*given[0], *given[1].values()]), None) is not None:
        return typed(f, given, asked, title)
    return called(f, given, asked, title, run, checked, source)


def typed(f: Callable[..., Any], given: Arguments, asked: Asked, title: str = "") -> Showing:
    """What is to be seen of a call of which only the types are known."""
    args, named = given
    made = Showing(value_and_grad(f, asked.wrt, engine=asked.engine, mode="reverse"))
    program: Any = made.derivative
    refusal: DifferentiationError | None = None
    if not made.derivative.is_recorded:
        try:
            program = made.derivative.at(*args, **named)
        except DifferentiationError as error:
            if made.derivative.engine.runner is None:
                raise
            refusal = DifferentiationError(f"the compiler does not take this: {error.reason}", error.span, error.hint)
    title = title or call_text(made.derivative.__name__, args, named)
    parts: list[Shown] = []
    if "adjoint" in asked.sections:
        view = gradient_view(title, None, (), program, *source_and_place(f), places=last_parts(), refusal=refusal)
        parts.append(GradientPanel(view, program))
    if asked.order == 2:
        parts.append(_part("Hessian", lambda: HessianPanel(
            f"Hessian of {title}", (), composed.hessian(f, asked.wrt, engine=asked.engine).at(*args, **named).source)))
    made.parts = (*parts, *_sections(made, f, given, asked, title))
    return made


def called(f: Callable[..., Any], given: Arguments, asked: Asked, title: str = "",
           run: Callable[[Derivative, Arguments], Any] | None = None,
           checked: Callable[[Any], tuple[CheckView, ...]] | None = None, source: Source | None = None) -> Showing:
    """What is to be seen of a call, which runs once, on the arguments themselves; other parts are made on copies.

    run: how value and gradient are computed; checked: checks of the gradient; source: in place of the function's own.
    """
    made = Showing(value_and_grad(f, asked.wrt, engine=asked.engine, mode="reverse"))
    title = title or call_text(made.derivative.__name__, *given)
    before = snapshot(given) if asked.order == 2 or {"tape", "cost"} & set(asked.sections) else given
    made.value, made.grad = (run or _run)(made.derivative, given)
    view = gradient_view(title, made.value, named_gradients(f, asked.wrt, made.grad),
                         made.derivative, *(source or source_and_place(f)), places=last_parts(),
                         checks=checked(made.grad) if checked else ())
    parts: list[Shown] = [GradientPanel(view, made.derivative)]
    if asked.order == 2:
        parts.append(_hessian(made, f, snapshot(before), asked, title))
    made.parts = (*parts, *_sections(made, f, before, asked, title))
    return made


def _run(derivative: Derivative, given: Arguments) -> Any:
    return derivative(*given[0], **given[1])


def _hessian(made: Showing, f: Callable[..., Any], given: Any, asked: Asked, title: str) -> Shown:
    """The Hessian of a call."""
    hessian = composed.hessian(f, asked.wrt, engine=asked.engine)
    made.hessian = hessian(*given[0], **given[1])
    try:
        program = hessian.source
    except RuntimeError:  # it runs on the tape
        program = ""
    return HessianPanel(f"Hessian of {title}", named_blocks(f, asked.wrt, made.hessian), program)


def _sections(made: Showing, f: Callable[..., Any], given: Any, asked: Asked, title: str) -> list[Shown]:
    """The parts below the gradient, in their order."""
    args, named = given
    derivative = made.derivative

    def recorded() -> Any:
        if next(specs_in([*args, *named.values()]), None) is not None:
            raise ValueError("it is recorded when the function runs: give values")
        made.tape = tape(f, *snapshot(args), **snapshot((named,))[0])
        return made.tape

    def written() -> Shown:
        return CodePanel(f"IR of {title}", "value and gradient, before they are emitted",
                         print_function(derivative.at(*args, **named).ir))

    def counted() -> Any:
        made.cost = derivative.cost(*args, **named)
        return made.cost
    def compiled() -> Shown:
        code = compile_cuda(derivative, *args, **named)
        return CodePanel(f"PTX of {title}", str(code), code.ptx)
    makers = {"tape": recorded, "ir": written, "cost": counted, "ptx": compiled}
    return [_part(section, makers[section]) for section in SECTIONS if section in makers and section in asked.sections]


def _part(name: str, make: Callable[[], Shown]) -> Shown:
    """A part, or a note why it is not there."""
    try:
        return make()
    except (DifferentiationError, ValueError, RuntimeError) as refusal:
        return Note(name, getattr(refusal, "reason", None) or str(refusal))
