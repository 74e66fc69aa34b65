"""`wb.compile_cuda`: the GPU code of a function or a derivative, without a GPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.cost.spec import stand_ins
from workbench.engines.cuda import CudaCompiler, CudaProgram
from workbench.engines.cuda.code import CudaCode, compile_program
from workbench.operators.derivative import Derivative
from workbench.operators.mapping import Mapped


def compile_cuda(f: Callable[..., Any], *args: Any, arch: str = "sm_90", **named: Any) -> CudaCode:
    """The kernels that `engine="cuda"` would launch, compiled with NVIDIA's compiler wheels alone: no driver, no GPU.

    f: a function, a derivative (`wb.grad(g)`), or one that is mapped (`wb.vmap(wb.grad(g))`).
    args, named: its arguments, or `wb.spec("f32[n]")` in place of them. arch: as NVIDIA names architectures.
    Returns a `CudaCode`: `.kernels`, and of all together `.ptx`, `.sass`, `.registers` (of a thread, the most),
    `.spills` (bytes), `.instructions`, `.by_line`; printed as a table. Nothing has run, and no time is claimed.
    Raises DifferentiationError where f has no form on a GPU, or where `ad-workbench[cuda]` is not installed; ValueError
    for what is no architecture.

    >>> import workbench as wb
    >>> def cube(x):
    ...     return x * x * x
    >>> code = wb.compile_cuda(wb.vmap(wb.grad(cube)), wb.spec("f32[n]"), arch="sm_90")  # doctest: +SKIP
    >>> code.spills  # doctest: +SKIP
    0
    >>> wb.compile_cuda(cube, 2.0, arch="hopper")
    Traceback (most recent call last):
    ValueError: arch is like 'sm_90', not 'hopper'
    """
    if isinstance(f, Mapped):
        f = f.compiled
    derivative = f if isinstance(f, Derivative) else Derivative(f, "value", ())
    bound, keywords = derivative.bind(args, named)
    program = derivative.made_by(CudaCompiler(), stand_ins(bound), keywords).compiled
    assert isinstance(program, CudaProgram)
    return compile_program(program.program, arch)


__all__ = ["compile_cuda"]
