"""Draws of random numbers by NumPy's own C functions, so that they are NumPy's draws to the bit.

The state of a generator is an array of two floats: the last number drawn, and the address of NumPy's `bitgen_t`, which
a double holds exactly. `draw` consumes the state and gives the next, so that draws keep their order and are made once,
like writes into an array. A draw carries no derivative: where its law has parameters, they must not be differentiated.

Source: numpy/random/include/numpy/random/distributions.h.
"""

from __future__ import annotations

import copy
import ctypes
import threading
from typing import Any

import numpy as np

from workbench.ir import Kind
from workbench.records import dataclass

ADDRESS, DRAWN = 1, 0


@dataclass(frozen=True, slots=True)
class Law:
    """A C function: its symbol, the kinds of its parameters, and the kind of what is drawn."""

    symbol: str
    params: tuple[Kind, ...] = ()
    kind: Kind = Kind.F64


_REAL, _WHOLE = Kind.F64, Kind.INT
LAWS: dict[str, Law] = {
    "random": Law("random_standard_uniform"), "standard_normal": Law("random_standard_normal"),
    "standard_exponential": Law("random_standard_exponential"), "standard_cauchy": Law("random_standard_cauchy"),
    "random_f32": Law("random_standard_uniform_f", (), Kind.F32),
    "standard_normal_f32": Law("random_standard_normal_f", (), Kind.F32),
    "laplace": Law("random_laplace", (_REAL, _REAL)), "gumbel": Law("random_gumbel", (_REAL, _REAL)),
    "logistic": Law("random_logistic", (_REAL, _REAL)), "rayleigh": Law("random_rayleigh", (_REAL,)),
    "standard_gamma": Law("random_standard_gamma", (_REAL,)), "chisquare": Law("random_chisquare", (_REAL,)),
    "standard_t": Law("random_standard_t", (_REAL,)), "beta": Law("random_beta", (_REAL, _REAL)),
    "weibull": Law("random_weibull", (_REAL,)), "pareto": Law("random_pareto", (_REAL,)),
    "power": Law("random_power", (_REAL,)), "wald": Law("random_wald", (_REAL, _REAL)),
    "vonmises": Law("random_vonmises", (_REAL, _REAL)), "triangular": Law("random_triangular", (_REAL,) * 3),
    "poisson": Law("random_poisson", (_REAL,), _WHOLE), "geometric": Law("random_geometric", (_REAL,), _WHOLE),
    "bounded": Law("random_bounded_uint64", (_WHOLE,) * 4, _WHOLE),
    "interval": Law("random_interval", (_WHOLE,), _WHOLE),
}
_CTYPES = {Kind.F64: ctypes.c_double, Kind.F32: ctypes.c_float, Kind.INT: ctypes.c_int64}


def _library() -> dict[str, Any]:
    """NumPy's functions by law; none where the platform hides them."""
    library = ctypes.CDLL(np.random._generator.__file__)
    found: dict[str, Any] = {}
    for name, law in LAWS.items():
        function = getattr(library, law.symbol, None)
        if function is not None:
            function.restype = _CTYPES[law.kind]
            function.argtypes = [ctypes.c_void_p, *(_CTYPES[k] for k in law.params)]
            found[name] = function
    return found


FUNCTIONS = _library()


def address_of(name: str) -> int:
    """Where the C function of a law is in this process."""
    found = ctypes.cast(FUNCTIONS[name], ctypes.c_void_p).value
    assert found is not None
    return found


# ---------------------------------------------------------------------- states
def state_of(generator: np.random.Generator) -> np.ndarray:
    """The state array of a generator, which must live as long as it is used."""
    return np.array([0.0, float(generator.bit_generator.ctypes.bit_generator.value)])


class Seeded:
    """Makes the state of a new generator from a seed, and keeps the generator until the next one in its thread."""

    def __init__(self) -> None:
        self._kept = threading.local()

    def __call__(self, seed: Any) -> np.ndarray:
        self._kept.generator = np.random.default_rng(seed)
        return state_of(self._kept.generator)


def copied(source: Any) -> Any:
    """What a state is made of (a generator or a seed), for a run that is to leave it alone."""
    return copy.deepcopy(source)
