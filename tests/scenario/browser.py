"""A headless Chromium with one member's certificate, for tests of web pages.

Everything of it lives in a folder of its own (profile, NSS database); only the
policy that makes Chromium send a certificate without asking lies in /etc, as it
reads policies nowhere else.  It names addresses of this machine only."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import pytest
from harness import TEMPORARY

POLICY = pathlib.Path("/etc/chromium/policies/managed/rongxin-tests.json")
RULES = {"AutoSelectCertificateForUrls": [json.dumps({"pattern": f"https://{host}", "filter": {}})
                                          for host in ("127.0.0.1", "localhost")]}


def need_browser():
    """Skips where there is none; tells what is missing."""
    missing = [p for p in ("chromium", "chromedriver", "certutil", "pk12util") if not shutil.which(p)]
    if missing:
        pytest.skip(f"no {', '.join(missing)} (deploy/install-deps.sh test)")
    pytest.importorskip("selenium")
    text = json.dumps(RULES)
    if not POLICY.exists() or POLICY.read_text() != text:
        if os.geteuid() != 0:
            pytest.skip(f"only root can write {POLICY}")
        POLICY.parent.mkdir(parents=True, exist_ok=True)
        new = POLICY.with_suffix(f".{os.getpid()}")
        new.write_text(text)
        new.rename(POLICY)


class Browser:
    """`ca`, `stem`: PEM files, STEM.crt and STEM.key; no stem: without a certificate."""

    def __init__(self, ca, stem=None, size=(1280, 900), dark=False):
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="rongxin-browser.", dir=TEMPORARY))
        self.make_database(ca, stem)
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                     "--disable-background-networking", "--disable-component-update", "--no-first-run", "--lang=zh-CN",
                     f"--user-data-dir={self.folder}/profile", f"--window-size={size[0]},{size[1]}",
                     *(["--blink-settings=preferredColorScheme=0"] if dark else [])):
            options.add_argument(word)
        environment = {**os.environ, "HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder / ".local/share")}
        service = Service(shutil.which("chromedriver"), env=environment)
        self.driver = webdriver.Chrome(service=service, options=options)
        self.driver.set_page_load_timeout(60)
        self.resize(*size)

    def make_database(self, ca, stem):
        for place in (".pki/nssdb", ".local/share/pki/nssdb"):
            folder = self.folder / place
            folder.mkdir(parents=True)
            database = f"sql:{folder}"
            self.run("certutil", "-N", "-d", database, "--empty-password")
            self.run("certutil", "-A", "-d", database, "-n", "ca", "-t", "CT,,", "-i", ca)
            if stem is not None:
                bundle = self.folder / "member.p12"
                self.run("openssl", "pkcs12", "-export", "-in", f"{stem}.crt", "-inkey", f"{stem}.key",
                         "-name", "member", "-passout", "pass:", "-out", bundle)
                self.run("pk12util", "-d", database, "-i", bundle, "-W", "")

    def run(self, *words):
        done = subprocess.run(list(map(str, words)), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, f"{words[0]}: {done.stdout}{done.stderr}"

    def open(self, url):
        self.driver.get(url)

    def script(self, text, *values):
        return self.driver.execute_script(text, *values)

    def all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def one(self, selector, seconds=20):
        """The element, as soon as it is there."""
        return self.until(lambda: next(iter(self.all(selector)), None), seconds, selector)

    def text(self, selector, seconds=20):
        """In one step: a live page may draw an element anew between two."""
        found = self.until(lambda: self.script("const e = document.querySelector(arguments[0]); return e && [e.innerText]", selector), seconds, selector)
        return found[0]

    def press(self, selector, seconds=20):
        self.until(lambda: self.script("const e = document.querySelector(arguments[0]); if (e) { e.scrollIntoView({block: 'center'}); e.click(); }"
                                       "return e !== null", selector), seconds, selector)

    def until(self, condition, seconds=20, what="condition"):
        """Wait for a condition, not for a time: the value it returns."""
        from selenium.common.exceptions import WebDriverException
        deadline = time.monotonic() + seconds
        while True:
            value = None
            try:
                value = condition()
            except WebDriverException:
                pass  # drawn anew at this moment
            if value:
                return value
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}\n{self.page()}\n{self.said()}"
            time.sleep(0.05)

    def page(self):
        """What a reader sees, for messages."""
        return self.script("return document.body ? document.body.innerText : ''")[:3000]

    def said(self):
        """The console's lines since the last time: errors, refused resources."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def resize(self, width, height):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 700})

    def photograph(self, path, whole=False):
        """A PNG of what is seen, or of the whole page."""
        import base64
        view = {}
        if whole:
            size = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
            view = {"captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}}
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", **view})
        pathlib.Path(path).write_bytes(base64.b64decode(shot["data"]))

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.folder, ignore_errors=True)
