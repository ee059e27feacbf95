"""The real statements of a merge, explained by auto_explain in the private cluster's log while
a one-division batch meets a full ledger: indexes, and only the division's partition.

RX_PLANS_ROWS is how many rows lie in the ledger (100,000)."""
import os
import re

ROWS = int(os.environ.get("RX_PLANS_ROWS", "100000"))
SETTINGS = "\nsession_preload_libraries = 'auto_explain'\nauto_explain.log_min_duration = 0\nauto_explain.log_analyze = on\n"


def plans(text):
    """The statements that the log explains: (query, plan)."""
    for entry in re.split(r"(?m)^(?=\d{4}-\d\d-\d\d \d\d:)", text):
        if "Query Text:" in entry:
            query, _, plan = entry.partition("Query Text:")[2].partition("\n")
            yield query.strip(), plan


def scans_of_record(plan):
    """Scans that ran: (how, table).  What was pruned or never reached says so."""
    lines = [line for line in plan.splitlines() if "never executed" not in line and "actual" in line]
    return [found.groups() for line in lines
            if (found := re.search(r"(\w+(?: \w+)*? Scan)(?: using \S+)? on (record_\d\d|record_history)\b", line))]


def test_a_division_merges_by_index_in_its_own_partition(hub):
    small = hub.gen(1, 300, 502, "--division", "4401")
    other = small.replace("有限公司", "有限责任公司")
    assert hub.submit(1, hub.gen(1, ROWS, 501), "plans-ledger").status == 200
    assert hub.submit(1, small, "plans-new").status == 200
    hub.sql("ANALYZE record")
    hub.stop()
    with open(hub.state / "pg/postgresql.auto.conf", "a") as conf:
        conf.write(SETTINGS)
    hub.start()
    before = len((hub.state / "pg.log").read_text(errors="replace"))

    changed = hub.submit(1, other, "plans-changed").json

    assert changed["accepted"] > 0 and [s["stream"] for s in changed["streams"]] == ["4401"]
    part = hub.sql("SELECT tableoid::regclass FROM record WHERE stream = '4401' LIMIT 1")[0][0]
    seen = {}
    for query, plan in plans((hub.state / "pg.log").read_text(errors="replace")[before:]):
        if re.match(r"(INSERT|UPDATE|WITH)", query):
            for how, table in scans_of_record(plan):
                seen.setdefault(query[:60], set()).add((how, table))
    print("\n".join(f"{query}: {sorted(scans)}" for query, scans in seen.items()))
    assert seen, "the merge's statements were explained"
    for query, scans in seen.items():
        for how, table in scans:
            assert how != "Seq Scan", (query, table)
            assert table in (part, "record_history"), (query, how, table)
