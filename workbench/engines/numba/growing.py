"""How residual lists grow in compiled programs: their memory is made longer where it is, or moved, not copied.

Emitted programs carry `runtime.grow`, which makes a longer array and copies: while it does, both are there, half as
much again as the list. What is compiled in its place asks the C library to resize the memory (`realloc`), which
extends it where there is room behind it, and moves large blocks by their pages. An array of Numba's cannot be resized:
the first time, a list is copied into memory that can.

Invariant: nobody else holds the array that grows. (In the IR, storing into a list takes the version before.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir as llvm
from numba.core import cgutils, config, types
from numba.core.imputils import impl_ret_borrowed, impl_ret_new_ref
from numba.core.runtime.nrtdynmod import _meminfo_struct_type
from numba.extending import intrinsic

from workbench.engines.numba import runtime

_CLEANER = 2  # the field of an array's head that holds what is called before its memory is freed; ours marks ours


def _mark(builder: Any) -> Any:
    """A function that does nothing, by whose address our memory is known. (A copy in another program is another mark:
    what is not known is copied.)"""
    kind = llvm.FunctionType(llvm.VoidType(), [cgutils.voidptr_t])
    function = cgutils.get_or_insert_function(builder.module, kind, "workbench_resizable")
    if function.is_declaration:
        function.linkage = "linkonce_odr"
        llvm.IRBuilder(function.append_basic_block()).ret_void()
    return builder.bitcast(function, cgutils.voidptr_t)


@intrinsic
def is_resizable(typing: Any, array: Any) -> Any:
    """Whether an array was made by `resizable`."""
    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        head = context.make_array(signature.args[0])(context, builder, value=args[0]).meminfo
        head = builder.bitcast(head, _meminfo_struct_type.as_pointer())
        return builder.icmp_unsigned("==", builder.load(cgutils.gep_inbounds(builder, head, 0, _CLEANER)),
                                     _mark(builder))
    return types.boolean(array), lowered


@intrinsic
def resizable(typing: Any, array: Any, size: Any) -> Any:
    """A new array of the type of another, which can be resized; its contents are undefined."""
    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        size = _bytes(context, builder, signature, args[1])
        head = context.nrt.meminfo_new_varsize_dtor(builder, size, _mark(builder))
        data = context.nrt.meminfo_data(builder, head)
        return impl_ret_new_ref(context, builder, signature.return_type,
                                _array(context, builder, signature, args[1], head, data))
    return array(array, types.intp), lowered


@intrinsic
def resized(typing: Any, array: Any, size: Any) -> Any:
    """The array itself with more elements, which are undefined; what was held as the array must not be used again."""
    def lowered(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        head = context.make_array(signature.args[0])(context, builder, value=args[0]).meminfo
        data = context.nrt.meminfo_varsize_realloc(builder, head, _bytes(context, builder, signature, args[1]))
        return impl_ret_borrowed(context, builder, signature.return_type,
                                 _array(context, builder, signature, args[1], head, data))
    return array(array, types.intp), lowered


def _itemsize(context: Any, signature: Any) -> Any:
    kind = signature.return_type.dtype
    return context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(kind)))


def _bytes(context: Any, builder: Any, signature: Any, size: Any) -> Any:
    return builder.mul(size, _itemsize(context, signature))


def _array(context: Any, builder: Any, signature: Any, size: Any, head: Any, data: Any) -> Any:
    made = context.make_array(signature.return_type)(context, builder)
    itemsize = _itemsize(context, signature)
    kind = context.get_data_type(signature.return_type.dtype)
    context.populate_array(made, data=builder.bitcast(data, llvm.PointerType(kind)), shape=[size], strides=[itemsize],
                   itemsize=itemsize, meminfo=head)
    return made._getvalue()


def grow(a, k):  # type: ignore[no-untyped-def]
    """What `runtime.grow` gives."""
    n = a.size
    if is_resizable(a):  # type: ignore[call-arg]
        return resized(a, n + k + 1)
    b = resizable(a, n + k + 1)
    for i in range(n):
        b[i] = a[i]
    return b


def grow_zeros(a, k):  # type: ignore[no-untyped-def]
    """What `runtime.grow_zeros` gives."""
    n = a.size
    if is_resizable(a):  # type: ignore[call-arg]
        b = resized(a, n + k + 1)
    else:
        b = resizable(a, n + k + 1)
        for i in range(n):
            b[i] = a[i]
    for i in range(n, b.size):
        b[i] = 0
    return b


# what is compiled in place of a function that programs carry; blocks of a debugging Numba have other heads
COMPILED: dict[Callable[..., Any], Callable[..., Any]] = {} if config.DEBUG_NRT else {  # type: ignore[attr-defined]
    runtime.grow: grow, runtime.grow_zeros: grow_zeros}
