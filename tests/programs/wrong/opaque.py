"""Functions without source, opaque objects, dtypes and containers of other kinds, arguments that change."""
from __future__ import annotations

import array as arrays
import ctypes
import functools
import io
import itertools
import json
import math
import operator
import pathlib
import pickle
import queue
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import types
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import scipy.sparse
import scipy.special

VECTOR = np.array([0.5, 1.25, 2.0])
LOCKED = np.array([1.0, 2.0, 3.0])
LOCKED.flags.writeable = False
space: dict = {}
exec("def hidden(v):\n    return v * v\n", space)
hidden = space["hidden"]
exec("def hidden_fails(v):\n    return v / (v - v)\n", space)
hidden_fails = space["hidden_fails"]
bound_c = functools.partial(math.hypot, 3.0)
bound_unknown = functools.partial(struct.pack, "d")
copied = types.FunctionType(hidden.__code__, {}, "copied")


def from_exec(x):
    return hidden(x) + 1.0


def from_exec_that_fails(x):
    return hidden_fails(x)


def from_copied_code(x):
    return copied(x) * 2.0


def from_evaluated_lambda(x):
    return eval("lambda v: v * 3.0")(x)


def partial_of_c_function(x):
    return bound_c(x)


def partial_of_unknown(x):
    return struct.unpack("d", bound_unknown(x))[0]  # <--


def method_of_float(x):
    return x.hex().count("0") * x


def float_from_hex(x):
    return float.fromhex(x.hex())


def through_bytes(x):
    return np.frombuffer(struct.pack("d", x))[0]  # <--


def through_ctypes(x):
    return ctypes.c_double(x).value  # <--


def through_array_module(x):
    return sum(arrays.array("d", [x, x]))


def through_string_buffer(x):
    out = io.StringIO()
    print(x, file=out)
    return float(out.getvalue())


def through_regular_expression(x):
    return float(re.sub("5", "6", str(x)))


def through_a_file(x):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "number.txt")
        path.write_text(repr(x))
        return float(path.read_text())


def through_a_queue(x):
    waiting = queue.Queue()
    waiting.put(x * x)
    return waiting.get()


def through_a_thread(x):
    box = []
    worker = threading.Thread(target=lambda: box.append(x * x))
    worker.start()
    worker.join()
    return box[0]


def through_a_process(x):
    got = subprocess.run([sys.executable, "-S", "-c", f"print({x} * 2)"], capture_output=True, check=True)
    return float(got.stdout)


def through_a_socket(x):
    left, right = socket.socketpair()
    with left, right:
        left.sendall(struct.pack("d", x))
        return struct.unpack("d", right.recv(8))[0]


def through_pickle(x):
    return pickle.loads(pickle.dumps(x)) * 2.0


def through_json(x):
    return json.loads(json.dumps([x]))[0] * 2.0


def through_pool(x):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda v: v * v, x).result()


def times_a_clock(x):
    return x * (time.perf_counter() > 0.0)


def shadowed_builtin_sum(x):
    def sum(values):
        return 10.0 * max(values)
    return sum([x, 2.0 * x])


def shadowed_float(x):
    float = round
    return float(x) * x


def shadowed_by_loop(x):
    for abs in (2.0, 3.0):
        x = x * abs
    return abs(x)


def shadowed_numpy(x):
    np = {"sin": 3.0}
    return np.sin(x)


def shadowed_math_function(x):
    sin = math.cos
    return sin(x)


def patched_module(x):
    before = math.tau
    math.tau = 2.0
    try:
        return x * math.tau
    finally:
        math.tau = before


def patched_function(x):
    kept = operator.neg
    operator.neg = lambda v: v * 5.0
    try:
        return operator.neg(x)
    finally:
        operator.neg = kept


def half_precision_inside(a):
    return float(np.sum(a.astype(np.float16) * np.float16(2.0)))


def long_double_inside(a):
    return float(np.sum(a.astype(np.longdouble) ** 2))


def bytes_inside(a):
    return float(np.sum((a * 100.3).astype(np.uint8))) * a[0]


def big_endian_inside(a):
    return float(np.sum(a.astype(">f8") * 2.0))


def object_array_inside(a):
    boxes = np.empty(2, dtype=object)
    boxes[0] = a[0] * 2.0
    boxes[1] = a
    return boxes[0] + boxes[1].sum()


def structured_inside(a):
    record = np.zeros(2, dtype=[("p", float), ("q", int)])
    record["p"] = a[:2]
    return record["p"].sum()


def masked_inside(a):
    return np.ma.masked_greater(a, 1.0).sum()


def matrix_inside(a):
    m = np.matrix(a)
    return (m * m.T)[0, 0]


def sparse_inside(a):
    return (scipy.sparse.diags(a) @ a).sum()


def sparse_constant(a):
    return (scipy.sparse.eye(3).tocsr() @ a).sum()


def record_array_inside(a):
    return np.rec.fromarrays([a, a], names="p,q").p.sum()


def memory_view(a):
    return sum(memoryview(a))


def buffer_of_array(a):
    return np.frombuffer(a.tobytes()).sum()


def fortran_view(a):
    m = np.asfortranarray(np.outer(a, a))
    return m.ravel(order="K")[1] * m[0, 1]


def strided_tricks(a):
    return np.lib.stride_tricks.sliding_window_view(a, 2).sum()


def reinterprets_bits(a):
    return float(a.view(np.int64)[0] % 7) * a[0]


def writes_locked(a):
    a[0] = 2.0
    return a.sum()


def writes_locked_in_place(a):
    a *= 2.0
    return a.sum()


def changes_argument(a):
    a[1] = a[0] * 3.0
    return (a * a).sum()


def sorts_argument(a):
    a[::-1].sort()
    return a[0] * 2.0 + a[1]


def appends_to_argument(values):
    values.append(values[0] * 2.0)
    return values[-1] * values[1]


def clears_argument(table):
    first = table["p"]
    table.clear()
    return first * 2.0


def entry_of_wrong_kind(table):
    return table["p"] * table["name"]


def counts_down(n):
    return 2.0 * n


def pair_of_flags(pair):
    return 1.0 if pair[0] else 2.0


def depends_on_nothing(x):
    return 3.0 * 2.0


def depends_on_rounded(x):
    return float(round(x)) * 2.0


def depends_on_comparison(x):
    return 1.0 if x > 1.0 else 0.0


def depends_on_argmax(a):
    return float(np.argmax(a))


def list_of_scalars(x):
    return [x]


def array_of_one(x):
    return np.array([x])


def array_without_rank(x):
    return np.array(x * 2.0)


def complex_output(x):
    return x * 1j


def generator_output(x):
    return (x for _ in range(2))


def lambda_output(x):
    return lambda: x


def text_output(x):
    return f"{x}"


def flag_output(x):
    return x > 1.0


def numpy_integer_output(a):
    return np.count_nonzero(a)


def takes_from_generator(a):
    return sum(itertools.takewhile(lambda v: v < 1.0, a))


def unknown_special(x):
    return scipy.special.ellipkinc(x, 0.5)  # <--


def vectorised_with_otypes(a):
    return np.vectorize(lambda v: v * v, otypes=[float])(a).sum()


def applied_along_axis(a):
    return np.apply_along_axis(lambda row: row * row, 0, a).sum()


def built_from_iterator(a):
    return np.fromiter((v * 2.0 for v in a), dtype=float).sum()


def histogram(a):
    return np.histogram(a, bins=2)[0].sum() * a[0]


def histogram_edges(a):
    return np.histogram(a, bins=2)[1].sum()


def unique_values(a):
    return np.unique(a).sum()


DEFAULTS = {}
OTHER_WORDS = frozenset()
MUST = {"partial_of_unknown", "through_bytes", "through_ctypes", "list_of_scalars", "array_of_one", "complex_output",
        "generator_output", "lambda_output", "text_output", "flag_output", "numpy_integer_output",
        "unknown_special", "counts_down", "pair_of_flags"}
_ARGUMENTS = {"a": VECTOR, "x": 1.5, "n": 3, "pair": (True, False)}
_SPECIAL = {"writes_locked": LOCKED, "writes_locked_in_place": LOCKED, "appends_to_argument": [1.5, 2.0],
            "depends_on_rounded": 1.3, "shadowed_float": 1.3,
            "clears_argument": {"p": 1.5}, "entry_of_wrong_kind": {"p": 1.5, "name": "q"}}
CASES = [(f, (_SPECIAL.get(f.__name__, _ARGUMENTS.get(f.__code__.co_varnames[0])),))
         for f in list(globals().values()) if isinstance(f, types.FunctionType) and f.__module__ == __name__]
