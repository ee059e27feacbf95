"""`rongxin top` and `rongxin node show` against a running network; an alert of a node that is really away. What deploy/ ships
for Prometheus and Grafana names metrics that a running hub and its nodes have, with labels that they have."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import pytest
from harness import BIN, ROOT, until

GZ = "11440100MB0044011H"


@pytest.fixture(scope="module")
def told(network):
    """All nodes are known to the hub and hold what it holds."""
    assert network.submit(1, network.gen(1, 200, 81, "--division", "4401,4403"), "top").status == 200
    network.agree("gz", "4401")
    until(lambda: len(network.http("hub", "GET", "/v1/nodes").json["nodes"]) == 3, what="all nodes have told")
    return network


def once(network):
    return network.cli("top", "--once", who="operator", part="hub").stdout


def line_of(text, word):
    return next((line for line in text.splitlines() if word in line), "")


def test_once_names_nodes_and_streams(told):
    text = until(lambda: (t := once(told)) and line_of(t, GZ).endswith(" ok") and t, what="gz is ok")
    assert "nodes 3" in text and "广州市融资信用服务平台" in text and "\033" not in text
    records = told.streams("hub")["4401"]["records"]
    fields = line_of(text, "4401 ").split()
    assert fields[:2] == ["4401", str(records)]
    until(lambda: line_of(once(told), "4401 ").endswith(" 2/2"), what="the province and the city hold it")


def test_node_show_tells_streams_and_json(told):
    shown = told.cli("node", "show", GZ, who="operator", part="hub").stdout
    assert "广州市融资信用服务平台" in shown and "4401" in shown and "behind" in shown
    document = json.loads(told.cli("node", "show", GZ, "--json", who="operator", part="hub").stdout)
    assert document["code"] == GZ and {s["stream"] for s in document["streams"]} == {"0000", "4401"}
    assert told.cli("node", "show", "NOBODY", who="operator", part="hub", check=False).returncode == 1


class Terminal:
    """The command in a terminal of a size of ours."""

    def __init__(self, network, rows, columns):
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        self.process = subprocess.Popen([BIN / "rongxin", "top", "--seconds", "1", "--hub", network.url("hub"), "--ca", network.run / "net/ca.crt",
                                         "--as", network.stem("operator")], stdin=slave, stdout=slave, stderr=slave, preexec_fn=os.setsid)
        os.close(slave)
        self.text = b""

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds=0.2):
        while select.select([self.master], [], [], seconds)[0]:
            try:
                part = os.read(self.master, 65536)
            except OSError:
                break
            if not part:
                break
            self.text += part

    def wait_for(self, word, seconds=20):
        deadline = time.monotonic() + seconds
        while word not in self.text:
            assert time.monotonic() < deadline, (word, self.text[-500:])
            self.read()


def screen_of(text):
    """Lines of the newest drawing."""
    return text.rsplit(b"\033[H", 1)[1].decode(errors="replace").split("\033[J")[0].split("\033[K\r\n")


def test_live_it_redraws_resizes_and_gives_the_terminal_back(told):
    terminal = Terminal(told, 30, 120)
    try:
        terminal.wait_for(b"\033[J")
        assert terminal.text.startswith(b"\033[?1049h\033[?25l") and b"4401" in terminal.text
        terminal.text = b""
        terminal.resize(6, 40)
        os.kill(terminal.process.pid, signal.SIGWINCH)
        terminal.wait_for(b"\033[J")
        terminal.text = b""
        terminal.wait_for(b"\033[J")
        lines = [line for line in screen_of(terminal.text) if line]
        assert len(lines) <= 5 and max(map(len, lines)) <= 40, lines
        os.write(terminal.master, b"q")
        assert terminal.process.wait(20) == 0
        terminal.read()
        assert terminal.text.endswith(b"\033[?25h\033[?1049l")
    finally:
        if terminal.process.poll() is None:
            terminal.process.kill()
        os.close(terminal.master)


def test_a_signal_gives_the_terminal_back_too(told):
    terminal = Terminal(told, 24, 80)
    try:
        terminal.wait_for(b"\033[J")
        terminal.process.send_signal(signal.SIGTERM)
        assert terminal.process.wait(20) == 0
        terminal.read()
        assert terminal.text.endswith(b"\033[?25h\033[?1049l")
    finally:
        if terminal.process.poll() is None:
            terminal.process.kill()
        os.close(terminal.master)


def test_a_node_that_is_away_is_an_alert_and_back_is_none(told):
    told.http("hub", "POST", "/v1/alerts/rules/node_silent", "operator", {"threshold": 4, "raise_seconds": 0, "close_seconds": 0})
    told.stop("sz")
    try:
        away = until(lambda: [a for a in told.http("hub", "GET", "/v1/alerts?rule=node_silent").json["alerts"]], what="silent")
        assert [a["name"] for a in away] == ["深圳市融资信用服务平台"]
        text = once(told)
        assert "node_silent" in text and "1 critical" in text
    finally:
        told.start("sz")
    until(lambda: not told.http("hub", "GET", "/v1/alerts?rule=node_silent").json["alerts"], what="it is back")


@pytest.fixture(scope="module")
def metrics(told):
    """Name to (kind, set of labels), of all parts together, after some traffic."""
    network = told
    until(lambda: "rongxin_hub_alerts" in network.http("hub", "GET", "/metrics").body.decode(), what="the first look of the alarm")
    until(lambda: "rongxin_hub_trails_witnessed_total" in network.http("hub", "GET", "/metrics").body.decode(), what="a trail was witnessed")
    found = {}
    for part in ("hub", "gd", "gz"):
        text = network.http(part, "GET", "/metrics").body.decode()
        for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.M):
            labels = set()
            for line in re.findall(rf"^{name}(?:_bucket)?\{{(.*?)\}} ", text, re.M):
                labels |= set(re.findall(r"(\w+)=", line))
            found.setdefault(name, (kind, set()))[1].update(labels)
    return found


def expressions_of_rules():
    text = (ROOT / "deploy/prometheus-rules.yml").read_text()
    return [" ".join(e.split()) for e in re.findall(r"^\s+expr: (?:>\n)?(.*?)(?=\n\s+(?:for|labels):)", text, re.M | re.S)]


def expressions_of_dashboard():
    board = json.loads((ROOT / "deploy/grafana-dashboard.json").read_text())
    assert board["panels"] and len({p["id"] for p in board["panels"]}) == len(board["panels"])
    return [t["expr"] for p in board["panels"] for t in p["targets"]]


def test_every_expression_names_metrics_and_labels_that_exist(metrics):
    expressions = expressions_of_rules() + expressions_of_dashboard()
    assert len(expressions) > 30
    for expression in expressions:
        for name, selector in re.findall(r"\b(rongxin_\w+)(\{[^}]*\})?", expression):
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            assert base in metrics, f"{name} of: {expression}"
            assert (name != base) == (metrics[base][0] == "histogram"), f"{name} is a {metrics[base][0]}: {expression}"
            if "rate(" in expression or "increase(" in expression:
                assert metrics[base][0] in ("counter", "histogram") or f"{name}[" not in expression, expression
            for label in re.findall(r"(\w+)=", selector or ""):
                assert label in metrics[base][1], f"{name} has no label {label}: {expression}"
        for group in re.findall(r"by \(([^)]*)\)", expression):
            named = [re.sub(r"_(bucket|sum|count)$", "", n) for n in re.findall(r"\brongxin_\w+", expression)]
            for label in re.split(r",\s*", group):
                assert label == "instance" or any(label in metrics[n][1] for n in named), f"no label {label}: {expression}"


def test_the_rules_are_whole():
    yaml = pytest.importorskip("yaml")
    rules = yaml.safe_load((ROOT / "deploy/prometheus-rules.yml").read_text())["groups"][0]["rules"]
    assert len(rules) == len({r["alert"] for r in rules}) > 10
    assert all(r["expr"] and r["labels"]["severity"] in ("critical", "warning") and r["annotations"]["summary"] for r in rules)
    assert [" ".join(r["expr"].split()) for r in rules] == expressions_of_rules()
