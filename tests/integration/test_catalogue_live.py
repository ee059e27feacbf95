"""A new catalogue while feeds run: new items, new fields, a province's own list."""
import csv
import io
import json
import subprocess
import threading

from rig import BIN, CATALOGUE, DEPARTMENT, OTHER


def codes(hub, count, seed, division):
    return [row["uscc"] for row in csv.DictReader(io.StringIO(hub.gen(1, count, seed, "--division", division)))]


def newer(version):
    """The network's catalogue, with one more field and a province's own item."""
    document = json.loads(CATALOGUE.read_text())
    document["version"] = version
    item = next(i for i in document["items"] if i["number"] == 2)
    item["fields"].append({"number": 8, "name": "announced", "zh": "公示日期", "en": "Announced", "type": "date",
                           "class": "public", "max_value": "today"})
    document["items"].append({
        "number": 1001, "category": 1, "zh": "粤信融评分", "en": "Score of Guangdong", "division": "44",
        "provider": {"zh": "广东省发展改革委", "en": "Guangdong"}, "mode": "local", "cadence": "monthly",
        "key": ["month"], "fields": [
            {"number": 1, "name": "month", "zh": "月份", "en": "Month", "type": "month", "class": "public",
             "required": True},
            {"number": 2, "name": "score", "zh": "评分", "en": "Score", "type": "integer", "class": "public",
             "min_value": "0", "max_value": "1000"},
            {"number": 3, "name": "division", "zh": "所属地", "en": "Division", "type": "text", "class": "public"}]})
    return document


def publish(hub, document, check=True):
    (hub.folder / "newer.json").write_text(json.dumps(document, ensure_ascii=False))
    jws = hub.folder / "newer.jws"
    jws.write_text(hub.cli("catalogue", "sign", hub.folder / "newer.json", "--key", hub.folder / "net/catalogue.key"))
    return hub.cli("catalogue", "publish", jws, "--hub", "https://" + hub.ready["listen"], "--ca",
                   hub.folder / "net/ca.crt", "--as", hub.folder / "id/operator")


def versions(hub):
    return {row[0]: int(row[1]) for row in hub.sql("SELECT id, catalogue_version FROM feed_batch")}


def test_a_new_version_is_loaded_while_feeds_run(hub_with):
    hub = hub_with()
    hub.admit(DEPARTMENT, "department", items=[2, 1001])
    first = hub.http("GET", "/v1/catalogue").json["version"]
    subjects = codes(hub, 40, 41, "4401")
    replies, stop = [], threading.Event()

    def feed(hand):
        turn = 0
        while not stop.is_set() or turn < 3:
            rows = "".join(f"{c},事项{turn},2024-01-01,2024-02-02\n" for c in subjects)
            replies.append(hub.submit(2, "uscc,变更事项,变更日期,公示日期\n" + rows, f"live-{hand}-{turn}"))
            turn += 1

    hands = [threading.Thread(target=feed, args=(h,)) for h in range(2)]
    [h.start() for h in hands]
    while len(replies) < 4:
        stop.wait(0.01)
    publish(hub, newer(first + 1))
    seen = len(replies)
    while len(replies) < seen + 4:
        stop.wait(0.01)
    stop.set()
    [h.join() for h in hands]

    assert {r.status for r in replies} == {200}
    assert all(r.json["rejected"] == 0 for r in replies)
    assert set(versions(hub).values()) == {first, first + 1}
    held = hub.sql("SELECT b.catalogue_version, r.fields ? 'announced', count(*) FROM record r"
                   " JOIN feed_batch b ON b.number = r.batch WHERE r.item = 2 GROUP BY 1, 2 ORDER BY 1, 2")
    assert {(int(v), known) for v, known, _ in held} <= {(first, "f"), (first + 1, "t")}
    hub.chain_is_whole()


def test_old_batches_stay_as_they_were(hub_with):
    hub = hub_with()
    hub.admit(DEPARTMENT, "department", items=[2, 1001])
    first = hub.http("GET", "/v1/catalogue").json["version"]
    code = codes(hub, 1, 42, "4401")[0]
    body = f"uscc,变更事项,变更日期,公示日期\n{code},名称,2024-01-01,2999-01-01\n"
    old = hub.submit(2, body, "before")
    assert hub.submit(1001, f"uscc,month\n{code},2024-01\n", "too-early").status == 404

    publish(hub, newer(first + 1))

    # The same bytes: the first receipt, not a new judgement.
    assert hub.submit(2, body, "before").body == old.body
    assert versions(hub) == {"before": first}
    new = hub.submit(2, body, "after").json
    assert (new["unchanged"], new["warned"]) == (1, 1)
    assert versions(hub) == {"before": first, "after": first + 1}
    assert hub.http("POST", "/v1/catalogue", "operator", (hub.folder / "newer.jws").read_text()).status == 409


def test_a_provinces_item_takes_only_its_own(hub_with):
    hub = hub_with()
    hub.admit(DEPARTMENT, "department", items=[1, 1001])
    hub.admit(OTHER, "department", items=[1])
    publish(hub, newer(hub.http("GET", "/v1/catalogue").json["version"] + 1))
    guangzhou, moved = codes(hub, 2, 43, "4401")
    shanghai = codes(hub, 1, 44, "3101")[0]
    # Registered in Shanghai by now, though its code is of Guangzhou.
    assert hub.submit(1, f"uscc,name,province,city\n{moved},测试有限公司,上海,上海\n", "moved").json["accepted"] == 1

    receipt = hub.submit(1001, "uscc,month,score\n" + "".join(
        f"{c},2024-05,700\n" for c in (guangzhou, shanghai, moved)), "own").json

    assert (receipt["accepted"], receipt["rejected"]) == (2, 1)
    found = hub.http("GET", "/v1/feeds/1001/batches/own/findings", "dept").json["findings"]
    assert [(f["line"], f["rule"]) for f in found] == [(3, "not_in_division")]
    streams = hub.sql("SELECT DISTINCT stream FROM record WHERE item = 1001")
    assert streams and all(s[0].startswith("44") for s in streams)
    assert hub.submit(1001, f"uscc,month\n{guangzhou},2024-05\n", "not-theirs", who="other").status == 403


def test_a_province_keeps_nothing_of_who_leaves_it(hub_with):
    hub = hub_with()
    hub.admit(DEPARTMENT, "department", items=[1, 1001])
    publish(hub, newer(hub.http("GET", "/v1/catalogue").json["version"] + 1))
    code = codes(hub, 1, 45, "4401")[0]
    registration = f"uscc,name,province,city\n{code},测试有限公司,广东,广州\n"
    hub.submit(1, registration, "here")
    hub.submit(1001, f"uscc,month,score\n{code},2024-05,700\n", "score")

    hub.submit(1, registration.replace("广东,广州", "上海,上海"), "gone")

    assert hub.sql("SELECT item, stream, state FROM record WHERE item < 60000 ORDER BY 1, 2") == [
        ["1", "3101", "1"], ["1", "4401", "4"], ["1001", "4401", "4"]]
    hub.chain_is_whole()


def test_versions_are_listed_and_compared_by_name(hub_with):
    hub = hub_with()
    first = json.loads(CATALOGUE.read_text())
    document = newer(first["version"] + 1)
    fine = next(i for i in document["items"] if i["number"] == 11)["fields"]
    gone = fine.pop(next(n for n, f in enumerate(fine) if not f.get("required")))
    document["items"][2]["cadence"] = "weekly"
    publish(hub, document)
    where = ["--hub", "https://" + hub.ready["listen"], "--ca", hub.folder / "net/ca.crt", "--as", hub.folder / "id/operator"]

    listed = json.loads(hub.cli("catalogue", "versions", "--json", *where))["versions"]
    assert {v["version"] for v in listed} == {first["version"], first["version"] + 1}
    assert str(first["version"] + 1) in hub.cli("catalogue", "versions", *where)

    command = [str(BIN / "rongxin"), "catalogue", "diff", str(first["version"]), str(hub.folder / "newer.json"), *map(str, where)]
    told = subprocess.run([*command, "--json"], capture_output=True, text=True)
    assert told.returncode == 1, told.stderr
    changes = {c["where"]: (c["change"], c["before"], c["after"]) for c in json.loads(told.stdout)}
    assert set(changes) == {"version", "items/2/fields/8", "items/1001", f"items/11/fields/{gone['number']}", "items/3/cadence"}
    assert changes["items/3/cadence"] == ("changed", "daily", "weekly")
    assert changes[f"items/11/fields/{gone['number']}"] == ("removed", gone, None)
    assert changes["items/2/fields/8"][0] == "added"
    assert "removed items/11/fields/" in subprocess.run(command, capture_output=True, text=True).stdout
    assert hub.cli("catalogue", "diff", first["version"] + 1, hub.folder / "newer.json", *where) == ""
