"""Pages in a real browser: headless Chromium, which runs a script in the page and is read after."""

import json
import math
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))),
    None,
)
needs_browser = pytest.mark.skipif(
    BROWSER is None, reason="no Chromium found: install it, as by `apt-get install chromium`"
)
OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # as root, which containers run as, it has none
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--enable-logging=stderr",
    "--v=0",
    "--virtual-time-budget=10000",  # milliseconds, which pass at once when nothing is going on
)
PATIENCE = 900  # seconds
CONSOLE = re.compile(
    r'^\[[^\]\n]*:CONSOLE[^\]\n]*\] "(.*?)", source: [^\n]*\(\d+\)$', re.DOTALL | re.MULTILINE
)

# What a test's script may call. `send` is what a mouse sends; a point is in shares of the canvas.
PRELUDE = """
const send = (type, [x, y], pressed = true) => {
  const canvas = document.getElementById("draw-canvas");
  const { left, top, width, height } = canvas.getBoundingClientRect();
  canvas.dispatchEvent(new PointerEvent(type, {
    bubbles: true, pointerId: 1, pointerType: "mouse", buttons: Number(pressed),
    button: type === "pointermove" ? -1 : 0,
    clientX: left + x * width, clientY: top + y * height,
  }));
};
const draw = (strokes) => {
  for (const stroke of strokes) {
    send("pointerdown", stroke[0]);
    stroke.slice(1).forEach((point) => send("pointermove", point));
    send("pointerup", stroke.at(-1), false);
  }
};
const click = (id) => document.getElementById(id).click();
const text = (id) => document.getElementById(id).textContent;
const encode = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
const frame = () => new Promise(requestAnimationFrame);
"""
ONE = [[(0.5, 0.15), (0.5, 0.5), (0.5, 0.85)]]
ZERO = [
    [
        (0.5 + 0.22 * math.sin(math.tau * turn / 40), 0.5 - 0.33 * math.cos(math.tau * turn / 40))
        for turn in range(41)
    ]
]
SEVEN = [[(0.28, 0.2), (0.5, 0.2), (0.72, 0.2), (0.6, 0.5), (0.48, 0.85)]]


@dataclass(frozen=True)
class Visit:
    """What came of a page: the script's value, and every message on the browser's console."""

    value: Any
    console: list[str]


def visit(page: str, folder: Path, script: str) -> Visit:
    """Open a page and run a script in it.

    Args:
        page: HTML.
        folder: Empty, for the page and what the browser keeps.
        script: The body of an asynchronous function, whose value JSON can hold.
    """
    ending = f"""<script>(async () => {{
{PRELUDE}
const value = await (async () => {{ {script} }})();
const results = document.createElement("script");
Object.assign(results, {{ id: "results", type: "application/json" }});
results.textContent = JSON.stringify(value).replaceAll("<", "\\\\u003c");
document.body.append(results);
}})();</script>
</body>"""
    file = folder / "page.html"
    file.write_text(page.replace("</body>", ending), encoding="utf-8")
    assert BROWSER is not None
    finished = subprocess.run(
        [BROWSER, *OPTIONS, f"--user-data-dir={folder / 'profile'}", "--dump-dom", file.as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    console = CONSOLE.findall(finished.stderr)
    found = re.search(r'<script id="results"[^>]*>(.*?)</script>', finished.stdout, re.DOTALL)
    return Visit(json.loads(found[1]) if found else None, console)


def read_drawings(page: str, folder: Path, drawings: list[Any]) -> Visit:
    """Draw on the report's canvas; the value holds the digit that the page shows for each."""
    return visit(
        page,
        folder,
        f"""return {json.dumps(drawings)}.map((strokes) => {{
          click("draw-clear");
          draw(strokes);
          return text("draw-digit");
        }});""",
    )
