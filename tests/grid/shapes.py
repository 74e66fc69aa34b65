"""Calls of the grid: what moves, joins and repeats elements, and sums of neighbours."""
from __future__ import annotations

from tests.grid.table import ARRAYS, EVERY, group

for _mode in ("constant", "edge", "reflect", "symmetric", "wrap", "linear_ramp", "maximum", "minimum", "mean", "median", "foo"):
    group("np.pad", f"np.pad(x, {{1|(1, 2)|((1, 0),)|((0, 1), (2, 0))|0|3|6}}, mode={_mode!r})",
          ["v", "m", "vc", "v32", "v1", "vi", "v0", "mn", "ve"])
group("np.pad", ["np.pad(x, {1|(1, 2)|((1, 2), (0, 1))}{|, 'constant'}, constant_values={2.5|(1, 2)|((1, 2), (3, 4))})",
                 "np.pad(x, 2, 'linear_ramp', end_values={1.5|(1, 2)})", "np.pad(x, 2, {'maximum'|'minimum'|'mean'|'median'}, stat_length={1|2|(1, 2)|None})",
                 "np.pad(x, 2, {'reflect'|'symmetric'}, reflect_type='odd')", "np.pad(x, {-1|1.5|(1, 2, 3)})"],
      ["v", "m", "v32", "vi", "vc"])
group("np.pad", "np.pad(x, 0, mode='empty')", ["v", "m", "vi"])
group("np.pad", "np.pad(x, 1, constant_values=y)", ["v s", "m s", "v32 s", "vi s"])
group("np.roll", "np.roll(x, {1|-2|9|(1, 2)|0}{|, axis=0|, axis=-1|, axis=(0, 1)|, 1})", ARRAYS)
group("np.flip", "np.flip(x{|, 0|, axis=-1|, axis=(0, 1)|, 1})", ARRAYS)
for _name in ("fliplr", "flipud", "rot90"):
    group(f"np.{_name}", f"np.{_name}(x)", ARRAYS)
group("np.rot90", "np.rot90(x, {0|2|3|-1}{|, axes=(1, 0)|, axes=(0, -1)})", ["m", "t", "mc"])
group("np.tile", "np.tile(x, {2|(2, 3)|(1, 2, 1)|0|()|[2, 1]})", [*ARRAYS, "s"])
group("np.repeat", "np.repeat(x, {2|0|[1, 2, 0, 3]|np.array([2, 1, 1])|[2]}{|, axis=0|, axis=-1|, axis=1})", [*ARRAYS, "s"])
group("np.diff", "np.diff(x{|, 2|, n=0|, n=5|, n=-1}{|, axis=0|, axis=-1}{|, prepend=0|, append=1.5|, prepend=0.5, append=2})", [*ARRAYS, "s"])
group("np.ediff1d", "np.ediff1d(x{|, to_end=1.0|, to_begin=[1.0, 2.0]})", ["v", "m", "v1", "vc"])
group("np.gradient", "np.gradient(x{|, 0.5|, edge_order=2|, axis=0|, axis=-1|, 2.0, axis=0|, axis=(0, 1)|, 0.5, 2.0})", [*ARRAYS, "l", "lc"])
group("np.gradient", "np.gradient(x, y{|, edge_order=2})", ["v v", "l l", "v s", "m s"])
for _name in ("np.trapezoid", "scipy.integrate.trapezoid"):
    if _name.startswith("np"):
        group(_name, f"{_name}(x{{|, dx=0.5|, axis=0|, axis=-1, dx=2}})", [*ARRAYS, "s"])
        group(_name, f"{_name}(x, y{{|, axis=0|, axis=-1}})", ["v v", "m v", "m m", "m w", "vc v", "v32 v32", "v0 v0"])
group("np.interp", ["np.interp(x, y, z)", "np.interp(x, np.sort(y), z{|, left=0.5|, right=2.0|, left=-1, right=1|, period=3.0})",
                    "np.interp(x, np.array([0.0, 0.5, 1.5, 2.0]), z)"],
      ["s v v", "v v v", "m v v", "v0 v v", "v32 v v", "v v vc", "vi v v", "v vi v", "v v32 v32", "v1 v1 v1"], 0.0, 2.0)
for _name in ("convolve", "correlate"):
    group(f"np.{_name}", f"np.{_name}(x, y{{|, 'full'|, mode='same'|, mode='valid'|, 'x'}})",
          ["v w", "w v", "v v", "vc w", "v wc", "v32 w32", "vi w", "v1 v", "v0 v", "s v", "m v", "l w", "vn w"])
group("np.polyval", "np.polyval(x, y)", ["w v", "w s", "v m", "wc v", "w vc", "v1 v", "w32 v32", "wi v", "v0 v", "w w"])
group("np.polyval", "np.polyval([1, 2.0, x], x)", ["s", "v"])
for _name in ("polyder", "polyint"):
    group(f"np.{_name}", f"np.{_name}(x{{|, 2|, m=0}})", ["v", "vc", "vi", "v32"])
for _name in ("polyadd", "polysub", "polymul"):
    group(f"np.{_name}", f"np.{_name}(x, y)", ["v w", "vc w", "s v"])
group("np.polyfit", "np.polyfit(x, y, {1|2})", ["v v", "l l"])
group("np.vander", "np.vander(x{|, 3|, N=2|, increasing=True|, 0})", ["v", "vc", "v32", "vi", "v0", "m", "v1"])
group("np.meshgrid", "np.meshgrid(x, y{|, indexing='ij'|, indexing='xy'|, sparse=True|, copy=False|, indexing='q'})",
      ["v w", "v s", "vc w", "v32 w", "v0 w", "m w"])
group("np.meshgrid", ["np.meshgrid(x)", "np.meshgrid(x, x, x{|, indexing='ij'})"], ["v", "s"])
for _name, _args in (("reshape", "{-1|(2, -1)|(4, 1)|(2, 2)|(1, -1), order='F'|(3, 3)}"), ("ravel", "{order='C'|order='F'}"),
                     ("transpose", "{None|(1, 0)|(-1, 0)}"), ("squeeze", "{None|axis=0|axis=1}"),
                     ("expand_dims", "{0|-1|(0, 1)|axis=3}"), ("swapaxes", "{0, 1|-1, 0}"), ("moveaxis", "{0, -1|(0, 1), (1, 0)}"),
                     ("broadcast_to", "{(2, 4)|(3, 4)|(4,)}"), ("rollaxis", "{1|1, 0}"), ("resize", "{3|(2, 3)}"),
                     ("delete", "{0|[0, 1]|-1, axis=0|slice(0, 2)|9}"), ("split", "{2|[1, 2]|3, axis=0|3}"), ("array_split", "{3|[1, 2]}"),
                     ("hsplit", "{2|[1]}"), ("vsplit", "{2|[1]}"), ("unstack", "{axis=0|axis=-1}")):
    group(f"np.{_name}", f"np.{_name}(x, {_args})", [*ARRAYS, "s"])
for _name in ("atleast_1d", "atleast_2d", "atleast_3d", "ravel", "squeeze", "transpose", "copy", "real", "imag", "angle",
              "nan_to_num", "isreal", "iscomplex", "array", "asarray", "ascontiguousarray", "zeros_like", "ones_like", "i0", "sinc",
              "unwrap", "round", "around", "fix", "matrix_transpose", "permute_dims", "real_if_close"):
    group(f"np.{_name}", f"np.{_name}(x)", EVERY)
for _name in ("round", "around"):
    group(f"np.{_name}", f"np.{_name}(x * 1.07, {{1|-1|decimals=2}}) * x", ["s", "v", "vi", "v32", "vc"])
group("np.angle", "np.angle(x, deg=True)", ["vc", "v", "sc"])
group("np.full_like", "np.full_like(x, {1.5|x.sum()})", ["v", "m", "vc", "vi", "v32"])
for _name in ("concatenate", "stack", "hstack", "vstack", "dstack", "column_stack"):
    group(f"np.{_name}", f"np.{_name}({{(x, y)|[x, y, x]}})", ["v v", "m m", "v32 v", "vc v", "vi v", "v w", "s s", "v0 v", "m v"])
group("np.concatenate", "np.concatenate((x, y){|, axis=0|, axis=1|, axis=None|, axis=-1}{|, dtype=np.float32})", ["m m", "v w", "m q", "vc v", "vi vi"])
group("np.stack", "np.stack((x, y){|, axis=0|, axis=1|, axis=-1|, -2})", ["v v", "m m", "vc v", "m32 m32"])
group("np.append", "np.append(x, y{|, axis=0|, axis=1})", ["v v", "m m", "v s", "vi v", "m v"])
group("np.insert", "np.insert(x, {0|1|-1|[0, 2]|9|[1, 1]}, {y|7.0|y[0]}{|, axis=0|, axis=1})", ["v v", "m v"])
group("np.block", ["np.block([x, y])", "np.block([[x, y], [y, x]])"], ["v v", "q q", "s s", "m m"])
group("np.broadcast_arrays", "np.broadcast_arrays(x, y)", ["m v", "v s", "v v"])
group("np.linspace", "np.linspace(x, y{|, 5|, num=4, endpoint=False|, 3, retstep=True|, 1|, 0})", ["s s", "v v", "v s", "sc s", "s32 s"])
group("np.geomspace", "np.geomspace(x, y, 4)", ["s s", "v v", "v s", "s32 s", "v32 v32", "v0 s"], 0.5, 3.0)
group("np.logspace", "np.logspace(x, y, 4{|, base=2.0|, endpoint=False})", ["s s", "v v", "v s", "s32 s", "v32 v32", "v0 s"])
group("np.linspace", "np.linspace(x, y, 1, {retstep=True|endpoint=False, retstep=True|dtype=np.float32|dtype=int})", ["s s", "v v", "s32 s"])
group("np.linspace", "np.linspace(x, y, 4, {dtype=np.float32|dtype=int|axis=-1|False|True, True})", ["s s", "v v", "s32 s", "vi v", "v0 s"])
group("np.arange", "np.arange(3) * x", ["s", "sn", "w"])
group("np.apply_along_axis", "np.apply_along_axis(np.sum, {0|1|-1}, x)", ["m", "v", "t", "mc"])
