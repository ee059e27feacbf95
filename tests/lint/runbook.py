#!/usr/bin/python3
"""Each alert that is shipped, by the schema or for Prometheus, has its entry in the runbook of docs/OPERATING.md;
and there is no entry for an alert that is not."""
import pathlib
import re
import sys


def rules_of_the_schema():
    names = set()
    for file in pathlib.Path("sql").glob("*.sql"):
        for block in re.findall(r"INSERT INTO alert_rule\b(.*?);\n", file.read_text(), re.S):
            names |= set(re.findall(r"^\('(\w+)'", block, re.M))
    return names


def rules_for_prometheus():
    file = pathlib.Path("deploy/prometheus-rules.yml")
    return set(re.findall(r"^\s+- alert: (\w+)$", file.read_text(), re.M)) if file.exists() else set()


def main():
    text = pathlib.Path("docs/OPERATING.md").read_text()
    section = re.search(r"^## Runbook$(.*?)^## ", text, re.M | re.S)
    entries = re.findall(r"^### (`\w+`(?:, `\w+`)*)\n\n(.+)", section.group(1), re.M) if section else []
    told = {name for heading, _ in entries for name in re.findall(r"\w+", heading)}
    shipped = rules_of_the_schema() | rules_for_prometheus()
    faults = [f"docs/OPERATING.md: no runbook entry for alert {name}" for name in sorted(shipped - told)]
    faults += [f"docs/OPERATING.md: runbook entry {name} is of no shipped alert" for name in sorted(told - shipped)]
    faults += [f"docs/OPERATING.md: runbook entry {heading} does not say what to do" for heading, body in entries if "Do:" not in body and "Do:" not in
               section.group(1).split(heading)[1].split("###")[0]]
    print("\n".join(faults) if faults else f"runbook: {len(told)} alerts, each with its entry")
    return 1 if faults or not shipped else 0


if __name__ == "__main__":
    sys.exit(main())
