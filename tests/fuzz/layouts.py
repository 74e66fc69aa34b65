"""Random statements on random views: what is read and written may overlap, and lie in memory in any way.

Each statement writes one view and reads others, by preference of the same memory; names are rebound to other views in
loops and branches, kept in containers, passed to functions that write them. The shapes of all names are known
(`views.Box`), so that everything fits. Invariant: values stay bounded, as in `scope`.
"""
from __future__ import annotations

import math
import re
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from tests.fuzz.making import MAKERS, PART_MAKERS, Maker, definite
from tests.fuzz.scope import Scope, Unavailable, Vector
from tests.fuzz.views import Box, Shape, Steps, View, view_of

if TYPE_CHECKING:
    from tests.fuzz.writer import Writer

MIXES = ("{0}", "0.6 * {0} - 0.3 * {1}", "np.sin({0})", "{0} * np.cos({1})", "np.tanh({0} - {1})", "{q} * {0}",
         "np.where({0} > 0.1, {1}, 0.5 * {2})", "0.5 * {0} + 0.3 * np.sin({1}) - 0.2 * {2}", "np.sin({0} + {1} * {2})",
         "np.maximum({0}, 0.7 * {1})", "{0} / (1.5 + {1} ** 2)", "0.4 * ({0} + {1})", "-{0}")
COMPLEX_MIXES = ("{0}", "0.6 * {0} - 0.3 * {1}", "{q} * {0}", "(0.5 + 0.4j) * {0}", "{0} / (1.5 + np.abs({1}) ** 2)",
                 "0.4 * ({0} + {1})", "0.5 * {0} + 0.3j * {1}", "np.conj({0})", "{0} - 0.5 * {1}")
UPDATES = ("+= 0.3 * {e}", "-= 0.4 * {e}", "*= 0.8 + 0.1 * {e}", "+= {q} * {e}")
FREE_UPDATES = ("+= {e}", "-= {e}", "*= {e}", "+= {e}")  # where no loop repeats them
INTO = ("np.add(0.6 * {0}, {1} * 0.3, out={t})", "np.multiply({0}, {1}, out={t})", "np.subtract({0}, {1}, out={t})",
        "np.add({0}, {1}, out={t})")
INTO_REAL = ("np.sin({0}, out={t})", "np.tanh({0}, out={t})", "np.maximum({0}, {1}, out={t})",
             "np.multiply({0}, 0.7, out={t}, where={1} > 0.1)", "np.negative({0}, out={t}, where={1} < {2})")
LARGEST_SIZE = 16
SHAPES: tuple[Shape, ...] = ((2, 2), (3, 3), (2, 3), (3, 2), (4,), (6,), (2, 2, 2), (2, 3, 2), (1, 3), (2, 4))


class Layouts:
    """Draws statements for a writer. `parts`: complex arrays too, and what is not differentiated by complex step."""

    def __init__(self, writer: Writer, *, parts: bool) -> None:
        self.writer, self.random, self.parts = writer, writer.random, parts
        self.functions: list[tuple[str, Box, Box, Box]] = []
        self.kinds: list[tuple[int, Callable[[Scope], None]]] = [
            (6, self.name_view), (14, self.write), (5, self.make), (4, self.rebind), (3, self.exchange),
            (2, self.loop), (3, self.either), (2, self.held), (2, self.call), (3, self.read), (2, self.scatter)]
        if parts:
            self.kinds.append((5, self.part))

    def statement(self, scope: Scope) -> None:
        self.random.choices(self.kinds, [weight for weight, _ in self.kinds])[0][1](scope)

    # -- what there is ------------------------------------------------------------------------------------------------
    def boxes(self, scope: Scope) -> dict[str, Box]:
        """Arrays of known shape."""
        found = {name: Box((vector.length,)) for name, vector in scope.arrays.items()
                 if vector.length is not None and vector.kind == "d"}
        found.update({name: Box(shape) for name, shape in scope.matrices.items()})
        if self.parts:
            found.update({name: Box((length,), "c") for name, length in scope.waves.items()})
        found.update(scope.boxes)
        return {name: box for name, box in found.items() if math.prod(box.shape) <= LARGEST_SIZE}

    def steps(self, scope: Scope) -> Steps:
        return Steps(self.random, [*scope.integers, *scope.counters], parts=self.parts)

    def view(self, scope: Scope, *, group: str = "", copies: bool = True) -> View:
        """Some view, of a group of names that may share memory if there is one."""
        boxes = self.boxes(scope)
        near = [name for name, box in boxes.items() if (box.group or name) == group]
        name = self.random.choice(near) if near and self.random.random() < 0.65 else scope.pick(boxes)
        return self.steps(scope).walk(view_of(name, boxes[name]), copies=copies)

    def target(self, scope: Scope) -> View:
        """A view to write; seldom a part of a complex array."""
        boxes = self.boxes(scope)
        for _ in range(8):
            found = self.view(scope, copies=self.random.random() < 0.1)
            if found.writable and (found.kind == boxes[found.root].kind or self.random.random() < 0.1):
                return found
        raise Unavailable

    def group(self, scope: Scope, root: str) -> str:
        return self.boxes(scope)[root].group or root

    def reading(self, scope: Scope, shape: Shape, group: str, kind: str) -> str:
        """Something to read that broadcasts into a shape, of real numbers if `kind` is "d"."""
        steps = self.steps(scope)
        for _ in range(6):
            view = self.view(scope, group=group)
            if view.kind == "c" and kind == "d":
                view = view.then(self.random.choice((".real", ".imag")), view.shape, "d")
            fitted = steps.fitted(view, shape)
            if fitted is not None:
                return fitted.text
            last = view
        return steps.scalar(last)

    def mixture(self, scope: Scope, shape: Shape, group: str, kind: str = "d") -> str:
        """An expression that broadcasts into a shape."""
        mix = self.random.choice(MIXES if kind == "d" else COMPLEX_MIXES)
        reads = [self.reading(scope, shape, group, kind) for _ in range(3)]
        return apart(mix.format(*reads, q=scope.squashed()), shape) if mix == "{0}" else \
            mix.format(*reads, q=scope.squashed())

    def born(self, scope: Scope, name: str, box: Box) -> None:
        """A new name: other statements know it too where they can."""
        scope.boxes[name] = box
        if box.kind == "d" and box.writable and min(box.shape) > 0:
            if len(box.shape) == 1 and box.shape[0] > 1:
                scope.arrays[name] = Vector(box.shape[0])
            elif len(box.shape) == 2:
                scope.matrices[name] = (box.shape[0], box.shape[1])

    # -- statements ---------------------------------------------------------------------------------------------------
    def name_view(self, scope: Scope) -> None:
        view = self.view(scope)
        name = self.writer.name("v")
        self.writer.put(f"{name} = {view.text}")
        self.born(scope, name, Box(view.shape, view.kind, self.group(scope, view.root), view.writable))

    def part(self, scope: Scope) -> None:
        """A part of a complex array gets a name, and the array may be written."""
        waves = {name: box for name, box in self.boxes(scope).items() if box.kind == "c"}
        root = scope.pick(waves)
        name, box = self.writer.name("v"), waves[root]
        text = self.random.choice(("{x}.real", "{x}.imag", "np.real({x})", "np.imag({x})"))
        self.writer.put(f"{name} = {text.format(x=root)}")
        if box.writable and self.random.random() < 0.4:
            self.writer.put(f"{root}[{self.random.randrange(-box.shape[0], box.shape[0])}] = {scope.squashed()}")
        self.born(scope, name, Box(box.shape, "d", box.group or root, writable=False))

    def make(self, scope: Scope) -> None:
        """What a library function gives, or what is computed from views."""
        name, kind = self.writer.name("w"), "d"
        draw = self.random.random()
        if draw < 0.2:
            shape, text = self.fixed(scope)
        elif draw < 0.45:
            like = self.view(scope)
            shape, kind = like.shape, like.kind
            text = self.mixture(scope, shape, "", kind)
            zeros = f"np.zeros_like({like.text}) + " if self.random.random() < 0.5 else ""
            text = f"{zeros}{text}" if zeros else f"{like.text} * {self.random.choice(('0.7', scope.squashed()))}"
        else:
            shape, kind, text = self.made(scope)
        if math.prod(shape) > LARGEST_SIZE or not math.prod(shape):
            raise Unavailable
        self.writer.put(f"{name} = {text}")
        self.born(scope, name, Box(shape, kind, name))

    def fixed(self, scope: Scope) -> tuple[Shape, str]:
        """An array whose sizes the program itself says."""
        shape = self.random.choice(SHAPES)
        if self.random.random() < 0.3:
            return shape, nested(shape, lambda: scope.scalar(1))
        start = self.random.choice((f"np.zeros({shape}) + {{0}}", f"np.full({shape}, {{0}})",
                                    f"np.ones({shape}) * {{0}}", f"np.zeros({shape[::-1]}).T + {{0}}"))
        size = math.prod(shape)
        return shape, start.format(scope.squashed()) + f" + np.arange({size}.0).reshape({shape}) * {scope.squashed()}"

    def opening(self, scope: Scope) -> None:
        """What a program starts with: arrays of sizes that it says itself. Where sizes are known at run time only, many
        a write through a reshape is refused."""
        for name, box in self.names(scope).items():
            if self.random.random() < 0.5:
                self.writer.put(f"{name} = {name}.reshape({', '.join(map(str, box.shape))})")
        for _ in range(self.random.randint(0, 2)):
            name = self.writer.name("w")
            shape, text = self.fixed(scope)
            self.writer.put(f"{name} = {text}")
            self.born(scope, name, Box(shape, "d", name))
            if self.parts and self.random.random() < 0.6:
                made = self.writer.name("w")
                self.writer.put(f"{made} = {name} + {self.random.choice(('1j', '0.5j'))} * {name}[::-1]")
                self.born(scope, made, Box(shape, "c", made))

    def made(self, scope: Scope) -> tuple[Shape, str, str]:
        """Shape, kind and text of what a library function gives."""
        maker: Maker = self.random.choice(MAKERS + PART_MAKERS if self.parts else MAKERS)
        for _ in range(12):
            view = self.view(scope)
            if view.kind == maker.takes and len(view.shape) in maker.ranks:
                break
        else:
            raise Unavailable
        texts = {"x": view.text, "y": self._like(scope, view), "q": scope.squashed()}
        if "{S}" in maker.text:
            texts["S"] = definite(view.text, view.shape[0])
        return maker.shape(view.shape), maker.gives, maker.text.format(**texts)

    def _like(self, scope: Scope, view: View) -> str:
        """A view of the same shape."""
        for _ in range(6):
            other = self.view(scope, group=self.group(scope, view.root))
            fitted = self.steps(scope).fitted(other, view.shape) if other.kind == view.kind else None
            if fitted is not None and fitted.shape == view.shape:
                return fitted.text
        return f"{view.text} * {scope.squashed()}"

    def write(self, scope: Scope) -> None:
        """One view is written, what others show is read."""
        target = self.target(scope)
        group, draw = self.group(scope, target.root), self.random.random()
        mixed = self.mixture(scope, target.shape, group, target.kind)
        if draw < 0.35:
            return self.writer.put(f"{self.whole(target)} = {mixed}")
        if draw < 0.7:
            updates = UPDATES if self.writer.loops or self.random.random() < 0.4 else FREE_UPDATES
            update = self.random.choice(updates).format(e=f"({mixed})" if " " in mixed else mixed, q=scope.squashed())
            augmented = target.text if target.text.isidentifier() and target.text not in scope.fixed else \
                self.whole(target)
            return self.writer.put(f"{augmented} {update}")
        reads = [self.reading(scope, target.shape, group, target.kind) for _ in range(3)]
        into = INTO if target.kind == "c" else INTO + INTO_REAL
        if self.writer.loops:
            into = tuple(text for text in into if "multiply({0}, {1}" not in text and "({0}, {1}, out" not in text
                         or "maximum" in text)
        forms = [self.random.choice(into).format(*reads, t=target.text), f"np.copyto({target.text}, {mixed})",
                 f"{self.whole(target)} = {self.whole(target)} = {mixed}"]
        if self.random.random() < 0.3:
            other = self.target(scope)
            if other.shape == target.shape and other.kind == target.kind:
                forms[2] = f"{self.whole(target)} = {self.whole(other)} = {mixed}"
        self.writer.put(self.random.choices(forms, (4, 1, 1))[0])

    def whole(self, target: View) -> str:
        """A target that assigns the elements of a view."""
        return target.text if target.text.endswith("]") and self.random.random() < 0.8 else \
            target.text + self.random.choice(("[...]", "[:]", "[:]"))

    def scatter(self, scope: Scope) -> None:
        """Elements of a view, by indices that may repeat, or by a mask."""
        target = self.target(scope)
        group, length = self.group(scope, target.root), target.shape[0]
        picks = [self.random.randrange(-length, length) for _ in range(3)]
        part = target.shape[1:]
        read = self.mixture(scope, (3, *part), group, target.kind)
        forms = [f"np.add.at({target.text}, {picks}, 0.5 * ({read}))", f"{target.text}[{picks}] = {read}",
                 f"np.subtract.at({target.text}, {picks}, {scope.squashed()})",
                 f"{target.text}[{picks}] *= {scope.squashed()}"]
        if target.kind == "d":
            forms += [f"{target.text}[{target.text} > {scope.constant()}] = {scope.squashed()}",
                      f"{target.text}[{self.reading(scope, target.shape, group, 'd')} + {target.text} > 0.2] *= 0.6"]
        self.writer.put(self.random.choice(forms))

    def read(self, scope: Scope) -> None:
        """A number that depends on where each element is."""
        view, name = self.view(scope), self.writer.name("s")
        self.writer.put(f"{name} = {weighed(view.text, view.shape, view.kind)}")
        scope.add_scalar(name)

    def names(self, scope: Scope) -> dict[str, Box]:
        """Names that can be bound again."""
        return {name: box for name, box in self.boxes(scope).items() if name.isidentifier()
                and name not in scope.fixed and box.writable}

    def rebind(self, scope: Scope) -> None:
        """A name is bound to something else of its shape: a view of itself, another array, what is computed."""
        names = self.names(scope)
        name = scope.pick(names)
        self.writer.put(f"{name} = {self.alike(scope, name, names[name])}")

    def alike(self, scope: Scope, name: str, box: Box) -> str:
        """Text of an array of the shape and kind of a name's."""
        own = View(name, box.shape, box.kind, name)
        draw, steps = self.random.random(), self.steps(scope)
        if draw < 0.45:
            for _ in range(12):
                found = steps.walk(own, 2, copies=False)
                if found.shape == box.shape and found.kind == box.kind and found.text != name:
                    return found.text
            return f"{name}[::-1]"
        others = [other for other, like in self.names(scope).items() if like.shape == box.shape
                  and like.kind == box.kind and other != name]
        if draw < 0.65 and others:
            return self.random.choice(others) + self.random.choice(("", "", "[::-1]", ".copy()", "[...]"))
        turned = f"{name}.T" if len(set(box.shape)) == 1 else name
        return f"0.7 * {turned} + 0.2 * {self.reading(scope, box.shape, name, box.kind)}"

    def exchange(self, scope: Scope) -> None:
        """Two names, or what two views show, change places."""
        names = self.names(scope)
        first = scope.pick(names)
        same = [name for name, box in names.items() if box.shape == names[first].shape
                and box.kind == names[first].kind and name != first]
        if same and self.random.random() < 0.6:
            second = self.random.choice(same)
            turn = self.random.choice(("", "", "[::-1]", ".T" if len(set(names[first].shape)) == 1 else ""))
            return self.writer.put(f"{first}, {second} = {second}{turn}, {first}")
        target = self.target(scope)
        group = self.group(scope, target.root)
        other = target
        for _ in range(8):
            other = self.steps(scope).walk(view_of(target.root, self.boxes(scope)[target.root]), copies=False)
            if other.shape == target.shape and other.kind == target.kind and other.text != target.text:
                break
        else:
            other = target
        read = self.mixture(scope, target.shape, group, target.kind)
        self.writer.put(f"{self.whole(target)}, {self.whole(other)} = {apart(other.text, other.shape)}, {read}"
                        if other.shape == target.shape and other.kind == target.kind else
                        f"{self.whole(target)} = {read}")

    def loop(self, scope: Scope) -> None:
        """A loop that writes, and binds names again at its end."""
        writer = self.writer
        if writer.loops >= 2:
            return self.write(scope)
        counter, inner = writer.name("i"), scope.inner()
        trips = self.random.choice(("2", "3", *(("k", "k") if "k" in scope.integers else ())))
        inner.counters[counter] = 4
        writer.put(f"for {counter} in range({trips}):")
        writer.loops += 1
        writer.depth += 1
        for kind in (self.write, self.random.choice((self.write, self.name_view, self.read, self.scatter)),
                     self.random.choice((self.rebind, self.exchange, self.rebind))):
            try:
                kind(inner)
            except Unavailable:
                writer.assign(inner)
        writer.depth -= 1
        writer.loops -= 1

    def either(self, scope: Scope) -> None:
        """A name that stands for one of two views, or is bound again in one arm."""
        names = self.names(scope)
        name, condition = scope.pick(names), scope.condition()
        box, new = names[name], self.writer.name("v")
        first, second = self.alike(scope, name, box), self.random.choice((name, self.alike(scope, name, box)))
        draw = self.random.random()
        if draw < 0.3:
            return self.writer.put(f"if {condition}:\n    {name} = {first}")
        self.writer.put(f"{new} = {first} if {condition} else {second}" if draw < 0.6 else
                        f"if {condition}:\n    {new} = {first}\nelse:\n    {new} = {second}")
        self.born(scope, new, Box(box.shape, box.kind, box.group or name))

    def held(self, scope: Scope) -> None:
        """Views kept in a container, written through it."""
        first, second = (self.target(scope) for _ in range(2))
        name, item, number = self.writer.name("h"), self.writer.name("e"), self.writer.number
        made, one, two = self.random.choice((
            ("[{0}, {1}]", "[0]", "[1]"), ("({0}, {1})", "[0]", "[1]"), ("{{'u': {0}, 'w': {1}}}", "['u']", "['w']"),
            (f"Views_{number}({{0}}, {{1}})", ".first", ".second")))
        self.writer.put(f"{name} = " + made.format(first.text, second.text))
        for view, place in ((first, one), (second, two)):
            self.born(scope, name + place, Box(view.shape, view.kind, self.group(scope, view.root), view.writable))
            scope.fixed.append(name + place)
        if made[0] in "[(" and len(first.shape) == len(second.shape) and first.kind == second.kind:
            self.writer.put(f"for {item} in {name}:\n    {item} *= {scope.squashed()}"
                            + (f"\n    {item}[0] += {scope.squashed()}" if self.random.random() < 0.5 else ""))

    def call(self, scope: Scope) -> None:
        """A function that writes what it is given and returns a view; made at its first call, called with others."""
        boxes = self.boxes(scope)
        if self.functions and self.random.random() < 0.5:
            name, first, second, result = self.random.choice(self.functions)
            given = []
            for wanted in (first, second):
                views = [self.view(scope, copies=False) for _ in range(20)]
                given.append(scope.pick(view for view in views if (view.shape, view.kind) ==
                                        (wanted.shape, wanted.kind) and view.writable))
        else:
            given = [self.target(scope), self.target(scope)]
            name, result = self.function([Box(view.shape, view.kind) for view in given])
        made = self.writer.name("v")
        self.writer.put(f"{made} = {name}({given[0].text}, {given[1].text})")
        self.born(scope, made, Box(result.shape, result.kind, boxes[given[0].root].group or given[0].root,
                                   result.writable))

    def function(self, boxes: list[Box]) -> tuple[str, Box]:
        """A new function of two arrays, with what it returns."""
        writer = self.writer
        name = f"writes_views_{writer.number}_{len(writer.functions)}"
        inner = writer.nested()
        layouts = Layouts(inner, parts=self.parts)
        scope = Scope(self.random)
        for parameter, box in zip(("u", "w"), boxes, strict=True):
            layouts.born(scope, parameter, box)
        inner.put("t = 0.3")
        scope.add_scalar("t")
        scope.arrays.setdefault("(0.5 + np.arange(2.0))", Vector(2))
        scope.fixed.append("(0.5 + np.arange(2.0))")
        for _ in range(self.random.randint(1, 3)):
            try:
                self.random.choice((layouts.write, layouts.write, layouts.name_view, layouts.rebind,
                                    layouts.exchange, layouts.loop, layouts.either))(scope)
            except Unavailable:
                inner.put("u[0] *= t")
        view = layouts.view(scope)
        inner.put(f"return {view.text}")
        writer.functions.append("\n".join([f"def {name}(u, w):", *inner.lines]))
        result = Box(view.shape, view.kind, "", view.writable)
        self.functions.append((name, boxes[0], boxes[1], result))
        return name, result


def apart(text: str, shape: Shape) -> str:
    """What may be assigned to any view. NumPy assigns vectors that overlap in the wrong order where their strides have
    one sign and differ (`a[::-2] = a[:3][::-1]`): no two engines need agree on that."""
    steps = re.fullmatch(r"\w+(\[(:|::-1|-?\d*:-?\d*|\.\.\.)\])*", text)
    return text if len(shape) > 1 or steps else f"1.0 * {text}"


def nested(shape: Shape, entry: Callable[[], str]) -> str:
    """`np.array` of nested lists."""
    def rows(rest: Shape) -> str:
        return "[" + ", ".join(rows(rest[1:]) for _ in range(rest[0])) + "]" if rest else entry()

    return f"np.array({rows(shape)})"


def weighed(text: str, shape: Shape, kind: str) -> str:
    """A number that changes when elements change places."""
    size = math.prod(shape)
    weights = f"np.arange(1.0, {size + 1}.0)" + (f".reshape{shape}" if len(shape) > 1 else "")
    if kind == "c":
        return f"0.1 * np.sum((({text}) * (0.7 - 0.4j)).real * {weights})"
    return f"0.1 * np.sum(np.sin({text}) * {weights})"


def argument(random: Random, numbers: Callable[[Random, Shape], str]) -> tuple[Shape, str]:
    """An argument of some shape, laid out in some way."""
    shape = random.choice(SHAPES)
    made = f"np.array({numbers(random, shape)})"
    turned = f"np.array({numbers(random, shape[::-1])})"
    return shape, random.choice((made, made, made, f"np.asfortranarray({made})", f"{turned}.T", f"{made}[::-1]",
                                 f"np.repeat({made}, 2, axis=0)[::2]", f"np.stack(({made}, {made}), axis=-1)[..., 1]"))
