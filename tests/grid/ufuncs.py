"""Calls of the grid: ufuncs, with `out=`, `where=` and `dtype=`, and their methods."""
from __future__ import annotations

from tests.grid.table import COMPLEX, COMPLEX_PAIRS, EVERY, PAIRS, REAL, group

_ANY = [f"np.{n}" for n in "sin cos tan sinh cosh tanh exp exp2 expm1 square negative positive conjugate absolute sign "
        "reciprocal arctan arcsinh".split()]
_POSITIVE = [f"np.{n}" for n in "sqrt log log2 log10 log1p".split()]
_UNIT = [f"np.{n}" for n in "arcsin arccos arctanh".split()]
_REAL = [f"np.{n}" for n in "fabs cbrt floor ceil trunc rint degrees radians deg2rad rad2deg signbit spacing isnan "
         "isinf isfinite logical_not".split()]
for _name in _ANY:
    group(_name, f"{_name}(x)", EVERY, 0.2, 1.8)
for _name in _POSITIVE:
    group(_name, f"{_name}(x)", EVERY, 0.3, 2.8)
for _name in _UNIT:
    group(_name, f"{_name}(x)", EVERY, -0.8, 0.8)
group("np.arccosh", "np.arccosh(x)", EVERY, 1.2, 3.0)
for _name in _REAL:
    group(_name, f"{_name}(x)", REAL + COMPLEX, 0.2, 1.8)
for _name in ("np.sin", "np.sqrt", "np.exp", "np.absolute", "np.negative", "np.square", "np.reciprocal", "np.cbrt",
              "np.conjugate", "np.log1p"):
    group(_name, [f"o = np.ones(np.shape(x))\nr = {_name}(x, out=o)\nreturn o * 2, r",
                  f"o = np.full((3, 4), 0.5)\n{_name}(x, out=o, where=np.array([True, False, True, True]))\nreturn o",
                  f"o = np.full((3, 4), 0.5)\n{_name}(x, o)\nreturn o",
                  f"o = np.full((3, 4), 0.5)\n{_name}(x, out=(o,), where=x > 1)\nreturn o",
                  f"o = np.zeros(np.shape(x), np.float32)\n{_name}(x, out=o)\nreturn o",
                  f"y = x * 1\n{_name}(y, out=y)\nreturn y",
                  f"{_name}(x, dtype={{np.float32|np.float64|np.complex128|float|'f4'|np.int64}})",
                  f"{_name}(x, where=True)"], ["v", "m", "s", "v0", "v1", "v32", "vc", "vi", "w", "vn", "t"],
          0.2, 1.8)
_BINARY = [f"np.{n}" for n in "add subtract multiply divide true_divide power float_power".split()]
_BINARY_REAL = [f"np.{n}" for n in "maximum minimum fmax fmin mod remainder fmod floor_divide arctan2 hypot logaddexp "
                "logaddexp2 copysign heaviside nextafter less less_equal greater greater_equal equal not_equal "
                "logical_and logical_or logical_xor".split()]
for _name in _BINARY:
    group(_name, f"{_name}(x, y)", PAIRS + COMPLEX_PAIRS, 0.3, 1.9)
for _name in _BINARY_REAL:
    group(_name, f"{_name}(x, y)", [*PAIRS, "vc vc", "ve v", "ve ve"], 0.3, 1.9)
for _name in ("np.divmod",):
    group(_name, f"{_name}(x, y)", PAIRS, 0.3, 1.9)
group("np.modf", "np.modf(x)", REAL, 0.2, 1.8)
group("np.frexp", "np.frexp(x)", REAL, 0.2, 1.8)
group("np.ldexp", "np.ldexp(x, {2|np.array([1, 2, 0, -1])})", REAL, 0.2, 1.8)
for _name in ("np.add", "np.subtract", "np.multiply", "np.divide", "np.maximum", "np.power", "np.logaddexp", "np.hypot"):
    group(_name, [f"o = np.ones((3, 4))\nr = {_name}(x, y, out=o)\nreturn o * 2, r",
                  f"o = np.ones((3, 4))\n{_name}(x, y, o, where=np.array([True, False, True, True]))\nreturn o",
                  f"z = x * 1\n{_name}(z, y, out=z)\nreturn z",
                  f"z = x * 1\n{_name}(z, z[::-1], out=z)\nreturn z",
                  f"{_name}(x, y, dtype={{np.float32|np.float64|np.complex128|np.int64}})"],
          ["v v", "m v", "v s", "v32 v", "vc vc", "vi v", "vi vi", "v0 v0", "m0 v", "s s"], 0.3, 1.9)
    group(_name, [f"{_name}.reduce(x{{|, 0|, axis=-1|, axis=None|, axis=(0, 1)}}{{|, keepdims=True}}{{|, initial=1.5}}"
                  "{|, where=np.array([True, False, True, True])})",
                  f"{_name}.reduce(x, dtype={{np.float32|np.float64}})",
                  f"o = np.zeros(4)\n{_name}.reduce(x, out=o)\nreturn o"],
          ["v", "m", "t", "v0", "v1", "vc", "m32", "mi", "mn", "s", "vb"], 0.3, 1.9)
    group(_name, [f"{_name}.accumulate(x{{|, 0|, axis=-1|, axis=1|, axis=None}}{{|, dtype=np.float32}})",
                  f"o = np.zeros(np.shape(x))\n{_name}.accumulate(x, out=o)\nreturn o"],
          ["v", "m", "t", "v0", "v1", "vc", "m32", "mi", "mn", "s", "vb"], 0.3, 1.9)
    group(_name, f"{_name}.outer(x, y)", ["v v", "m v", "s v", "s s", "v0 v", "vc v", "v32 v32", "vi v", "v32 s"],
          0.3, 1.9)
    group(_name, f"{_name}.reduceat(x, {{[0, 2]|[0, 2, 1]|np.array([1, 3])|[0, 9]}}{{|, axis=0|, axis=-1}})",
          ["v", "m", "vc", "v32", "vi"], 0.3, 1.9)
    group(_name, [f"z = x * 1\n{_name}.at(z, {{0|[0, 1, 0]|np.array([2, 2, 1])|-1|slice(0, 2)|np.array([], dtype=int)|"
                  "[9]|(0, 1)|([0, 1, 0], [1, 1, 1])|np.array([True, False, True])|np.array([True, False, True, True])}"
                  ", {0.7|y|y[0]|y[:3]})\nreturn z"],
          ["v v", "m v", "v32 v", "vc v", "vi v", "v vc", "w w"], 0.3, 1.9)
for _name in ("np.sin", "np.negative", "np.square", "np.sqrt"):
    group(_name, f"z = x * 1\n{_name}.at(z, {{0|[0, 1]|[0, 0]|slice(0, 2)|(0, 1)}})\nreturn z", ["v", "m", "vc", "v32"],
          0.3, 1.9)
