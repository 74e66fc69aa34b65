"""What the panel says of cells that have not run: which function, which arguments, what it costs, what has changed."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import numpy as np
import pytest
from workbench_jupyter.panel.session import MOST, Session

import workbench as wb


class Notebook:
    """A session about names that have run."""

    def __init__(self, **names: Any) -> None:
        self.names = {"np": np, "wb": wb, **names}
        self.session = Session(lambda: dict(self.names))

    def analyse(self, source: str, line: int = 1, others: tuple[str, ...] = (), **asked: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.session.answer({
            "what": "analyse", "cell": {"id": "a", "source": source, "line": line},
            "others": [{"id": f"o{k}", "source": other} for k, other in enumerate(others)], **asked})
        return found

    def ask(self, what: str, **asked: Any) -> Any:
        return self.session.answer({"what": what, **asked})


def flops(found: dict[str, Any], of: str = "value") -> str:
    return str(found["totals"][of]["texts"]["flops"])


def test_the_function_under_the_cursor() -> None:
    source = "def f(x: float):\n    return x\n\n@wb.grad\ndef g(x: float):\n    return x * x\n\ny = f(2.0)\n"
    notebook = Notebook()
    names = [notebook.analyse(source, line)["name"] for line in (1, 2, 4, 6, 7, 8, 9)]
    assert names == ["f", "f", "g", "g", "g", "f", "g"]
    assert notebook.analyse(source)["functions"] == [
        {"name": "f", "first": 1, "last": 2}, {"name": "g", "first": 4, "last": 6}]


def test_where_the_types_of_arguments_come_from() -> None:
    notebook = Notebook(x=np.ones(7))
    call = notebook.analyse("def f(x, k):\n    return (x * k).sum()\nf(x, 3.0)")
    assert call["arguments"] == {"text": "x: f64[n], k: float", "source": "the call in line 3"}
    assert [(d["name"], d["value"]) for d in call["dims"]] == [("n", 7)]
    other = notebook.analyse("def f(x):\n    return x.sum()", others=("a = 2", "z = np.zeros((3, 4))\nf(z)"))
    assert other["arguments"] == {"text": "x: f64[n,m]", "source": "the call in line 2 of another cell"}
    annotated = notebook.analyse('def f(x: "f64[rows,cols]", s: float = 2.0):\n    return (x * s).sum()')
    assert annotated["arguments"] == {"text": "x: f64[rows,cols], s: float", "source": "its annotations"}
    guess = notebook.analyse(
        "def f(A, x, steps):\n    s = 0.0\n    for k in range(steps):\n        s += A[0, 1] * x[k]\n    return s")
    assert guess["arguments"] == {"text": "A: f64[n,m], x: f64[n], steps: int", "source": "guessed from its use"}
    written = notebook.analyse("def f(x, k):\n    return (x * k).sum()\nf(x, 3.0)", arguments="x: f64[p,q], k: int")
    assert written["wrt"] == {"text": "x", "source": "the first that holds numbers"}
    assert written["arguments"] == {"text": "x: f64[p,q], k: int", "source": "written here"}
    assert flops(written) == "2·p·q"
    as_a_call = notebook.analyse("def f(x, k):\n    return (x * k).sum()", arguments="wb.spec('f64[p]', p=9), k=2.0")
    assert (flops(as_a_call), as_a_call["dims"][0]["value"]) == ("2·p", 9)
    magic = notebook.analyse("%%grad --wrt k --at 'np.ones(5), 2.0'\ndef f(x, k):\n    return (x * k).sum()", 2)
    assert (magic["arguments"]["text"], magic["first"], magic["totals"]["gradient"]["texts"]["flops"]) == (
        "x: f64[n], k: float", 2, "3·n")
    notebook.session.runs.append(("gone", "f(np.ones((2, 5)))"))
    ran = notebook.analyse("def f(x):\n    return x.sum()")
    assert ran["arguments"] == {"text": "x: f64[n,m]", "source": "its last run"}
    named = notebook.analyse("def f(x):\n    return x.sum()\ngradient = wb.grad(f)\ngradient(np.zeros((2, 3, 4)))")
    assert named["arguments"]["text"] == "x: f64[n,m,k]"
    line = notebook.analyse("def f(x):\n    return x * x\n%cost f(x) --of gradient")
    assert line["arguments"]["source"] == "the call in line 3"


@pytest.mark.parametrize("text", ["x: f6", "y: float", "x: float, y: float", "1.0, 2.0, 3.0", "1.0,, 2", "x: f64[n"])
def test_arguments_that_are_none_are_a_problem(text: str) -> None:
    found = Notebook().analyse("def f(x, k=1.0):\n    return x * k", arguments=text)
    assert "key" not in found and found["name"] == "f" and found["problems"][0]["message"]
    assert found["problems"][0]["line"] is None


def test_integers_are_sizes_where_they_can_be() -> None:
    notebook = Notebook(x=np.ones((3, 4)))
    found = notebook.analyse("def f(x, n):\n    for k in range(n):\n        x = x * 1.5\n    return x.sum()\nf(x, 20)")
    assert found["arguments"]["text"] == "x: f64[m,k], n: int" and "n" in flops(found)
    fixed = notebook.analyse("def f(x, axis=0):\n    return x.sum(axis=axis).sum()\nf(x, axis=1)")
    assert fixed["arguments"]["text"] == "x: f64[n,m], axis: 1"


def test_names_of_cells_that_have_not_run() -> None:
    notebook = Notebook()
    cells = (
        "import math\nfrom dataclasses import dataclass\nRATE = 0.5", "def helper(x):\n    return math.exp(x) * RATE",
        "@dataclass\nclass P:\n    a: float\n    b: float = 2.0\n"
        "    def at(self, x):\n        return self.a * x + self.b")
    found = notebook.analyse("def f(x, p):\n    return helper(p.at(x))\nf(1.0, P(3.0))", others=cells)
    assert (flops(found), found["arguments"]["text"]) == ("4", "x: float, p: P")
    missing = notebook.analyse("def f(x):\n    return c * x\nf(2.0)", others=("c = load()",))["problems"]
    assert "load" in missing[0]["message"] and missing[0]["line"] == 2


def test_names_that_have_run_and_are_written_anew() -> None:
    notebook = Notebook(RATE=2.0)
    source = "def g(x):\n    return x * x\n\ndef f(x):\n    return g(x) * RATE\nf(1.0)"
    first = notebook.analyse(source, 5)
    assert flops(first) == "2"
    assert notebook.analyse(source, 4)["key"] == first["key"]
    notebook.names["RATE"] = np.ones(4)
    assert flops(notebook.analyse(source, 5)) == "5"
    assert flops(notebook.analyse(source.replace("x * x", "x * x * x"), 5)) == "6"


def test_a_plain_cell_is_a_function_of_what_it_reads() -> None:
    notebook = Notebook(x=np.ones(7), w=2.0, name="text")
    found = notebook.analyse("%%time\n\ny = np.sin(x) * w\nprint(y)\nloss = (y * y).sum()\nloss")
    assert (found["name"], found["first"], found["last"]) == ("this cell", 3, 6)
    assert found["arguments"]["text"] == "x: f64[n], w: float"
    assert [line["line"] for line in found["lines"]] == [3, 5]
    assert found["wrt"] == {"text": "x, w", "source": "all that the cell reads"}
    assert "nothing" in notebook.analyse("import numpy as np")
    assert "nothing" in notebook.analyse("a = 2\nb = a * 3")
    assert "nothing" in notebook.analyse("class A:\n    pass")
    assert "nothing" in notebook.analyse("")


def test_problems_have_their_lines() -> None:
    notebook = Notebook()
    assert notebook.analyse("\n\ndef f(x):\n    return (x * 2\n")["problems"][0]["line"] == 4
    assert notebook.analyse("%%bash\nls")["problems"][0]["message"].startswith("%%bash")
    refused = notebook.analyse("def f(x):\n    y = x * x\n    return open(y)\nf(2.0)")["problems"]
    assert [problem["line"] for problem in refused] == [3]
    vector = notebook.analyse("def f(x):\n    return x * x\nf(np.ones(3))")
    assert vector["pulled"] and flops(vector, "gradient")
    no_gradient = notebook.analyse("def f(x: int):\n    return x * 2")
    assert no_gradient["totals"]["gradient"] is None and no_gradient["problems"]


def test_numbers_at_other_sizes() -> None:
    notebook = Notebook(x=np.ones(7))
    found = notebook.analyse("def f(x):\n    s = 0.0\n    while s < 9.0:\n        s += x.sum()\n    return s\nf(x)")
    assert [(d["name"], d["value"]) for d in found["dims"]][:2] == [("n", 7), ("trips(line 3)", 10)]
    at = notebook.ask("at", key=found["key"], sizes={"n": 100, "trips(line 3)": 3})
    assert at["totals"]["value"]["flops"] == 303.0
    assert {line["line"] for line in at["lines"]} >= {4}
    again = notebook.analyse("def f(x):\n    s = 0.0\n    while s < 9.0:\n        s += x.sum()\n    return s\nf(x)",
                             sizes={"n": 100})
    assert again["dims"][0]["value"] == 100


def test_what_is_kept_is_told_at_its_line() -> None:
    found = Notebook().analyse(
        "def f(x, n):\n    y = 1.0\n    for k in range(n):\n        y = y * x\n    return y\nf(2.0, 30)")
    kept = {line["line"]: (line["kept"], line["why"]) for line in found["lines"] if line["kept"]}
    assert kept[4] == (240.0, "carried from turn to turn: no operation gives it")
    assert found["totals"]["gradient"]["residuals"] == 240.0
    there = Notebook().analyse(
        "def loss(x, w):\n    h = np.tanh(w @ x)\n    return np.sum(h * h)\nloss(np.ones(5), np.ones((20, 5)))")
    assert [line["kept"] for line in there["lines"]] == [there["totals"]["gradient"]["residuals"], 0.0]
    assert there["lines"][0]["why"].startswith("stays alive: ")


def test_the_views_are_those_of_cells() -> None:
    notebook = Notebook(x=np.ones(7))
    source = "def f(x):\n    y = np.sin(x)  # <img src=x onerror=alert(1)>\n    return (y * y).sum()\nf(x)"
    found = notebook.analyse(source)
    kinds = {}
    for view in found["views"]:
        shown = notebook.ask("view", key=found["key"], view=view)
        kinds[view] = shown["kind"]
        assert shown["html"] and "<img src=x" not in shown["html"]
        assert notebook.ask("ask", key=found["key"], view=view, question={"what": "html"}) == shown["html"]
    assert kinds["cost"] == "cost" and kinds["adjoint"] == "gradient"
    assert "math.cos" in notebook.ask("ask", key=found["key"], view="adjoint", question={"what": "text"})
    assert len(notebook.ask("ask", key=found["key"], view="adjoint", question={"what": "stages"})["stages"]) > 3
    assert notebook.ask("ask", key=found["key"], view="cost", question={"what": "at", "dims": {"n": 5}})["totals"]
    with pytest.raises(ValueError, match="no view"):
        notebook.ask("view", key=found["key"], view="?")


def test_what_an_edit_has_changed() -> None:
    notebook = Notebook(x=np.ones(7))
    before = "def f(x):\n    y = np.sin(x)\n    return (y * y).sum()\nf(x)"
    after = "def f(x):\n    y = np.sin(x)\n    z = np.exp(y)\n    return (y * z).sum()\nf(x)"
    assert notebook.analyse(before)["change"] is None
    found = notebook.analyse(after)
    assert found["change"]["since"] == "before this edit"
    row = found["change"]["rows"][0]
    assert (row["what"], row["before_text"], row["after_text"]) == ("flops", "6·n", "8·n")
    assert row["after"] - row["before"] == 14.0
    lines = {line["line"]: line["new"] for line in found["change"]["lines"]}
    assert lines[3] is True and 2 not in {line for line, new in lines.items() if new}
    text = notebook.ask("ask", key=found["key"], view="change", question={"what": "text"})
    assert text.count("line 2: y = np.sin(x)") == 1 and text.count("line 4: return") == 1
    at = notebook.ask("at", key=found["key"], sizes={"n": 100})["change"]["rows"][0]
    assert (at["before"], at["after"]) == (600.0, 800.0)
    assert notebook.analyse(before)["change"] is None


def test_changes_since_the_last_run_and_since_a_text_that_is_pinned() -> None:
    notebook = Notebook(x=np.ones(7))
    texts = [f"def f(x):\n    return (x{' * x' * k}).sum()\nf(x)" for k in range(4)]
    first = notebook.analyse(texts[0])
    notebook.session.runs.append(("a", texts[1]))
    notebook.analyse(texts[1])
    assert notebook.analyse(texts[2])["change"]["since"] == "its last run"
    notebook.ask("baseline", key=first["key"])
    found = notebook.analyse(texts[3])
    assert found["change"]["since"] == "the pinned text"
    assert found["change"]["rows"][0]["before_text"] == flops(first, "gradient")
    notebook.ask("baseline", key=None, cell="a")
    assert notebook.analyse(texts[2])["change"]["since"] == "its last run"


def test_old_analyses_and_their_texts_go() -> None:
    from workbench.frontend import source, statements

    notebook = Notebook()
    texts, codes = len(source._trees), len(statements._codes)
    keys = [notebook.analyse(f"def f(x):\n    return x * {k}.5\nf(2.0)")["key"] for k in range(3 * MOST)]
    with pytest.raises(LookupError, match="ask again"):
        notebook.ask("at", key=keys[0], sizes={})
    assert notebook.ask("at", key=keys[-1], sizes={})["totals"]
    assert len(notebook.session.analyses) == MOST
    assert len(source._trees) - texts <= MOST + 1 and len(statements._codes) - codes <= MOST + 1
    assert len(notebook.session.texts) <= 2 * MOST


def test_the_tape_is_that_of_the_program_on_what_there_is() -> None:
    notebook = Notebook(x=np.array([1.0, 2.0]), big=np.ones(100_000))
    source = "def f(x):\n    s = 0.0\n    for v in x:\n        s += v * v\n    return s\n"

    def tape(source: str) -> dict[str, Any]:
        found = notebook.analyse(source)
        shown = notebook.ask("view", key=found["key"], view="tape")
        assert shown["kind"] == "tape" and shown["html"]
        nodes = notebook.ask("ask", key=found["key"], view="tape", question={"what": "nodes", "first": 0, "stop": 3})
        assert len(nodes["value"]) == 3
        data: dict[str, Any] = shown["data"]
        return data
    here = tape(source + "f(x)")
    assert (here["title"], here["value"], here["nodes"]) == ("tape of f", "5", 6)
    assert [part["name"] for part in here["sources"]] == ["f"] and here["sources"][0]["first"] == 1
    assert tape(source + "f(big)")["title"] == "tape of f, on samples with n = 5"
    assert tape(source + "f(wb.spec('f64[m]'))")["title"] == "tape of f, on samples with m = 5"
    endless = tape("def f(x):\n    while True:\n        x = x * 0.5\n    return x\nf(1.0)")
    assert endless["title"] == "tape of f, stopped after 20,000 operations"
    assert np.array_equal(notebook.names["x"], [1.0, 2.0])


def test_a_tape_that_cannot_be_had_says_why() -> None:
    notebook = Notebook(x=np.ones(3))
    found = notebook.analyse(
        "def f(x):\n    if x.sum() > 1.0:\n        raise ValueError('too much')\n    return x.sum()\nf(x)")
    shown = notebook.ask("view", key=found["key"], view="tape")
    assert shown["kind"] == "" and "too much" in shown["html"]


def test_edits_beside_a_function_do_not_have_it_counted_again() -> None:
    notebook = Notebook(x=np.ones(7))
    body = "def g(y):\n    return y * y\n\ndef f(y):\n    return g(y).sum()\n\ndef h(y):\n    return y\n"
    made = {}
    for end in ("f(x)", "f(x)  # now", "f(x)\nprint(1)", "f(np.ones(3))", "h(3.0)\nf(x)"):
        found = notebook.analyse(body + end, 5)
        made[end] = notebook.session.analyses[found["key"]].made
        assert notebook.session.analyses[found["key"]].reading.source == body + end
    assert len({id(program) for program in made.values()}) == 1
    assert found["dims"][0]["value"] == 7
    other = notebook.analyse(body.replace("y * y", "y + y") + "f(x)", 5)
    assert notebook.session.analyses[other["key"]].made is not made["f(x)"]
    fixed = [notebook.analyse(f"def f(y, axis):\n    return y.sum(axis=axis).sum()\nf(np.ones((3, 4)), {axis})")
             for axis in (0, 1)]
    assert fixed[0]["arguments"]["text"] != fixed[1]["arguments"]["text"]


def test_arrays_that_the_cell_would_make_are_there_by_their_shapes() -> None:
    notebook = Notebook()
    source = "grid = np.linspace(0.0, 1.0, 50)\nrng = np.random.default_rng(1)\nw = rng.normal(size=(4, 50))\n"
    text = "def f(a):\n    return (a * grid).sum() + (w @ grid).sum()\nf(np.exp(grid) * 2)"
    found = notebook.analyse(source + text, 5)
    assert found["arguments"]["text"] == "a: f64[n]" and found["dims"][0]["value"] == 50
    assert found["totals"]["value"]["flops"] == pytest.approx(2 * 50 + 2 * 4 * 50 + 4 + 1, abs=60)
    huge = notebook.analyse("w = np.ones((10**5, 10**5))\ndef f(a):\n    return w[0, 0] * a\nf(1.0)", 2)
    assert "too large" in huge["problems"][0]["message"]


def test_guesses_follow_what_parameters_are_used_for() -> None:
    notebook = Notebook()
    classes = ("from typing import NamedTuple\nclass Vec(NamedTuple):\n    x: float\n    y: float\n"
               "    def __add__(self, other):\n        return Vec(self.x + other.x, self.y + other.y)\n"
               "class Ball(NamedTuple):\n    at: Vec\n    size: float = 1.0")
    body = "\n    there = ball.at + v\n    return there.x * ball.size"
    scene = notebook.analyse(f"def f(ball, v):{body}", others=(classes,))
    assert scene["problems"][-1]["line"] == 1 and "guessed (ball: Ball, v: float)" in scene["problems"][-1]["message"]
    scene = notebook.analyse(f"def f(ball, v: Vec):{body}", others=(classes,))
    assert scene["arguments"]["text"] == "ball: Ball, v: Vec" and flops(scene) == "2"
    call = notebook.analyse("def f(v):\n    return (v + v).x\nf(Vec(1.0, y=2.0))", others=(classes,))
    assert call["arguments"] == {"text": "v: Vec", "source": "the call in line 3"}
    handed = notebook.analyse("def g(p, n):\n    a, b = p\n    return a * b + sum(k for k in range(n))\n"
                              "def f(q, m):\n    return g(q, n=m)", 5)
    assert handed["arguments"]["text"] == "q: (float, float), m: int"
    through = notebook.analyse("def f(x):\n    y = np.sin(x)\n    y[0] = 7.0\n    return np.sum(y * x)")
    assert through["arguments"]["text"] == "x: f64[n]"
    title = notebook.ask("view", key=through["key"], view="tape")["data"]["title"]
    assert title == "tape of f, on samples with n = 5"
    long = notebook.analyse("def f(x):\n    return x[9] * x[0]")
    assert notebook.ask("view", key=long["key"], view="tape")["data"]["title"] == "tape of f, on samples with n = 16"


def test_nothing_of_the_notebook_is_kept_alive() -> None:
    notebook = Notebook(x=np.ones(7), scale=np.ones(7))
    gone = [weakref.ref(notebook.names[name]) for name in ("x", "scale")]
    source = "def f(y):\n    return (y * scale).sum()\nf(x)"
    found = notebook.analyse(source)
    notebook.ask("view", key=found["key"], view="tape")
    notebook.ask("baseline", key=found["key"])
    del notebook.names["x"], notebook.names["scale"]
    notebook.session.runs.append(("b", "del x, scale"))
    notebook.session.note_runs()
    with pytest.raises(LookupError, match="unknown key"):
        notebook.ask("at", key=found["key"], sizes={})
    other = notebook.analyse("def f(y):\n    return y * y\nf(z)", arguments="y: f64[n]")
    notebook.session.runs.append(("b", "z = 2"))
    notebook.names["z"] = 3.0
    assert notebook.ask("at", key=other["key"], sizes={"n": 5})["totals"]["value"]["flops"] == 5.0
    gc.collect()
    assert [ref() for ref in gone] == [None, None]
    notebook.names |= {"x": np.ones(3), "scale": np.ones(3)}
    assert notebook.analyse(source.replace("sum", "mean"))["change"]["since"] == "the pinned text"


def test_a_shell_without_a_kernel_has_no_line() -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from workbench_jupyter import panel

    shell = InteractiveShell()
    panel.register(shell)
    assert panel.cell_files() == {}
    panel.unregister()
