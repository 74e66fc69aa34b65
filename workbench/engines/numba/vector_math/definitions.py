"""The functions as LLVM text: one for plain numbers, which carries the names of those for vectors.

LLVM's loop vectoriser reads these names in the attribute `vector-function-abi-variant` and calls the vector functions
where it makes vectors of a loop.

Invariant: an element's value is the same bits from any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from llvmlite import binding

from workbench.engines.numba.vector_math import (
    error_function,
    exponential,
    hyperbolic,
    logarithm,
    power,
    single,
    trigonometric,
)
from workbench.engines.numba.vector_math.lanes import Lanes, Writer, libm_lanes
from workbench.records import dataclass


@cache
def widths(element: str) -> tuple[int, ...]:
    """How many lanes vectors have on this processor (of floats also as many as those of doubles have)."""
    features = binding.get_host_cpu_features()
    doubles = [4] if features.get("avx2") else [2]
    if features.get("avx512f") and binding.get_host_cpu_name().startswith("znver"):
        doubles.append(8)  # (elsewhere LLVM prefers the half)
    return tuple(doubles if element == "double" else sorted({*doubles, *(2 * n for n in doubles)}))


def lanes() -> tuple[int, int]:
    """How many doubles and floats a vector of this processor holds."""
    return widths("double")[-1], widths("float")[-1]


_SUFFIX = {"double": "f64", "float": "f32"}
KEEPER = "workbench_vector_functions"
_PURE = "nounwind willreturn memory(none)"


@dataclass(frozen=True)
class Kernel:
    """A function of one precision. `bound`: its largest error in units in the last place."""

    name: str
    element: str
    write: Callable[..., Lanes]
    arity: int
    bound: float

    def title(self, width: int = 1) -> str:
        """The name of the function for vectors of this width."""
        return f"workbench_{self.name}_{_SUFFIX[self.element]}" + ("" if width == 1 else f"_{width}")

    @property
    def spellings(self) -> tuple[str, ...]:
        """The names by which Numba declares the function."""
        return (f"llvm.{self.name}.{_SUFFIX[self.element]}", self.name if self.element == "double" else f"{self.name}f")


#: the largest errors of the functions of doubles, in units in the last place; of floats it is `SINGLE_BOUND`
BOUNDS = {"exp": 1.0, "exp2": 1.0, "expm1": 1.5, "log": 1.0, "log2": 1.0, "log10": 1.0, "log1p": 1.0, "sin": 1.0,
          "cos": 1.0, "tan": 1.0, "atan": 1.0, "atan2": 1.0, "sinh": 1.0, "cosh": 1.0, "tanh": 1.5, "pow": 1.0,
          "erf": 2.0}
SINGLE_BOUND = 1.0
_MODULES = (exponential, logarithm, trigonometric, hyperbolic, power, error_function)


def _kernels() -> Iterable[Kernel]:
    for name, largest in BOUNDS.items():
        written = "pow_" if name == "pow" else name
        double = next(getattr(m, written) for m in _MODULES if hasattr(m, written))
        for element, write, bound in (
                ("double", double, largest), ("float", getattr(single, written), SINGLE_BOUND)):
            yield Kernel(name, element, write, 2 if name in ("pow", "atan2") else 1, bound)


KERNELS: tuple[Kernel, ...] = tuple(_kernels())
BY_SPELLING = {spelling: kernel for kernel in KERNELS for spelling in kernel.spellings}
BY_TITLE = {kernel.title(): kernel for kernel in KERNELS}


@cache
def written(kernel: Kernel, width: int) -> tuple[str, frozenset[str], frozenset[tuple[str, str, int]]]:
    """A function's text, the intrinsics it declares, and the functions of the C library it calls."""
    writer = Writer(width)
    type_ = writer.type(kernel.element)
    operands = [Lanes(writer, f"%x{k}", kernel.element) for k in range(kernel.arity)]
    writer.ret(kernel.write(*operands))
    head = f"define {type_} @{kernel.title(width)}({', '.join(f'{type_} {v.name}' for v in operands)})"
    text = "\n".join([f"{head} #0 {{", *writer.lines, "}"])
    return text, frozenset(writer.declared), frozenset(writer.libm)


def libm_text(function: str, element: str, arity: int, width: int) -> tuple[str, str]:
    """The C library's function lane by lane where a mask says so, and its declaration."""
    writer = Writer(width)
    type_, mask = writer.type(element), writer.type("i1")
    name = function if element == "double" else f"{function}f"
    declared = f"declare {element} @{name}({', '.join([element] * arity)}) #0"
    operands = [f"%x{k}" for k in range(arity)]
    lines = []
    value = "%others"
    for lane in range(width):
        scalars = []
        for operand in operands:
            lines.append(f"  {operand}_{lane} = extractelement {type_} {operand}, i32 {lane}" if width > 1 else "")
            scalars.append(f"{element} {operand}_{lane}" if width > 1 else f"{element} {operand}")
        lines.append(f"  %y{lane} = call {element} @{name}({', '.join(scalars)})")
        lines.append(f"  %r{lane} = insertelement {type_} {value}, {element} %y{lane}, i32 {lane}" if width > 1 else "")
        value = f"%r{lane}"
    if width > 1:
        lines.append(f"  %out = select {mask} %mask, {type_} {value}, {type_} %others")
    lines.append(f"  ret {type_} {'%out' if width > 1 else '%y0'}")
    parameters = ", ".join([f"{mask} %mask", f"{type_} %others", *(f"{type_} {v}" for v in operands)])
    head = f"define internal {type_} @{libm_lanes(function, element, width)}({parameters}) #1 {{"
    return "\n".join([head, *filter(None, lines), "}"]), declared


def mapping(kernel: Kernel) -> str:
    """The attribute that tells the vectoriser of the functions for vectors."""
    parameters = "v" * kernel.arity
    return ",".join(f"_ZGV_LLVM_N{width}{parameters}_{kernel.title()}({kernel.title(width)})"
                    for width in widths(kernel.element))


def declarations(kernels: Iterable[Kernel]) -> str:
    """A module that declares functions; its constant `KEEPER` keeps those for vectors until a loop calls them."""
    lines: list[str] = []
    kept: list[str] = []
    for number, kernel in enumerate(kernels, 1):
        for width in (1, *widths(kernel.element)):
            type_ = Writer(width).type(kernel.element)
            attribute = number if width == 1 else 0
            lines.append(f"declare {type_} @{kernel.title(width)}({', '.join([type_] * kernel.arity)}) #{attribute}")
            if width > 1:
                kept.append(f"ptr @{kernel.title(width)}")
        lines.append(f'attributes #{number} = {{ {_PURE} "vector-function-abi-variant"="{mapping(kernel)}" }}')
    lines.append(f"@{KEEPER} = constant [{len(kept)} x ptr] [{', '.join(kept)}]")
    return "\n".join([*lines, f"attributes #0 = {{ {_PURE} }}", ""])


def definition(kernel: Kernel) -> str:
    """A module that defines a function for every width."""
    bodies: list[str] = []
    declared: set[str] = set()
    for width in (1, *widths(kernel.element)):
        text, intrinsics, calls = written(kernel, width)
        bodies.append(text)
        declared |= intrinsics
        for call in sorted(calls):
            text, declaration = libm_text(*call, width)
            bodies.append(text)
            declared.add(declaration)
    return "\n".join([*sorted(declared), *bodies, f"attributes #0 = {{ {_PURE} }}",
                      f"attributes #1 = {{ noinline cold {_PURE} }}", '!0 = !{!"branch_weights", i32 1, i32 4000}', ""])
