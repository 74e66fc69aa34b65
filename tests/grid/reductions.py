"""Calls of the grid: reductions, means, ranks and moments."""
from __future__ import annotations

from tests.grid.table import AXES, AXIS, EVERY, REAL, TIED, group

_DTYPE = "{|, dtype=np.float32|, dtype=np.float64|, dtype=np.complex128}"
for _name in ("np.sum", "np.prod"):
    group(_name, [f"{_name}(x{AXES}{{|, keepdims=True}}{{|, initial=1.5}})", f"{_name}(x{{|, axis=0}}{_DTYPE})",
                  f"{_name}(x{{|, axis=0|, axis=-1}}, where={{x > 0|np.array([True, False, True, True])|True|False}})",
                  f"o = np.zeros(4)\nr = {_name}(x, axis=0, out=o)\nreturn o * 1, r",
                  f"x.{_name[3:]}({{|0|axis=-1|axis=1, keepdims=True|initial=2.0}})"], EVERY)
for _name in ("np.max", "np.min", "np.amax", "np.amin"):
    group(_name, [f"{_name}(x{AXES}{{|, keepdims=True}}{{|, initial=1.5}})",
                  f"{_name}(x{{|, axis=0|, axis=-1}}{{|, initial=-3.0}}, where={{x > 0|True}})",
                  f"o = np.zeros(4)\n{_name}(x, axis=0, out=o)\nreturn o"], REAL + TIED + ["vc"])
for _name in ("np.mean",):
    group(_name, [f"{_name}(x{AXES}{{|, keepdims=True}}{{|, where=x > 0}})", f"{_name}(x{{|, axis=0}}{_DTYPE})",
                  f"o = np.zeros(4)\n{_name}(x, axis=0, out=o)\nreturn o", "x.mean({|0|axis=-1|keepdims=True})"], EVERY)
for _name in ("np.std", "np.var"):
    group(_name, [f"{_name}(x{AXES}{{|, ddof=1|, ddof=0.5|, correction=1}}{{|, keepdims=True}})",
                  f"{_name}(x{{|, axis=0}}{{|, dtype=np.float32|, dtype=np.float64}})",
                  f"{_name}(x{{|, axis=0|, axis=-1}}, where=x > -1)", f"{_name}(x, mean=np.mean(x))",
                  f"{_name}(x, axis=-1, mean=np.mean(x, axis=-1, keepdims=True))",
                  f"o = np.zeros(4)\n{_name}(x, axis=0, out=o)\nreturn o", f"x.{_name[3:]}({{|0|axis=-1|ddof=1}})"],
          EVERY)
group("np.median", [f"np.median(x{AXES}{{|, keepdims=True}})", "np.median(x, overwrite_input=True)",
                    "o = np.zeros(4)\nnp.median(x, axis=0, out=o)\nreturn o"], [*REAL, "vc", *TIED])
group("np.ptp", [f"np.ptp(x{AXES}{{|, keepdims=True}})", "o = np.zeros(4)\nnp.ptp(x, axis=0, out=o)\nreturn o"],
      [*REAL, *TIED, "vc"])
for _name in ("np.cumsum", "np.cumprod"):  # into an array without axes NumPy 2.4 crashes
    group(_name, [f"{_name}(x{AXIS}{_DTYPE})", "o = np.zeros(np.shape(x) or 1)\n" + _name + "(x, axis=0, out=o)\nreturn o",
                  f"x.{_name[3:]}({{|0|axis=-1}})"], EVERY)
for _name in ("np.cumulative_sum", "np.cumulative_prod"):
    group(_name, [f"{_name}(x{{|, axis=0|, axis=-1|, axis=1}}{{|, include_initial=True}}{{|, dtype=np.float32}})"], EVERY)
_NAN = "y = x * 1.0\nif np.ndim(y) == 1 and np.size(y) > 1:\n    y[1] = np.nan\n"
for _name in "nansum nanprod nanmean nanmax nanmin".split():
    group(f"np.{_name}", [f"{_NAN}return np.{_name}(y{AXES}{{|, keepdims=True}})", f"np.{_name}(x{AXIS})",
                          f"np.{_name}(x, where=x > 0{{|, initial=-3.0}})"], EVERY)
for _name in "nanstd nanvar nanmedian".split():
    group(f"np.{_name}", [f"{_NAN}return np.{_name}(y{AXES}{{|, keepdims=True}})", f"np.{_name}(x{AXIS})"], EVERY)
    if _name != "nanmedian":
        group(f"np.{_name}", f"np.{_name}(x{AXIS}, ddof=1)", EVERY)
for _name in "nancumsum nancumprod".split():
    group(f"np.{_name}", [f"{_NAN}return np.{_name}(y{AXIS})", f"np.{_name}(x{AXIS}{{|, dtype=np.float32}})"], EVERY)
for _name in "nanargmax nanargmin argmax argmin".split():
    group(f"np.{_name}", [f"np.{_name}(x{AXIS}{{|, keepdims=True}}) * x", f"{_NAN}return np.{_name}(y{AXIS})"],
          REAL + TIED)
for _name in "any all count_nonzero".split():
    group(f"np.{_name}", [f"np.{_name}(x > 0.3{AXES}{{|, keepdims=True}})", f"np.{_name}(x{AXIS})"], EVERY)
for _name in "any all".split():
    group(f"np.{_name}", f"np.{_name}(x, where=x > 0{{|, axis=0}})", REAL)
group("np.average", ["np.average(x{|, axis=0|, axis=-1|, axis=1|, axis=(0, 1)}{|, keepdims=True})"], EVERY)
group("np.average", ["np.average(x, weights=y{|, axis=0|, axis=-1|, axis=1}{|, returned=True}{|, keepdims=True})"],
      ["v v", "m m", "m v", "m w", "t v", "v v0", "vc v", "v32 v32", "v vi", "v0 v0"], 0.3, 1.9)
for _name in ("quantile", "percentile", "nanquantile", "nanpercentile"):
    _q = "{0.3|0.5|0|1|[0.2, 0.7]|np.array([[0.1, 0.4]])}" if "quant" in _name else "{30|50.0|100|[20, 70]}"
    group(f"np.{_name}", [f"np.{_name}(x, {_q}{{|, axis=0|, axis=-1|, axis=(0, 1)}}{{|, keepdims=True}})",
                          f"np.{_name}(x, 0.4, method={{'linear'|'lower'|'higher'|'nearest'|'midpoint'|'hazen'|"
                          "'weibull'|'median_unbiased'|'normal_unbiased'|'inverted_cdf'|'averaged_inverted_cdf'|"
                          "'closest_observation'|'interpolated_inverted_cdf'})",
                          f"np.{_name}(x, {{1.5|-0.1}})"], [*REAL, *TIED, "vc"])
    group(f"np.{_name}", f"np.{_name}(x, 0.4, method='foo')", ["v", "m", "vi"])
    group(f"np.{_name}", f"np.{_name}(x, y)", ["v s", "m s"], 0.1, 0.9)
for _name in ("cov", "corrcoef"):
    group(f"np.{_name}", [f"np.{_name}(x{{|, rowvar=False}}{{|, ddof=0|, bias=True}})"], ["v", "m", "mc", "m32", "v1"])
    group(f"np.{_name}", [f"np.{_name}(x, y)"], ["v v", "m m"])
