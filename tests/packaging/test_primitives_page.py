"""The page of primitives is current, complete, and its check finds what is not."""
from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from tests.fuzz.interpreted import traced
from workbench.ir import Kind, walk
from workbench.passes import finalize
from workbench.rules import Primitive, Unknown, table

ROOT = Path(__file__).parent.parent.parent


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("primitives_page", ROOT / "tools" / "primitives_page.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_is_current() -> None:
    assert tool().main(["--check"]) == 0, "run python tools/primitives_page.py"


def test_lists_every_primitive() -> None:
    text = tool().page()
    assert not [name for name in table() if f"| {name} |" not in text]
    assert "| tanh | `math.tanh`, `np.tanh` | `1 - f * f` |" in text
    assert "`np.linalg.solve`" in text and "`np.fft.rfft`" in text and "`np.sort`" in text
    assert "`scipy.special.gammaln`" in text and "`np.histogram`" in text


def shown_partials(module: ModuleType) -> Iterator[tuple[Primitive, int, str]]:
    """The formulas of elementwise rules as the page writes them, each with the operand that it is for."""
    for primitive in table().values():
        if not primitive.elementwise or primitive.partials is None or primitive.vjp or not primitive.takes(0, Kind.F64):
            continue
        if primitive.differentiable:
            builder, y, xs, names = module.symbols(primitive)
            for k, partial in enumerate(primitive.partials):
                if partial is not None and not isinstance(partial, Unknown) and xs[k].kind.is_inexact:
                    yield primitive, k, module.shown(builder, partial(y, *xs), names)


def test_formulas_are_the_derivatives() -> None:
    """Evaluated as Python on numbers of each domain: what central differences give."""
    module, rng, count = tool(), np.random.default_rng(6), 0
    functions: dict[str, Any] = {name: p.numpy for name, p in table().items()} | {"inf": np.inf, "pi": np.pi}
    for primitive, k, text in shown_partials(module):
        assert f"`{text}`".replace("|", "\\|") in module.derivative(primitive).replace("|", "\\|")
        intervals = [primitive.domain[min(p, len(primitive.domain) - 1)] for p in range(primitive.arity or 1)]
        xs = [np.float64(rng.uniform(*interval)) if primitive.takes(p, Kind.F64) else np.int64(1)
              for p, interval in enumerate(intervals)]

        def at(step: float, primitive: Primitive = primitive, k: int = k, xs: list[Any] = xs) -> Any:
            return primitive.numpy(*xs[:k], xs[k] + step, *xs[k + 1:])
        coarse, fine = ((at(h) - at(-h)) / (2 * h) for h in (2e-4, 1e-4))
        with np.errstate(all="ignore"):
            found = eval(text, functions | {"f": at(0.0), **dict(zip(("x", "y", "z"), xs))})
        expected = fine + (fine - coarse) / 3
        assert abs(found - expected) <= 1e-6 * max(1.0, abs(expected)), f"{primitive.name}: {text} is {found}"
        count += 1
    assert count > 80


def in_programs(x, k):
    if x[k] < -9.0:
        raise ValueError("too small")
    print(x[0])
    made = np.zeros_like(x)
    for i in range(len(x)):
        made[i] = x[i] * i
    made[0] = np.random.default_rng(3).random()
    return np.sum(x[x > 0.0]) + np.sum(made) + np.diag(x)[k, k]


def test_supporting_operations_are_in_programs() -> None:
    function = traced(in_programs, (np.array([0.5, -1.0]), 1)).function
    used = {op.prim for block in (function.block, finalize(function).block) for op in walk(block)}
    assert tool().suites()["programs"] <= used


def test_every_row_says_what_is_tested() -> None:
    module = tool()
    for name, primitive in table().items():
        orders, engines, tests = module.tested(primitive)
        assert engines and tests, name
        assert not primitive.differentiable or (orders == "1, 2" and "compiled" in engines), name
        assert module.derivative(primitive)


def test_finds_a_page_that_is_not_current(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tool()
    page = tmp_path / "primitives.md"
    page.write_text(module.page().replace("1 - f * f", "1 - f"))
    monkeypatch.setattr(module, "PAGE", page)
    assert module.main(["--check"]) == 1
    assert module.main([]) == 0 and module.main(["--check"]) == 0
