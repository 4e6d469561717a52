"""Drives headless Chromium by its DevTools protocol over a pipe: no port, no further package.

    with Browser() as chromium:
        tab = chromium.open(path)
        tab.evaluate("document.title")

The protocol is JSON messages that end with a zero byte, on the file descriptors 3 and 4 of Chromium
(`--remote-debugging-pipe`).
"""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 60


def find():
    """Chromium's program, or None."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


def not_run(why):
    """Prints that tests were not run: skipped is not passed."""
    print(f"\n*** NOT RUN: {why}\n", file=sys.stderr)
    raise unittest.SkipTest(why)


def for_tests(what, **options):
    """A browser that runs; without Chromium it is said of `what` that it was not opened."""
    if find() is None:
        not_run(f"there is no Chromium here; {what} was not opened in a browser")
    return Browser(**options).__enter__()


class BrowserError(Exception):
    """Chromium refused a command, or did not answer in time."""


class Browser:
    """One Chromium with a temporary profile. It can reach no network: host names do not resolve, or with `loopback`
    resolve to this machine only."""

    def __init__(self, program=None, loopback=False):
        self.program = program or find()
        if self.program is None:
            raise BrowserError("no Chromium is installed; install the package chromium and run again")
        self.rules = "MAP * ~NOTFOUND" + (", EXCLUDE 127.0.0.1" if loopback else "")
        self.number = 0
        self.tabs = {}
        self.waiting = b""

    def __enter__(self):
        self.profile = tempfile.TemporaryDirectory(prefix="leakhound-browser-", ignore_cleanup_errors=True)
        theirs_in, self.to = os.pipe()
        self.from_, theirs_out = os.pipe()

        def wire():
            # Moved away first: a pipe may already have the number 3 or 4.
            a, b = os.dup(theirs_in), os.dup(theirs_out)
            os.dup2(a, 3)
            os.dup2(b, 4)

        words = ["--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
                 "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
                 f"--host-resolver-rules={self.rules}", "--force-color-profile=srgb", f"--user-data-dir={self.profile.name}"]
        self.process = subprocess.Popen([self.program, *words], preexec_fn=wire, close_fds=False,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.to)
        os.close(self.from_)
        self.profile.cleanup()

    def call(self, method, session=None, **params):
        """Sends one command and returns its result."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        view = memoryview(json.dumps(message).encode() + b"\0")
        while view:
            view = view[os.write(self.to, view):]
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            answer = self.read(end - time.monotonic())
            if answer is not None and answer.get("id") == self.number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                return answer["result"]
        raise BrowserError(f"{method}: no answer in {SECONDS} s")

    def read(self, seconds):
        """Reads the next message; events are passed to their tab."""
        while b"\0" not in self.waiting:
            if not select.select([self.from_], [], [], max(seconds, 0))[0]:
                return None
            data = os.read(self.from_, 1 << 20)
            if not data:
                raise BrowserError("Chromium went away")
            self.waiting += data
        line, self.waiting = self.waiting.split(b"\0", 1)
        message = json.loads(line)
        tab = self.tabs.get(message.get("sessionId"))
        if tab and "method" in message:
            tab.saw(message["method"], message["params"])
        return message

    def open(self, place, width=1280, height=900, dark=False, scripts=True, policy=True):
        """A new tab with a file or an address; `policy=False` lets a checker into a page whose policy keeps it out."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Tab(self, target, session)
        self.tabs[session] = tab
        for domain in ("Page", "Runtime", "Network", "Log"):
            tab.call(f"{domain}.enable")
        tab.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        tab.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        tab.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        tab.call("Page.setBypassCSP", enabled=not policy)
        url = place if str(place).startswith("http") else Path(place).resolve().as_uri()
        tab.call("Page.navigate", url=url)
        return tab


class Tab:
    """A page, with a record of its requests beyond its own file and of its console errors."""

    def __init__(self, browser, target, session):
        self.browser, self.target, self.session = browser, target, session
        self.requests, self.complaints = [], []

    def call(self, method, **params):
        return self.browser.call(method, self.session, **params)

    def saw(self, method, params):
        if method == "Network.requestWillBeSent" and params.get("type") != "Document":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            self.complaints.append(str(params["args"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.complaints.append(params["entry"]["text"])

    def evaluate(self, script):
        """The value of an expression, awaited."""
        done = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in done:
            raise BrowserError(done["exceptionDetails"].get("exception", {}).get("description", "failed"))
        return done["result"].get("value")

    def wait(self, script, seconds=SECONDS):
        """Until an expression is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if self.evaluate(script):
                    return
            except BrowserError as error:
                # Before the page is there.
                if "context" not in str(error).lower() and "null" not in str(error):
                    raise
            time.sleep(0.05)
        raise BrowserError(f"not true in {seconds} s: {script}")

    def press(self, key, shift=False):
        """A key, by its name: `Enter`, `ArrowDown`, `a`."""
        codes = {"Enter": 13, "Escape": 27, "Tab": 9, " ": 32, "Home": 36, "End": 35, "ArrowUp": 38, "ArrowDown": 40,
                 "ArrowLeft": 37, "ArrowRight": 39, "PageDown": 34, "PageUp": 33}
        text = "\r" if key == "Enter" else key if len(key) == 1 else ""
        common = {"key": key, "windowsVirtualKeyCode": codes.get(key, ord(key[0].upper())), "modifiers": 8 if shift else 0}
        self.call("Input.dispatchKeyEvent", type="keyDown", **common, **({"text": text} if text else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text):
        """Text, into what has the focus."""
        self.call("Input.insertText", text=text)

    def picture(self, path, whole=False):
        """What is seen, or all of the page, as PNG."""
        words = {}
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            words = {"captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 9_000), "scale": 1}}
        Path(path).write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png", **words)["data"]))

    def pdf(self):
        """The page printed on A4."""
        done = self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        return base64.b64decode(done["data"])

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
        self.browser.tabs.pop(self.session, None)
