"""One record's way: department, hub, province, city, bank."""
import collections
import csv
import gzip
import io
import json
import subprocess

import pytest
from harness import SHARED, rows_of, until, uscc_is_right


def good(text):
    return [r for r in rows_of(text) if uscc_is_right(r["uscc"])]


@pytest.fixture(scope="module")
def registrations(network):
    """2,000 registrations in three divisions, handed in once."""
    text = network.gen(1, 2000, 7, "--division", "4401,4403,4406")
    reply = network.submit(1, text, "path-registrations")
    assert reply.status == 200, reply.body
    return text, reply.json


def test_a_receipt_counts_every_row_and_names_positions(registrations):
    _, receipt = registrations
    assert receipt["state"] == "committed"
    assert receipt["rows"] == 2000 == receipt["accepted"] + receipt["unchanged"] + receipt["rejected"]
    assert sum(s["last"] - s["first"] + 1 for s in receipt["streams"]) == receipt["accepted"]
    assert {s["stream"] for s in receipt["streams"]} == {"4401", "4403", "4406"}


def test_the_same_batch_again_gives_the_first_receipt(network, registrations):
    text, receipt = registrations
    assert network.submit(1, text, "path-registrations").json == receipt


def test_the_same_batch_id_with_other_bytes_is_a_conflict(network, registrations):
    text, _ = registrations
    reply = network.submit(1, text + "\n", "path-registrations")
    assert reply.status == 409
    assert reply.json["type"] == "urn:rongxin:problem:batch_conflict"


def test_the_same_rows_in_another_batch_change_nothing(network, registrations):
    text, receipt = registrations
    before = network.streams("hub")
    again = network.submit(1, text, "path-again").json
    assert again["accepted"] == 0 and again["streams"] == []
    assert again["unchanged"] == receipt["accepted"] + receipt["unchanged"]
    assert network.streams("hub") == before


def test_each_node_holds_its_divisions_and_nothing_else(network, registrations):
    for part, prefix, wanted in (("gd", "44", {"0000", "4401", "4403", "4406"}),
                                 ("gz", "4401", {"0000", "4401"}), ("sz", "4403", {"0000", "4403"})):
        network.agree(part, prefix)
        assert set(network.streams(part)) == wanted


def test_a_bank_reads_at_the_city_what_the_department_handed_in(network, registrations):
    text, _ = registrations
    network.agree("gz", "4401")
    held = [r for r in good(text) if network.http("gz", "GET", f"/v1/enterprises/{r['uscc']}", "bank").status == 200][:5]
    assert held
    for row in held:
        report = network.ask(row["uscc"], items=[1]).json
        item = report["items"][0]
        record = item["records"][0]
        assert report["subject"] == row["uscc"] and report["level"] == "public"
        assert item["item"] == 1 and item["stream"] == "4401" and item["position"] > 0
        assert item["provider"] and item["as_of"]
        assert record["name"] == row["name"]
        assert "representative" not in record, "a person's name is personal"
        assert report["receipt"]["index"] >= 0 and len(report["receipt"]["leaf_hash"]) == 64


def test_a_subject_of_another_city_is_not_held_and_that_is_in_the_trail(network, registrations):
    text, _ = registrations
    network.agree("sz", "4403")
    code = next(r["uscc"] for r in good(text)
                if network.http("sz", "GET", f"/v1/enterprises/{r['uscc']}", "bank").status == 200)
    reply = network.ask(code, part="gz")
    assert reply.status == 404
    assert reply.json["type"] == "urn:rongxin:problem:subject_not_held"
    index = reply.json["receipt"]["index"]
    entry = network.http("gz", "GET", f"/v1/trail/entries/{index}", "bank").json
    assert entry["access"]["subject"] == code


def test_bad_rows_are_findings_and_good_rows_go_in(network):
    text = network.gen(1, 1000, 8, "--division", "4401", "--dirt", "uscc=0.1,date=0.05")
    receipt = network.submit(1, text, "path-dirt").json
    wrong = [r for r in rows_of(text) if not uscc_is_right(r["uscc"])]
    assert wrong and receipt["rejected"] >= len(wrong)
    findings, after = [], 0
    while True:
        page = network.http("hub", "GET", f"/v1/feeds/1/batches/path-dirt/findings?after={after}&limit=50", "dept").json
        findings += page["findings"]
        if not page.get("next"):
            break
        after = page["next"]
    rejects = {f["line"] for f in findings if f["severity"] == "reject"}
    assert len(rejects) == receipt["rejected"]
    assert all(f["rule"] and f["value_digest"] for f in findings)
    assert all(r["uscc"] not in str(findings) for r in wrong), "a finding never holds the value"


def test_only_the_provider_may_hand_in_and_read_its_receipt(network, registrations):
    text, _ = registrations
    assert network.submit(1, text, "path-bank", who="bank").status == 403
    assert network.http("hub", "GET", "/v1/feeds/1/batches/path-registrations", "bank").status == 403
    assert network.http("hub", "GET", "/v1/feeds/1/batches/path-registrations", "dept").status == 200


def test_without_a_batch_id_or_with_an_unknown_item_nothing_is_taken(network):
    assert network.http("hub", "POST", "/v1/feeds/1/batches", "dept", "uscc\n", {"Content-Type": "text/csv"}).status == 400
    assert network.submit(999, "uscc\n", "path-999").status == 404
    assert network.submit(1, "x", "path-type", content_type="image/png").status == 415
    assert network.submit(1, "no,such,columns\n1,2,3\n", "path-columns").status == 400


def test_every_item_of_the_list_goes_all_the_way(network):
    """Each of the 37 items: generated, handed in, arrived, and read or withheld."""
    network.submit(1, network.gen(1, 30, 9, "--division", "4401"), "all-1")
    subject = good(network.gen(1, 30, 9, "--division", "4401"))[0]["uscc"]
    catalogue = {i["number"]: i for i in network.http("hub", "GET", "/v1/catalogue", "bank").json["items"]}
    assert sorted(catalogue) == list(range(1, 38))
    for item in range(2, 38):
        text = network.gen(item, 60, 9, "--division", "4401")
        reply = network.submit(item, text, f"all-{item}")
        assert reply.status == 200, (item, reply.body)
        assert reply.json["accepted"] > 0, (item, reply.json)
    network.agree("gz", "4401")
    report = network.ask(subject).json
    shown = {i["item"] for i in report["items"]}
    withheld = {w["item"] for w in report["withheld"]}
    needs = {n for n, i in catalogue.items() if i["consent"]}
    assert needs <= withheld and not needs & shown
    assert shown | withheld == set(range(1, 38))


def test_ndjson_and_gb18030_are_read_like_csv(network):
    text = network.gen(1, 20, 11, "--division", "4401")
    first = network.submit(1, text.encode("gb18030"), "form-gb", content_type="text/csv; charset=gb18030").json
    assert first["accepted"] == 20
    lines = network.gen(1, 20, 11, "--division", "4401", "--format", "ndjson")
    second = network.submit(1, lines, "form-nd", content_type="application/x-ndjson").json
    assert (second["accepted"], second["unchanged"]) == (0, 20)


def test_uploads_over_http2_arrive_byte_for_byte(network):
    """Large bodies are written to disk in pieces while more comes in; the same
    file again and again must be the same rows."""
    text = network.gen(1, 12000, 12, "--division", "4407")
    file = network.folder / "http2.csv"
    file.write_text(text)
    for time in range(12):
        done = subprocess.run(
            ["curl", "-sS", "--http2", "--cacert", network.run / "net/ca.crt", "--cert", f"{network.stem('dept')}.crt",
             "--key", f"{network.stem('dept')}.key", "-H", "Content-Type: text/csv", "-H", f"Idempotency-Key: h2-{time}",
             "-w", "\n%{http_version}", "--data-binary", f"@{file}", network.url("hub") + "/v1/feeds/1/batches"],
            capture_output=True, text=True)
        body, version = done.stdout.rsplit("\n", 1)
        assert version == "2", done.stdout + done.stderr
        receipt = json.loads(body)
        assert (receipt["rows"], receipt["rejected"]) == (12000, 0), receipt
        assert receipt["unchanged" if time else "accepted"] == 12000, receipt


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real registrations are not on this machine")
class TestRealRegistrations:
    def test_4900_rows_go_in_and_100_bad_codes_are_findings(self, network):
        text = (SHARED / "registrations_5k.csv").read_text()
        receipt = network.submit(1, text, "real-5k").json
        assert (receipt["rows"], receipt["accepted"], receipt["rejected"]) == (5000, 4900, 100)
        again = network.submit(1, text, "real-5k-again").json
        assert (again["accepted"], again["unchanged"], again["rejected"]) == (0, 4900, 100)

    def test_100k_rows_are_fully_on_the_cities_they_name(self, network):
        text = gzip.decompress((SHARED / "registrations_100k.csv.gz").read_bytes()).decode()
        receipt = network.submit(1, text, "real-100k").json
        assert receipt["rows"] == 100000 and receipt["rejected"] < 350
        for part, prefix in (("gd", "44"), ("gz", "4401"), ("sz", "4403")):
            network.agree(part, prefix)
        rows = [r for r in csv.DictReader(io.StringIO(text)) if uscc_is_right(r["uscc"])]
        places = collections.Counter((r["province"], r["city"]) for r in rows)
        print("rows of 广州:", places[("广东", "广州")], "of 深圳:", places[("广东", "深圳")])
        for city, part in (("广州", "gz"), ("深圳", "sz")):
            named = [r["uscc"] for r in rows if (r["province"], r["city"]) == ("广东", city)]
            assert named
            for code in named[:: max(1, len(named) // 100)]:
                assert network.http(part, "GET", f"/v1/enterprises/{code}", "bank").status == 200
