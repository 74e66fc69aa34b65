"""Arrays in which a tape could lose a derivative (see `programs`)."""

from __future__ import annotations

import functools
import math
import pickle

import numpy as np

from tests.engines.tape.programs import OUTSIDE, refused, right


@refused
def array_from_outside(x, y):
    OUTSIDE[1] = x
    return OUTSIDE[1] * y


@refused
def array_from_outside_added(x, y):
    view = OUTSIDE[1:]
    view += x
    return OUTSIDE[1] * y


@refused
def array_from_outside_as_out(x, y):
    np.multiply(np.array([x, y, x]), 2.0, out=OUTSIDE)
    return OUTSIDE[1] * y


@refused
def operator_result_written(x, y):
    made = OUTSIDE * 2.0
    made[0] = x
    return made[0] * y


@right
def copies_written(x, y):
    made, ranged, copied = np.array(OUTSIDE), np.arange(3.0), OUTSIDE.copy()
    made[0], ranged[1], copied[2] = x, y, x * y
    return made[0] * ranged[1] + copied.sum() + ranged @ copied


@refused
def objects(x, y):
    return np.array([x, y], dtype=object).astype(float).sum()


@right
def objects_alone(x, y):
    made = np.empty(2, dtype=object)
    made[0], made[1] = x, y
    return made.sum() * made[0]


@right
def vectorised(x, y):
    return np.sum(np.vectorize(lambda a, b: a * math.sin(b))(np.array([x, y]), y))


@refused
def function_as_ufunc(x, y):
    return np.frompyfunc(lambda a: a * a, 1, 1)(np.array([x, y])).sum()


@right
def integer_arrays(x, y):
    places = np.zeros(2, dtype=int)
    places[0] = int(3 * x)
    return np.array([x, y])[places % 2].sum() + np.array([x, y]).astype(int).sum() * y


@right
def views(x, y):
    a = np.array([[x, y], [y, x * y]])
    row, column, flat, turned = a[0], a[:, 1], a.reshape(-1), a.T
    row *= 2.0
    column[1] += x
    flat[2:] = flat[:2] * y
    turned[0, 0] = math.sin(y)
    np.add(a, x, out=a)
    a.flat[0], b = a[1, 1], a.ravel()
    b[3] = 2.0
    return a.sum() * flat[1] + np.sum(a @ a)


@refused
def shown_to_others_then_written(x, y):
    a = np.zeros(3)
    shown = np.lib.stride_tricks.as_strided(a, (2,), (8,))
    a[0] = x
    return shown[0] * y


@right
def shown_to_others(x, y):
    a = np.zeros(3)
    a[0] = 2.0
    return len(bytes(memoryview(np.asarray(list(a))))) * x + sum(a) * y


@refused
def viewed_as_integers(x, y):
    return np.array([x]).view(np.int64).view(np.float64)[0] * y


@right
def kept_in_class(x, y):
    Holder.values.append(x)
    Holder.last = y * y
    result = Holder.values.pop() * Holder.last
    Holder.last = 0.0
    return result


class Holder:
    values: list[float] = []
    last = 0.0


@refused
def sent_to_another_process(x, y):
    connection: list[bytes] = [pickle.dumps({"x": x})]
    return pickle.loads(connection[0])["x"] * y


@right
def closures(x, y):
    total = 0.0

    def add(v):
        nonlocal total
        total += math.sin(v)
        return total
    held = [add]
    held[0](x)
    return functools.partial(held[0], y)() * total
