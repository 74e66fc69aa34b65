"""Statements that random programs are made of, as templates in groups; a program draws a few groups (`scope.fill`).

A letter in braces is something of the scope, the same wherever it stands in one form: `a` an array, `b` one of its
length and kind, `d` of its length, `n` an array whose name can be assigned, `p` an element of `a`, `g` a mask for `a`,
`I` indices into `a` and `L` a list of them, `A`, `B` names of like arrays, `e` an array of length 0 or 1, `m` a matrix,
`w` one of its shape, `u`, `t` arrays as long as its rows and columns, `K` an integer and `T` a scalar to assign, `z`,
`Z` a complex number and array, `y` a float32 array, `D` the dtype of `a`, `R`, `H` masks for the rows and columns of
`m`, `v` a fresh name. Drawn anew at each place: `i` an index of `a`, `r`, `j` indices of
`m`, `s` a scalar, `q` one within [-1, 1], `x` an atom, `c` a condition, `k` an integer, `C` a constant.
Invariant: values stay bounded, and indices valid, whichever way a program goes (but for the group `errors`).
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Size = Callable[[Any], Any]


@dataclass(frozen=True)
class Form:
    """One template. `makes` says what `{v}` is afterwards, `size` its length from that of `a` (or its shape from that
    of `m`), `least` how long `a` must be."""

    text: str
    makes: str = ""
    size: Size | None = None
    least: int = 2


def _plain(*texts: str, least: int = 2) -> list[Form]:
    return [Form(text, least=least) for text in texts]


def _scalars(*texts: str, makes: str = "scalar") -> list[Form]:
    return [Form("{v} = " + text, makes) for text in texts]


def _same(*texts: str) -> list[Form]:
    """Arrays as long as `a`."""
    return [Form("{v} = " + text, "array", lambda n: n) for text in texts]


def _of(size: Size, *texts: str, makes: str = "array", least: int = 2) -> list[Form]:
    return [Form("{v} = " + text, makes, size, least) for text in texts]


ELEMENTS = _plain(
    "{p} = {s}", "{p} += {q}", "{p} *= {q}", "{p} -= 0.5 * {q}", "{p} /= 1.5 + {q} ** 2", "{p} = {p} * math.cos({p})",
    "{p} = 0.5 * {a}[{i}] * math.sin({b}[{i}])", "{a}[0], {a}[1] = {a}[1], {a}[0]", "{p} = {b}[{i}] = {s}",
    "{a}[{i}], {b}[{i}] = {s}, {q}", "{p} = {q} if {c} else {p}")

SLICES = _plain(
    "{a}[1:] = {s}", "{a}[:1] *= {q}", "{a}[:] = 0.8 * np.sin({d})", "{a}[::-1] = {d} * {q}",
    "{a}[:-1] = 0.7 * {d}[1:]",
    "{a}[1:] += 0.3 * np.sin({d}[:-1])", "{a}[-2:] -= 0.2 * {x}", "{a}[::2] *= {q}", "{a}[1:] = {a}[:-1]",
    "{a}[:] = {a}[::-1]", "{a}[-1:0:-1] += {q}", "{a}[1:] -= 0.5 * {a}[:-1]", "{a}[::-1] = {b}.copy()",
    "{a}[:-1], {a}[-1] = {b}[1:] * 0.5, {s}", "{a}[1::2] = {q}", "{a}[1:][:1] = {s}", "{a}[::-1][0] += {q}",
    "{a}[::-1] *= 0.8 + 0.1 * {a}", "{a}[::-1] = {a}[::-1] - {a}", "{a}[1:] *= 0.8 + 0.1 * {a}[:-1]",
    "np.logaddexp({a}[::-1], {a}, out={a}[::-1])", "{a}[:-1] = 0.6 * {a}[:-1] - 0.2 * {a}[1:]",
    "{a}[{k} % 3:] = {s}", "{a}[:{k}] *= {q}", "{a}[{k}:{k} + 2] += {q}") + _scalars(
    "np.sum({a}[{k}:])", "np.sum({a}[::-2] * {q})", "np.sum({a}[{k} % 2::2])")

WHOLE = _plain(
    "{n} *= {q}", "{n} += 0.3 * np.sin({d})", "{n} -= {q}", "np.multiply({b}, 0.7, out={a})", "np.sin({b}, out={a})",
    "{n} /= 1.5 + {d} ** 2", "np.add({b}, {q}, out={a})", "{a}.fill({s})", "np.negative({b}, out={a})",
    "{a}[:] = np.where({d} > 0.1, {a}, np.cos({d}))", "{a}[...] = np.tanh({a} - {d})") + _same(
    "np.tanh({b}) + {q}", "0.6 * {a} - 0.3 * {b}", "np.where({b} > 0.1, {a}, np.cos({b}))", "{a}.copy()",
    "np.zeros_like({a})", "np.sin({a})", "np.cumsum({a}) * 0.3", "np.roll({a}, 1)", "np.clip({a}, -0.9, 1.1)",
    "np.maximum({a}, {b})", "np.minimum({a}, {q})", "np.abs({a}) * {q}", "np.exp(-{a} ** 2)", "np.flip({a}) + {b}",
    "np.sqrt(1.0 + {a} ** 2) - {b}", "np.hypot({a}, 1.0 + {b} * {b})", "np.arctan2({a}, 1.5 + {b} ** 2)",
    "np.log1p({a} ** 2)", "np.cumprod(0.5 + 0.3 * np.tanh({a}))", "{a}[::-1].copy()", "np.stack(({a}, {b}))[1]",
    "np.outer({a}, {b})[1]", "{q} * np.ones_like({a})", "np.asarray({a})", "np.square({a}) / (1.0 + {b} ** 2)",
    "np.logaddexp({a}, {b})", "np.tan(0.4 * np.tanh({a}))", "np.reciprocal(1.5 + {a} ** 2)") + _of(
    lambda n: 2 * n, "np.concatenate(({a}, {b}))", "np.hstack(({b}, {a} * {q}))") + _of(
    lambda n: n + 1, "np.append({a}, {s})") + _of(lambda n: n - 1, "np.diff({a})", least=3) + _of(
    lambda n: 3, "np.array([{s}, {q}, {x}])", "np.full(3, {s})", "np.linspace({x}, 1.0, 3)", "np.zeros(3)",
    "np.arange(3) * {q}")

REDUCTIONS = _scalars(
    "np.var({a})", "np.std({a}) + {q}", "np.linalg.norm({a})", "np.prod(np.tanh({a}))", "{a} @ {b}",
    "{a}[np.argmax({b})]", "{a}.mean() * {q}", "{a}.max() - {a}.min()", "np.ptp({a})", "np.inner({a}, np.cos({b}))",
    "np.sum({a}[1:] * {b}[:-1])", "sum({a})", "np.count_nonzero({a} > 0.2) * {q}", "np.min({a}) * {q}",
    "np.vdot(np.sin({a}), {b})", "max({a})", "np.max(np.abs({a} - {b}))",
    "np.median({a})", "np.sum(np.sort({a})[:2])", "np.trapezoid({a})")

MASKS = _plain(
    "{a}[{g}] = {s}", "{a}[{a} > {C}] *= {q}", "{a}[{g}] += {b}[{g}]", "{a}[~{g}] -= {q}", "{a}[{g}] = 0.5 * {a}[{g}]",
    "np.multiply({a}, {q}, out={a}, where={g})", "if {g}.any():\n    {p} = {s}", "{a}[np.nonzero({g})[0]] *= {q}",
    "{a}[{g} & ({b} > {C})] += {q}") + _of(
    lambda n: n, "{a} > {x}", "({a} > -0.5) & ({b} < {x})", "~{g}", "np.logical_or({g}, {b} > {x})", "{a} * {q} < {b}",
    makes="mask") + _same("np.where({g}, {a}, {b} * {q})", "{g} * {a}") + _scalars(
    "np.sum({a}[{g}])", "np.sum({g}) * {q}", "np.sum(np.sin({a}[{g}]) * {q})", "(1.0 if np.all({g}) else {q})")

FANCY = _plain(
    "{a}[{I}] = {s}", "{a}[{I}] += {q}", "np.add.at({a}, {I}, {q})", "np.add.at({a}, {I}, {b}[{I}])",
    "{a}[{I}] = {b}[{I}]", "{a}[{I}] *= {q}", "np.subtract.at({a}, {I}, {q})", "{a}[{I}] = 0.7 * {a}[{I}]",
    "for {v} in {I}:\n    {a}[{v}] += 0.3 * math.sin({b}[{v}])") + _scalars(
    "np.sum({a}[{I}] * {q})", "np.sum(np.take({a}, {I}))", "{a}[{I}][0] + {q}") + [
    Form("{v} = {a}[{I}]", "gathered"), Form("{v} = np.array({L})", "index"), Form("{v} = {I}[::-1]", "reindex")]

VIEWS = _same(
    "{a}", "{a}[::-1]", "{a}[...]", "{a}[:]", "{a}[::-1][::-1]", "{a}.reshape(-1)", "{a}.ravel()",
    "({a} if {c} else {b})") + _of(
    lambda n: n - 1, "{a}[1:]", "{a}[:-1]", "{a}[1:][::-1]", "{a}[::-1][1:]", least=3) + _of(
    lambda n: (n + 1) // 2, "{a}[::2]", "{a}[::-2]", least=3) + _of(
    lambda n: n // 2, "{a}[1::2]", least=4) + _of(lambda n: 2, "{a}[-2:]") + _of(
    lambda n: (2, n // 2), "{a}.reshape(2, -1)", makes="even", least=4) + _of(
    lambda n: (1, n), "{a}[None, :]", "{a}.reshape(1, -1)", makes="matrix") + _of(
    lambda n: (n, 1), "{a}[:, None]", makes="matrix") + _plain(
    "{A}, {B} = {B}, {A}", "{A} = {B}", "{A} = np.tanh({B}) + {q}", "{A} = 0.6 * {A} - 0.3 * {B}",
    "{A} = np.where({B} > 0.1, {A}, np.cos({B}))", "{v} = {a} if {c} else {b}\n{v}[{i}] = {s}")

MATRIX_VIEWS = _of(lambda m: m[1], "{m}[{r}]", "{m}[{r}, ::-1]", "{m}[{r}, :]") + _of(
    lambda m: m[0], "{m}[:, {j}]", "{m}.T[{j}]", "{m}[::-1, {j}]") + _of(
    lambda m: m[0] * m[1], "{m}.reshape(-1)", "{m}.ravel()", "{m}.T.reshape(-1)", "{m}.flatten()") + _of(
    lambda m: (m[1], m[0]), "{m}.T", "np.transpose({m})", "{m}.swapaxes(0, 1)", makes="matrix") + _of(
    lambda m: m, "{m}[::-1]", "{m}[:, ::-1]", "{m}", "{m}[...]", makes="matrix")

MATRICES = _plain(
    "{m}[{r}, {j}] = {s}", "{m}[{r}, {j}] += {q}", "{m}[{r}] = {s}", "{m}[{r}] *= {q}", "{m}[:, {j}] += {q}",
    "{m} *= {q}", "{m} += 0.3 * np.sin({w})", "{m}[{r}] = {u}", "{m}[:, {j}] = {t}", "{m} += 0.4 * {u}",
    "{m} *= np.tanh({t})[:, None]", "{m}[...] = np.tanh({w})", "{m}[{m} > {C}] = {q}", "{m}[{r}, 1:] = {m}[{r}, :-1]",
    "for {v} in {m}:\n    {v}[0] += {q}", "np.add.at({m}, ([0, 0], [0, -1]), {q})", "{m}[{r}][{j}] = {s}",
    "for {v} in range({m}.shape[0]):\n    for {v2} in range({m}.shape[1]):\n        {m}[{v}, {v2}] *= {q}",
    "{m}[{r}], {m}[{r}] = {q}, {s}", "{m}[{r}, {j}], {T} = {s}, {q}") + _scalars(
    "np.sum({m} * {w})", "np.trace({m} @ {m}.T)", "np.max({m}) * {q}", "{m}[{r}] @ {w}[{r}]",
    "np.sum({m}[[0, -1], [-1, 0]])",
    "{m}[{r}, {j}] * {q}", "np.mean({m}) - {m}.min()", "np.linalg.norm({m})", "np.sum({m} @ np.sin({u}))") + _of(
    lambda m: m[0], "{m} @ np.sin({u})", "np.sum({m}, axis=1)", "np.mean({m}, axis=1)", "np.max({m}, axis=1)",
    "{m}.sum(axis=-1) * {q}", "np.dot({m}, np.tanh({u}))") + _of(
    lambda m: m[1], "np.tanh({t}) @ {m}", "np.sum({m}, axis=0)", "{m}.min(axis=0)", "np.var({m}, axis=0)",
    "np.prod(np.sin({m}), axis=0)") + _of(
    lambda m: m, "{m} + {u}", "np.cumsum({m}, axis=1) * 0.5", "np.where({m} > {x}, {m}, {q})", "{m}.copy()",
    "np.tanh({m} * {t}[:, None])", "np.zeros_like({m})", "np.maximum({m}, {w})", "{m} - np.mean({m}, axis=0)",
    "{m} / (1.0 + np.sum({m} ** 2, axis=1, keepdims=True))", makes="matrix") + _of(
    lambda m: (m[0], m[0]), "np.tanh({m} @ {m}.T)", makes="matrix") + _of(
    lambda m: (2 * m[0], m[1]), "np.concatenate(({m}, {w}))", "np.vstack(({m}, {w}))", makes="matrix")

INTEGERS = _plain(
    "{K} = ({k} * 3 + {k}) % 7", "{K} = ({K} + {k}) % 11 - 3", "{K} = -({k}) // 3 % 5",
    "{a}[({k}) % 2] += {q}", "if ({k}) % 2:\n    {p} = {s}", "for {v} in range(({k}) % 4):\n    {a}[{v} % 2] += {q}",
    "for {v} in range(({k}) % 5, -1, -2):\n    {a}[{v} % 2] *= {q}", "{K} = {k} if {c} else {k}",
    "for {v} in range(-2, ({k}) % 3):\n    {a}[{v} % 2] -= {v} * {q}") + _scalars(
    "{k} // 2 - {k} % 3", "({k} << 2) ^ {k}", "({k}) % -4", "int(3.0 * {q})", "{k} & 5 | 2", "~({k})", "({k}) >> 1",
    "({k}) ** 2 % 9", "abs({k}) % 5", "min({k}, {k})", "max({k}, 2)", "({k}) * 10 ** 9 // 10 ** 8 % 1000",
    "round({q})", "math.floor({q})", "len({a}) - {k}", "divmod({k}, 3)[1]", "-7 // 2 + ({k}) % 3", "int({c})",
    "pow(2, ({k}) % 5)", "(2 ** 40 + {k}) % 1001", makes="integer") + _scalars(
    "0.1 * ({k})", "({k}) / 3", "{q} * ({k}) / (abs({k}) + 1)", "float({k}) * {q}", "({k}) * {q}", "{q} ** ({k} % 3)",
    "2.0 ** (({k}) % 3) * {q}")

SINGLES = [Form("{v} = {a}.astype(np.float32)", "single", lambda n: n),
           Form("{v} = np.zeros(3, dtype=np.float32)", "single", lambda n: 3),
           Form("{v} = {a}.astype(np.float64)", "array", lambda n: n),
           Form("{v} = np.ones(2, dtype=np.float32) * np.float32({s})", "single", lambda n: 2)] + _scalars(
    "float(np.float32({s}))", "float({a}[{i}] * np.float32(0.5))", "float(np.sum({a}))", "float(np.dot({a}, {b}))",
    "float(np.sum({a} * {d}))") + _scalars("{a}[{i}] * 0.5", "np.float32({s})", "np.sum({a}) * {q}",
    "{a}[{i}] + {d}[{i}]",
                                        makes="reading")

COMPLEX = _scalars(
    "complex({x}, {q})", "{z} * {z} / (2.0 + abs({z}) ** 2)", "np.exp(1j * {x})", "{z}.conjugate() * (0.5 + 0.2j)",
    "1.0 / (2.5 + {z} / (1.0 + abs({z})))", "{z} - 0.5 * {Z}[0]", "{x} + 0.3j", makes="complex") + _scalars(
    "{z}.real * {q}", "{z}.imag", "abs({z} + 2.0)", "np.sum(np.abs({Z}) ** 2)", "np.sum({Z}.real)",
    "np.vdot({Z}, {Z}).real", "np.sum(({Z} * {Z}).imag)", "({z} * {z}).real",
    "np.angle({z} / (1.0 + abs({z})) + 2.0)") + [
    Form("{v} = {a} * (1.0 + 0.5j)", "wave", lambda n: n), Form("{v} = np.exp(1j * {a})", "wave", lambda n: n),
    Form("{v} = np.zeros(3, dtype=complex)", "wave", lambda n: 3), *_same("np.exp(0.5j * {a}).imag",
    "np.abs({a} + 1j)"),
    *_plain("{Z}[0] = {z}", "{Z} *= {z} / (2.0 + abs({z}))", "{Z}[1:] += {q}", "{Z}[::-1] = {Z} * 0.5j",
            "{Z}[-1] += {z} * {q}")]

SMALL = _plain(
    "{e} *= {q}", "{e} += {s}", "{e}[:] = {q}", "for {v} in {e}:\n    {p} += 0.2 * {v}", "{e}[::-1] -= {q}",
    "if len({e}) > 0:\n    {e}[0] = {s}", "{e}[1:] = {q}", "{e} = np.sin({e})", "{a}[:len({e})] += {e}") + _scalars(
    "np.sum({e} * {s})", "np.sum({e}[1:]) + {q}", "np.sum({e}) * {q}", "np.dot({e}, {e})") + [
    Form("{v} = np.concatenate(({a}, np.zeros(0), {b}))", "array", lambda n: 2 * n),
    Form("{v} = {a}[:1] * {b}", "array", lambda n: n), Form("{v} = {a}[:0]", "small", lambda n: 0),
    Form("{v} = {a}[1:2]", "small", lambda n: 1), Form("{v} = {e}[::-1]", "resmall"),
    Form("{v} = np.zeros(1)", "small", lambda n: 1), Form("{v} = np.array([{s}])", "small", lambda n: 1)]

MODULO = _scalars("{s} % 0.7", "{s} // 0.3 * 0.1", "math.fmod({s}, 0.9)", "{s} % (1.5 + {q})", "-{s} % 1.3",
                  "np.sum({a} % 0.8)", "np.floor({s}) * {q}", "np.sum(np.rint({a}) * {q})")

ERRORS = _plain(
    "assert {s} > -1.6", "assert {x} < 1.9, \"too large\"", "if {x} > 1.5:\n    raise ValueError(\"x is too large\")",
    "{a}[{k}] = {s}", "{a}[-{k}] *= {q}", "{a}[{k}] += {q}", "if {s} < -1.2:\n    raise RuntimeError",
    "for {v} in range({k}):\n    {a}[{v}] = {q}",
    "for {v} in range({k} + 1):\n    {a}[-{v}] += 0.5 * {a}[{v}]") + _scalars(
    "{a}[{k}]", "{x} / ({k} - 2)", "math.sqrt({x} + 1.2)", "math.log({x} + 1.4)", "1.0 / ({k})", "math.acos({x} * 0.8)",
    "{a}[{k} + 1] * {q}", "float({k} // ({k} - 1))", "float({k} % ({k}))", "{x} ** 0.5 if {x} > 0 else 1 / {k}",
    "np.sum({a}[{k}:] * {b}[:2])", "(0.0 if {c} else {q} / 0.0)", "{a}[np.array([0, {k}])].sum()")

GROWING = _plain(
    "{v} = []\nfor {v2} in range(({k}) % 5):\n    {v}.append({q})\nfor {v3} in {v}:\n    {p} += 0.2 * {v3}",
    "{v} = [{s}]\nfor {v2} in {a}:\n    if {v2} > {C}:\n        {v}.append({v2} * {v}[-1])\n"
    "{p} = 0.3 * {v}[-1] + 0.1 * len({v})",
    "{v} = []\nfor {v2} in {a}:\n    {v}.append(math.sin({v2}))\n{p} = 0.5 * sum({v})")

STENCILS = [
    Form("{v} = np.zeros_like({a})\nfor {v2} in range(1, len({a}) - 1):\n"
         "    {v}[{v2}] = 0.5 * {a}[{v2} - 1] + math.sin({a}[{v2} + 1]) - 0.3 * {a}[{v2}]", "array", lambda n: n, 3),
    Form("{v} = np.ones_like({a})\nfor {v2} in range(len({a}) - 1):\n    {v}[{v2} + 1] = {b}[{v2}] * {a}[{v2} + 1]",
         "array", lambda n: n, 3),
    Form("{v} = {a}.copy()\nfor {v2} in range(len({a}) - 2, 0, -1):\n"
         "    {v}[{v2}] += 0.5 * ({a}[{v2} - 1] - 2.0 * {a}[{v2}] + {a}[{v2} + 1])", "array", lambda n: n, 3),
    Form("{v} = np.zeros_like({m})\nfor {v2} in range({m}.shape[0]):\n    for {v3} in range(1, {m}.shape[1]):\n"
         "        {v}[{v2}, {v3}] = {m}[{v2}, {v3} - 1] + 0.5 * math.sin({m}[{v2}, {v3}])", "matrix", lambda m: m),
    *_plain("for {v} in range(1, len({a})):\n    {a}[{v}] = 0.5 * {a}[{v} - 1] + math.sin({b}[{v}])",
            "for {v} in range(len({a}) - 1):\n    {a}[{v}] += 0.3 * {a}[{v} + 1] * {q}")]

MASKS_MIXED = _plain(
    "{m}[{R}, {j}] = {s}", "{m}[{R}, {j}] += {q}", "{m}[{R}, {j}] *= {q}", "{m}[{r}, {H}] = {q}",
    "{m}[{r}, {H}] *= {q}",
    "{m}[{r}, {H}] -= 0.5 * {m}[{r}, {H}]", "{m}[{R}, 1:] *= {q}", "{m}[{R}, ::-1] = 0.6 * {m}[{R}]",
    "{m}[{R}] += {q}", "{m}[1:, {H}] += {q}", "{m}[:, {H}] = {q}", "{m}[{R}, {j}] = 0.7 * {m}[{R}, {j}]",
    "{m}[{R}, -1] = {m}[{R}, {j}]", "{m}[{r}, {H}] = {m}[{r}, {H}][::-1]", "np.add.at({m}, ({R}, {j}), {q})",
    "{m}[{R}, {j}] -= 0.4 * {t}[{R}]", "{m}[{r}, {H}] = {u}[{H}]", "{m}[{k} % 2:, {H}] *= {q}",
    "{m}.T[{H}, {r}] += {q}",
    "{m}[::-1][{R}, {j}] *= {q}", "{m}[[0, -1, 0], {j}] += {q}", "{m}[{r}][{H}] = {q}",
    "{m}[{R}, {k} % 2 - 1] += {q}", "{m}[None, {r}, {H}] += {q}", "{m}[{R}, [{j}]] *= {q}") + _scalars(
    "np.sum({m}[{R}, {j}] * {q})", "np.sum({m}[{r}, {H}])", "np.sum({m}[{R}, 1:] ** 2)", "np.sum(np.sin({m}[:, {H}]))",
    "np.sum({m}[{R}][:, {j}])", "np.sum(np.sin({m}[{R}, ::-1] * {u}))", "np.sum({m}[{r}, {H}] * {u}[{H}])",
    "len({m}[{R}, {j}]) * {q}")

COPIES = [Form("{v} = " + text + after, "array", lambda n: n) for text in (
    "np.array({a}, copy=None)", "np.array({a}, copy=True)", "np.array({a}, copy=False)", "np.asarray({a}, copy=True)",
    "{a}.astype({D}, copy=False)", "{a}.astype({D}, copy=False)", "{a}.astype({D}, copy=True)", "{a}.astype({D})",
    "np.array({a}, {D}, copy=None)", "np.array({a}, dtype={D}, copy=False)", "np.asarray({a}, dtype={D})",
    "np.asanyarray({a})", "np.reshape({a}, -1, copy=True)", "np.reshape({a}, (-1,), copy=None)",
    "np.copy({a}, order='F')",
    "np.reshape({a}, -1)", "{a}.astype({D}, order='F', copy=False)", "{a}[::-1].astype({D}, copy=False)",
    "np.array({a}[::-1], copy=None)", "np.nan_to_num({a}, copy=False)", "{a}.copy(order='K')",
    "{a}.reshape(-1, copy=True)") for after in (
    "", "\n{v}[{i}] = {s}", "\n{v} *= {q}\n{a}[{i}] += {q}")] + [
    Form("{v} = " + text + after, "matrix", lambda m: m) for text in (
    "np.array({m}, copy=None)", "{m}.astype(np.float64, copy=False)", "np.array({m}, copy=True, order='F')",
    "np.array({m}, order='F')", "np.asarray({m}, order='F')", "{m}.astype(np.float64, order='F', copy=False)",
    "np.asfortranarray({m})", "np.ascontiguousarray({m})", "np.reshape({m}, {m}.shape, copy=True)",
    "np.reshape({m}, {m}.shape, copy=None)", "np.copy({m}, order='K')", "{m}.astype(np.float64, 'C', copy=False)")
    for after in ("", "\n{v}[{r}, {j}] = {s}", "\n{v}[{r}] *= {q}\n{m}[{r}, {j}] += {q}")]

NARROW = _plain(
    "{y}[{i}] += {d}[{i}]", "{y}[{i}] -= 0.5 * {d}[{i}]", "{y}[{i}] *= np.float64({q})", "{y} += {d}",
    "{y} -= 0.3 * {d}",
    "{y}[1:] *= {d}[:-1]", "{y}[::-1] += {d}", "{y}[:1] += np.float64({s})", "{y}[{g}] -= 0.4 * {d}[{g}]",
    "{y}[{I}] += np.float64({q})", "{y}[{I}] *= {d}[{I}]", "np.add.at({y}, {I}, {d}[{I}])", "{y}[:] = {d}",
    "np.add({y}, {d}, out={y})", "np.multiply({d}, {y}, out={y})", "{y}[{i}] /= 1.5 + {d}[{i}] ** 2",
    "{y} /= 1.5 + {d} ** 2", "{y}[{i}] = {d}[{i}]", "{y}[{y} > {C}] += np.float64({q})", "{y} *= np.float64({q})",
    "{y}[{k} % 2] += {k}", "{y} += 1", "{y}[{i}] += {s}", "{y}[:-1] -= {d}[1:] * {q}", "{y}.fill(np.float64({q}))",
    "{v} = {y}[::-1]\n{v} += {d}", "for {v} in range(3):\n    {y}[{v} % 2] += {d}[{v} % 2]")

FEATURES: dict[str, list[Form]] = {
    "slices": SLICES, "whole": WHOLE, "reductions": REDUCTIONS, "masks": MASKS, "fancy": FANCY, "views": VIEWS,
    "matrices": MATRICES + MATRIX_VIEWS, "integers": INTEGERS, "singles": SINGLES, "complex": COMPLEX,
    "small": SMALL, "modulo": MODULO, "errors": ERRORS, "growing": GROWING, "stencils": STENCILS,
    "mixed": MASKS_MIXED, "copies": COPIES, "narrow": NARROW,
}
