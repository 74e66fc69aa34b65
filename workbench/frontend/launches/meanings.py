"""What the members of `numba.cuda` mean in programs and kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from workbench.frontend import indexing
from workbench.frontend.activation import Activation
from workbench.frontend.launches.launching import constant_shape, numpy_dtype
from workbench.frontend.launches.names import CudaName
from workbench.frontend.library import creation
from workbench.frontend.library.operands import as_operand, dtype_kind
from workbench.frontend.library.registry import handles_instances
from workbench.frontend.numbers import number_kind
from workbench.frontend.threads import AXES, Launch, number
from workbench.frontend.tracer import Tracer
from workbench.frontend.values import Array, Conflict, Scalar, describe
from workbench.ir import Constant

_REFUSED = "use threadIdx, blockIdx, shared and local arrays, syncthreads and atomics"


def member(act: Activation, name: CudaName) -> Any:
    """A member as a value: numbers of the thread, where it is one; else the name itself."""
    base, _, axis = name.path.partition(".")
    if base not in _NUMBERS:
        return name
    if axis not in AXES or not axis:
        if axis:
            raise AttributeError(f"cuda.{base} has no attribute {axis!r}")
        return name
    launch = _launch(act.t, name)
    return number(act.t, _NUMBERS[base](act.t, launch, AXES.index(axis)))


_NUMBERS: dict[str, Callable[[Tracer, Launch, int], Any]] = {
    "threadIdx": lambda t, now, axis: now.thread_at(t, axis),
    "blockIdx": lambda t, now, axis: now.block_at(t, axis),
    "blockDim": lambda t, now, axis: now.threads[axis],
    "gridDim": lambda t, now, axis: now.blocks[axis],
}


def _launch(t: Tracer, name: CudaName) -> Launch:
    if t.launches.now is None:
        t.fail(f"{name.__name__} outside of a kernel", "kernels are launched as k[blocks, threads](...)")
    return t.launches.now


@handles_instances(CudaName)
def _called(name: CudaName, act: Activation, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    meaning = _MEANINGS.get(name.path)
    if meaning is None:
        _unknown(act.t, name)
    return meaning(act, name, *args, **named)


def _unknown(t: Tracer, name: CudaName) -> NoReturn:
    t.fail(f"no derivative rule is known for {name.__name__}", _REFUSED)


def _places(of: Callable[[Tracer, Launch, int], Any]) -> Any:
    def meaning(act: Activation, name: CudaName, ndim: Any) -> Any:
        launch = _launch(act.t, name)
        count = act.t.static_int(ndim, "the number of axes")
        if not 1 <= count <= 3:
            raise ValueError("argument can only be 1, 2, 3")
        found = tuple(number(act.t, of(act.t, launch, axis)) for axis in range(count))
        return found[0] if count == 1 else found
    return meaning


def _syncthreads(act: Activation, name: CudaName) -> None:
    act.t.fail("a barrier in a device function, or inside of an expression",
               "call cuda.syncthreads() in the kernel itself, as a statement")


def _shared_array(act: Activation, name: CudaName, shape: Any, dtype: Any) -> Any:
    """An array of the block (with the size of the launch where the shape is 0), its elements undefined."""
    t, launch = act.t, _launch(act.t, name)
    if launch.thread is not None or launch.item is not None:
        t.fail("a shared array in a device function, or inside of an expression", "make it in the kernel itself")
    kind = dtype_kind(t, numpy_dtype(dtype))
    dims = creation.shape_dims(t, constant_shape(t, shape))
    if len(dims) == 1 and dims[0] == Constant(0, dims[0].kind):
        size = t.integer(launch.shared, "a size of shared memory")
        dims = [t.emit("floordiv", size, t.integer(kind.itemsize))]
        t.nonnegative.add(t.builder.resolve(dims[0]))
    return t.new_array(t.emit("empty", *dims, kind=kind))


def _local_array(act: Activation, name: CudaName, shape: Any, dtype: Any) -> Any:
    """An array of the thread, its elements undefined."""
    _launch(act.t, name)
    return creation.empty(act, constant_shape(act.t, shape), numpy_dtype(dtype))


def _atomic(prim: str) -> Any:
    def meaning(act: Activation, name: CudaName, ary: Any, idx: Any, val: Any) -> Conflict:
        t = act.t
        _launch(t, name)
        if not isinstance(ary, Array):
            t.fail(f"{name.__name__} of {describe(ary)}", "give it an array")
        key = idx if isinstance(idx, tuple) else (idx,)
        if len(key) != ary.rank or any(number_kind(k) is None or isinstance(k, Array) for k in key):
            t.fail(f"{name.__name__} of more than one element", "give an index for each axis")
        value = as_operand(t, val)
        if not isinstance(value, Scalar) and number_kind(value) is None:
            t.fail(f"{name.__name__} of {describe(val)}", "give it a number")
        value = Scalar(t.scalar(value, ary.kind), False)
        with _Noted(t, ary, prim):
            if prim in ("add", "sub"):
                if prim == "sub":
                    value = Scalar(t.emit("neg", value.value), False)
                indexing.put(t, ary, key, value, add=True)
            else:
                old = indexing.get(t, ary, key)
                indexing.put(t, ary, key, Scalar(t.emit(prim, t.scalar(old), value.value), False))
        return Conflict(f"what {name.__name__} gives, which depends on the order of the threads",
                        "use the array when the kernel has ended")
    return meaning


class _Noted:
    """Notes which operations are parts of an atomic one."""

    def __init__(self, t: Tracer, array: Array, prim: str) -> None:
        self.t = t
        self.array = array
        self.prim = "add" if prim == "sub" else prim
        self.before: set[Any] = set()

    def __enter__(self) -> None:
        self.before = set(self.t.builder.definitions)

    def __exit__(self, *_: object) -> None:
        for value in self.t.builder.definitions:
            if value not in self.before and self.t.builder.definitions[value].prim in ("load", "store", "accum"):
                self.t.launches.atomics[value] = self.prim


# ---------------------------------------------------------------------- arrays of the device
def _to_device(act: Activation, name: CudaName, obj: Any, stream: Any = 0, copy: Any = True, to: Any = None) -> Any:
    """`cuda.to_device`: a copy."""
    if to is not None:
        act.t.fail("cuda.to_device with `to`", "use copy_to_device, or an assignment to [...]")
    return _on_device(act, act.t.environment.call(act, np.array, (obj,), {}))


def _device_array(act: Activation, name: CudaName, shape: Any, dtype: Any = np.float64, strides: Any = None,
                  order: Any = "C", stream: Any = 0) -> Any:
    """`cuda.device_array`: elements are undefined."""
    if strides is not None:
        act.t.fail("cuda.device_array with strides", "leave them out")
    return _on_device(act, creation.empty(act, shape, numpy_dtype(dtype), order))


def _device_array_like(act: Activation, name: CudaName, ary: Any, stream: Any = 0) -> Any:
    return _on_device(act, creation.empty_like(act, ary))


def _on_device(act: Activation, made: Any) -> Any:
    """An array that lies on the device: it has the methods of one."""
    if isinstance(made, Array):
        act.t.launches.arrays.add(made.cell)
    return made


def _nothing(act: Activation, name: CudaName) -> None:
    """`cuda.synchronize()`: every launch is over when the next statement begins."""


def _same(act: Activation, name: CudaName, obj: Any) -> Any:
    return obj


_MEANINGS: dict[str, Any] = {
    "grid": _places(lambda t, now, axis: now.place(t, axis)),
    "gridsize": _places(lambda t, now, axis: now.total(t, axis)),
    "syncthreads": _syncthreads, "shared.array": _shared_array, "local.array": _local_array,
    "atomic.add": _atomic("add"), "atomic.sub": _atomic("sub"), "atomic.max": _atomic("maximum"),
    "atomic.min": _atomic("minimum"), "to_device": _to_device, "device_array": _device_array,
    "device_array_like": _device_array_like, "synchronize": _nothing, "as_cuda_array": _same,
}
