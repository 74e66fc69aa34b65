"""The GPU engine: IR to CUDA kernels in readable Python, compiled by numba-cuda.

`CudaCompiler` is the engine. `emit` writes a program: `parallel` says which loops are kernels, `kernels` writes these,
`host` what launches them, `device` is what runs on the host, `code` compiles without a device. No module here imports
`numba.cuda` until a program is to run or to be compiled."""

from __future__ import annotations

from workbench.engines.cuda.compiler import CudaCompiler, CudaProgram
from workbench.engines.cuda.host import Program, emit

__all__ = ["CudaCompiler", "CudaProgram", "Program", "emit"]
