"""The panel in JupyterLab, in a headless browser: how soon it answers an edit, what it costs who types, what it does
when nothing happens.

An edit is answered when the panel's table is drawn anew: the delay before it asks, the way to the kernel and back, the
analysis and the drawing are in it. It is answered in two parts: what the value costs, line by line, counts; when the
gradient's figures are there is told beside it. Two functions of 60 lines, one of loops and one of arrays; every edit
makes a text that was not there before. Keys are typed by the browser's own input events; what is measured is from the
key's time stamp until the frame behind it is painted, in turns with the panel open and closed. All in one session.
"""
from __future__ import annotations

import functools
import itertools
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.bars import Bar
from tests.browser.conftest import Page, new_notebook, opened_page, running_lab

ROOT = Path(__file__).resolve().parents[2]
EDITS = 9
KEYS = 60  # a turn
TURNS = 4  # with the panel, and as many without
IDLE = 5.0  # seconds

LOOPS = """def rod(p, wall, n):
    rate, order, heat, loss, inflow = p
    m = wall.shape[0]
    h = 0.01
    # state along the tube: concentration, temperature
    c = np.zeros(m)
    t = np.zeros(m)
    for i in range(m):
        c[i] = 1.0
        t[i] = wall[i]
    made = 0.0
    hottest = 0.0
    for k in range(n):
        # what comes in, with a ramp at first
        clock = k * h
        feed = inflow * (1.0 - math.exp(-5.0 * clock))
        before_c = feed
        before_t = 300.0
        step = 0.0
        for i in range(m):
            # the reaction, faster where it is hot
            speed = rate * math.exp(-800.0 / t[i] + 2.5)
            if c[i] > 0.0:
                turned = speed * c[i] ** order
            else:
                turned = 0.0
            # flow from the cell before, heat through the wall
            flow_c = (before_c - c[i]) / 0.05
            flow_t = (before_t - t[i]) / 0.05
            lost = loss * (t[i] - wall[i])
            before_c = c[i]
            before_t = t[i]
            c[i] = c[i] + h * (flow_c - turned)
            t[i] = t[i] + h * (flow_t + 50.0 * heat * turned - lost)
            step = step + turned / m
            if t[i] > hottest:
                hottest = t[i]
        # what is made counts, hot spots cost
        made = made + h * step
        if hottest > 400.0:
            made = made - 0.01 * (hottest - 400.0) ** 2
    # the profile is to be smooth
    rough = 0.0
    for i in range(1, m - 1):
        bend = c[i + 1] - 2.0 * c[i] + c[i - 1]
        rough = rough + bend * bend
    # and the outlet near what is wanted
    outlet = 0.0
    weight = 1.0
    for i in range(m - 1, -1, -1):
        outlet = outlet + weight * c[i]
        weight = weight * 0.5
    gap = outlet - 0.2
    if gap > 0.0:
        fine = gap * gap
    else:
        fine = -0.1 * gap
    spread = math.sqrt(rough / m + 1e-9)
    score = math.log(1.0 + made * made) - fine
    return score - 0.1 * spread

rod(np.ones(5), np.full(40, 300.0), 60)"""

ARRAYS = "\n".join([
    "def layers(x, A, b, target):",
    "    y = x",
    "    penalty = 0.0",
    *(line for k in range(13) for line in (
        "    u = A @ y + b",
        "    s = 1.0 / (1.0 + np.exp(-u))",
        f"    y = y * s + {k}.5 * np.tanh(u) / (1.0 + y * y)",
        "    penalty = penalty + 0.01 * np.sum(u * u)")),
    "    error = y - target",
    "    misfit = np.sum(error * error) / len(error)",
    "    mean = np.mean(y)",
    "    spread = np.sqrt(np.mean((y - mean) ** 2) + 1e-9)",
    "    return misfit + penalty + 0.1 * spread", "",
    "layers(np.ones(40), np.ones((40, 40)), np.ones(40), np.ones(40))"])

#: (function, text, a product of it, which an edit gives another factor)
PROGRAMS = {"loops": ("rod", LOOPS, "0.1 * spread"), "arrays": ("layers", ARRAYS, "0.1 * spread")}

CELL = """
const panel = document.querySelector('#ad-workbench-panel');
const cell = jupyterapp.shell.currentWidget.content.activeCell, shared = cell.model.sharedModel;
"""
EDIT = CELL + """
const text = shared.getSource(), at = text.lastIndexOf(args[0]);
return await new Promise((done, failed) => {
  const begin = performance.now(), table = panel.querySelector('.adw-Totals');
  let first = null;
  const watch = new MutationObserver(() => {
    if (panel.classList.contains('adw-mod-stale')) return;
    first ??= performance.now() - begin;
    if (table.classList.contains('adw-mod-pending')) return;
    watch.disconnect();
    done([first, performance.now() - begin]);
  });
  watch.observe(table, {childList: true});
  setTimeout(() => { watch.disconnect(); failed(Error('no answer: ' + panel.innerText)); }, 20000);
  shared.updateSource(at, at + args[0].length, args[1]);
});
"""
WRITE = """
const content = jupyterapp.shell.currentWidget.content, shared = content.model.sharedModel;
shared.insertCell(shared.cells.length, {cell_type: 'code', source: args[0]});
content.activeCellIndex = content.widgets.length - 1; content.mode = 'edit';
await content.activeCell.ready;
content.activeCell.editor.setCursorPosition({line: 1, column: 0});
"""
LISTEN = """
window.typed = [];
window.heard = event => {
  requestAnimationFrame(() => { const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => window.typed.push(performance.now() - event.timeStamp); port2.postMessage(0); });
};
window.addEventListener('keydown', window.heard, true);
"""
#: whatever code of ours sets a timer is counted, by the stack of the call
TIMERS = """
window.timers = 0;
for (const name of ['setTimeout', 'setInterval', 'requestAnimationFrame']) {
  const real = window[name].bind(window);
  window[name] = (...given) => { if (/labextensions\\/ad-workbench/.test(Error().stack)) window.timers += 1;
    return real(...given); };
}
"""
MESSAGES = """
const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;
let messages = 0;
const note = () => { messages += 1; };
kernel.anyMessage.connect(note);
window.timers = 0;
await new Promise(done => setTimeout(done, 1000 * args[0]));
kernel.anyMessage.disconnect(note);
return [messages, window.timers];
"""


def toggle(page: Page, to_open: bool) -> None:
    is_open = page.driver.execute_script("return Boolean(document.querySelector('#ad-workbench-panel'))")
    if is_open != to_open:
        page.run("await jupyterapp.commands.execute('ad-workbench:toggle');")
        time.sleep(0.5)


def settle(page: Page, name: str) -> None:
    """Wait until the panel shows a function, and its view."""
    page.wait_for(f"document.querySelector('#ad-workbench-panel .adw-Name')?.textContent === '{name}' && "
                  "!document.querySelector('#ad-workbench-panel :is(.adw-mod-older, .adw-mod-pending)')", 60)
    time.sleep(1.0)


def edits(page: Page, piece: str) -> list[tuple[float, float]]:
    """Seconds to the answer of one edit after another, and to its second part; the first two find the kernel cold."""
    found = []
    here = piece
    for k in range(EDITS + 2):
        there = f"{piece} * {k}.5"
        first, whole = page.run(EDIT, here, there)
        found.append((first / 1e3, whole / 1e3))
        here = there
        time.sleep(0.6)  # its view comes after it, and is no part of the answer
    return found[2:]


def press(page: Page, key: str) -> None:
    page.driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": "keyDown", "key": key, "text": key})
    page.driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": "keyUp", "key": key})


def typing(page: Page) -> list[float]:
    """Milliseconds from a key to its painted frame, typed in a comment at the end of the function's first line."""
    page.run("const { content } = jupyterapp.shell.currentWidget; content.mode = 'edit';"
             "const { editor } = content.activeCell; "
             "editor.setCursorPosition({line: 3, column: editor.getLine(3).length}); editor.focus();")
    for key in " # ":
        press(page, key)
    time.sleep(0.5)
    page.driver.execute_script(LISTEN)
    for key in itertools.islice(itertools.cycle("what is typed here "), KEYS):
        press(page, key)
        time.sleep(0.09)
    time.sleep(0.3)
    found = page.driver.execute_script(
        "window.removeEventListener('keydown', window.heard, true); return window.typed;")
    page.run(CELL + "const lines = shared.getSource().split('\\n'); lines[3] = lines[3].replace(/ #.*/, '');"
                       "shared.setSource(lines.join('\\n'));")
    return [float(value) for value in found]


def kernel_seconds(page: Page) -> float:
    """Processor seconds of the notebook's kernel so far."""
    number = page.run("""
        const { kernel } = jupyterapp.shell.currentWidget.sessionContext.session;
        const future = kernel.requestExecute(
          {code: '', silent: true, user_expressions: {pid: '__import__("os").getpid()'}});
        const reply = await future.done;
        return Number(reply.content.user_expressions.pid.data['text/plain']);
        """)
    fields = Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100.0


def page_seconds(page: Page) -> float:
    """Processor seconds of the page's main thread so far."""
    metrics = page.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))


def quiet(page: Page) -> dict[str, float]:
    """What happens while nothing does."""
    time.sleep(3.0)  # what is said to screen readers comes after a pause
    begin = page_seconds(page), kernel_seconds(page)
    time.sleep(0.5)
    messages, timers = page.run(MESSAGES, IDLE)
    return {"messages": messages, "timers": timers, "page": page_seconds(page) - begin[0],
            "kernel": kernel_seconds(page) - begin[1]}


@functools.cache
def session() -> dict[str, Any]:
    """All figures, of one session; `error` where it was not measured to its end."""
    found: dict[str, Any] = {}
    try:
        measure(found)
    except Exception as error:
        found["error"] = error
    return found


def measured(name: str) -> Any:
    """One of the figures of the session."""
    found = session()
    if name not in found:
        raise found["error"]
    return found[name]


def measure(found: dict[str, Any]) -> None:
    """Fill in the figures, one after the other."""
    with (tempfile.TemporaryDirectory() as home, running_lab(ROOT, Path(home)) as lab,
          opened_page(lab, Path(home, "profile")) as page, new_notebook(page, lab)):
        page.driver.execute_cdp_cmd("Performance.enable", {})
        page.driver.execute_script(TIMERS)
        toggle(page, True)
        found["loops"] = written(page, "loops")
        found["open"] = quiet(page)
        turns: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(TURNS):
            for is_open in turns:
                toggle(page, is_open)
                time.sleep(2.0)
                turns[is_open] += typing(page)
        found["typing"] = turns
        toggle(page, False)
        found["closed"] = quiet(page)
        toggle(page, True)
        found["arrays"] = written(page, "arrays")
        page.run("""
            const content = jupyterapp.shell.currentWidget.content, shared = content.model.sharedModel;
            shared.insertCell(0, {cell_type: 'code', source: 'total = 0\\nwhile True:\\n    total += 1'});
            content.activeCellIndex = 0;
            void jupyterapp.commands.execute('notebook:run-cell');
            """)
        for kind in PROGRAMS:
            found[f"{kind}, busy"] = written(page, kind)
        page.run("await jupyterapp.shell.currentWidget.sessionContext.session.kernel.interrupt();")


def written(page: Page, kind: str) -> list[tuple[float, float]]:
    """Seconds to the answers of edits in a new cell that holds a program."""
    name, text, piece = PROGRAMS[kind]
    page.run(WRITE, text)
    settle(page, name)
    return edits(page, piece)


def answers(kind: str, suffix: str = "") -> Bar:
    values, whole = zip(*measured(kind + suffix), strict=True)
    return Bar(f"the panel's answer to an edit of 60 lines of {kind}{suffix}, until it is seen",
               1e3 * statistics.median(values), 300.0, "ms",
               f"fastest {1e3 * min(values):.0f} ms, slowest {1e3 * max(values):.0f} ms of {len(values)}; "
               f"with the gradient {1e3 * statistics.median(whole):.0f} ms")


#: by the name that `python -m tests.benchmarks` knows them by; busy: a cell computes in Python meanwhile
ANSWERS = {"panel": functools.partial(answers, "loops"), "panel_busy": functools.partial(answers, "loops", ", busy"),
           "panel_arrays": functools.partial(answers, "arrays"),
           "panel_arrays_busy": functools.partial(answers, "arrays", ", busy")}


def key_to_frame() -> Bar:
    with_panel, without = measured("typing")[True], measured("typing")[False]
    said = {name: (statistics.median(values), statistics.quantiles(values, n=20)[-1])
            for name, values in (("with", with_panel), ("without", without))}
    return Bar("what the panel adds from a key to its painted frame", said["with"][0] - said["without"][0], 2.0, "ms",
               "; ".join(f"{name} the panel: median {median:.1f} ms, 95 % within {most:.1f} ms"
                         for name, (median, most) in said.items()) + f"; {len(with_panel)} and {len(without)} keys")


def idle() -> Bar:
    opened, closed = measured("open"), measured("closed")
    return Bar(f"messages and timers of the panel in {IDLE:.0f} s without an event",
               opened["messages"] + opened["timers"] + closed["messages"] + closed["timers"], 0.0, "",
               "; ".join(f"{name}: page {1e3 * figures['page']:.0f} ms, kernel {1e3 * figures['kernel']:.0f} ms "
                         "of processor" for name, figures in (("open", opened), ("closed", closed))))


def bundle() -> Bar:
    folder = ROOT / "extension" / "share" / "jupyter" / "labextensions" / "ad-workbench"
    sizes = {path.name: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    return Bar("the panel's bundle", sum(sizes.values()) / 1e3, 300.0, "kB", f"{len(sizes)} files")
