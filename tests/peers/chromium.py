"""A browser without a window: Chromium, as Qt WebEngine has it. It opens pages and runs scripts in them.

Run with the Python of .venv-browser. It takes orders as lines of JSON, {"url", "script", "values"}, and answers each
with one: {"value"} or {"failed"}, and "said", what the page's console complains of. Without an address a script runs in
the page that is open. It is the body of an asynchronous function that knows the values by name, and chromium.js.
"""

import json
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from PySide6.QtCore import QObject, Qt, QTimer, QUrl, Signal
from PySide6.QtWebEngineCore import QWebEngineCertificateError, QWebEnginePage, QWebEngineProfile
from PySide6.QtWidgets import QApplication
from shiboken6 import delete

LIBRARY = Path(__file__).with_suffix(".js").read_text("utf-8")
SECONDS = 20
"""How long an order may take: more than any of them takes, less than a test."""

MARK = "the answer to the order: "
FLAGS = (
    "--disable-gpu",
    "--disable-dev-shm-usage",  # which containers keep small
    "--host-resolver-rules=MAP *.example 127.0.0.1",  # names that somebody has pointed at this computer
)

Order = dict[str, Any]


class Page(QWebEnginePage):
    """A page that hears its own console."""

    told = Signal(str)
    """What a script came to, as JSON."""

    def __init__(self, profile: QWebEngineProfile) -> None:
        super().__init__(profile)
        self.said: list[str] = []
        self.certificateError.connect(self._trust)

    def javaScriptConsoleMessage(
        self, level: QWebEnginePage.JavaScriptConsoleMessageLevel, message: str, line: int, source: str
    ) -> None:
        """Take a script's answer, or keep a complaint."""
        if message.startswith(MARK):
            self.told.emit(message.removeprefix(MARK))
        elif level != QWebEnginePage.JavaScriptConsoleMessageLevel.InfoMessageLevel:
            self.said.append(message)

    def _trust(self, error: QWebEngineCertificateError) -> None:
        error.acceptCertificate()  # as a person who has installed the authority


class Browser(QObject):
    """Carries out one order after the other."""

    ordered = Signal(str)
    over = Signal()
    """There are no more orders."""

    def __init__(self) -> None:
        super().__init__()
        self._page: Page | None = None
        self._profile: QWebEngineProfile | None = None
        self._order: Order | None = None
        self._late = QTimer(self, singleShot=True, interval=SECONDS * 1000)
        self._late.timeout.connect(lambda: self._answer({"failed": f"nothing came of it in {SECONDS} s"}))
        self.ordered.connect(self._begin)

    def _begin(self, line: str) -> None:
        self._order = json.loads(line)
        self._late.start()
        if self._order["url"] is None:
            self._run()
        else:
            self._open(self._order["url"])

    def _open(self, url: str) -> None:
        """Open a page in a fresh profile: nothing of the page before is left, no cache and no preflight's answer."""
        self.close()
        self._profile = QWebEngineProfile()
        self._page = Page(self._profile)
        self._page.told.connect(lambda answer: self._answer(json.loads(answer)))
        self._page.loadFinished.connect(self._run, Qt.ConnectionType.SingleShotConnection)
        self._page.load(QUrl(url))

    def _run(self) -> None:
        assert self._order
        assert self._page
        values, url = self._order["values"], self._order["url"]
        place = "{0.scheme}://{0.netloc}".format(urlsplit(url)) if url else ""
        self._page.runJavaScript(f"""
            window.answerer ??= (() => {{ {LIBRARY}; return {{ talk, ask, post, bearer, Stream }}; }})();
            (async ({{ {", ".join(("talk, ask, post, bearer, Stream", *values))} }}) => {{
                const place = {json.dumps(place)};
                if (place && location.origin !== place) throw new Error("it did not load, but: " + location);
                {self._order["script"]}
            }})({{ ...window.answerer, ...{json.dumps(values)} }}).then(
                (value) => console.log({json.dumps(MARK)} + JSON.stringify({{ value: value ?? null }})),
                (error) => console.log({json.dumps(MARK)} + JSON.stringify({{ failed: String(error) }})),
            );
            0""")

    def _answer(self, answer: Order) -> None:
        if self._order is None:  # it comes too late
            return
        self._late.stop()
        self._order = None
        said = self._page.said if self._page else []
        sys.stdout.write(json.dumps({**answer, "said": said}) + "\n")
        sys.stdout.flush()

    def close(self) -> None:
        """Close the page, then what it was in."""
        for each in (self._page, self._profile):
            if each:
                delete(each)
        self._page = self._profile = None


def main() -> None:
    """Take orders until there are no more."""
    # Chromium's sandbox starts neither as root nor in containers without namespaces of their own, and what is opened
    # here are pages that a test has written.
    application = QApplication([sys.argv[0], "-platform", "offscreen", "--webEngineArgs", "--no-sandbox", *FLAGS])
    browser = Browser()

    def read() -> None:
        for line in sys.stdin:
            browser.ordered.emit(line)
        browser.over.emit()

    browser.over.connect(application.quit)
    threading.Thread(target=read, daemon=True).start()
    application.exec()
    browser.close()


if __name__ == "__main__":
    main()
