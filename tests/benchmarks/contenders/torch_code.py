"""PyTorch on the unmodified programs, eagerly: `np` and `math` stand for its functions of the same meaning."""
from __future__ import annotations

import math
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from tests.benchmarks.contenders.retarget import of_active, one_at_a_time, repeated, retargeted
from tests.benchmarks.workload import Arguments, Workload

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def either(ours: Callable[..., Any], plain: Callable[..., Any]) -> Callable[..., Any]:
    """A function of tensors that takes numbers, too."""
    return lambda x, *rest, **named: (ours if isinstance(x, torch.Tensor) else plain)(x, *rest, **named)


def largest(x: torch.Tensor, axis: int | None = None) -> torch.Tensor:
    return torch.max(x) if axis is None else torch.amax(x, axis)


NAMES: dict[str, Any] = {
    "np": types.SimpleNamespace(
        pi=math.pi, inf=math.inf, exp=either(torch.exp, np.exp), log=either(torch.log, np.log),
        sqrt=either(torch.sqrt, np.sqrt), tanh=torch.tanh, sum=torch.sum, max=largest, einsum=torch.einsum,
        zeros=torch.zeros, empty=torch.empty, zeros_like=torch.zeros_like, empty_like=torch.empty_like,
        eye=torch.eye, diag=torch.diag, arange=torch.arange, sign=np.sign, linalg=types.SimpleNamespace(
            solve=torch.linalg.solve, det=torch.linalg.det, cholesky=torch.linalg.cholesky)),
    "math": types.SimpleNamespace(
        pi=math.pi, lgamma=math.lgamma, **{name: either(getattr(torch, name), getattr(math, name))
                                           for name in ("erf", "exp", "log", "sqrt", "sin", "cos", "tanh")}),
    "solve_triangular": lambda a, b, lower: torch.linalg.solve_triangular(a, b[:, None], upper=not lower)[:, 0],
}


def tensor(value: Any) -> torch.Tensor:
    """A copy: tensors share no memory with the arguments."""
    made = torch.tensor(value, dtype=torch.float64)
    if isinstance(value, np.ndarray):
        made.copy = made.clone  # type: ignore[attr-defined]
    return made


def sine(x, terms):
    """`taylor_sine` without `+=`, which would write into the argument."""
    term = total = x
    for k in range(1, terms):
        term = -term * x * x / ((2 * k) * (2 * k + 1))
        total = total + term
    return total


def gradient(workload: Workload, args: Arguments) -> Callable[[], Any] | None:
    if workload.derivative == "repeated":
        def one(x: Any) -> Any:
            active = tensor(x).requires_grad_()
            value = sine(active, args[1])
            value.backward()
            return value.detach(), active.grad
        return repeated(one, args[0])
    if workload.derivative == "jacobian":
        return None
    one_at_a_time(workload)
    program = of_active(retargeted(workload.program, NAMES), workload, args, tensor)
    leaves = [tensor(args[k]).requires_grad_() for k in workload.wrt]

    def call() -> Any:
        for leaf in leaves:
            leaf.grad = None
        value = program(*leaves)
        value.backward()
        return value.detach(), tuple(leaf.grad for leaf in leaves)
    return call


CONTENDERS = {"torch": gradient}
