"""Calls of the grid: scipy.special."""
from __future__ import annotations

from tests.grid.table import ARRAYS, FLOATS, TIED, group

_SPECIAL = ("gamma gammaln loggamma digamma psi rgamma erf erfc erfcx erfi erfinv erfcinv expit logit log_expit ndtr "
            "ndtri log_ndtr dawsn i0 i1 i0e i1e j0 j1 y0 y1 k0 k1 exp1 expi sinc exp2 exp10 expm1 log1p cbrt exprel "
            "entr cosm1 spence sindg cosdg gammasgn wofz ellipk ellipe zetac expn lambertw softmax log_softmax "
            "logsumexp poch").split()
for _name in _SPECIAL:
    group(f"scipy.special.{_name}", f"scipy.special.{_name}(x)", FLOATS + ["vc"], 0.2, 0.9)
    if _name in ("gamma", "gammaln", "digamma", "erf", "erfc", "expit", "exprel", "rgamma", "psi", "sinc"):
        group(f"scipy.special.{_name}", f"scipy.special.{_name}(x)", ["v", "s", "m"], -1.9, -1.1)
for _name in ("gammainc", "gammaincc", "beta", "betaln", "xlogy", "xlog1py", "rel_entr", "kl_div", "binom", "boxcox", "boxcox1p",
              "inv_boxcox", "huber", "pseudo_huber", "polygamma", "zeta", "multigammaln", "hyp0f1", "jv", "iv", "gammaincinv", "owens_t",
              "poch", "logaddexp", "gdtr", "kv", "yv", "stdtr", "chdtr", "expn", "comb", "perm"):
    group(f"scipy.special.{_name}", [f"scipy.special.{_name}(x, y)", f"scipy.special.{_name}(2, x)", f"scipy.special.{_name}(x, 2.0)"],
          ["v v", "s s", "v s", "v32 v32", "v0 v0", "m v", "vi v"], 0.3, 1.9)
for _name in ("betainc", "betaincc"):
    group(f"scipy.special.{_name}", [f"scipy.special.{_name}({{1.5, 0.7, x|x, 2, 0.4}})"], ["v", "s"], 0.1, 0.9)
group("scipy.special.xlogy", ["scipy.special.xlogy(x * 0.0, x)", "scipy.special.xlog1py(x * 0, x)"], ["ve", "s"], 0.3, 1.9)
group("scipy.special.logsumexp", ["scipy.special.logsumexp(x{|, axis=0|, axis=-1|, axis=(0, 1)|, axis=1}{|, keepdims=True}{|, return_sign=True|, b=2.0|, b=np.array([1.0, 0.5, 0.0, 2.0])})"],
      [*ARRAYS, "s", *TIED])
group("scipy.special.logsumexp", "scipy.special.logsumexp(x, b=y{|, axis=0|, axis=-1}{|, return_sign=True})", ["v v", "m m", "m v"], 0.2, 1.5)
for _name in ("softmax", "log_softmax"):
    group(f"scipy.special.{_name}", f"scipy.special.{_name}(x{{|, axis=0|, axis=-1|, axis=(0, 1)|, axis=None}})", [*ARRAYS, "s"])
group("np.logaddexp", "np.logaddexp.reduce(x)", ["v", "m"])
