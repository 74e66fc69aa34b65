"""Calls of the grid: products, linear algebra and Fourier transforms."""
from __future__ import annotations

from tests.grid.table import group

# ---------------------------------------------------------------------- linear algebra
MATRICES = ["q", "p", "q1", "q32", "qc", "qn", "qi", "pc", "m", "v", "s", "v0", "qc32"]
_SPD = "a = x @ np.swapaxes(np.conj(x), -1, -2) + 2 * np.eye(3)\n"
group("np.linalg.solve", "np.linalg.solve(x, y)",
      ["q w", "q q", "p p", "p q", "q p", "q v", "qc w", "q wc", "q32 w32", "qi w", "q s", "m w", "qn q", "q32 w",
       "q m"])
for _name in "inv det slogdet pinv".split():
    group(f"np.linalg.{_name}", f"np.linalg.{_name}(x)", [*MATRICES, "qi"])
group("np.linalg.pinv", ["np.linalg.pinv(x{|, rcond=1e-10|, hermitian=True|, rtol=1e-10})"], ["m", "q", "t", "mc", "p"])
group("np.linalg.pinv", "a = x + x.T\nreturn np.linalg.pinv(a, hermitian=True)", ["q", "q32"])
group("np.linalg.cholesky", [_SPD + "return np.linalg.cholesky(a{|, upper=True|, upper=False})", "np.linalg.cholesky(x)"],
      ["q", "p", "q32", "qc", "pc", "qi"])
group("np.linalg.qr", ["np.linalg.qr(x{|, mode='reduced'|, mode='complete'|, mode='r'|, mode='raw'|, 'full'})",
                       "np.linalg.qr(x).Q", "np.linalg.qr(x).R"], ["q", "p", "m", "q32", "qc", "v", "t", "mc", "m0"])
group("np.linalg.qr", "np.linalg.qr(x.T{|, mode='complete'|, mode='r'})", ["m", "mc", "m32", "m0"])
group("np.linalg.svd", ["np.linalg.svd(x, compute_uv=False{|, hermitian=True})",
                        "u, s, v = np.linalg.svd(x, full_matrices=False)\nreturn abs(u) ** 2, s, abs(v) ** 2",
                        "u, s, v = np.linalg.svd(x)\nreturn (u * s) @ v", "np.linalg.svd(x)", "np.linalg.svd(x).S"],
      ["q", "p", "m", "q32", "qc", "v", "mc"])
group("np.linalg.svdvals", "np.linalg.svdvals(x)", ["q", "p", "m", "qc", "v"])
group("np.linalg.eigh", ["w, v = np.linalg.eigh(x{|, 'U'|, UPLO='L'|, 'X'})\nreturn w, abs(v) ** 2",
                         "np.linalg.eigh(x).eigenvalues", "np.linalg.eigh(x + x.T)[1] ** 2"],
      ["q", "p", "q32", "qc", "m", "v", "q1", "pc"])
group("np.linalg.eigvalsh", "np.linalg.eigvalsh(x{|, 'U'|, UPLO='L'})", ["q", "p", "q32", "qc", "m", "v", "q1", "qi"])
group("np.linalg.lstsq", ["np.linalg.lstsq(x, y{|, rcond=None|, None|, rcond=1e-8|, rcond=-1})[0]",
                          "np.linalg.lstsq(x, y, rcond=None)"],
      ["q w", "m w", "q q", "mc w", "q32 w32", "p w", "m v", "q1 v1"])
group("np.linalg.lstsq", "np.linalg.lstsq(x.T, y, rcond=None)", ["m v", "mc v", "m32 v32"])
_ORDS = "{|, 1|, 2|, -1|, -2|, 0|, 3|, 0.5|, -1.5|, np.inf|, -np.inf|, 'fro'|, 'nuc'|, None}"
group("np.linalg.norm", f"np.linalg.norm(x{_ORDS}{{|, axis=0|, axis=-1|, axis=(0, 1)|, axis=(1, 0)|, axis=(-2, -1)|"
      ", axis=None|, axis=(0,)}{|, keepdims=True})", ["v", "m", "t", "vc", "mc", "m32", "mi", "v0", "s", "mn", "vi"])
group("np.linalg.vector_norm", "np.linalg.vector_norm(x{|, axis=0|, axis=(0, 1)}{|, ord=1|, ord=3|, ord=np.inf|, ord=0}"
      "{|, keepdims=True})", ["v", "m", "t", "vc", "v32"])
group("np.linalg.matrix_norm", "np.linalg.matrix_norm(x{|, ord=1|, ord=2|, ord='nuc'|, ord=-np.inf}{|, keepdims=True})",
      ["m", "t", "mc", "m32", "v"])
group("np.linalg.cond", "np.linalg.cond(x{|, 1|, 2|, -2|, np.inf|, 'fro'|, 'nuc'})", ["q", "p", "qc", "m"])
group("np.linalg.matrix_power", "np.linalg.matrix_power(x, {0|1|2|3|5|-1|-2|1.5})", MATRICES)
group("np.linalg.multi_dot", ["np.linalg.multi_dot([x, y])", "np.linalg.multi_dot([x, y, x])",
                              "np.linalg.multi_dot([x, x.T, x, x.T])", "np.linalg.multi_dot((y, x, y))"],
      ["q q", "q w", "w q", "q v", "qc q", "q32 q32", "w w", "qi q", "p q"])
for _name in ("dot", "matmul", "inner", "vdot", "kron", "outer", "vecdot", "matvec", "vecmat"):
    group(f"np.{_name}", f"np.{_name}(x, y)",
          ["v v", "m v", "q q", "p q", "q p", "t v", "p p", "s v", "v s", "s s", "vc v", "v vc", "mc v", "v0 v0", "w q",
           "q w", "v32 v32", "v32 v", "vi v", "vi vi", "v1 v1", "m0 w", "w m", "v m", "mn v", "qn q", "p w", "w p", "t t",
           "vc vc", "qc q"])
group("np.matmul", ["x @ y", "o = np.zeros((3, 3))\nnp.matmul(x, y, out=o)\nreturn o", "np.matmul(x, y, dtype=np.float32)"],
      ["q q", "p q", "qc q", "q w"])
group("np.dot", ["x.dot(y)", "o = np.zeros((3, 3))\nnp.dot(x, y, out=o)\nreturn o"], ["q q", "q w", "v v"])
for _name in ("np.cross", "np.linalg.cross"):
    group(_name, f"{_name}(x, y)", ["w w", "q w", "q q", "p w", "wc w", "w32 w32", "v v", "wi w", "w q"])
group("np.cross", ["np.cross(x, y, axis=0)", "np.cross(x, y, axisa=0)", "np.cross(x, y, axisa=0, axisb=0, axisc=0)",
                   "np.cross(x, y, axisc=0)", "np.cross(x[:2], y[:2])", "np.cross(x[..., :2], y)"],
      ["q q", "w w", "m m", "q w"])
group("np.trace", ["np.trace(x{|, offset=1|, offset=-1|, 5}{|, axis1=1, axis2=0|, axis1=0, axis2=2|, axis1=-1, axis2=-2}"
                   "{|, dtype=np.float32})", "x.trace()"], ["q", "m", "p", "qc", "q32", "qi", "v", "qn", "t"])
group("np.linalg.trace", "np.linalg.trace(x{|, offset=1})", ["q", "m", "p", "qc"])
group("np.diag", "np.diag(x{|, 1|, k=-2|, 5})", ["v", "m", "q", "vc", "v0", "v1", "t", "s", "vi", "v32", "mn"])
group("np.diagflat", "np.diagflat(x{|, 1|, k=-2})", ["v", "m", "s", "vc"])
group("np.diagonal", ["np.diagonal(x{|, 1|, offset=-1}{|, axis1=1, axis2=0|, axis1=0, axis2=2|, axis1=-2, axis2=-1})",
                      "x.diagonal()"], ["q", "m", "p", "t", "qc", "v", "mn"])
group("np.linalg.diagonal", "np.linalg.diagonal(x{|, offset=1})", ["q", "m", "p", "qc"])
for _name in ("tril", "triu"):
    group(f"np.{_name}", f"np.{_name}(x{{|, 1|, k=-1|, -9}})", ["q", "m", "p", "qc", "v", "s", "qi", "m32", "mn", "m0"])
group("np.linalg.matrix_transpose", "np.linalg.matrix_transpose(x)", ["m", "p", "v"])
group("np.linalg.tensorsolve", "np.linalg.tensorsolve(x, y)", ["q w"])
group("np.linalg.outer", "np.linalg.outer(x, y)", ["v w", "m v", "vc v"])
_EINSUM = ["ij->ji", "ij", "ij->", "ij->i", "ij->j", "...j->...", "i...->...", "...->...", "ii", "ii->i", "ji"]
group("np.einsum", [f"np.einsum('{s}', x)" for s in _EINSUM], ["q", "m", "qc", "q32", "qi", "mn", "v"])
_EINSUM2 = ["ij,jk->ik", "ij,jk", "ij,kj->ik", "ij,ij->", "ij,ij->ij", "ij,kl->ijkl", "...ij,...jk->...ik", "ii,ij->j",
            "i...,i...->...", "ij, jk -> ik", "ij,jk->ki", "ii,jj->ij", "ij,jk->", "...,..."]
group("np.einsum", [f"np.einsum('{s}', x, y{{|, optimize=True}})" for s in _EINSUM2],
      ["q q", "qc q", "q32 q32", "qi q", "q m", "qn q"])
group("np.einsum", ["np.einsum('...ij,...jk->...ik', x, y)", "np.einsum('...ij,...j->...i', x, y)"],
      ["p q", "q p", "p p", "p w", "q w"])
group("np.einsum", ["np.einsum('ij,jk,kl->il', x, y, z{|, optimize=True|, optimize='greedy'})",
                    "np.einsum('ij,ij,ij->', x, y, z)", "np.einsum('ij,jk,ki->', x, y, z)",
                    "np.einsum(x, [0, 1], y, [1, 2], [0, 2])", "np.einsum(x, [0, 1], y, [1, 2])",
                    "np.einsum(x, [Ellipsis, 0], y, [0, 1])",
                    "o = np.zeros((3, 3))\nnp.einsum('ij,jk->ik', x, y, out=o)\nreturn o",
                    "np.einsum('ij,jk->ik', x, y, dtype=np.float64)"], ["q q q", "qc q q"])
group("np.tensordot", "np.tensordot(x, y{|, 1|, axes=2|, 0|, axes=([0], [1])|, axes=([1, 0], [0, 1])|, axes=(1, 1)|, axes=3})",
      ["q q", "p q", "q p", "qc q", "q m", "q32 q32", "qi q", "v v"])

# ---------------------------------------------------------------------- Fourier transforms
_N = "{|, n=3|, n=6|, n=1|, 5}{|, norm='ortho'|, norm='forward'|, norm='backward'|, norm='x'}"
_FFT = ["v", "vc", "v1", "v32", "vc32", "vi", "w", "l", "vn", "v0", "lc"]
for _name in "fft ifft rfft irfft hfft ihfft".split():
    for _module in ("np", "scipy"):
        group(f"{_module}.fft.{_name}", f"{_module}.fft.{_name}(x{_N})", _FFT)
        group(f"{_module}.fft.{_name}", f"{_module}.fft.{_name}(x{{|, axis=0|, axis=-1|, axis=1|, n=3, axis=0|, axis=5}})",
              ["m", "mc", "t", "mn", "m32"])
for _name in "fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn".split():
    for _module in ("np", "scipy"):
        group(f"{_module}.fft.{_name}", f"{_module}.fft.{_name}(x{{|, s=(2, 3)|, s=(4, 5)}}{{|, axes=(0, 1)|, axes=(1, 0)|, axes=(-1,)}}"
              "{|, norm='ortho'})", ["m", "mc", "t", "m32", "mn", "m0", "v"])
for _name in "fftshift ifftshift".split():
    group(f"np.fft.{_name}", f"np.fft.{_name}(x{{|, axes=0|, axes=(0, 1)|, 1|, axes=(1,)}})", ["v", "m", "l", "mc", "vi", "v0"])
group("np.fft.fftfreq", "x * np.fft.fftfreq(4{|, 0.5|, d=x[0]})", ["v"])
group("np.fft.rfftfreq", "x[:3] * np.fft.rfftfreq(4{|, 0.5|, d=x[0]})", ["v"])
