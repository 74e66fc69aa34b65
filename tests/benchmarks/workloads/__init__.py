"""The workloads of the benchmarks, by name: one small module for each program, of Python and NumPy alone."""
from __future__ import annotations

from tests.benchmarks.workload import Workload
from tests.benchmarks.workloads import (
    bundle,
    gmm,
    gp,
    hand_tracking,
    heat,
    hmm,
    kalman,
    logistic,
    lotka,
    lstm,
    mlp,
    nbody,
    options,
    suites,
    taylor,
)

MODULES = (taylor, lotka, gmm, heat, mlp, logistic, lstm, suites, bundle, hand_tracking, nbody, kalman, hmm, options,
           gp)
WORKLOADS: dict[str, Workload] = {workload.name: workload for module in MODULES for workload in module.WORKLOADS}
