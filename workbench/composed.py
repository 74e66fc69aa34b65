"""The operators that are composed of other derivatives: Jacobians, Hessians, what is read off them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from workbench.engines import tape as recording
from workbench.frontend.library import implements
from workbench.operators import strategy
from workbench.operators.choosing import Choosing
from workbench.operators.composite import Composite
from workbench.operators.fields import Curl, Divergence
from workbench.operators.jacobian import Jacobian
from workbench.operators.second_order import DiagHessian, Hessian, Hvp, Laplacian

Wrt = int | str | tuple[int | str, ...]


def jacobian(f: Callable[..., Any], wrt: Wrt = 0, mode: str = "auto", *, engine: str = "auto",
             holomorphic: bool = False, has_aux: bool = False, deterministic: bool = False) -> Composite:
    """The derivative of each number of a function's result by each number of its argument.

    f: any Python function of numbers, arrays and structures of them, which returns such. wrt, engine, has_aux and
    deterministic: as for `grad`. mode: "forward": one tangent for each number that goes in; "reverse": one cotangent
    for each that comes out; "auto": forward where no more numbers go in than come out (inside other programs, where
    sizes are not known, unless the result is made of single numbers). holomorphic: f is a holomorphic function of
    complex numbers; the derivative is f'(z).
    Returns a callable with f's signature. It gives an array of shape out.shape + in.shape, of the argument's dtype
    (complex where the result is); structures are nested, the result's outside; for a tuple `wrt`, a tuple for each
    array of the result. With `has_aux`, (Jacobian, anything). A real result by a complex argument has the derivative by
    the real part plus i times that by the imaginary part, as a gradient has.
    Raises ValueError for a mode that is not known; DifferentiationError where something cannot be differentiated, for a
    complex function of complex numbers without `holomorphic` among others; what f itself raises otherwise.
    Method: Griewank & Walther (2008), sections 3.1 and 3.2: f runs once, its linear part for blocks of directions.

    >>> import numpy as np
    >>> def f(x):
    ...     return np.array([x[0] * x[1], np.sin(x[0])])
    >>> jacobian(f)(np.array([0.0, 3.0]))
    array([[3., 0.],
           [1., 0.]])
    """
    strategy.checked("jacobian", mode)
    return Choosing(partial(Jacobian, mode=mode, has_aux=has_aux, holomorphic=holomorphic, deterministic=deterministic),
                     "Jacobian", f, wrt, engine, deterministic)


def hessian(f: Callable[..., Any], wrt: Wrt = 0, mode: str = "auto", *, engine: str = "auto", has_aux: bool = False,
            deterministic: bool = False) -> Composite:
    """The second derivatives of a function that returns one real float.

    f, wrt, engine, has_aux and deterministic: as for `grad`. mode: "forward-over-reverse": a Hessian-vector product for
    each number of the argument, the gradient's own part done once; "reverse-over-reverse"; "forward-over-forward";
    "auto": the first, or the last for one or two plain numbers.
    Returns a callable with f's signature. It gives an array of shape in.shape + in.shape; of structures, and for a
    tuple `wrt`, a structure of such structures. With `has_aux`, (Hessian, anything).
    Raises ValueError for a mode that is not known; DifferentiationError where something cannot be differentiated twice,
    and by complex numbers; what f itself raises otherwise.
    Method: Griewank & Walther (2008), section 5.4.

    >>> import numpy as np
    >>> hessian(lambda x: x[0] * x[0] * x[1])(np.array([3.0, 5.0]))
    array([[10.,  6.],
           [ 6.,  0.]])
    """
    strategy.checked("hessian", mode)
    return Choosing(partial(Hessian, mode=mode, has_aux=has_aux, deterministic=deterministic), "Hessian", f, wrt,
                     engine, deterministic)


def hvp(f: Callable[..., Any], wrt: Wrt = 0, mode: str = "auto", *, engine: str = "auto", has_aux: bool = False,
        deterministic: bool = False) -> Composite:
    """The Hessian of a function times a tangent, without the Hessian.

    f, wrt, engine, has_aux and deterministic: as for `grad`; mode: as for `hessian` ("auto": forward over reverse).
    Returns a callable `hvp(f)(*args, v)`: f's arguments, of which those without default or after one are passed by
    position, then the tangent, of the argument's structure and shapes (for a tuple `wrt`, a tuple of them). It gives
    what has the structure of the argument; with `has_aux`, (that, anything).
    Raises what `hessian` raises; ValueError for a tangent of another shape.
    Method: the pushforward of the gradient, Griewank & Walther (2008), section 5.4; a few times the cost of f.

    >>> import numpy as np
    >>> hvp(lambda x: np.sum(x ** 3))(np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([  6., 120.])
    """
    strategy.checked("hvp", mode)
    return Choosing(partial(Hvp, mode=mode, has_aux=has_aux, deterministic=deterministic), "hvp", f, wrt, engine,
                     deterministic)


def diag_hessian(f: Callable[..., Any], wrt: Wrt = 0, mode: str = "auto", *, engine: str = "auto",
                 has_aux: bool = False, deterministic: bool = False) -> Composite:
    """The second derivative of a function by each number of its argument twice: the diagonal of its Hessian.

    Parameters and errors as of `hessian`. Returns a callable with f's signature; what it gives has the structure and
    the shapes of the argument.
    Method: Hessian-vector products, of each of which one number is kept: as much work as the Hessian, and no more
    memory than the gradient.

    >>> import numpy as np
    >>> diag_hessian(lambda x: np.sum(x ** 3) + x[0] * x[1])(np.array([1.0, 2.0]))
    array([ 6., 12.])
    """
    strategy.checked("diag_hessian", mode)
    return Choosing(partial(DiagHessian, mode=mode, has_aux=has_aux, deterministic=deterministic),
                     "Hessian diagonal", f, wrt, engine, deterministic)


def laplacian(f: Callable[..., Any], wrt: Wrt = 0, mode: str = "auto", *, engine: str = "auto", has_aux: bool = False,
              deterministic: bool = False) -> Composite:
    """The sum of the second derivatives of a function by each number of its argument twice.

    Parameters and errors as of `hessian`, with two more modes: "hessian": by the whole Hessian; "forward": the forward
    Laplacian, which carries value, first derivatives and one sum of second derivatives through the program and keeps
    nothing. Returns a callable with f's signature, which gives a float (of several arguments, the sum over all).
    Method: as of `diag_hessian`; Li et al., "Forward Laplacian" (2024).

    >>> import numpy as np
    >>> float(laplacian(lambda x: np.sum(x ** 3))(np.array([1.0, 2.0])))
    18.0
    """
    strategy.checked("laplacian", mode)
    return Choosing(partial(Laplacian, mode=mode, has_aux=has_aux, deterministic=deterministic), "Laplacian", f,
                     wrt, engine, deterministic)


def divergence(f: Callable[..., Any], wrt: Wrt = 0, mode: str = "auto", *, engine: str = "auto", has_aux: bool = False,
               deterministic: bool = False) -> Composite:
    """The divergence of a vector field: the derivative of each number of its result by that of the argument, summed.

    f: a function whose result has the shapes of the argument under `wrt`; where one of the two is plain numbers, the
    other may be an array of as many. mode: as for `jacobian`; wrt, engine, has_aux and deterministic as for `grad`.
    Returns a callable with f's signature, which gives a float.
    Raises DifferentiationError where the shapes do not fit (ValueError, where sizes are known at run time only), and
    for complex fields; otherwise as `jacobian`.
    Method: a tangent for each number, of whose result one number is kept.

    >>> import numpy as np
    >>> float(divergence(lambda x: np.array([x[0] * x[1], x[1] ** 2]))(np.array([1.0, 2.0])))
    6.0
    """
    strategy.checked("divergence", mode)
    return Choosing(partial(Divergence, mode=mode, has_aux=has_aux, deterministic=deterministic), "divergence", f,
                     wrt, engine, deterministic)


def curl(f: Callable[..., Any], wrt: Wrt = 0, mode: str = "auto", *, engine: str = "auto", has_aux: bool = False,
         deterministic: bool = False) -> Composite:
    """The curl of a vector field in three dimensions.

    f: a function of an array of three numbers (or of three numbers, with a tuple `wrt`) that returns three, in an array
    or one by one. Parameters and errors as of `divergence`; DifferentiationError where there are not three.
    Returns a callable with f's signature; what it gives has the structure of f's result.
    Method: the Jacobian, of which six numbers are used.

    >>> import numpy as np
    >>> curl(lambda x: np.array([x[2] ** 2, x[0] ** 2, x[1] ** 2]))(np.array([1.0, 2.0, 3.0]))
    array([4., 6., 2.])
    """
    strategy.checked("curl", mode)
    return Choosing(partial(Curl, mode=mode, has_aux=has_aux, deterministic=deterministic), "curl", f, wrt,
                     engine, deterministic)


# ---------------------------------------------------------------------- inside programs
def _of_traced(operator: Callable[..., Any], name: str) -> Callable[..., Any]:
    """What an operator makes of a function of a program that is being traced."""
    def made(act: Any, f: Any, wrt: Any = 0, mode: str = "auto", *, engine: str = "auto", has_aux: bool = False,
             deterministic: bool = False) -> Any:
        several = isinstance(wrt, tuple)
        return operator(f, wrt if several else (wrt,), several, strategy.checked(name, mode), has_aux,
                        deterministic=deterministic)
    return made


@implements(jacobian)
def _traced_jacobian(act: Any, f: Any, wrt: Any = 0, mode: str = "auto", *, engine: str = "auto",
                     holomorphic: bool = False, has_aux: bool = False, deterministic: bool = False) -> Any:
    several = isinstance(wrt, tuple)
    return Jacobian(f, wrt if several else (wrt,), several, strategy.checked("jacobian", mode), has_aux, holomorphic,
                    deterministic)


for _made, _operator in ((hessian, Hessian), (hvp, Hvp), (diag_hessian, DiagHessian), (laplacian, Laplacian),
                         (divergence, Divergence), (curl, Curl)):
    implements(_made)(_of_traced(_operator, _made.__name__))


@recording.means(jacobian, hessian, hvp, diag_hessian, laplacian, divergence, curl)
def _in_a_run(callee: Any, args: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """The operator itself: what it makes is called in the run."""
    return callee(*args, **named)
