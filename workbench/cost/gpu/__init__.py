"""What a program costs on a GPU, predicted from published figures; nothing of it was ever measured on a device.

`products` holds what is published of each, `instructions` what an operation is made of; `launches` reads off a program
what it launches and copies, `registers` what the compiler gives each kernel, `timing` predicts seconds, `kernels` are
the records."""

from workbench.cost.gpu.kernels import KernelCost
from workbench.cost.gpu.products import GPUS, Gpu, gpu_of
from workbench.cost.gpu.timing import GpuTiming, LaunchAt

__all__ = ["GPUS", "Gpu", "GpuTiming", "KernelCost", "LaunchAt", "gpu_of"]
