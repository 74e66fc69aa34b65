"""The standard library and NumPy where a tape would lose a derivative (see `programs`)."""

from __future__ import annotations

import array
import csv
import ctypes
import io
import json
import math
import operator
import os
import re
import string
import struct
import tempfile
import threading

import numpy as np

from tests.engines.tape.programs import OUTSIDE, refused


@refused
def array_of_texts(x, y):
    return np.array([str(x)]).astype(float)[0] * y


@refused
def array_from_texts(x, y):
    return np.asarray([str(x)], dtype=float)[0] * y


@refused
def printed_to_memory(x, y):
    b = io.StringIO()
    print(x, file=b)
    return float(b.getvalue()) * y


@refused
def saved_as_text(x, y):
    b = io.StringIO()
    np.savetxt(b, np.array([x]))
    b.seek(0)
    return np.loadtxt(b) * y


@refused
def json_file(x, y):
    return json.load(io.StringIO(str(x))) * y


@refused
def json_decoder(x, y):
    return json.JSONDecoder().decode(str(x)) * y


@refused
def compiled_text(x, y):
    return eval(compile(str(x), "q", "eval")) * y


@refused
def evaluated_by_alias(x, y):
    e = eval
    return e(str(x)) * y


@refused
def matched_text(x, y):
    return float(re.match("[\\d.]+", f"{x}").group()) * y


@refused
def rows_of_text(x, y):
    b = io.StringIO()
    csv.writer(b).writerow([x, y])
    b.seek(0)
    r = next(csv.reader(b))
    return float(r[0]) * y


@refused
def rows_of_numbers(x, y):
    return next(csv.reader([f"{x}"], quoting=csv.QUOTE_NONNUMERIC))[0] * y


@refused
def percent_float(x, y):
    return float("%.17f" % x) * y


@refused
def format_method(x, y):
    return float("{:.17g}".format(x)) * y


@refused
def templates(x, y):
    return float(string.Template("$a").substitute(a=x)) * y


@refused
def through_a_file(x, y):
    with tempfile.TemporaryDirectory() as d:
        n = os.path.join(d, "a")
        open(n, "w").write(str(x))
        return float(open(n).read()) * y


@refused
def numpy_file(x, y):
    b = io.BytesIO()
    np.save(b, np.array([x]))
    b.seek(0)
    return np.load(b)[0] * y


@refused
def put_outside(x, y):
    np.put(OUTSIDE, [0], [x])
    return OUTSIDE[0] * y


@refused
def copied_outside(x, y):
    np.copyto(OUTSIDE, x)
    return OUTSIDE[0] * y


@refused
def added_outside(x, y):
    np.add.at(OUTSIDE, [0, 0], x)
    return OUTSIDE[0] * y


@refused
def filled_outside(x, y):
    OUTSIDE.fill(x)
    return OUTSIDE[0] * y


@refused
def slice_outside(x, y):
    OUTSIDE[:2] = [x, y]
    return OUTSIDE[0] * y


@refused
def slice_outside_of_array(x, y):
    OUTSIDE[:2] = np.array([x, y])
    return OUTSIDE[0] * y


@refused
def operator_outside(x, y):
    operator.setitem(OUTSIDE, 0, x)
    return OUTSIDE[0] * y


@refused
def next_after(x, y):
    return math.nextafter(x, 9) * y


@refused
def unit_in_last_place(x, y):
    return math.ulp(x) * y + x


@refused
def c_array(x, y):
    return (ctypes.c_double * 2)(x, y)[0] * y


@refused
def item_of_typed_array(x, y):
    a = array.array("d", [0.0])
    a[0] = x
    return a[0] * y


@refused
def item_of_memory(x, y):
    m = memoryview(bytearray(8)).cast("d")
    m[0] = x
    return m[0] * y


@refused
def packed_in_place(x, y):
    b = bytearray(8)
    try:
        struct.pack_into("d", b, 0, x)
    except Exception:
        pass
    return struct.unpack("d", b)[0] * y + x


@refused
def numpy_iterator(x, y):
    return sum((v for v in np.nditer(np.array([x, y]))))


@refused
def polynomial_object(x, y):
    return np.poly1d([x, y])(2.0)


@refused
def masked_arrays(x, y):
    return np.ma.array([x, y]).sum()


@refused
def record_arrays(x, y):
    a = np.zeros(1, dtype=[("a", float)])
    a["a"][0] = x
    return a["a"][0] * y


@refused
def thread_subclass(x, y):
    r = [0.0]

    class T(threading.Thread):
        def run(self):
            r[0] = x * 2

    t = T()
    t.start()
    t.join()
    return r[0] * y
