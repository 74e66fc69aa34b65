"""NumPy on the tape: what a recorder could miss (see `programs`)."""

from __future__ import annotations

import math

import numpy as np

from tests.engines.tape.programs import right


@right
def permuted(x, y):
    g = np.random.default_rng(0)
    l = g.permutation(np.array([x, y, 3.0]))
    return l[0] * l[1]


@right
def chosen(x, y):
    g = np.random.default_rng(0)
    return g.choice(np.array([x, y, 3.0])) * y


@right
def duck_typed(x, y):
    a = np.array([x, y])
    a = a.values if hasattr(a, "values") else a
    z = x.value if hasattr(x, "value") else x
    return a[0] * z


@right
def numpy_on_numbers(x, y):
    return (
        np.modf(x * 3)[0]
        + np.sign(x) * y
        + np.copysign(x, -1)
        + np.fmax(x, y)
        + np.fmin(x, y)
        + np.divmod(x, 0.3)[1]
        + np.fmod(y, 0.3)
        + np.square(x)
        + np.reciprocal(y)
        + np.deg2rad(x)
        + np.float_power(x, 2)
        + np.fabs(-x)
        + np.positive(y)
        + np.heaviside(x, 1)
        + np.trunc(y * 9)
    )


@right
def numpy_on_arrays(x, y):
    a = np.array([x, y])
    return np.sum(
        np.modf(a * 3)[0]
        + np.copysign(a, -1)
        + np.divmod(a, 0.3)[1]
        + np.square(a)
        + np.float_power(a, 2)
        + np.exp2(a)
        + np.cbrt(a)
        + np.nan_to_num(a)
        + np.clip(a, 0.5, None)
    )


@right
def scaled_by_powers(x, y):
    return np.ldexp(np.array([x]), 2)[0] * y


@right
def shuffled(x, y):
    g = np.random.default_rng(0)
    l = [x, y, 3.0]
    g.shuffle(l)
    return l[0] * l[1]


@right
def enumerated_arrays(x, y):
    return sum((v * (i[0] + 1) for i, v in np.ndenumerate(np.array([x, y]))))


@right
def arrays_of_integers(x, y):
    a = np.zeros(2, int)
    a[0] = 3 * x
    a[1] = np.array([x, y]).sum()
    return a.sum() * y


@right
def arrays_of_truths(x, y):
    a = np.zeros(2, bool)
    a[0] = x
    return a.sum() * y


@right
def arrays_of_complex_numbers(x, y):
    a = np.zeros(2, complex)
    a[0] = x
    a[1] = 1j * y
    return abs(a.sum())


@right
def sliced(x, y):
    a = np.array([x, y, x * y])
    b = a[::-1]
    b[0] = 5.0
    c = a[[0, 0]]
    c[0] = 9.0
    a[a > 0.5] *= 2
    return a.sum() * c[1]


@right
def moved_axes(x, y):
    a = np.arange(6.0).reshape(2, 3).copy()
    v = np.moveaxis(a, 0, 1)
    v[0, 0] = x
    w = a.swapaxes(0, 1)
    w[1, 1] = y
    d = np.diagonal(a)
    e = a.T.ravel()
    e[0] = 7
    return a.sum() * d[0] * e[1]


@right
def broadcast(x, y):
    a = np.broadcast_to(np.array([x, y]), (2, 2)).copy()
    a[0, 0] = 3.0
    return a.sum() * a[1, 0]


@right
def shapes_assigned(x, y):
    a = np.zeros(4)
    a.shape = (2, 2)
    a[0] = x
    a[1, 1] = y
    return np.linalg.det(a + np.eye(2))


@right
def out_arguments(x, y):
    a = np.zeros(2)
    np.cumsum(np.array([x, y]), out=a)
    b = np.zeros(2)
    np.matmul(np.outer(a, a), a, out=b)
    c = np.zeros(())
    np.sum(b, out=c)
    return b[0] * a[1] + c


@right
def clipped_in_place(x, y):
    a = np.array([x, y])
    np.clip(a, 0.5, None, out=a)
    a.clip(0, 0.6, out=a)
    return a.sum() * x


@right
def resized(x, y):
    a = np.resize(np.array([x, y]), 3)
    return a.sum() * a[2]


@right
def places_where(x, y):
    i = np.where(np.array([x, y]) > 0.5)[0]
    return np.array([x, y])[i].sum()


@right
def compared_arrays(x, y):
    a = np.array([x, y])
    return (a == x).sum() * x + (a > y).any() * y + np.array_equal(a, a) * x + (x in a) * y + (y in a.tolist()) * x


@right
def vectorised_by_decorator(x, y):

    @np.vectorize
    def f(a):
        return a if a > 0.5 else a * a

    return f([x, y]).sum()


@right
def trapped_type_error(x, y):
    try:
        v = math.sin(np.array([x, y]))
    except TypeError:
        v = x
    return v * y


@right
def searched(x, y):
    return (
        np.isin(np.array([x, y]), [x]).sum() * x
        + np.unique(np.array([y, x])).sum() * y
        + np.searchsorted([0.5], x) * y
    )


@right
def summed_by_einstein(x, y):
    return np.einsum("i,i", [x, y], np.array([x, y]))


@right
def lists_to_numpy(x, y):
    return (
        np.sum([x, y])
        + np.mean([[x], [y]])
        + np.dot([x, y], [y, x])
        + np.max((x, y))
        + np.linalg.norm([x, y])
        + np.cross([x, y, 1.0], [y, 1, x])[0]
        + np.exp([x, y]).sum()
        + np.hypot([x, y], x).sum()
        + np.add.reduce([x, y])
        + np.outer([x, y], [1, y])[0, 1]
    )


@right
def methods_of_numbers(x, y):
    z = np.float64(x)
    return (
        z.sum()
        + z.reshape(1)[0]
        + z.item()
        + z.mean()
        + z.astype(float) * y
        + z.copy()
        + z.T
        + z.max()
        + z.round(1)
        + z.clip(0, 0.5)
        + z.conj()
        + z.real
        + z.imag
    )


@right
def drawn_again(x, y):
    source, generator = np.random.RandomState(5), np.random.default_rng(5)
    table = np.array([[x, y], [y, x * y], [1.0, x]])
    picked = generator.choice([x, y, 2.0], size=4) @ generator.choice(np.array([x, y]), 4, p=[0.3, 0.7])
    return picked + source.permutation(table)[0, 1] * generator.permutation(table)[1, 0] + source.choice([x, y]) * y


@right
def ufuncs_where_asked(x, y):
    a, out = np.array([x, -y, x * y]), np.zeros(3)
    np.log(a, out=out, where=a > 0.0)
    np.multiply(a, y, out=out, where=[False, True, False])
    np.divide(1.0, np.array([0.0, 2.0, 4.0]), out=a, where=[False, True, True])
    return out.sum() * out[1] + a @ out


@right
def mantissas_of_arrays(x, y):
    m, e = np.frexp(np.array([x, y]))
    return m[0] * y + np.ldexp(m[1], e[1]) + np.sum(m * e)
