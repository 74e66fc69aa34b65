"""Eigenvalues and eigenvectors of Hermitian matrices, LAPACK's by way of the compiler."""

from __future__ import annotations

import numpy as np

from workbench.rules.kernels.matrices import is_finite_matrix, make_nan, set_to
from workbench.rules.kernels.source import Array


def eigenpairs(a: Array) -> tuple[Array, Array, bool]:
    """Eigenvalues and eigenvectors of Hermitian matrices, by their lower triangles; False where there are none."""
    vectors = np.zeros_like(a)
    values = np.zeros((a.shape[0], a.shape[1]), a.real.dtype)
    ok = True
    for k in range(a.shape[0]):
        if a.shape[1] == 0:
            continue
        if is_finite_matrix(a[k]):
            found, columns = np.linalg.eigh(a[k])
            for j in range(found.size):
                values[k, j] = found[j]
            set_to(vectors[k], columns)
        else:
            ok = False
            for j in range(values.shape[1]):
                values[k, j] = np.nan
            make_nan(vectors[k])
    return values, vectors, ok
