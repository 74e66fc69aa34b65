"""Live views: an anywidget model for each thing shown, and no widget in the notebook.

What is saved is the static HTML, inside an element with a token. The model (`static/loader.js`) has that token; its
script finds the element in the page, fetches the view's script and data from here, and takes the element over. When
the kernel is gone the page keeps what it shows; when the notebook is opened without one, the static form is there.

Invariants: a model's state is a few words (no data, no script), so that even tools that store the state of widgets
store next to nothing; the oldest models are closed when there are more than `MOST`; questions may arrive in a thread of
their own while a cell runs, so answers are given under a lock and print nothing. In answers, NumPy arrays travel as
binary buffers (the page has typed arrays), and numbers that JSON does not know as the strings "nan", "inf" and "-inf".
"""

from __future__ import annotations

import math
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from html import escape
from typing import Any

import anywidget
import numpy as np
import traitlets

from workbench.views import shown
from workbench.views.shown import Shown
from workbench_jupyter.scripts import kinds, loader, script, version

#: So many views of a kernel stay alive.
MOST = 64


class LiveView(anywidget.AnyWidget):
    """The model of one live view. `element` is what is shown; a page's questions are answered from it."""

    _esm = loader()
    token = traitlets.Unicode().tag(sync=True)
    kind = traitlets.Unicode().tag(sync=True)
    version = traitlets.Unicode().tag(sync=True)

    def __init__(self, element: Shown) -> None:
        self.element = element
        self._answering = threading.RLock()
        super().__init__(token=secrets.token_hex(8), kind=element.kind, version=version(element.kind))
        self.on_msg(self._asked)

    def answer(self, question: Mapping[str, Any]) -> Any:
        """What a page wants to know: the script, the data, the static forms, or what the view itself answers."""
        match question.get("what"):
            case "script":
                return script(self.kind)
            case "data":
                return self.element.as_dict()
            case "html":
                return self.element.html()
            case "text":
                return self.element.text()
        return self.element.answer(question)

    def _asked(self, _: Any, content: Mapping[str, Any], __: Any) -> None:
        reply: dict[str, Any] = {"answer": content.get("number")}
        buffers: list[Any] = []
        try:
            with self._answering:
                reply["value"] = packed(self.answer(content["question"]), buffers)
        except Exception as error:  # the page shows it
            reply["error"] = f"{type(error).__name__}: {error}"
            buffers.clear()
        self.send(reply, buffers)


def packed(value: Any, buffers: list[Any]) -> Any:
    """An answer as JSON has it; arrays go into `buffers` and are named by their place there."""
    match value:
        case np.ndarray():
            kept = value.astype(np.float64 if np.abs(value).max(initial=0) > 2**31 - 1 else np.int32) \
                if value.dtype in (np.int64, np.uint64) else value
            buffers.append(memoryview(np.ascontiguousarray(kept).tobytes()))
            return {"$array": len(buffers) - 1, "dtype": kept.dtype.name}
        case np.generic():
            return packed(value.item(), buffers)
        case float() if not math.isfinite(value):
            return str(value)
        case Mapping():
            return {str(key): packed(item, buffers) for key, item in value.items()}
        case list() | tuple():
            return [packed(item, buffers) for item in value]
    return value


_LIVE: OrderedDict[str, LiveView] = OrderedDict()


def enliven(element: Shown, html: str) -> str:
    """The static HTML inside an element that a new live view takes over."""
    if element.kind not in kinds():
        return html
    view = LiveView(element)
    _LIVE[view.token] = view
    while len(_LIVE) > MOST:
        _LIVE.popitem(last=False)[1].close()
    return f'<div class="wb-live" data-wb-live="{escape(view.token)}">{html}</div>'


def register() -> None:
    """Have everything that is shown from now on come alive."""
    shown.register(enliven)


def unregister() -> None:
    """Take it back, and close what is alive."""
    shown.register(None)
    while _LIVE:
        _LIVE.popitem()[1].close()
