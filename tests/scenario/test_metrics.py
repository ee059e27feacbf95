"""What deploy/ ships for Prometheus and Grafana names metrics that a running hub and its nodes have, with labels that they have."""
import json
import re

import pytest
from harness import ROOT, until


@pytest.fixture(scope="module")
def metrics(network):
    """Name to (kind, set of labels), of all parts together, after some traffic."""
    assert network.submit(1, network.gen(1, 50, 91, "--division", "4401"), "metrics").status == 200
    network.agree("gz", "4401")
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
