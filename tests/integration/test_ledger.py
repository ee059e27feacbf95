"""The hub's ledger on a real PostgreSQL: what goes in, what is refused, what survives."""
import os
import signal
import threading
import time

HEADER = "name,uscc,reg_date,ent_type,rep_hash,capital,scope,province,city,address\n"


def registration(uscc, name="广州测试有限公司", city="广州", province="广东", capital="100万元人民币"):
    return f"{name},{uscc},2019-01-03,有限责任公司,d9bbd20d0a78eaec,{capital},软件开发,{province},{city},测试路1号\n"


def right_codes(hub, count, seed=77):
    """Codes with right check digits, of Guangzhou."""
    text = hub.gen(1, count, seed, "--division", "4401")
    header, *rows = text.splitlines()
    at = header.split(",").index("uscc")
    return [row.split(",")[at] for row in rows]


def test_the_real_registrations_are_counted_and_the_bad_codes_are_findings(hub, registrations):
    reply = hub.submit(1, registrations, "real-1")

    assert reply.status == 200, reply.body
    receipt = reply.json
    assert (receipt["rows"], receipt["accepted"], receipt["rejected"]) == (5000, 4900, 100)
    assert sum(s["last"] - s["first"] + 1 for s in receipt["streams"]) == receipt["accepted"]
    hub.chain_is_whole()


def test_the_same_file_under_another_id_changes_nothing(hub, registrations):
    before = hub.streams()

    receipt = hub.submit(1, registrations, "real-2").json

    assert (receipt["accepted"], receipt["unchanged"], receipt["rejected"]) == (0, 4900, 100)
    assert receipt["streams"] == []
    assert hub.streams() == before


def test_a_retry_of_the_same_bytes_gets_the_first_receipt_byte_for_byte(hub):
    body = HEADER + registration(right_codes(hub, 1, 5)[0])
    first = hub.submit(1, body, "retry")

    again = hub.submit(1, body, "retry")

    assert first.status == again.status == 200
    assert first.body == again.body
    assert hub.http("GET", "/v1/feeds/1/batches/retry", "dept").body == first.body
    assert hub.http("GET", "/v1/feeds/1/batches/retry", "operator").body == first.body


def test_other_bytes_under_the_same_id_are_a_conflict(hub):
    code = right_codes(hub, 1, 6)[0]
    hub.submit(1, HEADER + registration(code), "conflict")

    reply = hub.submit(1, HEADER + registration(code, name="另一名称有限公司"), "conflict")

    assert reply.status == 409
    assert reply.json["type"] == "urn:rongxin:problem:batch_conflict"
    assert hub.sql(f"SELECT version FROM record WHERE subject = '{code}'") == [["1"]]


def test_two_uploads_of_one_id_at_the_same_time_have_one_effect(hub):
    body = hub.gen(1, 3000, 41, "--division", "4404")
    replies = [None, None]

    def upload(i):
        replies[i] = hub.submit(1, body, "twice")

    threads = [threading.Thread(target=upload, args=(i,)) for i in range(2)]
    [t.start() for t in threads]
    [t.join() for t in threads]

    assert [r.status for r in replies] == [200, 200]
    assert replies[0].body == replies[1].body
    assert hub.sql("SELECT count(*) FROM feed_batch WHERE id = 'twice'") == [["1"]]
    hub.chain_is_whole()


def test_findings_come_in_pages_without_a_loss(hub):
    body = HEADER + "".join(registration(f"91440101BAD{i:02d}") for i in range(25))
    receipt = hub.submit(1, body, "pages").json
    lines, after = [], 0

    while after is not None:
        page = hub.http("GET", f"/v1/feeds/1/batches/pages/findings?after={after}&limit=7", "dept").json
        lines += [f["line"] for f in page["findings"] if f["severity"] == "reject"]
        assert len(page["findings"]) <= 7
        after = page["next"]

    assert receipt["rejected"] == 25
    assert sorted(set(lines)) == list(range(2, 27))


def test_a_changed_row_is_a_new_version_and_the_old_one_is_history(hub):
    code = right_codes(hub, 1, 8)[0]
    hub.submit(1, HEADER + registration(code), "v1")

    receipt = hub.submit(1, HEADER + registration(code, capital="200万元人民币"), "v2").json

    assert receipt["accepted"] == 1
    assert hub.sql(f"SELECT version, fields->>'registered_capital' FROM record WHERE subject = '{code}'") == [["2", "2000000.00"]]
    assert hub.sql(f"SELECT version, fields->>'registered_capital', known_to > known_from FROM record_history"
                   f" WHERE subject = '{code}'") == [["1", "1000000.00", "t"]]
    hub.chain_is_whole()


def test_of_two_rows_with_one_key_the_later_counts(hub):
    one, two = right_codes(hub, 2, 9)
    body = (HEADER + registration(one, capital="1万元人民币") + registration(one, capital="2万元人民币")
            + registration(two) + registration(two))

    receipt = hub.submit(1, body, "duplicates").json

    assert (receipt["rows"], receipt["accepted"], receipt["unchanged"], receipt["rejected"]) == (4, 2, 1, 1)
    assert hub.sql(f"SELECT fields->>'registered_capital' FROM record WHERE subject = '{one}'") == [["20000.00"]]
    assert hub.sql("SELECT line, rule FROM finding WHERE severity = 'reject' AND batch ="
                   " (SELECT number FROM feed_batch WHERE id = 'duplicates')") == [["2", "duplicate_key"]]


def test_a_subject_that_names_another_division_moves_and_is_warned_about(hub):
    code = right_codes(hub, 1, 10)[0]
    hub.submit(1, HEADER + registration(code), "home")

    receipt = hub.submit(1, HEADER + registration(code, province="广东", city="深圳"), "moved").json

    assert receipt["warned"] >= 1
    assert [s["stream"] for s in receipt["streams"]] == ["4401", "4403"]
    assert hub.sql(f"SELECT stream, state FROM record WHERE subject = '{code}' ORDER BY 1") == [["4401", "4"], ["4403", "1"]]
    assert ["division_changed"] in hub.sql("SELECT rule FROM finding WHERE batch ="
                                           " (SELECT number FROM feed_batch WHERE id = 'moved')")


def test_a_deleted_row_is_withdrawn_once(hub):
    code, other = right_codes(hub, 2, 11)
    header = HEADER.rstrip("\n") + ",_action\n"
    gone = registration(code).rstrip("\n") + ",delete\n"
    never = registration(other).rstrip("\n") + ",delete\n"
    hub.submit(1, HEADER + registration(code), "there")

    first = hub.submit(1, header + gone + never, "gone").json
    second = hub.submit(1, header + gone + never, "gone-again").json

    assert (first["accepted"], first["unchanged"]) == (1, 1)
    assert (second["accepted"], second["unchanged"]) == (0, 2)
    assert hub.sql(f"SELECT state, version FROM record WHERE subject = '{code}'") == [["4", "2"]]
    assert hub.sql(f"SELECT count(*) FROM record WHERE subject = '{other}'") == [["0"]]
    hub.chain_is_whole()


def test_requests_that_are_wrong_are_refused_by_name(hub):
    body = HEADER + registration(right_codes(hub, 1, 12)[0])

    def problem(reply):
        assert reply.headers["Content-Type"] == "application/problem+json"
        return reply.status, reply.json["type"].rsplit(":", 1)[1]

    assert problem(hub.submit(1, body, None)) == (400, "malformed")
    assert problem(hub.submit(1, body, "w1", who="other")) == (403, "not_yours")
    assert problem(hub.submit(1, body, "w2", who="operator")) == (403, "member_kind")
    assert problem(hub.submit(1, body, "w3", who="stranger")) == (403, "member_unknown")
    assert problem(hub.submit(999, body, "w4")) == (404, "item_unknown")
    assert problem(hub.submit(1, body, "w5", content_type="application/json")) == (415, "media_type")
    assert problem(hub.submit(1, body, "w6", content_type="text/csv; charset=big5")) == (415, "media_type")
    assert problem(hub.submit(1, body, "w7", query="?mode=whole")) == (400, "malformed")
    assert problem(hub.submit(1, body, "w7", query="?mode=delta&divisions=44")) == (400, "malformed")
    assert problem(hub.submit(1, body, "w7", query="?mode=full&divisions=44,440")) == (400, "malformed")
    assert problem(hub.submit(1, "what,is\nthis,now\n", "w8")) == (400, "batch_unreadable")
    assert problem(hub.http("GET", "/v1/feeds/1/batches/never", "dept")) == (404, "not_found")
    assert problem(hub.http("GET", "/v1/feeds/1/batches/real-1", "other")) == (404, "not_found")
    assert problem(hub.http("GET", "/v1/nodes", "dept")) == (403, "member_kind")
    assert problem(hub.http("POST", "/v1/members", "dept", "{}")) == (403, "member_kind")
    assert problem(hub.http("POST", "/v1/members", "operator", '{"code":"x","smell":1}')) == (400, "malformed")
    assert hub.sql("SELECT count(*) FROM feed_batch WHERE id LIKE 'w_'") == [["0"]]


def test_gb18030_and_ndjson_become_the_same_records(hub):
    code = right_codes(hub, 1, 13)[0]
    text = HEADER + registration(code)
    ndjson = ('{"name":"广州测试有限公司","uscc":"%s","reg_date":"2019-01-03","ent_type":"有限责任公司",'
              '"rep_hash":"d9bbd20d0a78eaec","capital":"100万元人民币","scope":"软件开发","province":"广东",'
              '"city":"广州","address":"测试路1号"}\n' % code)

    first = hub.submit(1, text.encode("gb18030"), "gb", content_type="text/csv; charset=gb18030").json
    second = hub.submit(1, ndjson, "nd", content_type="application/x-ndjson").json

    assert first["accepted"] == 1
    assert (second["accepted"], second["unchanged"]) == (0, 1)


def test_a_suspended_department_is_refused_at_once(hub):
    code = "11440300MB0044038K"
    hub.cli("key", "member", "--network", hub.folder / "net", "--out", hub.folder / "id/passing", "--code", code,
            "--name", "passing")
    hub.admit(code, "department", items=[1])
    assert hub.submit(1, HEADER + registration(right_codes(hub, 1, 14)[0]), "p1", who="passing").status == 200

    hub.admit(code, "department", items=[1], status="suspended")
    reply = hub.submit(1, HEADER, "p2", who="passing")

    assert (reply.status, reply.json["type"]) == (403, "urn:rongxin:problem:member_inactive")


def test_an_old_catalogue_is_refused_and_a_tampered_one_too(hub):
    jws = (hub.folder / "net/catalogue.jws").read_text().strip()
    head, payload, signature = jws.split(".")

    old = hub.http("POST", "/v1/catalogue", "operator", jws, {"Content-Type": "application/jose"})
    forged = hub.http("POST", "/v1/catalogue", "operator", f"{head}.{payload}.{'A' * len(signature)}",
                      {"Content-Type": "application/jose"})

    assert old.status == 409
    assert forged.status == 400
    assert len(hub.http("GET", "/v1/catalogue", "dept").json["items"]) == 37


def test_batches_of_several_items_in_parallel_leave_whole_chains(hub):
    bodies = [(item, hub.gen(item, 400, 21 + item)) for item in (2, 3, 4, 5)]
    replies = []

    def upload(item, body):
        replies.append(hub.submit(item, body, f"parallel-{item}"))

    threads = [threading.Thread(target=upload, args=b) for b in bodies]
    [t.start() for t in threads]
    [t.join() for t in threads]

    assert [r.status for r in replies] == [200] * 4, [r.body for r in replies]
    assert hub.sql("SELECT count(*) FROM (SELECT subject FROM record WHERE item < 60000 AND state <> 4"
                   " GROUP BY subject HAVING count(DISTINCT stream) > 1) x") == [["0"]]
    hub.chain_is_whole()


def test_two_batches_that_race_for_the_same_keys_leave_one_history(hub):
    codes = right_codes(hub, 300, 16)
    bodies = [HEADER + "".join(registration(c, capital=f"{n}万元人民币") for c in codes) for n in (1, 2, 3)]
    replies = []

    threads = [threading.Thread(target=lambda i=i: replies.append(hub.submit(1, bodies[i], f"race-{i}")))
               for i in range(3)]
    [t.start() for t in threads]
    [t.join() for t in threads]

    assert [r.status for r in replies] == [200] * 3, [r.body for r in replies]
    assert [r.json["accepted"] for r in replies] == [300] * 3
    assert hub.sql("SELECT DISTINCT version FROM record JOIN feed_batch ON number = batch"
                   " WHERE id LIKE 'race-%'") == [["3"]]
    hub.chain_is_whole()


def test_the_state_digest_is_what_the_protocol_says(hub):
    told = {name: stream["state"] for name, stream in hub.streams().items()}
    signed = dict(hub.sql("SELECT DISTINCT ON (stream) stream, encode(substring(header FROM 101 FOR 32), 'hex')"
                          " FROM change_log ORDER BY stream, first DESC"))

    assert told == hub.state_digests()
    assert signed == told


def test_a_hub_killed_in_the_middle_of_a_merge_keeps_nothing_and_the_retry_all(hub):
    body = hub.gen(1, 60000, 31)
    before = hub.streams()

    for delay in (0.3, 0.7, 1.1):
        upload = threading.Thread(target=lambda: swallow(hub, body), daemon=True)
        upload.start()
        time.sleep(delay)
        hub.stop(signal.SIGKILL)
        upload.join(30)
        hub.start()
        assert os.listdir(hub.state / "spool") == []
        hub.chain_is_whole()
        if hub.sql("SELECT count(*) FROM feed_batch WHERE id = 'killed'") == [["0"]]:
            assert hub.streams() == before

    receipt = hub.submit(1, body, "killed").json
    again = hub.submit(1, body, "killed-after").json

    assert receipt["rows"] == 60000
    assert again["accepted"] == 0
    hub.chain_is_whole()
    assert {n: s["state"] for n, s in hub.streams().items()} == hub.state_digests()


def swallow(hub, body):
    try:
        hub.submit(1, body, "killed")
    except OSError:
        pass


def test_a_restart_keeps_everything(hub):
    before = hub.streams()
    members = hub.http("GET", "/v1/members").body
    receipt = hub.http("GET", "/v1/feeds/1/batches/retry", "dept").body

    status = hub.stop()
    hub.start()

    assert status == 0
    assert hub.streams() == before
    assert hub.http("GET", "/v1/members").body == members
    assert hub.http("GET", "/v1/feeds/1/batches/retry", "dept").body == receipt
    assert hub.http("GET", "/readyz").status == 200


def test_a_database_that_dies_takes_the_hub_along_and_comes_back_with_it(hub):
    before = hub.streams()
    server = int((hub.state / "pg/postmaster.pid").read_text().splitlines()[0])

    os.kill(server, signal.SIGKILL)
    assert hub.process.wait(30) == 1
    hub.process = None
    hub.start()

    assert hub.streams() == before


def test_metrics_tell_what_was_merged(hub):
    hub.submit(1, HEADER + registration(right_codes(hub, 1, 15)[0]), "metrics")

    text = hub.http("GET", "/metrics").body.decode()

    assert 'rongxin_hub_rows_total{result="accepted"} 1' in text
    assert "rongxin_hub_batches_total 1" in text


def test_a_hub_in_a_folder_too_long_for_a_socket_works(hub_with):
    deep = hub_with(state="deep" * 30)

    assert deep.ready["pg"].startswith("host=/tmp/rxpg-")
    assert deep.http("GET", "/readyz").status == 200
    socket = deep.ready["pg"].split()[0].split("=")[1]
    assert deep.stop() == 0
    assert not os.path.exists(socket)


def test_a_hub_uses_the_database_that_it_is_told_and_makes_none(hub, hub_with):
    hub.sql("CREATE DATABASE elsewhere")
    told = hub.ready["pg"].replace("dbname=rongxin", "dbname=elsewhere")

    other = hub_with(settings=[f"database = {told}"])

    assert other.ready["pg"] == told
    assert not (other.state / "pg").exists()
    assert other.http("GET", "/readyz").status == 200
    assert other.sql("SELECT count(*) FROM record WHERE item = 60002") == [["1"]]
    assert other.stop() == 0
    assert hub.http("GET", "/readyz").status == 200


def test_an_upload_without_room_is_refused_and_may_be_tried_again(hub):
    spool = hub.state / "spool"
    moved = hub.state / "spool-away"
    spool.rename(moved)

    reply = hub.submit(1, HEADER + registration(right_codes(hub, 1, 17)[0]), "no-room")
    moved.rename(spool)

    assert (reply.status, reply.json["type"]) == (503, "urn:rongxin:problem:not_ready")
    assert hub.submit(1, HEADER + registration(right_codes(hub, 1, 17)[0]), "no-room").status == 200
