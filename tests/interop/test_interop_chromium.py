"""Weeded tricks in a browser: each in a frame of its own, clicked at; no script runs.

Beside them the same tricks as they came show that the browser would run most of what a
browser of today can.
"""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from relay.message.html import Undecodable, Weeding, weed, weed_bytes
from tests.harness.html_tricks import OCTETS, PAYLOAD, TRICKS
from tests.harness.process import Child, wait_until
from tests.harness.programs import absent

SCRIPT = Weeding(strip_script_tags=True)
FRAMES = [text for text in TRICKS if len(text) < 20_000]

AT_A_TIME = 16

PAGE = """<!doctype html><title>tricks</title><body><script>
const frames = %d, kind = "%s", at_a_time = %d;
const tell = (what) => fetch(`/told/${what}`);
onmessage = (event) => { if (typeof event.data === "number") tell(event.data); };
function poke(frame) {
  let inside = null;
  try { inside = frame.contentDocument; } catch {}
  if (!inside) return;
  for (const one of inside.querySelectorAll("a, area, button, input, summary, mi, maction, p")) {
    for (const kind of ["mouseover", "pointerover", "focus"])
      one.dispatchEvent(new Event(kind, {bubbles: true}));
    one.dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true}));
  }
}
function show(number) {
  const frame = document.createElement("iframe");
  const loaded = new Promise((done) => { frame.onload = done; setTimeout(done, 3000); });
  frame.src = `/${kind}/${number}`;
  document.body.append(frame);
  return loaded.then(() => { poke(frame); return frame; });
}
const settled = (ms) => new Promise((done) => setTimeout(done, ms));
(async () => {
  for (let first = 0; first < frames; first += at_a_time) {
    const numbers = [...Array(Math.min(at_a_time, frames - first)).keys()];
    const shown = await Promise.all(numbers.map((number) => show(first + number)));
    await settled(400);
    for (const frame of shown) frame.remove();
  }
  tell("done");
})();
</script>"""


def trick(number: int) -> str:
    """A trick whose payload tells the page that it ran."""
    payload = f"top.postMessage({number},String.fromCharCode(42))"
    return FRAMES[number].replace(PAYLOAD, payload)


def document(path: str) -> tuple[bytes, str] | None:
    """What is served under a path, and its charset."""
    kind, _, rest = path.strip("/").partition("/")
    if kind == "page":
        count = len(FRAMES) + len(OCTETS) if rest == "weeded" else len(FRAMES)
        return (PAGE % (count, rest, AT_A_TIME)).encode(), "utf-8"
    if kind not in ("plain", "weeded") or not rest.isdigit():
        return None
    number = int(rest)
    if number >= len(FRAMES):
        return octets(number)
    text = trick(number)
    if kind == "weeded":
        text = weed(text, SCRIPT).text
    return text.encode("utf-8", "replace"), "utf-8"


def octets(number: int) -> tuple[bytes, str]:
    charset, given = OCTETS[number - len(FRAMES)]
    given = given.replace(PAYLOAD.encode(), b"top.postMessage(%d,/x/)" % number)
    weeded = weed_bytes(given, charset, SCRIPT)
    return (b"" if isinstance(weeded, Undecodable) else weeded.octets), charset or ""


class Site(ThreadingHTTPServer):
    """Serves `document`, and keeps what the page tells."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.told: set[str] = set()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Site

    def do_GET(self) -> None:
        kind, _, rest = self.path.strip("/").partition("/")
        if kind == "told":
            self.server.told.add(rest)
        found = document(self.path)
        self.send_response(404 if found is None else 200)
        body, charset = found or (b"", "")
        self.send_header(
            "Content-Type", f"text/html; charset={charset}" if charset else "text/html"
        )
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield http
        http.shutdown()
        thread.join()


def browser() -> str:
    for name in ("chromium-headless-shell", "chromium"):
        if path := shutil.which(name):
            return path
    absent("chromium is not installed (packaging/install-interop installs it)")
    raise AssertionError


def ran(site: Site, kind: str, profile: Path) -> set[int]:
    """Numbers of the frames in which script ran."""
    site.told.clear()
    argv = [browser(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    argv += ["--disable-background-networking", "--disable-component-update", "--no-proxy-server"]
    argv += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--mute-audio"]
    argv += [f"--user-data-dir={profile}", "--disable-dev-shm-usage", "--remote-debugging-port=0"]
    argv += [f"http://127.0.0.1:{site.server_port}/page/{kind}"]
    with Child(argv, cwd="/", stderr=subprocess.DEVNULL):
        wait_until(lambda: "done" in site.told, seconds=240, what="a browser that has seen all")
    return {int(one) for one in site.told if one.isdigit()}


def test_no_weeded_trick_runs_in_a_browser(site: Site, tmp_path: Path) -> None:
    unweeded = ran(site, "plain", tmp_path / "plain")
    assert len(unweeded) > 80
    weeded = ran(site, "weeded", tmp_path / "weeded")
    assert [FRAMES[number][:200] for number in weeded if number < len(FRAMES)] == []
    assert weeded == set()
