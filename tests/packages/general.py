"""Packages that are no formulas: numbers with uncertainties, processes in time, graphs, weather in any unit."""
from __future__ import annotations

import meteocalc
import networkx
import simpy
from uncertainties import ufloat, umath

from tests.corpus.program import Program
from tests.packages.functions import entry, lists


def propagated_error(x, y):
    """uncertainties: value and error of a formula, whose operators are made when it is imported."""
    a, b = ufloat(x, 0.1), ufloat(y, 0.2)
    z = umath.sin(a) * b + a**2 / (1.0 + b)
    return z.nominal_value + z.std_dev


def time_in_queue(service, gap):
    """simpy: how long customers wait at one counter, coming at a growing pace."""
    environment = simpy.Environment()
    counter = simpy.Resource(environment, capacity=1)
    waits = []

    def customer(arrival):
        yield environment.timeout(arrival)
        with counter.request() as turn:
            yield turn
            waits.append(environment.now - arrival)
            yield environment.timeout(service)
    for k in range(5):
        environment.process(customer(gap * k**0.5))
    environment.run()
    return sum(w * w for w in waits)


def shortest_and_lightest(road, toll):
    """networkx: the shortest path, the lightest tree, a flow and a centrality."""
    graph = networkx.Graph()
    graph.add_weighted_edges_from([(0, 1, road), (1, 2, toll), (0, 2, 5.0), (2, 3, road * toll)])
    net = networkx.DiGraph()
    for a, b, capacity in (("s", "a", road), ("a", "t", 3.0), ("s", "b", 2.0), ("b", "t", toll)):
        net.add_edge(a, b, capacity=capacity)
    central = networkx.closeness_centrality(graph, distance="weight")[1]
    return (networkx.dijkstra_path_length(graph, 0, 3) + networkx.maximum_flow_value(net, "s", "t") * central
            + networkx.minimum_spanning_tree(graph).size(weight="weight") ** 2)


def felt_temperature(celsius, humidity):
    """meteocalc: dew point, heat index and wind chill, in units of different classes."""
    warm = meteocalc.Temp(celsius, "c")
    return meteocalc.dew_point(warm, humidity).c + meteocalc.heat_index(warm, humidity).f + meteocalc.wind_chill(
        meteocalc.Temp(celsius - 30.0, "c"), humidity / 3.0).f


PROGRAMS: list[Program] = [
    entry(propagated_error, lists((0.3, 0.3), (1.2, 1.2)), (0, 1)),
    entry(time_in_queue, lists((1.5, 0.2), (2.0, 0.4)), (0, 1)),
    entry(shortest_and_lightest, lists((0.3, 0.5), (0.9, 1.2)), (0, 1)),
    entry(felt_temperature, lists((31, 50), (36, 70)), (0, 1)),
]
