"""A lean Numba pipeline for emitted programs.

Emitted programs are type-stable and use a small part of Python, so SSA, rewrites, inlining and closures are left out.
All indices of a valid program are non-negative, so the signature of every element access is changed to unsigned
integers after type inference: Numba then emits no wrap-around of negative indices, which would block vectorisation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import binding
from numba.core import compiler, errors, types
from numba.core import ir as numba_ir
from numba.core.compiler import CompilerBase
from numba.core.compiler_lock import global_compiler_lock
from numba.core.compiler_machinery import AnalysisPass, FunctionPass, PassManager, register_pass
from numba.core.registry import cpu_target
from numba.core.rewrites.static_raise import RewriteConstRaises
from numba.core.typed_passes import (
    AnnotateTypes,
    IRLegalization,
    NoPythonBackend,
    NopythonTypeInference,
    PreLowerStripPhis,
)
from numba.core.types.functions import BaseFunction
from numba.core.untyped_passes import FixupArgs, IRProcessing, TranslateByteCode

from workbench.engines import signals
from workbench.engines.collecting import uncollected
from workbench.engines.numba.borrowing import BorrowingLowering
from workbench.engines.numba.direct import TREE, DirectCompiler, NotDirect
from workbench.engines.numba.interrupts import Interruptible
from workbench.engines.numba.rounding import LooseSums
from workbench.engines.numba.vector_math.choice import LEFT_TO_LIBM
from workbench.engines.numba.vector_math.library import VectorLibrary, in_use


@register_pass(mutates_CFG=False, analysis_only=False)
class ConstantRaises(FunctionPass):
    """`raise IndexError("...")` with constant arguments, as Numba lowers it without its rewrite machinery."""

    _name = "workbench_constant_raises"

    def __init__(self) -> None:
        FunctionPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        """Rewrite the raises of every block."""
        rewrite = RewriteConstRaises(None)
        changed = False
        for label, block in list(state.func_ir.blocks.items()):
            if rewrite.match(state.func_ir, block, None, None):
                state.func_ir.blocks[label] = rewrite.apply()
                changed = True
        return changed


@register_pass(mutates_CFG=False, analysis_only=False)
class UnsignedIndices(FunctionPass):
    """Element accesses take unsigned indices (they are valid and non-negative by the contract of `load`, `store`)."""

    _name = "workbench_unsigned_indices"

    def __init__(self) -> None:
        FunctionPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        """Change the signatures of getitem and setitem on arrays."""
        for block in state.func_ir.blocks.values():
            for statement in block.body:
                key: Any = statement
                if isinstance(statement, numba_ir.Assign) and isinstance(statement.value, numba_ir.Expr):
                    key = statement.value
                    if key.op not in ("getitem", "inplace_binop"):
                        continue
                elif not isinstance(statement, numba_ir.SetItem):
                    continue
                signature = state.calltypes.get(key)
                if signature is None or not signature.args or not isinstance(signature.args[0], types.Array):
                    continue
                index = unsigned(signature.args[1])
                if index is not None:
                    args = (signature.args[0], index, *signature.args[2:])
                    del state.calltypes[key]  # entries are set once
                    state.calltypes[key] = signature.replace(args=args)
        return False


def unsigned(index: Any) -> Any:
    """The unsigned type of an integer index or a tuple of them; None for other types."""
    if isinstance(index, types.Integer):
        return types.uint64
    parts: Any = index if isinstance(index, types.BaseTuple) else ()
    if len(parts) and all(isinstance(t, types.Integer) for t in parts):
        return types.UniTuple(types.uint64, len(parts))
    return None


@register_pass(mutates_CFG=False, analysis_only=True)
class LetInterrupt(AnalysisPass):
    """Between two passes an interrupt does no harm."""

    _name = "workbench_let_interrupt"

    def __init__(self) -> None:
        AnalysisPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        """Raise KeyboardInterrupt if it waits."""
        signals.now()
        return False


@register_pass(mutates_CFG=False, analysis_only=True)
class VectorMath(FunctionPass):
    """The library that the program is lowered into has our elementary functions."""

    _name = "workbench_vector_math"

    def __init__(self) -> None:
        FunctionPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        """Make the library, as lowering would."""
        if not in_use():
            return False
        state.library = VectorLibrary(state.targetctx.codegen(), state.func_id.func_qualname,
                                      getattr(state.func_id.func, LEFT_TO_LIBM, frozenset()))
        state.library.enable_object_caching()
        return False


class LeanCompiler(CompilerBase):
    """The passes an emitted program needs."""

    def define_pipelines(self) -> list[PassManager]:
        """One pipeline."""
        manager = PassManager("workbench")
        manager.add_pass(TranslateByteCode, "analyzing bytecode")
        manager.add_pass(FixupArgs, "fix up args")
        manager.add_pass(Interruptible, "loops that can be interrupted")
        manager.add_pass(IRProcessing, "processing IR")
        manager.add_pass(ConstantRaises, "constant raises")
        manager.add_pass(NopythonTypeInference, "nopython frontend")
        manager.add_pass(LetInterrupt, "let an interrupt through")
        manager.add_pass(UnsignedIndices, "unsigned indices")
        manager.add_pass(LooseSums, "loose sums")
        manager.add_pass(VectorMath, "vector math")
        manager.add_pass(PreLowerStripPhis, "remove phis nodes")
        manager.add_pass(IRLegalization, "ensure IR is legal prior to lowering")
        manager.add_pass(AnnotateTypes, "annotate types")
        manager.add_pass(BorrowingLowering, "native lowering")
        manager.add_pass(LetInterrupt, "let an interrupt through")
        manager.add_pass(NoPythonBackend, "nopython mode backend")
        manager.finalize()
        return [manager]


# sums are added in the program's order, also where the terms are computed as vectors
binding.set_option("workbench", "-force-ordered-reductions=true")

_Resolve = Callable[..., Any]
_resolve: _Resolve = BaseFunction.get_call_type
_resolved: dict[tuple[Any, ...], Any] = {}


def _resolve_once(self: Any, context: Any, args: tuple[Any, ...], kws: Any) -> Any:
    """The signature of an operator on scalars, remembered: Numba searches all its templates each time it is asked.

    (An exception from here is nothing new to Numba: it is where types are refused.)"""
    signals.now()
    if kws or not all(isinstance(t, types.Number | types.Boolean) for t in args):
        return _resolve(self, context, args, kws)
    key = (self, id(self), args)
    if key not in _resolved:
        _resolved[key] = _resolve(self, context, args, kws)
    return _resolved[key]


@contextmanager
def quick_resolution() -> Iterator[None]:
    """Remember signatures while one of our programs is compiled."""
    BaseFunction.get_call_type = _resolve_once  # type: ignore[method-assign]
    try:
        yield
    finally:
        BaseFunction.get_call_type = _resolve  # type: ignore[method-assign]


def compile_python(function: Callable[..., Any], args: tuple[Any, ...], result: Any = None) -> Any:
    """Numba's compile result for a Python function and Numba argument types.

    result: the type of what it returns, if it is known: then it may go without Numba's front end (see `direct`).
    Everything happens under Numba's own lock: its registries are refreshed in one thread at a time, the background
    warm-up among them."""
    flags: Any = compiler.Flags()
    flags.nrt = True
    flags.error_model = "numpy"
    flags.no_cfunc_wrapper = True
    typing, target = cpu_target.typing_context, cpu_target.target_context
    with global_compiler_lock, signals.postponed(), uncollected(), quick_resolution():
        typing.refresh()
        target.refresh()
        if result is not None and hasattr(function, TREE):
            try:
                return compiler.compile_extra(typing, target, function, args, result, flags, {},
                                              pipeline_class=DirectCompiler)
            except (NotDirect, errors.NumbaError, NotImplementedError):
                pass
        return compiler.compile_extra(typing, target, function, args, None, flags, {}, pipeline_class=LeanCompiler)
