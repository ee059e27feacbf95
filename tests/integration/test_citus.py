"""The hub, unchanged, against a Citus coordinator: RX_CITUS_PG is a conninfo of an empty database there."""
import os
import subprocess

import pytest

from rig import DEPARTMENT, ROOT

CONNINFO = os.environ.get("RX_CITUS_PG")

pytestmark = pytest.mark.skipif(not CONNINFO, reason="RX_CITUS_PG names no Citus coordinator")


def test_a_distributed_ledger_takes_new_changed_and_unchanged_batches(hub_with):
    hub = hub_with(settings=[f"database = {CONNINFO}"])
    done = subprocess.run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", CONNINFO, "-f", ROOT / "sql/citus.sql"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    hub.admit(DEPARTMENT, "department", items=[1])
    body = hub.gen(1, 3000, 701)

    new = hub.submit(1, body, "citus-new")
    changed = hub.submit(1, body.replace("有限公司", "有限责任公司"), "citus-changed")
    same = hub.submit(1, body.replace("有限公司", "有限责任公司"), "citus-same")

    assert [r.status for r in (new, changed, same)] == [200, 200, 200], [r.body for r in (new, changed, same)]
    assert new.json["accepted"] == 3000 and same.json["accepted"] == 0 < changed.json["accepted"]
    hub.chain_is_whole()
    assert {n: s["state"] for n, s in hub.streams().items()} == hub.state_digests()


def test_one_divisions_tables_lie_together():
    done = subprocess.run(["psql", "-XAtq", "-d", CONNINFO, "-c",
                           "SELECT count(DISTINCT colocationid) FROM pg_dist_partition WHERE partmethod = 'h'"], capture_output=True, text=True)
    assert done.stdout.strip() == "1", done.stderr
