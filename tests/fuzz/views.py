"""Random view expressions: slices, transposes, reshapes, parts, copies, composed to any depth, their shapes known.

A `View` is text with the shape that it has, whatever way the program takes. `stepped` puts one more step behind it;
`fitted` makes it broadcast into a shape. Whether a step is a view or a copy is left to NumPy: that is what is tested.
"""
from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

Shape = tuple[int, ...]
READ_ONLY = ("broadcast_to", "diagonal(", ".diagonal")


@dataclass(frozen=True)
class Box:
    """What a name holds: shape; kind "d" or "c" (complex); names of one group may show the same memory."""

    shape: Shape
    kind: str = "d"
    group: str = ""
    writable: bool = True


@dataclass(frozen=True)
class View:
    """An expression of an array. `root` is the name it starts from."""

    text: str
    shape: Shape
    kind: str
    root: str
    writable: bool = True

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def then(self, text: str, shape: Sequence[int], kind: str | None = None) -> View:
        """The view after one step: text behind it, or around it where it says `{x}`."""
        made = text.replace("{x}", self.text) if "{x}" in text else self.text + text
        return View(made, tuple(shape), kind or self.kind, self.root,
                    self.writable and not any(word in text for word in READ_ONLY))


def view_of(name: str, box: Box) -> View:
    return View(name, box.shape, box.kind, name, box.writable)


def cut(random: Random, length: int, integers: Sequence[str] = ()) -> tuple[str, int]:
    """A slice of an axis, as text, with its length, which is not 0; now and then from where an integer says."""
    if integers and length > 2 and random.random() < 0.15:
        start = f"({random.choice(integers)}) % 2"
        return f"{start}:{start} + {length - 1}", length - 1
    for _ in range(8):
        low, high = (random.choice((None, None, random.randrange(-length, length))) for _ in range(2))
        step = random.choice((None, None, None, -1, -1, 2, -2, 1))
        count = len(range(*slice(low, high, step).indices(length)))
        if count and (count > 1 or length < 3 or random.random() < 0.3):
            text = f"{'' if low is None else low}:{'' if high is None else high}"
            return text + ("" if step is None else f":{step}"), count
    return ":", length


def factors(size: int, rank: int) -> list[Shape]:
    """The shapes of this size and rank."""
    if rank == 1:
        return [(size,)]
    return [(first, *rest) for first in range(1, size + 1) if size % first == 0
            for rest in factors(size // first, rank - 1)]


def reshape(random: Random, view: View, shape: Shape) -> View:
    """A reshape to this shape, in one of its spellings."""
    words = [str(length) for length in shape]
    if view.size and random.random() < 0.3:
        words[random.randrange(len(words))] = "-1"
    text = ", ".join(words)
    if random.random() < 0.2:
        return view.then(f"np.reshape({{x}}, ({text},))", shape)
    return view.then(random.choice((f".reshape({text})", f".reshape(({text},))" if len(shape) > 1
                                    else f".reshape({text})")), shape)


class Steps:
    """Draws steps. `integers`: names of integers that slices may start from; `parts`: complex arrays may be split."""

    def __init__(self, random: Random, integers: Sequence[str] = (), *, parts: bool = False) -> None:
        self.random, self.integers, self.parts = random, integers, parts

    def walk(self, view: View, most: int = 3, *, copies: bool = True) -> View:
        """A view some steps from this one."""
        for _ in range(self.random.choice((0, 1, 1, 2, 2, 3, 4)[:most + 3])):
            view = self.stepped(view, copies=copies)
        return view

    def stepped(self, view: View, *, copies: bool = True) -> View:
        """One more step; `copies`: also such as are never a view."""
        draw, random = self.random.random(), self.random
        if view.kind == "c" and self.parts and draw < 0.3:
            return view.then(random.choice((".real", ".imag", "np.real({x})", "np.imag({x})")), view.shape, "d")
        if draw < 0.4:
            return self._sliced(view)
        if draw < 0.65:
            return self._turned(view)
        if draw < 0.85:
            return self._shaped(view)
        if draw < 0.93 and copies:
            return self._copied(view)
        return self._sliced(view)

    def _sliced(self, view: View) -> View:
        """A slice of some axes; now and then an index, a new axis, an ellipsis."""
        random, words, shape = self.random, [], []
        for length in view.shape:
            draw = random.random()
            if draw < 0.15 and len(view.shape) > 1 and len(shape) + (len(view.shape) - len(words)) > 1:
                words.append(self._index(length))
            elif draw < 0.55:
                text, count = cut(random, length, self.integers)
                words.append(text)
                shape.append(count)
            else:
                words.append(":")
                shape.append(length)
        if random.random() < 0.15 and len(shape) < 3:
            place = random.randint(0, len(words))
            before = sum(":" in word for word in words[:place])
            words.insert(place, "None")
            shape.insert(before, 1)
        while len(words) > 1 and words[-1] == ":" and random.random() < 0.6:
            words.pop()
        if random.random() < 0.08:
            words = ["..."] if all(word == ":" for word in words) else words
        return view.then(f"[{', '.join(words)}]", shape)

    def _index(self, length: int) -> str:
        if self.integers and self.random.random() < 0.3:
            return f"({self.random.choice(self.integers)}) % {length}"
        return str(self.random.randrange(-length, length))

    def _turned(self, view: View) -> View:
        """Another order of the axes, or of the elements along one."""
        random, rank = self.random, len(view.shape)
        if rank == 1 or random.random() < 0.15:
            axis = random.randrange(rank)
            return view.then(random.choice(("[::-1]" if axis == 0 else "[:, ::-1]", f"np.flip({{x}}, {axis})")),
                             view.shape)
        if rank == 2:
            texts = (".T", ".T", ".transpose()", ".swapaxes(0, 1)", "np.transpose({x})", ".transpose(1, 0)",
                     "np.moveaxis({x}, 0, 1)", "np.swapaxes({x}, 1, 0)")
            return view.then(random.choice(texts), view.shape[::-1])
        order = random.sample(range(3), 3)
        first, second = random.sample(range(3), 2)
        swapped = list(view.shape)
        swapped[first], swapped[second] = swapped[second], swapped[first]
        return random.choice((
            view.then(".T", view.shape[::-1]), view.then(f".swapaxes({first}, {second})", swapped),
            view.then(f".transpose({', '.join(map(str, order))})", [view.shape[k] for k in order])))

    def _shaped(self, view: View) -> View:
        """The same elements in another shape: a view or a copy, as NumPy decides."""
        random = self.random
        draw = random.random()
        if draw < 0.4:
            return view.then(random.choice((".reshape(-1)", ".ravel()", ".reshape(-1)", "np.ravel({x})")), (view.size,))
        rank = random.choice((1, 2, 2, 3))
        shapes = [shape for shape in factors(view.size, rank) if shape.count(1) <= 1] or [(view.size,)]
        if draw < 0.5 and 1 in view.shape and len(view.shape) > 1:
            left = tuple(length for length in view.shape if length != 1)
            return view.then(".squeeze()", left) if left else reshape(random, view, (view.size,))
        return reshape(random, view, random.choice(shapes))

    def _copied(self, view: View) -> View:
        """What is a copy, or cannot be written."""
        random, rank, length = self.random, len(view.shape), view.shape[0]
        picks = [random.randrange(-length, length) for _ in range(random.randint(1, 3))]
        options = [view.then(".copy()", view.shape), view.then(".flatten()", (view.size,)),
                   view.then(f"[{picks}]", (len(picks), *view.shape[1:])), view.then("np.roll({x}, 1)", view.shape)]
        if rank < 3:
            options.append(view.then(f"np.broadcast_to({{x}}, {(2, *view.shape)})", (2, *view.shape)))
        if rank == 2:
            last = [random.randrange(-view.shape[1], view.shape[1]) for _ in range(2)]
            options += [view.then(f"[:, {last}]", (length, 2)), view.then("np.diagonal({x})", (min(view.shape),)),
                        view.then("np.rot90({x})", view.shape[::-1]), view.then(".copy(order='F')", view.shape)]
        if view.kind == "c":
            options.append(view.then("np.conj({x})", view.shape))
        return random.choice(options)

    def fitted(self, view: View, shape: Shape) -> View | None:
        """The view so that it broadcasts into a shape; None where that takes more than a step."""
        if broadcasts(view.shape, shape):
            return view
        if broadcasts(view.shape[::-1], shape):
            return view.then(".T", view.shape[::-1])
        if view.size == math.prod(shape):
            return reshape(self.random, view, shape)
        if len(view.shape) <= len(shape) and all(
                have >= want for have, want in zip(view.shape[::-1], shape[::-1], strict=False)):
            wanted = shape[len(shape) - len(view.shape):]
            words = [f":{want}" if self.random.random() < 0.5 else f"-{want}:" for want in wanted]
            return view.then(f"[{', '.join(words)}]", wanted)
        if len(view.shape) == len(shape) + 1:
            return self.fitted(view.then(f"[{self._index(view.shape[0])}]", view.shape[1:]), shape)
        return None

    def scalar(self, view: View) -> str:
        """One number of a view."""
        if self.random.random() < 0.6:
            return f"{view.text}[{', '.join(self._index(length) for length in view.shape)}]"
        return f"(0.2 * np.sum({view.text}))"


def broadcasts(shape: Shape, into: Shape) -> bool:
    return len(shape) <= len(into) and all(have in (1, want) for have, want in
                                           zip(shape[::-1], into[::-1], strict=False))
