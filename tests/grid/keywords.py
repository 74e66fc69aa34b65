"""Calls of the grid: arguments by keyword, arrays of size 0 and 1, and single precision, where the other tables do not
have them."""
from __future__ import annotations

from tests.grid.table import group

_ONE = ["v", "m", "v32", "v0", "v1", "vc", "vi", "m0", "s"]
_TEXTS = """
np.sum(a=x, axis=-1) | np.prod(a=x, keepdims=True) | np.mean(a=x, axis=0) | np.std(a=x, ddof=1) |
np.var(a=x, axis=-1) | np.median(a=x, axis=-1) | np.ptp(a=x, axis=0) | np.max(a=x, initial=0.5) |
np.quantile(a=x, q=0.3, axis=0) | np.cumsum(a=x, axis=0) | np.sort(a=x, axis=0) | np.take(a=x, indices=[0], axis=0) |
np.clip(a=x, a_min=-1, a_max=0.5) | np.roll(a=x, shift=1, axis=0) | np.flip(m=x, axis=0) | np.tile(A=x, reps=2) |
np.repeat(a=x, repeats=2, axis=0) | np.pad(array=x, pad_width=1, mode='edge') |
np.pad(array=x, pad_width=2, constant_values=0.5) | np.diff(a=x, n=1, axis=0) | np.gradient(x, axis=0, edge_order=1) |
np.trapezoid(y=x, dx=0.5, axis=0) | np.diag(v=x, k=1) | np.tril(m=x, k=-1) | np.triu(m=x, k=1) |
np.trace(a=x, offset=1) | np.vander(x=x, N=3, increasing=True) | np.vander(x, increasing=True) |
np.reshape(a=x, shape=-1) | np.transpose(a=x) | np.expand_dims(a=x, axis=0) | np.squeeze(a=x) | np.ravel(a=x) |
np.linalg.norm(x=x, ord=2) | np.linalg.norm(x=x, axis=0) | np.fft.fft(a=x, n=3) | np.fft.rfft(a=x, axis=0) |
np.nansum(a=x, axis=0) | np.nanmean(a=x, keepdims=True) | np.average(a=x, axis=0) | np.cumprod(a=x, axis=-1) |
np.argsort(a=x, axis=-1, kind='stable') | np.searchsorted(a=np.sort(np.ravel(x)), v=0.5, side='right') |
np.select(condlist=[x > 0], choicelist=[x * 2], default=7.0) |
np.piecewise(x=x, condlist=[x > 0], funclist=[np.sin, 2.0]) |
np.choose(a=np.zeros(np.shape(x), int), choices=[x, x * 2], mode='clip') | np.where(x > 0, x, x ** 2) |
scipy.special.logsumexp(a=x, axis=0, keepdims=True) | scipy.special.softmax(x=x, axis=-1) |
np.round(a=x * 1.07, decimals=1) | np.delete(arr=x, obj=0, axis=0) | np.insert(arr=x, obj=0, values=2.0, axis=0) |
np.append(arr=x, values=1.5) | np.polyder(x) | np.polyint(x, k=2.0) | np.unwrap(p=x) | np.nan_to_num(x=x, nan=1.0) |
np.linspace(start=x, stop=2.0, num=3) | np.linspace(0, x, num=4, endpoint=False, axis=-1) |
np.logspace(x, 1.0, num=3) | np.geomspace(start=np.abs(x) + 1, stop=4.0, num=3) |
np.full_like(a=x, fill_value=2.0) * x | np.broadcast_to(array=x, shape=(2, *np.shape(x))) |
np.moveaxis(a=x, source=0, destination=-1)
"""
for _text in _TEXTS.replace("\n", " ").split(" | "):
    group("keywords", _text.strip(), _ONE)
_TWO = ["v v", "v32 v32", "v0 v0", "v1 v1", "vc v", "vi v", "m m", "m0 m0", "q q"]
_TEXTS = """
np.dot(a=x, b=y) | np.kron(a=x, b=y) | np.outer(a=x, b=y) | np.inner(x, y) | np.tensordot(a=x, b=y, axes=1) |
np.cross(a=x, b=y) | np.convolve(a=x, v=y, mode='same') | np.correlate(a=x, v=y, mode='full') | np.polyval(p=x, x=y) |
np.interp(x=x, xp=np.sort(y), fp=x) | np.trapezoid(y=x, x=y) | np.average(a=x, weights=y ** 2, axis=0) |
np.put_along_axis(x, np.zeros((1,) * np.ndim(x), int), y, axis=0) | np.append(arr=x, values=y, axis=0) |
np.concatenate((x, y), axis=0, dtype=np.float32) | np.stack(arrays=[x, y], axis=-1) | np.vstack(tup=(x, y)) |
np.meshgrid(x, y, indexing='ij') | np.einsum('i,i->', x, y) | np.einsum('i,j->ij', x, y) |
np.einsum('ij,kj->ik', x, y) | np.where(x > y, x, y) | np.linalg.solve(a=x, b=y) |
np.linalg.lstsq(a=x, b=y, rcond=None)[0] | np.cov(m=x, y=y) | np.searchsorted(np.sort(x), v=y) * 1.0 |
np.linalg.multi_dot(arrays=[x, y]) | np.select([x > 0, y > 0], [x, y]) | np.choose([1, 0, 1, 0], [x, y]) |
np.insert(x, 0, y) | np.polymul(x, y) | np.polyadd(x, y) | np.vdot(x, y) | np.matmul(x, y)
"""
for _text in _TEXTS.replace("\n", " ").split(" | "):
    group("keywords", _text.strip(), _TWO, 0.3, 1.9)
_EMPTY = ["q0", "q1", "q32", "p0"]
for _name in "inv det slogdet pinv cholesky qr eigvals eigvalsh svdvals".split():
    group("keywords", f"a = x @ np.swapaxes(x, -1, -2) + 2 * np.eye(x.shape[-1])\nreturn np.linalg.{_name}(a)",
          [*_EMPTY, "qc"] if _name not in ("cholesky", "eigvalsh") else _EMPTY)
group("keywords", ["np.linalg.matrix_power(a=x, n={0|1|3})", "np.trace(x)", "x @ x", "np.matmul(x, x)",
                   "np.linalg.norm(x, axis=(-2, -1))", "np.tril(x) + np.triu(x, 1)", "np.linalg.solve(x + 3, x)",
                   "np.dot(x, x)", "np.sort(x, axis=None)", "x.T"], [*_EMPTY, "qc", "qc32"])
