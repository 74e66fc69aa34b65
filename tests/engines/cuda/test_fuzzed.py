"""A few random programs as watched kernels; `python -m tests.engines.cuda.fuzzed --minutes 5` is the long run."""
from __future__ import annotations

import secrets
import warnings

import numpy as np

from tests.engines.cuda.fuzzed import outcome
from tests.fuzz.generate import generate


def test_random_programs() -> None:
    first = secrets.randbelow(2**31)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = {first + k: outcome(generate(first + k, k), first + k) for k in range(4)}
    assert {seed: text for seed, text in found.items() if text.split()[0].isupper()} == {}
