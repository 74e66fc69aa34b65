"""Every workload's gradient at a small size, and the answers that the suites publish; nothing is timed here.

Our programs run as the Python that they are (`tests.fuzz.emitted`); compiled, they are checked whenever they are timed.
"""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import workbench as wb
from tests.benchmarks import agreement
from tests.benchmarks.contenders import own
from tests.benchmarks.workload import flat
from tests.benchmarks.workloads import WORKLOADS
from tests.benchmarks.workloads.bundle import observation
from tests.benchmarks.workloads.hand_tracking import simple
from tests.fuzz.emitted import in_python

ANSWERS = Path(__file__).parent / "data" / "answers"
GRADIENTS = [name for name, workload in WORKLOADS.items() if workload.derivative != "jacobian"]
BY_HAND = [name for name in GRADIENTS if WORKLOADS[name].by_hand is not None]


def answer(name):
    """A file of inputs and answers of the suites, lists as arrays."""
    read = json.loads((ANSWERS / f"{name}.json").read_text())
    inputs = {key: np.array(value) if isinstance(value, list) else value for key, value in read["input"].items()}
    return inputs, read


def derived(name, *args):
    """(value, derivative) of a workload's program, differentiated and run as Python."""
    with in_python():
        return own.gradient(WORKLOADS[name], args)()


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradient_against_differences(name):
    workload = WORKLOADS[name]
    args = workload.at("small")
    value, gradient = derived(name, *args)
    assert abs(value - workload.program(*args)) <= 1e-12 * max(1.0, abs(value))
    assert agreement.against_differences(workload, args, flat(gradient)) < 1e-8


@pytest.mark.parametrize("name", BY_HAND)
def test_adjoint_by_hand_against_differences(name):
    workload = WORKLOADS[name]
    args = workload.at("small")
    value, gradient = workload.by_hand(*args)
    assert abs(value - workload.program(*args)) <= 1e-12 * max(1.0, abs(value))
    assert agreement.against_differences(workload, args, flat(gradient)) < 1e-8


def test_faster_primals_are_the_same_function():
    for workload in WORKLOADS.values():
        if workload.primal is not None:
            args = workload.at("small")
            np.testing.assert_allclose(workload.primal(*args), workload.program(*args), rtol=1e-12)


@pytest.mark.parametrize("name, answers, arguments, expected", [
    ("gmm", "gmm_d3_K4_N20_m2", ("alpha", "mu", "q", "l", "x", "gamma", "m"), ("alpha", "mu", "q", "l")),
    ("gmm_arrays", "gmm_d3_K4_N20_m2", ("alpha", "mu", "q", "l", "x", "gamma", "m"), ("alpha", "mu", "q", "l")),
    ("lstm", "lstm_l2_c32", ("main_params", "extra_params", "state", "sequence"), None),
    ("lstm_loops", "lstm_l2_c32", ("main_params", "extra_params", "state", "sequence"), None),
    ("logsumexp", "lse_20", ("x",), None),
    ("least_squares", "llsq_m6_n16", ("x", "n"), None),
])
def test_known_gradients(name, answers, arguments, expected):
    inputs, read = answer(answers)
    value, gradient = derived(name, *(inputs[key] for key in arguments))
    known = read["gradient"] if "gradient" in read else read["jacobian"]
    assert abs(value - read.get("primal", read.get("objective"))) <= 1e-9 * abs(value)
    assert agreement.apart(flat(gradient), flat([known[key] for key in expected] if expected else known)) < 1e-9


def test_known_determinant():
    inputs, read = answer("det_5")
    value, (gradient,) = derived("determinant", inputs["A"].reshape(5, 5))
    assert abs(value - read["primal"]) < 1e-12
    assert agreement.apart(flat(gradient), flat(read["gradient"])) < 1e-9


def test_known_kmeans():
    """The known answer is Newton's step: the gradient over the Hessian's diagonal, twice the number of points."""
    inputs, read = answer("kmeans_k5_n60_d3")
    centroids, points = inputs["centroids"], inputs["points"]
    value, (gradient,) = derived("kmeans", centroids, points)
    nearest = np.argmin(np.sum((points[:, None] - centroids) ** 2, axis=2), axis=1)
    count = np.bincount(nearest, minlength=len(centroids))
    assert abs(value - read["cost"]) < 1e-9
    assert agreement.apart(flat(gradient / (2.0 * count[:, None])), flat(read["dir"])) < 1e-9


def test_ode_against_complex_step():
    """The suite's own gradient is that of the exact solution, not of the scheme."""
    inputs, read = answer("ode_n6_s10")
    x, steps = inputs["x"], inputs["s"]
    value, (gradient,) = derived("ode", x, steps)
    turned = [WORKLOADS["ode"].program(x + 1e-30j * unit, steps).imag / 1e-30 for unit in np.eye(len(x))]
    assert abs(value - read["primal"][-1]) < 1e-15
    assert agreement.apart(gradient, np.array(turned)) < 1e-12


def test_known_bundle_rows():
    inputs, read = answer("ba_test")
    count = 10
    errors, (rows, weight_rows) = derived(
        "bundle", np.tile(inputs["cam"], (2, 1)), np.tile(inputs["x"], (count, 1)), np.full(count, inputs["w"]),
        np.tile(inputs["feat"], (count, 1)), np.arange(count) % 2, np.arange(count))
    values = read["jacobian"]["vals"]
    known = np.array(read["objective"]["reproj_error"]["elements"])
    assert agreement.apart(errors[:, :2], np.tile(known, (count, 1))) < 1e-9
    assert agreement.apart(errors[:, 2], np.full(count, read["objective"]["w_err"]["element"])) < 1e-9
    assert agreement.apart(rows[0].ravel(), np.array(values[:30])) < 1e-9
    assert agreement.apart(rows[-1].ravel(), np.array(values[:30])) < 1e-9
    assert agreement.apart(weight_rows, np.full(count, values[30])) < 1e-9


def test_known_hand_jacobian():
    """Of the vertices, only those that are seen: the rest of the model moves with them."""
    inputs, read = answer("ht_simple_small_1")
    theta, parents, relatives, inverses, vertices, weights, seen, points = simple("hand1_t26_c100")
    some = slice(0, 100, 20)
    of, picked = seen[some], points[some]
    errors, (columns,) = derived("hand_simple", theta, parents, relatives, inverses, vertices[of].copy(),
                                 weights[of].copy(), np.arange(len(of)), picked)
    assert np.array_equal(theta, inputs["theta"])
    known = np.array(read["jacobian"]).reshape(100, 3, 26)[some]
    assert agreement.apart(errors, np.array(read["objective"]).reshape(100, 3)[some]) < 1e-9
    assert agreement.apart(np.moveaxis(columns, 0, 2), known) < 1e-9


def test_complicated_hand_jacobian_against_differences():
    workload = WORKLOADS["hand_complicated"]
    theta, us, parents, relatives, inverses, vertices, weights, corners, points = workload.at("small")
    used = np.unique(corners)
    corners = np.searchsorted(used, corners)
    args = (theta, us, parents, relatives, inverses, vertices[used].copy(), weights[used].copy(), corners, points)
    _, (columns,) = derived("hand_complicated", *args)
    along = agreement.directions(workload, args, 1)
    weighted = np.random.default_rng(2).normal(size=(len(us), 3))
    found = np.einsum("knc,nc,k->", columns[2:], weighted, along[0])
    found += np.einsum("knc,nc,nk->", columns[:2], weighted, along[1])
    assert abs(found - agreement.slope(workload, args, along, weighted.ravel())) < 1e-8 * abs(found)


def test_known_answers_by_the_public_operators():
    """The rows of bundle adjustment, the hand's Jacobian and the step of k-means, each by one operator."""
    inputs, read = answer("ba_test")
    rows = wb.jacobian(observation, (0, 1, 2), engine="reference")(inputs["cam"], inputs["x"], inputs["w"],
                                                                   inputs["feat"])
    found = np.array([np.concatenate([camera, point, [weight]]) for camera, point, weight in rows])
    assert agreement.apart(found[:2].ravel(), np.array(read["jacobian"]["vals"][:30])) < 1e-9
    assert agreement.apart(found[2], np.array([*[0.0] * 14, read["jacobian"]["vals"][30]])) < 1e-9

    _, read = answer("ht_simple_small_1")
    theta, parents, relatives, inverses, vertices, weights, seen, points = simple("hand1_t26_c100")
    some = slice(0, 100, 20)
    of = seen[some]
    made = wb.jacobian(WORKLOADS["hand_simple"].program, engine="reference")(
        theta, parents, relatives, inverses, vertices[of].copy(), weights[of].copy(), np.arange(len(of)), points[some])
    assert agreement.apart(made, np.array(read["jacobian"]).reshape(100, 3, 26)[some]) < 1e-9

    inputs, read = answer("kmeans_k5_n60_d3")
    centroids, points = inputs["centroids"], inputs["points"]
    kmeans = WORKLOADS["kmeans"].program
    gradient = wb.grad(kmeans, engine="reference")(centroids, points)
    diagonal = wb.diag_hessian(kmeans, engine="reference")(centroids, points)
    product = wb.hvp(kmeans, engine="reference")(centroids, points, np.ones_like(centroids))  # (it is diagonal)
    assert agreement.apart(flat(product), flat(diagonal)) < 1e-12
    assert agreement.apart(flat(gradient / diagonal), flat(read["dir"])) < 1e-9


def test_a_planted_mistake_is_noticed():
    workload = WORKLOADS["lotka"]
    args = workload.at("small")
    _, (gradient,) = derived("lotka", *args)
    gradient[4] *= 1.0001
    assert agreement.against_differences(workload, args, gradient) > 1e-7


def test_workloads_are_compiled():
    """One of each kind under Numba: a loop with an exit, arrays, and a derivative called inside a program."""
    for name in ("while", "logsumexp", "taylor_single"):
        workload = WORKLOADS[name]
        args = workload.at("small")
        value, gradient = own.gradient(workload, args)()
        assert agreement.against_differences(workload, args, flat(gradient)) < 1e-8
    assert wb.grad(WORKLOADS["logsumexp"].program, engine="numba")(np.zeros(2)).tolist() == [0.5, 0.5]
