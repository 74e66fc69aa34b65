"""The pictures of the README, remade: JupyterLab runs cells in a headless browser, as the browser tests do.

    python tools/screenshots.py            # writes docs/images/*.png

Light theme, one pixel a pixel. It needs chromium and chromedriver (`make chromium`).
"""

from __future__ import annotations

import base64
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "images"
LARGEST = 200_000  # bytes of a picture
WIDTH = 1120

CELL = '''%%grad --wrt angle,drag
def distance(angle, speed, drag):
    x, y = 0.0, 0.0
    vx, vy = speed * math.cos(angle), speed * math.sin(angle)
    while y >= 0.0:
        slower = 1.0 - 0.01 * drag * math.hypot(vx, vy)
        vx, vy = vx * slower, vy * slower - 0.01 * 9.81
        x, y = x + 0.01 * vx, y + 0.01 * vy
    return x - y * vx / vy


distance(0.7, 30.0, 0.02)'''


@pytest.mark.browser
def test_the_panel_of_a_cell(scratch) -> None:  # type: ignore[no-untyped-def]
    """A cell with `%%grad` and its panel, on one screen."""
    page = scratch.page
    page.theme(False)
    page.driver.set_window_size(WIDTH, 1000)
    scratch.run(CELL)
    scratch.alive()
    scratch.last("""
        const content = jupyterapp.shell.currentWidget.content;
        await content.scrollToCell(content.widgets.at(-1), 'start');
        cell.querySelector('.wb-program:first-of-type .wb-row[class*="wb-l"]')?.focus();
        await new Promise(resolve => setTimeout(resolve, 800));""")
    box = scratch.last("const r = cell.getBoundingClientRect(); return [r.left, r.top, r.right, r.bottom];")
    left, top, right, bottom = (max(0, round(v)) for v in box)
    clip = {"x": left, "y": top, "width": right - left, "height": min(bottom, 1000) - top, "scale": 1}
    shot = page.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "clip": clip})
    save("cell.png", shot["data"])


def save(name: str, encoded: str) -> None:
    """Write a picture that the browser took."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    picture = base64.b64decode(encoded)
    assert len(picture) < LARGEST, f"{name} has {len(picture)} bytes"
    (FOLDER / name).write_bytes(picture)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    sys.exit(pytest.main([__file__, "-q", "-p", "tests.conftest", "-p", "tests.browser.conftest"]))
