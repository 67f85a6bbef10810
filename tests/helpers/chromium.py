"""Debian's Chromium, driven over its DevTools pipe: two file descriptors and JSON, no library.

See https://chromedevtools.github.io/devtools-protocol. Messages end in a zero byte; the browser
reads from descriptor 3 and writes to 4.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --mute-audio "
    "--hide-scrollbars --disable-background-networking --disable-component-update --disable-sync "
    "--force-color-profile=srgb --remote-debugging-pipe"
)
_PATIENCE = 60.0
"""Seconds before an answer is given up: a browser on a busy machine starts slowly."""


def installed() -> str | None:
    """The browser's path, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Tab:
    """One tab. `errors` and `requests` hold what the page logged and asked for since `open`."""

    def __init__(self, pipe: _Pipe) -> None:
        self._pipe = pipe
        target = pipe.call("Target.createTarget", url="about:blank")["targetId"]
        attached = pipe.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        self.errors: list[str] = []
        self.requests: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            self.call(f"{domain}.enable")

    def open(
        self, page: Path | str, *, width: int = 1200, height: int = 900, dark: bool = False
    ) -> None:
        """Open a file or an address in a window of a given size, on a light or a dark system."""
        self.errors, self.requests = [], []
        self._pipe.events.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.navigate", url=page if isinstance(page, str) else page.as_uri())
        self._pipe.wait(self._session, "Page.loadEventFired")
        self.settle()

    def settle(self) -> None:
        """Let two frames be drawn, so that what a page starts late is seen too; sort the events."""
        frames = "new Promise(f => requestAnimationFrame(() => requestAnimationFrame(() => f(1))))"
        self.evaluate(frames)
        for method, params in self._pipe.take(self._session):
            if method == "Runtime.exceptionThrown":
                self.errors.append(json.dumps(params["exceptionDetails"]))
            elif method == "Runtime.consoleAPICalled":
                self.errors.append(f"{params['type']}: {json.dumps(params['args'])}")
            elif method == "Log.entryAdded":
                self.errors.append(params["entry"]["text"])
            elif method == "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])

    def evaluate(self, expression: str) -> Any:
        """The JSON value of a JavaScript expression; promises are waited for."""
        found = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in found:
            raise RuntimeError(json.dumps(found["exceptionDetails"]))
        return found["result"].get("value")

    def click(self, selector: str) -> None:
        """Press and release the mouse in the middle of an element."""
        box = self.box(selector)
        place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)
        self.settle()

    def box(self, selector: str) -> dict[str, float]:
        """Where an element is in the window, scrolled into it."""
        found: dict[str, float] = self.evaluate(
            f"(e => {{e.scrollIntoView({{block: 'center'}}); const b = e.getBoundingClientRect();"
            "return {x: b.x, y: b.y, width: b.width, height: b.height}})"
            f"(document.querySelector({json.dumps(selector)}))"
        )
        return found

    def screenshot(self, selector: str | None = None) -> bytes:
        """The whole page, or one element, as PNG."""
        if selector is None:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"]}
        else:
            clip = self.box(selector)
            clip["x"] += self.evaluate("scrollX")
            clip["y"] += self.evaluate("scrollY")
        found = self.call(
            "Page.captureScreenshot", clip={**clip, "scale": 1}, captureBeyondViewport=True
        )
        return base64.b64decode(found["data"])

    def names(self, role: str) -> list[str]:
        """What a screen reader calls the elements of a role."""
        tree = self.call("Accessibility.getFullAXTree")["nodes"]
        return [
            node.get("name", {}).get("value", "")
            for node in tree
            if not node["ignored"] and node["role"]["value"] == role
        ]

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return self._pipe.call(method, session=self._session, **params)


@contextlib.contextmanager
def running(browser: str, profile: Path) -> Iterator[Tab]:
    """A tab of a browser that is ended afterwards."""
    to_browser, from_us = os.pipe()
    to_us, from_browser = os.pipe()
    script = f'exec "$0" "$@" 3<&{to_browser} 4>&{from_browser}'
    command = ["bash", "-c", script, browser, *_OPTIONS.split(), f"--user-data-dir={profile}"]
    process = subprocess.Popen(
        command,
        pass_fds=(to_browser, from_browser),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(to_browser)
    os.close(from_browser)
    try:
        yield Tab(_Pipe(from_us, to_us))
    finally:
        process.terminate()
        process.wait(timeout=_PATIENCE)
        os.close(from_us)
        os.close(to_us)


class _Pipe:
    """Calls and events, one zero-terminated JSON message each."""

    def __init__(self, writer: int, reader: int) -> None:
        self.events: list[dict[str, Any]] = []
        self._writer, self._reader = writer, reader
        self._number, self._rest = 0, b""

    def call(self, method: str, *, session: str | None = None, **params: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if session is not None:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._writer, data) :]
        deadline = time.monotonic() + _PATIENCE
        while True:
            answer = self._read(deadline)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def wait(self, session: str, method: str) -> None:
        """Until an event has come."""
        deadline = time.monotonic() + _PATIENCE
        while not any(
            event.get("method") == method and event.get("sessionId") == session
            for event in self.events
        ):
            self.events.append(self._read(deadline))

    def take(self, session: str) -> list[tuple[str, dict[str, Any]]]:
        """The events of a session so far, which are then forgotten."""
        found = [event for event in self.events if event.get("sessionId") == session]
        self.events.clear()
        return [(event["method"], event["params"]) for event in found]

    def _read(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._reader], [], [], left)[0]:
                raise TimeoutError("the browser does not answer")
            data = os.read(self._reader, 1 << 16)
            if not data:
                raise RuntimeError("the browser has ended")
            self._rest += data
        message, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found
