"""Calls that were wrong once: a value, kind or shape that was not NumPy's, or an error that NumPy does not raise."""
from __future__ import annotations

from tests.grid.calls import Entry, texts

_FOUND = [
    # `out=` by position, and `dtype=` as the kind that is computed in
    ("o = np.full((3, 4), 0.5)\n{np.negative|np.sqrt|np.absolute}(x, o)\nreturn o", "v"),
    ("np.{sin|sqrt|square}(x, dtype={np.float64|np.float32})", "v32"),
    ("np.{sin|square}(x, dtype=np.int64)", "q"),
    ("np.matmul(x, y, dtype=np.float32)", "q q"),
    ("np.fabs(x)", "vi"),
    ("np.clip(x, -0.5, 1, dtype=np.float32)", "m"),
    ("np.hstack((x, y), dtype=np.float32) + np.concatenate((x, y), dtype=np.float32)", "v v"),
    # reductions of numbers, with masks, with initial values
    ("np.{any|all}(x, where=x > 9)", "sn"),
    ("np.max(x, initial=-3.0, where=x > 9)", "sn"),
    ("np.{sum|mean|max|std|median|nansum}(x, axis={0|1|(0, 1)})", "sn"),
    ("np.{sum|prod|max}(x, initial=1.5)", "vi"),
    ("np.max(x, initial=1.5)", "v0"),
    ("np.sum(x, where=np.array([[True], [False]]))", "v"),
    ("o = np.zeros(4)\nnp.{sum|mean|median|max}(x, axis=0, out=o)\nreturn o", "v"),
    # ranks
    ("np.{median|quantile|nanmedian}(x, {keepdims=True|axis=()|axis=0})".replace("quantile", "nanmean"), "v"),
    ("np.{quantile|percentile|nanquantile}(x, 0.4{|, axis=0}{|, keepdims=True})", "m32"),
    ("np.quantile(x, {[0.2, 0.7]|np.array([[0.1, 0.4]])}, axis=-1)", "m"),
    ("np.quantile(x, 0.4, method={'hazen'|'weibull'|'median_unbiased'|'normal_unbiased'})", "v"),
    ("np.nanpercentile(x, [20, 70], axis=0)", "m"),
    ("np.{quantile|median}(x, {1|overwrite_input=True})", "vi"),
    # methods of ufuncs
    ("z = x * 1\nnp.multiply.at(z, {(0, 1)|slice(0, 2)|([0, 1, 0], [1, 1, 1])|-1}, 0.7)\nreturn z", "m"),
    ("z = x * 1\nnp.square.at(z, [0, 0, 1])\nreturn z", "v"),
    ("np.{add|multiply|logaddexp}.reduce(x, axis=None{|, keepdims=True})", "m"),
    ("np.{divide|logaddexp}.{accumulate|reduce}(x)", "mi"),
    ("np.subtract.reduce(x, axis=None)", "m"),
    # selections
    ("np.choose([0, 0, 1, 1], (x, y * 2){|, mode='wrap'|, mode='clip'})", "v32 v32"),
    ("np.select([x > 1, x < -1], [x, 1.0], 7.0)", "v32"),
    ("np.linspace(x, y, {1|4})", "v s"),
    ("z = x * 1\nnp.put(z, [0, 2], y)\nreturn z", "m v"),
    ("x.clip({0|-1, 1|max=1})", "m"),
    ("np.interp(x, np.array([0.0, 0.5, 1.5, 2.0]), y)", "v32 v32"),
    ("np.linalg.norm(x{|, 1|, axis=0}, keepdims=True)", "sn"),
    ("np.linalg.norm(x, np.inf)", "v0"),
    ("np.trace(x, dtype=np.float32)", "qc"),
    ("np.tril(x)", "sn"),
    ("np.take(x, 0, axis=0)", "sn"),
    ("np.fft.fft(x, n=3)", "v0"),
    ("np.average(x, weights=y, axis=0, returned=True)", "vc v"),
    ("np.average(x, weights=y)", "v0 v0"),
    ("np.insert(x, {-1|0|4|-4|5|3}, y[0])", "v w"),
    ("np.insert(x, -1, y, axis=0)", "m v"),
]


def found() -> list[Entry]:
    """All of them."""
    return [Entry("found", text, tuple(operands.split()), -2.0, 2.0)
            for template, operands in _FOUND for text in texts(template)]
