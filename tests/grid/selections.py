"""Calls of the grid: what orders, selects and writes elements."""
from __future__ import annotations

from tests.grid.table import EVERY, REAL, TIED, group

group("np.sort", ["np.sort(x{|, axis=0|, axis=-1|, axis=1|, axis=None}{|, kind='stable'|, stable=True})",
                  "y = x * 1\ny.sort({|0|axis=-1})\nreturn y"], [*REAL, *TIED, "vc"])
group("np.argsort", ["x[np.argsort(x{|, kind='stable'|, axis=0})]", "np.take_along_axis(x, np.argsort(x, {-1|0|1}), {-1|0|1})",
                     "np.argsort(x, kind='stable'{|, axis=None|, axis=1})", "x.argsort(stable=True)"], [*REAL, *TIED])
group("np.argsort", ["np.argsort(x{|, axis=None|, axis=1})", "x.argsort()"], ["v", "v0", "v1", "m", "t", "vn", "v32"])
group("np.lexsort", "x[np.lexsort((x, x > 0))]", ["v", "vi"])
group("np.searchsorted", "np.searchsorted(np.sort(x), {0.5|x|[0.1, 0.9]|x[0]}{|, side='left'|, side='right'|, sorter=np.argsort(x)}) * 1.0 + x[0]",
      ["v", "vi", "v32", "ve", "v1"])
group("np.take", ["np.take(x, {1|[0, 2]|np.array([[1, 0], [2, 2]])|[]|-1|[9]}{|, axis=0|, axis=-1|, axis=1}{|, mode='wrap'|, mode='clip'|, mode='raise'})",
                  "x.take([0, 1])", "o = np.zeros(2)\nnp.take(x, [0, 2], out=o)\nreturn o"],
      ["v", "m", "t", "vc", "v32", "vi", "s", "mn"])
group("np.take_along_axis", "np.take_along_axis(x, np.array({[0, 1]|[[0, 1, 2, 0]]|[[0], [1], [1]]|[[-1]]|[[9]]}){|, axis=0|, axis=1|, axis=None|, axis=-1})",
      ["v", "m", "mc", "mi"])
group("np.put", "z = x * 1\nnp.put(z, {0|[0, 2]|[1, 1]|[-1]|[9]|[0, 5]}, {7.0|y|y[:2]|[1.0, 2.0]}{|, mode='wrap'|, mode='clip'})\nreturn z",
      ["v v", "m v", "v vc", "vi v", "vc v"])
group("np.put_along_axis", "z = x * 1\nnp.put_along_axis(z, np.array({[[0, 1, 2, 0]]|[[0], [1], [1]]}), {y|3.0|y[:1]}, {0|1})\nreturn z",
      ["m v", "mc m"])
group("np.place", "z = x * 1\nnp.place(z, x > 0, {y|[1.0]|y[:2]})\nreturn z", ["v v", "m v"])
group("np.putmask", "z = x * 1\nnp.putmask(z, x > 0, {y|1.0|y[:2]})\nreturn z", ["v v", "m v"])
group("np.copyto", "z = x * 1\nnp.copyto(z, {y|2.0}{|, where=x > 0})\nreturn z", ["v v", "m v", "v s", "v32 v32"])
group("np.choose", "np.choose({np.array([0, 1, 1, 0])|1|[0, 0, 1, 1]|np.array([0, 5, 1, -1])}, {[x, y]|(x, y * 2)}{|, mode='wrap'|, mode='clip'})",
      ["v v", "m v", "v s", "vc v", "v32 v32", "vi v"])
group("np.select", "np.select([{x > 0, y > 0|x > 1, x < -1|x > 0, y > x}], [{x, y|x * 2, y * x|x, 1.0}]{|, 7.0|, default=y})",
      ["v v", "m m", "m v", "s s", "v32 v32", "vi v"])
group("np.piecewise", "np.piecewise(x, [{x > 0|x < 0, x > 1|x > 0, x <= 0}], {[lambda v: v ** 2, 3.0]|[1.0, 2.0]|[lambda v: v, lambda v: v * 2]|[lambda v: v, np.sin, 0.0]})",
      ["v", "m", "s", "vi", "v32", "v0", "vc"])
group("np.clip", ["np.clip(x, {-1|-0.5|None}, {1|0.5|None}{|, out=None|, dtype=np.float32})", "x.clip({-1, 1|0|max=1|min=-0.5})",
                  "np.clip(x, min={-1|0}, max=1)", "np.clip(x, a_max=0.5, a_min=-0.5)", "np.clip(x, x * 0.5, 1)",
                  "o = np.zeros(4)\nnp.clip(x, -1, 1, out=o)\nreturn o"], [*EVERY, *TIED])
group("np.clip", "np.clip(x, {y - 1, y + 1|y, None|None, y|-1, y})", ["v v", "m v", "v s", "s s", "v32 v", "vi v", "s v"])
group("np.where", ["np.where(x > 0, x, {y|0|2.0|x * y})", "np.where(y > 0, {0|1.5}, x)"],
      ["v v", "m v", "s s", "v s", "v32 v32", "v32 v", "v32 s", "vi v", "vc vc", "v0 v0"])
group("np.where", "x[np.where(x > 0)]", ["v", "m", "v0"])
group("np.compress", "np.compress([True, False, True], x{|, axis=0|, axis=-1|, axis=1})", ["v", "m", "vc"])
group("np.extract", "np.extract({x > 0|[True, False, True, True]}, x)", ["v", "m", "vi"])
group("np.nonzero", "x[np.nonzero(x > 0)]", ["v", "m"])
group("np.unique", "np.unique(x{|, return_index=True|, return_counts=True|, return_inverse=True})", ["v", "ve", "m", "vi"])
group("np.digitize", "np.digitize(x, [-1.0, 0.0, 1.0]{|, right=True}) * x", ["v", "m", "s", "vi"])
group("np.bincount", "np.bincount(np.array([0, 1, 1, 3]), weights=x{|, minlength=6})", ["v", "v32", "vi", "v0"])
group("np.histogram", "np.histogram(x{|, bins=3})[0]", ["v", "m"])
group("np.fill_diagonal", "z = x * 1\nnp.fill_diagonal(z, {1.0|y}{|, wrap=True})\nreturn z", ["q s", "q w", "m w", "q32 s"])
