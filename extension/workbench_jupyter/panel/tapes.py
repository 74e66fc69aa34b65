"""The tape of a function that has not run: its program is recorded, on the arguments that there are or on samples.

Arguments that are there are copied; arrays that are not, and those that are too long to be looked at number by number,
stand as small samples. The run ends after so many operations: an endless loop shows its beginning.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import CodeType
from typing import Any

import numpy as np

from workbench.cost.spec import Spec, samples, specs_in, stand_ins
from workbench.engines.tape.executed import Noted, codes_in, executed, functions_of, innermost
from workbench.engines.tape.recorder import Part
from workbench.engines.tape.structures import Items, Leaf, Tree
from workbench.frontend import Leaf as Output
from workbench.frontend import Node, named_leaves
from workbench.ir import Span
from workbench.operators.derivative import Derivative
from workbench.views.tape import ShownTape
from workbench.views.tape_data import TapeData
from workbench_jupyter.panel.analysis import Analysis
from workbench_jupyter.panel.reading import compiled

#: So many operations are recorded at most.
MOST = 20_000
#: Arrays of so many numbers in all are taken as they are.
LONGEST = 512
#: Lengths of samples of arrays, and of those where a program wants longer ones; values of integers that are not known.
LENGTHS, LONGER = (5, 4, 3, 6, 7, 2), (16,)
COUNT = 4


class ForeseenTape(ShownTape):
    """The record of a program that was run in place of its function."""

    def __init__(self, name: str, recorder: Any, leaves: Any, result: Tree, value: Any) -> None:
        self.name = name
        self.recorder = recorder
        self.leaves = tuple(leaves)
        self.has_aux = False
        self.result = result
        self.value = value
        self.adjoints = recorder.zeros()
        self.position = len(recorder)
        self.cotangent = 1.0
        self._data = TapeData(self)


def tape_of(analysis: Analysis) -> ForeseenTape:
    """The tape. Raises DifferentiationError where the program is not to be had, what it raises otherwise."""
    try:
        return _tape(analysis, *values_of(analysis, LENGTHS))
    except (IndexError, ValueError):
        return _tape(analysis, *values_of(analysis, LONGER))


def _tape(analysis: Analysis, given: tuple[tuple[Any, ...], dict[str, Any]], at: str) -> ForeseenTape:
    """The tape for these arguments. at: what is told of them."""
    derivative = Derivative(analysis.function, "value", ())
    args, keywords = derivative.bind(*given)
    made = derivative.analysed(stand_ins(args), keywords)
    wanted = {("arg", k) for k in range(len(args))}
    inputs = [(item.fetch(args), item.kind, item.path.is_argument and item.path.root[:2] in wanted)
              for item in made.traced.inputs]
    codes = {analysis.filename: functions_of(compiled(analysis.tree, analysis.filename))}

    def code_of(span: Span) -> CodeType | None:
        if span.filename not in codes:
            codes[span.filename] = codes_in(span.filename)
        return innermost(codes[span.filename], span)
    recorder, noted, results = executed(made.traced.function, inputs, code_of, MOST)
    leaves = [leaf_of(x) for x, (_, _, wrt) in zip(noted, inputs, strict=True) if wrt and isinstance(x, Noted)]
    name = f"tape of {analysis.name}{at}"
    if results is None:
        last = Leaf(Part(np.array(len(recorder) - 1), np.dtype(float)), float)
        return ForeseenTape(f"{name}, stopped after {MOST:,} operations", recorder, leaves, last, None)
    tree, value = _result(made.traced.output, results)
    return ForeseenTape(name, recorder, leaves, tree, value)


def leaf_of(x: Noted) -> Leaf:
    """A number or array of the record."""
    return Leaf(Part(np.asarray(x.nodes), np.asarray(x.values).dtype), None if np.ndim(x.values) else float)


def _result(tree: Any, results: list[Any]) -> tuple[Tree, Any]:
    """The result's nodes, and the result; of what is no number, its text alone."""
    if isinstance(tree, Output):
        found = results[tree.position]
        if isinstance(found, Noted) and not isinstance(found.values, list):
            value = found.values if np.ndim(found.values) else found.values.item()
            return leaf_of(found), value
        return None, found.values if isinstance(found, Noted) else found
    if isinstance(tree, Node):
        parts = [_result(child, results) for child in tree.children]
        return Items((), None, tuple(part for part, _ in parts)), tuple(value for _, value in parts)
    return None, getattr(tree, "value", None)


# ---------------------------------------------------------------------- the arguments
def values_of(analysis: Analysis, lengths: tuple[int, ...]) -> tuple[tuple[tuple[Any, ...], dict[str, Any]], str]:
    """Arguments with values, and what is told of them."""
    args, named = analysis.given.real
    every = [*args, *named.values()]
    if next(specs_in(every), None) is None and sum(_length(v) for v in every) <= LONGEST:
        return (args, dict(named)), ""
    opened = [*analysis.given.args, *analysis.given.named.values()]
    dims = dict.fromkeys(d for found in specs_in(opened) for d in found.dims or () if isinstance(d, str))
    sizes = {name: min(analysis.given.sizes.get(name, 10**9), lengths[k % len(lengths)]) for k, name in enumerate(dims)}
    drawn = samples(tuple(map(_counted(sizes), opened, every)), sizes, np.random.default_rng(0))
    told = ", ".join(f"{name} = {size}" for name, size in sizes.items())
    return (drawn[:len(args)], dict(zip(named, drawn[len(args):], strict=True))), f", on samples with {told}" \
        if told else ", on samples"


def _counted(sizes: Mapping[str, int]) -> Any:
    """Integers as they are, so far as they are known and few; what is no spec stays."""
    def known(value: Any, real: Any) -> Any:
        if isinstance(value, Spec) and value.dims is None and value.kind.value == "i64":
            return min(real, COUNT) if type(real) is int else COUNT
        if isinstance(value, Spec) and value.dims is None and not isinstance(real, Spec):
            return real
        return value
    return known


def _length(value: Any) -> int:
    """How many numbers are in an argument."""
    return sum(leaf.size if isinstance(leaf, np.ndarray) else 1 for _, leaf in named_leaves("", value))

