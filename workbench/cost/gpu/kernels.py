"""The launches of a program as records with formulas: what a report's `kernels` are.

Invariant: flops of launches are counted as those of the report are, of the operations inside alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.cost.counting import count
from workbench.cost.executions import Executions
from workbench.cost.formula import Formula, of
from workbench.cost.gpu.launches import Access, Launch
from workbench.cost.quantity import bound, plain
from workbench.cost.work import flops_in
from workbench.ir import walk
from workbench.records import dataclass


@dataclass(frozen=True)
class KernelCost:
    """Something that a program launches on a GPU.

    name, line: the kernel's in `.source`, the user's; launches: how often; registers: of a thread, shared: bytes of a
    block; compiled: whether the compiler has said so, or they are assumed; occupancy: the share of the warps that
    could be resident which are; flops; bytes: that all threads ask global memory for; apart: those of them that the
    threads of a warp do not ask for together; atomics: additions that are; time: seconds of all launches, bound: what
    by ("memory", "cache", "compute", "atomics", "latency", "launch"); None while something is open."""

    name: str
    line: int
    launches: Any
    registers: int
    shared: int
    compiled: bool
    occupancy: float
    flops: Any
    bytes: Any
    apart: Any
    atomics: Any
    time: float | None
    bound: str | None


def flops_of(executions: Executions, launch: Launch) -> Formula:
    """Flops of all launches of a kernel. (Those that count how much room others need repeat a part of these: that is
    not counted.)"""
    if launch.op.regions and (launch.kernel is None or launch.kernel.op is not launch.op):
        return of(0)  # (claims that are made beforehand; room that is counted)
    inside = {launch.op, *(op for region in launch.op.regions for op in walk(region))}
    found = count(executions.function, *executions.given, chosen=inside.__contains__)
    return flops_in(found.work.totals())


def bytes_of(executions: Executions, accesses: tuple[Access, ...]) -> Formula:
    """Bytes that threads ask for."""
    return sum((times(executions, access) * access.bytes for access in accesses), of(0))


def times(executions: Executions, access: Access) -> Formula:
    """How often an access is done in all."""
    return executions.formulas.get(access.block, of(0)) * access.times


def figures_of(executions: Executions, launch: Launch, flops: Formula, given: Mapping[str, Any]) -> dict[str, Any]:
    """The formulas of a launch, with some symbols bound."""
    apart = tuple(access for access in launch.accesses if not access.is_coalesced)
    atomics = sum((times(executions, access) for access in launch.accesses if access.is_atomic), of(0))
    found = {"launches": executions.formulas.get(launch.block, of(0)), "flops": flops,
             "bytes": bytes_of(executions, launch.accesses), "apart": bytes_of(executions, apart), "atomics": atomics}
    return {name: plain(bound(formula, given)) for name, formula in found.items()}
