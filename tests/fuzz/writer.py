"""Writes one function body, statement by statement: control flow and structure; the rest is `forms`."""
from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.fuzz.forms import ELEMENTS, FEATURES, Form
from tests.fuzz.layouts import Layouts
from tests.fuzz.moving import Moving
from tests.fuzz.resizing import Resizing
from tests.fuzz.scope import Scope, Unavailable, Vector

Statement = Callable[[Scope], None]
FORM_WEIGHT = 5  # of each group of forms, beside the weights of the statements written here
LAYOUTS_WEIGHT = 60
LOOP_WEIGHT = 8
ONCE = ("copies", "mixed", "moving", "narrow", "resizing")  # features whose statements a program has once at least


class Writer:
    """`features`: the groups of forms and statements that this program draws from; `helpers`: functions it may call,
    True for those with defaults, `*args` and a keyword."""

    def __init__(self, random: Random, number: int, features: frozenset[str], helpers: dict[str, bool]) -> None:
        self.random, self.number, self.features, self.helpers = random, number, features, helpers
        self.lines: list[str] = []
        self.functions: list[str] = []  # beside the program
        self.layouts = Layouts(self, parts="parts" in features)
        self.moving, self.resizing = Moving(self), Resizing(self)
        self.depth, self.loops, self.fresh, self.budget = 1, 0, 0, 0
        self.statements: list[tuple[int, Statement]] = [
            (6, self.assign), (5, self.augment), (6, self.element), (4, self.branch), (4, self.counted_loop)]
        for feature in sorted(features):
            self.statements += self._of(feature)

    def _of(self, feature: str) -> list[tuple[int, Statement]]:
        if feature in FEATURES:
            forms = FEATURES[feature]
            more = [(1, self.views_of_arms)] if feature == "views" else []
            return [(FORM_WEIGHT, lambda scope: self.form(scope, forms)), *more]
        return {
            "control": [(2, self.loop_over_arrays), (3, self.while_loop), (2, self.early_return), (3, self.leave_loop),
                        (1, self.endless_loop), (1, self.chained)],
            "calls": [(4, self.call_helper), (3, self.closure)],
            "structures": [(5, self.structure)],
            "comprehensions": [(4, self.comprehension)],
            "finally": [(3, self.cleanup)],
            "recursion": [(5, self.recursion)],
            "layouts": [(LAYOUTS_WEIGHT, self.layouts.statement)],
            "moving": [(LOOP_WEIGHT, self.moving.statement)],
            "resizing": [(LOOP_WEIGHT, self.resizing.statement)],
        }.get(feature, [])

    def program(self, scope: Scope) -> None:
        """All statements of a program."""
        once = [self._of(feature)[0][1] for feature in ONCE if feature in self.features]
        self.random.shuffle(once)
        while self.budget > 0 or once:
            if once and self.random.random() < 0.4:
                self.attempt(once.pop(), scope)
            else:
                self.statement(scope)

    def nested(self) -> Writer:
        """A writer for another function of the program."""
        return Writer(self.random, self.number, self.features, {})

    def put(self, text: str) -> None:
        self.lines += ["    " * self.depth + line for line in text.split("\n")]

    def name(self, stem: str) -> str:
        self.fresh += 1
        return f"{stem}{self.fresh}"

    def statement(self, scope: Scope) -> None:
        """One statement; where the scope lacks what it needs, an assignment."""
        weights = [weight for weight, _ in self.statements]
        self.attempt(self.random.choices(self.statements, weights)[0][1], scope)

    def attempt(self, statement: Statement, scope: Scope) -> None:
        self.budget -= 1
        try:
            statement(scope)
        except Unavailable:
            self.assign(scope)

    def block(self, scope: Scope, most: int = 3) -> None:
        """An indented block: at least one statement, its new names forgotten."""
        self.depth += 1
        before = len(self.lines)
        inner = scope.inner()
        for _ in range(self.random.randint(1, most)):
            if self.budget > 0:
                self.statement(inner)
        if len(self.lines) == before:
            self.assign(inner)
        self.depth -= 1

    # -- plain statements --------------------------------------------------------------------------------------------
    def value(self, scope: Scope, depth: int = 2) -> str:
        """A scalar of Python's float kind where that matters."""
        text = scope.scalar(depth)
        return f"float({text})" if scope.mixed else text

    def assign(self, scope: Scope) -> None:
        target = self.random.choice(scope.targets) if self.random.random() < 0.6 and scope.targets else self.name("s")
        self.put(f"{target} = {self.value(scope)}")
        scope.add_scalar(target)

    def augment(self, scope: Scope) -> None:
        target = scope.pick(scope.targets)
        self.put(f"{target} " + self.random.choice(("+= {q}", "-= 0.5 * {q}", "*= {q}", "/= 1.5 + {q} ** 2", "**= 2"))
                 .format(q=scope.squashed()).replace("**= 2", "*= 0.5" if self.loops else "**= 2"))

    def element(self, scope: Scope) -> None:
        self.form(scope, ELEMENTS)

    def form(self, scope: Scope, forms: list[Form]) -> None:
        """One of the forms that the scope can fill."""
        for _ in range(6):
            try:
                return self.put("\n".join(scope.fill(self.random.choice(forms), self.name)))
            except Unavailable:
                continue
        raise Unavailable

    def chained(self, scope: Scope) -> None:
        first, second = self.name("s"), self.name("s")
        self.put(self.random.choice((
            f"{first} = {second} = {self.value(scope)}", f"{first}, {second} = {self.value(scope)}, {scope.squashed()}",
            f"{second} = ({first} := {self.value(scope, 1)}) * {scope.squashed()}",
            f"({first}, {second}), _ = ({self.value(scope, 1)}, {scope.squashed()}), None")))
        scope.add_scalar(first)
        scope.add_scalar(second)

    # -- structures and calls ----------------------------------------------------------------------------------------
    def structure(self, scope: Scope) -> None:
        name, array = self.name("q"), scope.pick(scope.sized())
        state, body, pair = (f"{stem}_{self.number}" for stem in ("State", "Body", "Pair"))
        made, value, held, assignable = self.random.choice((
            (f"{state}({{s}}, {array})", ".value", ".cells", True),
            (f"{body}({{s}}, {array})", ".value", ".cells", True),
            (f"{pair}({{s}}, {array})", ".value", ".cells", False),
            (f"{{{{'value': {{s}}, 'cells': {array}}}}}", "['value']", "['cells']", True),
            (f"[{{s}}, {array}]", "[0]", "[1]", True), (f"({{s}}, {array})", "[0]", "[1]", False),
            (f"{{{{'inner': [{{s}}, ({array}, 1.0)]}}}}", "['inner'][0]", "['inner'][1][0]", True),
            (f"({pair}({{s}}, {array}), {state}(0.5, {array}))", "[0].value", "[1].cells", False)))
        self.put(f"{name} = " + made.format(s=self.value(scope, 1)))
        scope.add_scalar(name + value, assignable=assignable)
        scope.arrays[name + held] = scope.arrays[array]
        if not assignable or "inner" in made:
            scope.fixed.append(name + held)
        if made.startswith(body):
            result = self.name("s")
            self.put(self.random.choice((
                "{n}.step({q})\n{r} = {n}.energy", "{r} = {n}({q}) + {n}.energy", "{r} = ({n} * {q}).value",
                "{r} = {n}.step({q}).step(0.5, scale={q}).value", "{n}.value += {q}\n{r} = {n}.energy",
                "for {i} in range(3):\n    {n}.step({q})\n{r} = {n}.value + 0.1 * {n}.count",
            )).format(n=name, r=result, q=scope.squashed(), i=self.name("i")))
            scope.add_scalar(result)

    def closure(self, scope: Scope) -> None:
        name, result = self.name("f"), self.name("s")
        target, number = scope.array(), scope.pick(scope.targets)
        forms = ["{f} = lambda t: t * {q} + {x}", "{f} = lambda t, u=0.5: math.sin(t) * u + {x}",
                 "def {f}(t):\n    {a}[0] += 0.2 * math.sin(t)\n    return t * {a}[1]",
                 "def {f}(t):\n    def inner(u):\n        return u * {q} + t\n    return inner(t) * inner(0.3)",
                 "{f} = [lambda t: t * {q}, lambda t: math.sin(t)][1]",
                 "def {f}(t, *more):\n    for one in more:\n        t = t * math.cos(one)\n"
                 "    return t + 0.1 * len(more)"]
        if number.isidentifier() and self.depth == 1 and number != "t":
            forms.append("def {f}(t):\n    nonlocal {n}\n    {n} = 0.5 * {n} + t\n    return {n} * t")
        form = self.random.choice(forms)
        self.put(form.format(f=name, q=scope.squashed(), x=scope.atom(), a=target, n=number))
        call = f"{name}({scope.atom()}, 0.4, {scope.atom()})" if "*more" in form else f"{name}({scope.atom()})"
        self.put(f"{result} = math.sin({call}) + {name}(0.3)")
        scope.add_scalar(result)

    def call_helper(self, scope: Scope) -> None:
        result, helper = self.name("s"), scope.pick(self.helpers)
        array, other, atom = scope.array(), scope.array(), scope.atom()
        options = [f"{array}, {scope.scalar(1)}", f"{array}, t={atom}", f"t={atom}, cells={array}",
        f"*({array}, {atom})"]
        if self.helpers[helper]:
            options += [f"{array}", f"{array}, {atom}, {scope.atom()}", f"{array}, scale={scope.squashed()}",
                        f"{array}, **{{'t': {atom}, 'scale': 0.3}}", f"{array}, {atom}, 0.5, {scope.atom()}, scale=0.2"]
        arguments = self.random.choice(options)
        text = f"{helper}({arguments})"
        if self.random.random() < 0.2:
            text = f"(lambda g, *args: g(*args))({helper}, {other}, {atom})"
        self.put(f"{result} = math.tanh({text})")
        scope.add_scalar(result)

    def comprehension(self, scope: Scope) -> None:
        name, result = self.name("l"), self.name("s")
        text = self.random.choice((
            "{l} = [{x} * j for j in range(3)]\n{s} = {l}[0] + {l}[-1] * {q}", "{s} = sum({q} * j for j in range(3))",
            "{l} = {{key: {x} * 0.5 for key in ('u', 'w')}}\n{s} = {l}['u'] * {l}['w']",
            "{s} = sum(w * e for w, e in zip((0.5, -1.0), ({x}, {q})))", "{s} = max([{x}, {q}, 0.1])",
            "{l}, *{l}_rest = [{x}, {q}, {q}]\n{s} = {l} + {l}_rest[1]",
            "{s} = sum(map(lambda t: t * {q}, ({x}, {q})))",
            "{l} = tuple(math.sin(j * {x}) for j in (1, 2))\n{s} = {l}[0] * {l}[1]",
            "{l} = [{q}] * 2 + [{x}]\n{l}[1] += 0.5\n{s} = sum({l})",
            "{l} = [[{x} * i + j for j in range(2)] for i in range(2)]\n{s} = {l}[1][0] * {q}",
            "{s} = np.sum(np.array([math.sin(j * {x}) for j in range(3)]))",
            "{s} = sum(e * e for e in {a}) * 0.3", "{s} = sum([0.2 * e for e in {a}]) * {q}"))
        fill = {"l": name, "s": result, "q": scope.squashed(), "x": scope.atom(), "a": scope.pick(scope.sized())}
        self.put(text.format(**fill))
        if scope.mixed:
            self.put(f"{result} = float({result})")
        scope.add_scalar(result)

    def recursion(self, scope: Scope) -> None:
        result = self.name("s")
        name = f"{self.random.choice(('halves', 'tree', 'writes'))}_{self.number}"
        first = scope.array() if name.startswith("writes") else scope.squashed()
        self.put(f"{result} = {name}({first}, ({scope.integer()}) % 4)")
        scope.add_scalar(result)

    def views_of_arms(self, scope: Scope) -> None:
        """Arrays made in the arms of a branch, views of them, and writes through both names afterwards."""
        source, array, view = scope.pick(scope.sized()), self.name("w"), self.name("v")
        length = scope.arrays[source].length or 2
        made = ("np.tanh({a})", "{a} * {q}", "{a}.copy()", "{a}")
        shown = ("{w}[::-1]", "{w}[:]") if length < 3 else ("{w}[1:]", "{w}[::-1][1:]", "{w}[:-1]")
        for head in (f"if {scope.condition()}:", "else:"):
            self.put(head)
            self.put(f"    {array} = " + self.random.choice(made).format(a=source, q=scope.squashed()))
            self.put(f"    {view} = " + self.random.choice(shown).format(w=array))
        scope.arrays[array] = scope.arrays[source]
        scope.arrays[view] = Vector(length - (length > 2), scope.arrays[source].kind)
        self.put(f"{view}[0] = {scope.scalar(1)}\n{array}[1] *= {scope.squashed()}")

    # -- control flow ------------------------------------------------------------------------------------------------
    def branch(self, scope: Scope) -> None:
        born = self.name("s") if self.random.random() < 0.3 else None
        self.put(f"if {scope.condition()}:")
        self.arm(scope, born)
        if self.random.random() < 0.25:
            self.put(f"elif {scope.condition()}:")
            self.arm(scope, born)
        if born or self.random.random() < 0.6:
            self.put("else:")
            self.arm(scope, born)
            if born:
                scope.add_scalar(born)

    def arm(self, scope: Scope, born: str | None) -> None:
        self.block(scope)
        if born:
            self.put(f"    {born} = {self.value(scope, 1)}")

    def cleanup(self, scope: Scope) -> None:
        self.put("try:")
        self.block(scope)
        self.put("finally:")
        self.block(scope, 1)

    def loop_body(self, scope: Scope, most: int = 3) -> None:
        self.loops += 1
        self.block(scope, most)
        self.loops -= 1

    def counted_loop(self, scope: Scope) -> None:
        if self.loops >= 2:
            return self.element(scope)
        counter, array = self.name("i"), scope.array()
        length = scope.arrays[array].length
        trips = self.random.randint(0, 5)
        ranges = [(f"range({trips})", trips), ("range(k)", 4), (f"range({trips}, 0, -1)", trips + 1)]
        if length is not None:
            ranges += [(f"range(len({array}))", length), (f"range(1, len({array}))", length),
                       (f"range({array}.shape[0] - 1, -1, -1)", length)] * 2
        text, bound = self.random.choice(ranges)
        inner = scope.inner()
        self.put(f"for {counter} in {text}:")
        inner.counters[counter] = max(bound, 1)
        self.loop_body(inner)
        if self.random.random() < 0.15:
            self.put("else:")
            self.block(scope, 1)

    def loop_over_arrays(self, scope: Scope) -> None:
        if self.loops >= 2:
            return self.augment(scope)
        item, array, second, counter = self.name("e"), scope.array(), self.name("e"), self.name("i")
        other = self.random.choice(scope.same_length(array))
        inner = scope.inner()
        inner.add_scalar(item, assignable=False)
        head = self.random.choice((f"for {item} in {array}:", f"for {counter}, {item} in enumerate({array}):",
                                   f"for {item}, {second} in zip({array}, {other}):",
                                   f"for {item} in reversed({array}):",
                                   f"for {counter}, ({item}, {second}) in enumerate(zip({array}, {other})):"))
        if second in head:
            inner.add_scalar(second, assignable=False)
        if counter in head and scope.arrays[array].length is not None:
            inner.counters[counter] = scope.arrays[array].length or 1
        self.put(head)
        self.loop_body(inner)

    def while_loop(self, scope: Scope) -> None:
        if self.loops >= 2:
            return self.augment(scope)
        counter, trips = self.name("n"), self.random.randint(1, 5)
        self.put(f"{counter} = 0")
        self.put(f"while {counter} < {trips} and ({scope.condition()}):")
        self.put(f"    {counter} += 1")
        self.loop_body(scope.inner())
        if self.random.random() < 0.2:
            self.put("else:")
            self.block(scope, 1)

    def endless_loop(self, scope: Scope) -> None:
        if self.loops >= 2:
            return self.augment(scope)
        counter = self.name("n")
        self.put(f"{counter} = {self.random.randint(0, 3)}")
        self.put("while True:")
        self.put(f"    if ({counter} := {counter} + 1) > 4 or {scope.condition()}:\n        break")
        self.loop_body(scope.inner(), 2)

    def early_return(self, scope: Scope) -> None:
        self.put(f"if {scope.condition()}:")
        self.put(f"    return {self.value(scope)}")

    def leave_loop(self, scope: Scope) -> None:
        if self.loops == 0:
            return self.early_return(scope)
        self.put(f"if {scope.condition()}:")
        self.put(f"    {self.random.choice(('break', 'break', 'continue'))}")
