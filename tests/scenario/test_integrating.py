"""docs/INTEGRATING.md does what it says: its blocks are run as they stand, one after another."""
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile

import pytest
from harness import BIN, ROOT, until

PAGE = ROOT / "docs" / "INTEGRATING.md"


def blocks():
    """(language, further words, text) of each fenced block."""
    found = re.findall(r"^```(\w+)(.*?)\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    return [(language, words.split(), text) for language, words, text in found]


def has_java():
    return shutil.which("javac") is not None


@pytest.fixture(scope="module")
def said():
    """What each bash block printed, in a folder where `rongxin sandbox` runs."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="rongxin-test.", dir="/tmp"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
    with (folder / "log").open("w") as log:
        box = subprocess.Popen([BIN / "rongxin", "sandbox", "--listen", listen], cwd=folder, stdout=log, stderr=log,
                               env={**os.environ, "RX_CATALOGUE": str(ROOT / "deploy/catalogue/catalogue.json")})
    try:
        until(lambda: (folder / "sandbox/ready").exists() or box.poll() is not None, 90, "the sandbox is ready")
        (folder / "build").symlink_to(BIN)
        script = ["trap 'kill $(jobs -p) 2>/dev/null || true' EXIT"]
        for language, words, text in blocks():
            if language in ("python", "java"):
                name = re.match(r"(?:#|//) (\w+\.\w+)\n", text)[1]
                (folder / name).write_text(text)
            elif language == "bash" and ("java" not in words or has_java()):
                script.append(f"printf '\\n=== %s\\n' {len(script)}\n{text}")
            elif language == "bash":
                script.append(f"printf '\\n=== %s\\n' {len(script)}\n")
        done = subprocess.run(["timeout", "60", "bash", "-euo", "pipefail"], input="\n".join(script), cwd=folder,
                              capture_output=True, text=True, timeout=90)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr + (folder / "log").read_text()[-2000:]
        parts = re.split(r"\n=== \d+\n", "\n" + done.stdout)[1:]
        assert len(parts) == len(script) - 1
        yield dict(zip((marker(part) for part in script[1:]), parts)), folder
    finally:
        box.terminate()
        box.wait(60)
        shutil.rmtree(folder)


def marker(script):
    """A block is known by its last line."""
    return script.rstrip().splitlines()[-1]


def of(said, words):
    found = [text for last, text in said[0].items() if words in last]
    assert len(found) == 1, (words, list(said[0]))
    return found[0]


def test_one_command_and_one_curl(said):
    assert json.loads(of(said, '/v1/enterprises/$RX_SUBJECT"'))["items"]


def test_the_certificate_says_who_asks(said):
    text = of(said, "/v1/me")
    me = json.loads(text.splitlines()[-1])
    assert me["code"] in text.splitlines()[0] and me["code"].startswith("XX")
    assert me["kind"] == "bank" and me["sandbox"]


def test_the_first_question_shows_and_withholds(said):
    report = json.loads(of(said, '"items":[1,19]}'))
    assert [item["item"] for item in report["items"]] == [1]
    assert (19, "consent_missing") in [(item["item"], item["rule"]) for item in report["withheld"]]
    lines = of(said, "python3 first.py").splitlines()
    assert lines[0].startswith("shown: item 1 ")
    assert lines[-2:] == ["withheld: item 19 consent_missing", "refused: purpose"]


def test_java_asks_the_same(said):
    if not has_java():
        pytest.skip("no JDK here: javac is missing")
    status, version, body = of(said, "java First.java").strip().split(" ", 2)
    assert (status, version) == ("200", "HTTP_2") and json.loads(body)["withheld"][-1]["rule"] == "consent_missing"


def test_the_consent_counts_and_the_report_is_checked_offline(said):
    text = of(said, "@consent.jws")
    assert json.loads(text).get("state") in ("active", "pending"), text
    assert "verified" in of(said, "report verify report.pdf")
    report = json.loads((said[1] / "report.json").read_text())
    assert 19 in [item["item"] for item in report["items"]] and report["consent"]["keep_until"]


def test_the_receipt_is_proved(said):
    assert "verified" in of(said, "trail verify --receipt")


def test_events_come_when_asked_for_and_by_themselves(said):
    lines = of(said, "since=0").splitlines()
    assert lines[0].startswith("event 1 new item 11 of ")
    assert [event["number"] for event in json.loads(lines[1])["events"]] == [1]
    text = of(said, "-X DELETE")
    assert "brought: 2 new item 11" in text


def test_links_of_the_page_lead_somewhere():
    for target in re.findall(r"\]\(([\w./]+)", PAGE.read_text()):
        assert (PAGE.parent / target).exists(), target
