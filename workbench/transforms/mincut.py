"""Minimum vertex cut: the cheapest set of values from which everything required can be computed.

Invariant: among the minimum cuts the one nearest to the sink is given, so that least is computed again.

Source: Dinic, "Algorithm for solution of a problem of maximum flow in networks" (1970).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable

INFINITE = 1 << 60


class CutGraph:
    """Vertices with capacities, edges without; `start` vertices must be separated from `end` vertices."""

    def __init__(self) -> None:
        self._ids: dict[Hashable, int] = {}
        self._keys: list[Hashable] = []
        # arcs of the split graph, each followed by its reverse; vertex k becomes 2k+2 (in) and 2k+3 (out)
        self._head: list[int] = []
        self._room: list[int] = []
        self._out: list[list[int]] = [[], []]

    def vertex(self, key: Hashable, capacity: int) -> None:
        """Add a vertex (once)."""
        if key in self._ids:
            return
        number = len(self._keys)
        self._ids[key] = number
        self._keys.append(key)
        self._out += [[], []]
        self._arc(2 * number + 2, 2 * number + 3, capacity)

    def edge(self, before: Hashable, after: Hashable) -> None:
        """`after` is computed from `before`."""
        self._arc(2 * self._ids[before] + 3, 2 * self._ids[after] + 2, INFINITE)

    def start(self, key: Hashable) -> None:
        """The vertex cannot be computed from others."""
        self._arc(0, 2 * self._ids[key] + 2, INFINITE)

    def end(self, key: Hashable) -> None:
        """The vertex is required."""
        self._arc(2 * self._ids[key] + 3, 1, INFINITE)

    def _arc(self, a: int, b: int, capacity: int) -> None:
        self._out[a].append(len(self._head))
        self._head.append(b)
        self._room.append(capacity)
        self._out[b].append(len(self._head))
        self._head.append(a)
        self._room.append(0)

    def cut(self) -> list[Hashable]:
        """The keys of the minimum cut, in order of insertion."""
        while (levels := self._levels()) is not None:
            position = [0] * len(self._out)
            while self._augment(levels, position):
                pass
        reaches = self._reaching_sink()
        return [key for number, key in enumerate(self._keys)
                if 2 * number + 3 in reaches and 2 * number + 2 not in reaches]

    def _levels(self) -> list[int] | None:
        levels = [-1] * len(self._out)
        levels[0] = 0
        queue = deque([0])
        while queue:
            node = queue.popleft()
            for arc in self._out[node]:
                head = self._head[arc]
                if self._room[arc] and levels[head] < 0:
                    levels[head] = levels[node] + 1
                    queue.append(head)
        return levels if levels[1] >= 0 else None

    def _augment(self, levels: list[int], position: list[int]) -> bool:
        """Push flow along one shortest path (depth first, without recursion)."""
        path: list[int] = []
        node = 0
        while node != 1:
            arcs = self._out[node]
            while position[node] < len(arcs):
                arc = arcs[position[node]]
                head = self._head[arc]
                if self._room[arc] and levels[head] == levels[node] + 1:
                    break
                position[node] += 1
            if position[node] < len(arcs):
                arc = arcs[position[node]]
                path.append(arc)
                node = self._head[arc]
            elif path:
                arc = path.pop()
                node = self._head[arc ^ 1]
                position[node] += 1
            else:
                return False
        flow = min(self._room[arc] for arc in path)
        for arc in path:
            self._room[arc] -= flow
            self._room[arc ^ 1] += flow
        return True

    def _reaching_sink(self) -> set[int]:
        """Nodes from which the sink can still be reached."""
        reached = {1}
        queue = deque([1])
        while queue:
            node = queue.popleft()
            for arc in self._out[node]:
                tail = self._head[arc]  # the reverse of `arc` leads from tail to node
                if self._room[arc ^ 1] and tail not in reached:
                    reached.add(tail)
                    queue.append(tail)
        return reached
