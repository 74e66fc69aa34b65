"""What programs take on this machine, measured: `kernels` are the loops, `compiled` has the engine compile them,
`clock` takes the least of interleaved repetitions, `measuring` makes of it the numbers that a `Machine` holds."""

from __future__ import annotations

from workbench.cost.calibration.measuring import measured

__all__ = ["measured"]
