"""One function, or a few, for each package: what a user would write who calls it, with a real scalar result.

Each is drawn away from kinks, so that differences can judge it. Nothing here knows of derivatives.
"""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from tests.corpus.program import Program, program

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of others' source, where it is compiled here for the first time
    import geographiclib.geodesic
    import geomdl.BSpline
    import glicko2
    import haversine
    import hsluv
    import iapws
    import mibian
    import minisom
    import numpy_financial
    import psychrolib
    import pymap3d
    import pyquaternion
    import pyrenn
    import sgp4.model
    import simdkalman
    import transforms3d
    import trueskill
    import utm
    from astral import sun
    from fluids import compressible, friction

# ---------------------------------------------------------------------- Kalman filters
def local_trend_likelihood(noise, data):
    """simdkalman: the log-likelihood of a trend model by its two noises."""
    model = simdkalman.KalmanFilter(
        state_transition=np.array([[1.0, 1.0], [0.0, 1.0]]), process_noise=np.diag([noise[0], 0.01]),
        observation_model=np.array([[1.0, 0.0]]), observation_noise=noise[1])
    m, P, total = np.zeros((1, 2, 1)), np.eye(2)[None], 0.0
    for y in data:
        m, P = model.predict_next(m, P)
        m, P, gain, likelihood = model.update(m, P, np.array([[y]]), log_likelihood=True)
        total = total + likelihood[0]
    return total


# ---------------------------------------------------------------------- the earth and above
def geodesic_distance(a, b):
    """geographiclib: the distance of two points on the ellipsoid, in km."""
    return geographiclib.geodesic.Geodesic.WGS84.Inverse(a[0], a[1], b[0], b[1])["s12"] / 1000.0


def geodesic_direct(x):
    """geographiclib: where one arrives."""
    found = geographiclib.geodesic.Geodesic.WGS84.Direct(x[0], x[1], x[2], x[3] * 1e6)
    return found["lat2"] + 2.0 * found["lon2"]


def haversine_distance(a, b):
    """haversine, in nautical miles."""
    return haversine.haversine(a, b, unit=haversine.Unit.NAUTICAL_MILES)


def utm_easting(lat, lon):
    """utm: easting and northing in km."""
    easting, northing, number, letter = utm.from_latlon(lat, lon)
    return (easting + 2.0 * northing) / 1000.0


def local_coordinates(point):
    """pymap3d: east, north and up as seen from an observer."""
    east, north, up = pymap3d.geodetic2enu(point[0], point[1], point[2], 42.0, -82.0, 200.0)
    return (east * 0.3 + north * 0.5 + up) / 1000.0


def geodetic_height(point):
    """pymap3d: the way back."""
    lat, lon, alt = pymap3d.ecef2geodetic(point[0], point[1], point[2])
    return np.sum(lat + lon * 2.0 + alt / 1000.0)


def satellite_position(elements, minutes):
    """sgp4: the position of a satellite by its orbital elements, in thousands of km."""
    satellite = sgp4.model.Satrec()
    satellite.sgp4init(sgp4.model.WGS72, "i", 5, 18441.785, 2.8098e-05, 6.969196665e-13, 0.0, elements[0] * 0.1,
                       elements[1], elements[2], elements[3], elements[4] * 0.01, elements[5])
    error, position, velocity = satellite.sgp4_tsince(minutes)
    assert error == 0
    return (position[0] + 2.0 * position[1] - position[2]) / 1000.0 + velocity[0]


def equation_of_time(century):
    """astral: minutes."""
    return sun.eq_of_time(century) + sun.sun_declination(century)


def solar_elevation(latitude, century):
    """astral: the hour angle of dawn."""
    declination = sun.sun_declination(century)
    return sun.hour_angle(latitude, declination, 96.0, sun.SunDirection.RISING)


# ---------------------------------------------------------------------- money
def option_price(spot, strike, rate, days, volatility):
    """mibian: a call and a put by Black and Scholes."""
    model = mibian.BS([spot, strike, rate, days], volatility=volatility)
    return model.callPrice + 0.5 * model.putPrice


def future_value(rate, payment):
    """numpy_financial: saving for ten years."""
    return numpy_financial.fv(rate, 10, payment, -1.0)


def present_value(rate, flows):
    """numpy_financial."""
    return numpy_financial.npv(rate, flows)



# ---------------------------------------------------------------------- games
def glicko_rating(rating, deviation, opponents):
    """glicko2: the rating after three games, an iteration for the volatility included."""
    player = glicko2.Player(rating=rating, rd=deviation, vol=0.06)
    player.update_player(opponents, [30.0, 100.0, 300.0], [1, 0, 0])
    return player.rating / 100.0 + player.rd / 10.0 + player.vol


def trueskill_rating(a, b):
    """trueskill: message passing in a factor graph."""
    winner, loser = trueskill.rate_1vs1(trueskill.Rating(a[0], a[1]), trueskill.Rating(b[0], b[1]))
    return winner.mu + winner.sigma * 0.3 - loser.mu


# ---------------------------------------------------------------------- learning
NETWORK = pyrenn.CreateNN([2, 3, 2, 1], dIn=[0, 1], dOut=[1])


def network_loss(w, inputs):
    """pyrenn: a recurrent network's squared outputs by its weights and its inputs."""
    output = pyrenn.NNOut(inputs, {**NETWORK, "w": w})
    return np.sum(output**2)


def map_distances(weights, data):
    """minisom: how far the winners of a self-organising map lie from the data."""
    som = minisom.MiniSom(2, 2, 3, random_seed=1)
    som._weights = weights
    return np.sum(som.activate(data) ** 2) + som.quantization_error(np.stack([data, data * 0.5]))


# ---------------------------------------------------------------------- engineering
def friction_factor(reynolds, roughness):
    """fluids: Colebrook's equation by Clamond's method."""
    return friction.friction_factor(Re=reynolds * 1e5, eD=roughness * 1e-3) * 100.0


def pressure_drop(m, d):
    """fluids: a pipe, in bar."""
    return friction.one_phase_dP(m=m, rho=998.0, mu=1e-3, D=d, roughness=5e-5, L=100.0) / 1e5


def gas_flow(p):
    """fluids: isothermal work and a critical pressure."""
    return (compressible.isothermal_work_compression(p[0] * 1e5, p[1] * 1e5, 300.0) / 1000.0
            + compressible.P_isothermal_critical_flow(p[1] * 1e5, 0.0018, 50.0, 0.5) / 1e4)


def steam(t, p):
    """iapws: enthalpy and entropy of steam by the industrial formulation."""
    state = iapws.IAPWS97(T=t, P=p)
    return state.h / 100.0 + state.s


def wet_bulb(t, humidity):
    """psychrolib: humid air, through an iteration for the wet bulb temperature."""
    pressure = psychrolib.GetStandardAtmPressure(100.0)
    ratio = psychrolib.GetHumRatioFromRelHum(t, humidity, pressure)
    return psychrolib.GetMoistAirEnthalpy(t, ratio) / 1e4 + psychrolib.GetMoistAirVolume(t, ratio, pressure)


# ---------------------------------------------------------------------- geometry
def rotated(angles, v):
    """transforms3d: a rotation by Euler angles."""
    matrix = transforms3d.euler.euler2mat(angles[0], angles[1], angles[2], "sxyz")
    return np.sum((matrix @ v) * np.array([1.0, 2.0, 3.0]))


def quaternion_angles(q):
    """transforms3d: matrix of a quaternion and its Euler angles."""
    a, b, c = transforms3d.euler.mat2euler(transforms3d.quaternions.quat2mat(q))
    return a + 2.0 * b - c


def slerp(v, amount):
    """pyquaternion: between two rotations."""
    a = pyquaternion.Quaternion(axis=[1.0, 0.5, 0.2], angle=v[0])
    b = pyquaternion.Quaternion(v[1], v[2], v[3], 0.3).normalised
    return np.sum(pyquaternion.Quaternion.slerp(a, b, amount).rotate(np.array([0.3, -0.2, 0.9])))


def spline_point(points, u):
    """geomdl: a point of a B-spline by its control points and its parameter."""
    curve = geomdl.BSpline.Curve()
    curve.degree = 3
    curve.ctrlpts = points
    curve.knotvector = [0.0, 0.0, 0.0, 0.0, 0.4, 1.0, 1.0, 1.0, 1.0]
    x, y = curve.evaluate_single(u)
    return x * x + 0.5 * y


# ---------------------------------------------------------------------- colours
def colour(h, s, l):
    """hsluv."""
    r, g, b = hsluv.lch_to_rgb(hsluv.hsluv_to_lch((h, s, l)))
    return r + 2.0 * g - b


def colour_back(r, g, b):
    """hsluv: the way back."""
    h, s, l = hsluv.lch_to_hpluv(hsluv.rgb_to_lch((r, g, b)))
    return h / 100.0 + s / 100.0 + l / 100.0


def uniform(low, high):
    """Arguments: each between two bounds."""
    def draw(rng):
        return tuple(rng.uniform(a, b) if np.ndim(a) == 0 else rng.uniform(a, b) for a, b in zip(low, high))
    return draw


def lists(low, high):
    """The same, as lists of Python floats."""
    return lambda rng: tuple(x.tolist() if isinstance(x, np.ndarray) else float(x) for x in uniform(low, high)(rng))


def tuples(low, high):
    """The same, as tuples."""
    return lambda rng: tuple(tuple(x) if isinstance(x, list) else x for x in lists(low, high)(rng))


psychrolib.SetUnitSystem(psychrolib.SI)

def entry(function: Any, draw: Any, wrt: Any = 0) -> Program:
    return program(function, draw, wrt, oracle="difference")


PROGRAMS: list[Program] = [
    entry(local_trend_likelihood, uniform(([0.1, 0.5], [0.0] * 4), ([0.5, 1.5], [2.0] * 4)), (0, 1)),
    entry(geodesic_distance, lists(([10, 20], [-40, -60]), ([60, 60], [-10, 10])), (0, 1)),
    entry(geodesic_direct, lists(([10, 20, 30, 0.5],), ([60, 60, 60, 4.0],))),
    entry(haversine_distance, tuples(([10, 20], [-40, -60]), ([60, 60], [-10, 10])), (0, 1)),
    entry(utm_easting, lists((10, 31), (60, 34)), (0, 1)),
    entry(local_coordinates, lists(([40, -84, 100],), ([45, -80, 900],))),
    entry(geodetic_height, lambda rng: (rng.uniform(1e6, 4e6, (3, 2)),)),
    entry(satellite_position, lists(([0.4, 1.0, 0.4, 1.0, 4.5, 2.0], 20.0),
                                    ([0.8, 5.0, 1.2, 5.0, 5.5, 5.0], 300.0)), (0, 1)),
    entry(equation_of_time, lists((0.1,), (0.3,))),
    entry(solar_elevation, lists((20, 0.1), (50, 0.3)), (0, 1)),
    entry(option_price, lists((90, 95, 1, 30, 15), (110, 105, 5, 200, 40)), (0, 1, 2, 3, 4)),
    entry(future_value, lists((0.01, -0.5), (0.1, -0.1)), (0, 1)),
    entry(present_value, uniform((0.01, [-2.0] * 4), (0.1, [3.0] * 4)), (0, 1)),
    entry(glicko_rating, lists((1400, 150, [1300, 1500, 1600]), (1600, 250, [1450, 1580, 1750])), (0, 1, 2)),
    entry(trueskill_rating, lists(([22, 6], [24, 5]), ([27, 8.5], [30, 8])), (0, 1)),
    entry(network_loss, lambda rng: (rng.normal(size=NETWORK["N"]), rng.normal(size=(2, 4))), (0, 1)),
    entry(map_distances, lambda rng: (rng.normal(size=(2, 2, 3)), rng.normal(size=3)), (0, 1)),
    entry(friction_factor, lists((0.5, 0.1), (5.0, 1.0)), (0, 1)),
    entry(pressure_drop, lists((2.0, 0.05), (6.0, 0.1)), (0, 1)),
    entry(gas_flow, lists(([1, 8],), ([5, 11],))),
    entry(steam, lists((500, 0.5), (800, 5.0)), (0, 1)),
    entry(wet_bulb, lists((15, 0.3), (30, 0.8)), (0, 1)),
    entry(rotated, uniform(([0.1] * 3, [-1.0] * 3), ([1.4] * 3, [1.0] * 3)), (0, 1)),
    entry(quaternion_angles, uniform(([0.6, 0.1, 0.1, 0.1],), ([1.0, 0.4, 0.4, 0.4],))),
    entry(slerp, lists(([0.3, 0.5, -0.3, 0.1], 0.2), ([1.0, 1.0, 0.4, 0.6], 0.8)), (0, 1)),
    entry(spline_point, lambda rng: (rng.uniform(-1.0, 1.0, (5, 2)).tolist(), float(rng.uniform(0.1, 0.9))), (0, 1)),
    entry(colour, lists((10, 30, 20), (350, 90, 80)), (0, 1, 2)),
    entry(colour_back, lists((0.1, 0.4, 0.7), (0.3, 0.6, 0.9)), (0, 1, 2)),
]
