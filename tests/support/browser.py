"""A real Chromium, driven by Playwright, that notes every request it makes.

The browser is Debian's. ``install`` fetches it with apt-get, as root on Debian, where it is missing (a fresh machine of
CI is one); anywhere else the tests that need it are skipped, and say so.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find() -> str | None:
    """The path of a browser that is installed."""
    return next((path for name in _NAMES if (path := shutil.which(name))), None)


def install() -> str | None:
    """Why there is no browser, even after trying to get one; None where there is one."""
    if find():
        return None
    if shutil.which("apt-get") is None:
        return "no Chromium is installed, and there is no apt-get to install it with"
    if os.geteuid() != 0:
        return "no Chromium is installed: as root, apt-get install chromium"
    # Several test processes may get here at once; apt-get bears only one.
    with (Path(tempfile.gettempdir()) / "rollbook-apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if find():
            return None
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
        ):
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
            if done.returncode:
                return f"`{' '.join(command)}` failed: {done.stderr.strip()[-300:]}"
    return None if find() else "apt-get installed chromium, and it is not to be found"


@dataclass
class Visit:
    """A page, and what it did: ``asked`` are the addresses of its requests, ``complaints`` its console's errors."""

    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@contextlib.contextmanager
def visiting() -> Iterator[Visit]:
    """A browser with one empty page; nothing of it stays."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find(), args=["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
        )
        try:
            page = browser.new_page()
            visit = Visit(page)
            page.on("request", lambda request: visit.asked.append(request.url))
            page.on("console", lambda said: visit.complaints.append(said.text) if said.type == "error" else None)
            page.on("pageerror", lambda error: visit.complaints.append(str(error)))
            yield visit
        finally:
            browser.close()
