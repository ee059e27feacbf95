"""Snapshots and the trimmed log, seen by a child that was written from docs/PROTOCOL.md."""
import json
import os
import signal
import subprocess
import threading
import time

import pytest
from ledger_box import codes_of
from rig import CATALOGUE, need_programs

pytest.importorskip("zmq", reason="python3-zmq is missing")
from place import Place, wire  # noqa: E402

MANY = 20000


def until(condition, seconds=60, what="condition"):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.02)
    return value


@pytest.fixture(scope="module")
def place():
    need_programs()
    box = Place()
    try:
        box.start().admit_all()
        # New, changed, withdrawn and moved records, of several items.
        text = box.gen(1, MANY, 7, "--division", "4401")
        box.hand_in(text, "many")
        header, *rows = text.splitlines()
        box.hand_in("\n".join([header, *(r.replace("有限公司", "股份公司") for r in rows[:900])]) + "\n", "changed")
        for item in (11, 17):
            box.hand_in(box.gen(item, 300, 7, "--division", "4401"), f"item-{item}", item)
        leave = "\n".join(box.gen(11, 300, 7, "--division", "4401").splitlines()[:290]) + "\n"
        box.hand_in(leave, "left-out", 11, "?mode=full")
        box.hand_in(box.gen(1, 50, 8, "--division", "1101"), "beijing")
        yield box
    finally:
        box.remove()


@pytest.fixture
def child(place):
    one = place.child()
    yield one
    one.close()


@pytest.fixture
def place_with():
    need_programs()
    boxes = []

    def make(*settings, rows=600):
        box = Place(settings=settings)
        boxes.append(box)
        box.start().admit_all()
        if rows:
            box.hand_in(box.gen(1, rows, 7, "--division", "4401"), "first")
        return box

    yield make
    for box in boxes:
        box.remove()


def unpacked(sealed):
    raw = subprocess.run(["zstd", "-dc"], input=wire.first(sealed, 4), capture_output=True, check=True).stdout
    return [v for _, v in wire.fields(raw)]


def replayed(batches):
    """The records as they stand after these batches, packed, by key."""
    return {wire.key_of(r): r for sealed in batches for r in unpacked(sealed)}


def test_a_snapshot_holds_what_the_whole_log_leads_to(place, child):
    index, records = child.take_snapshot("4401", place.batch_key)

    assert index.chunks >= 5
    assert {wire.key_of(r): r for r in records} == replayed(child.fetch("4401"))
    stream = place.streams()["4401"]
    assert (index.position, index.state.hex(), index.records) == (stream["position"], stream["state"], stream["records"])
    withdrawn = int(place.sql("SELECT count(*) FROM record WHERE stream = '4401' AND state = 4")[0][0])
    assert sum(wire.first(r, 5, 0) == 4 for r in records) == withdrawn > 5, "withdrawn ones are there"


def test_a_snapshot_of_the_control_stream_holds_members_and_catalogue(place, child):
    index, records = child.take_snapshot("0000", place.batch_key)

    assert {wire.first(r, 1, 0) for r in records} == {60001, 60002}
    assert {wire.key_of(r): r for r in records} == replayed(child.fetch("0000"))


def test_the_next_who_asks_gets_the_same_snapshot_also_after_a_restart(place, child):
    index = child.take_index("4401", place.batch_key)
    made = place.metric('rongxin_hub_snapshots_total{result="made"}')
    place.hand_in(place.gen(17, 5, 99, "--division", "4401"), "later", 17)

    assert child.take_index("4401", place.batch_key).position == index.position
    assert place.metric('rongxin_hub_snapshots_total{result="made"}') == made
    place.restart()
    again = place.child()
    try:
        assert again.ask_page("4401") == again.ask_page("4401", index.position)
        index, records = again.take_snapshot("4401", place.batch_key)
        assert place.metric('rongxin_hub_snapshots_total{result="made"}') == 0
        assert place.metric("rongxin_hub_snapshot_chunks_total") == index.chunks
    finally:
        again.close()


def test_children_that_wait_together_get_one_snapshot(place, child):
    for name in place.shelf():
        (place.state / "snapshots" / name).unlink()
    made = place.metric('rongxin_hub_snapshots_total{result="made"}')
    others = [place.child() for _ in range(3)]
    try:
        first = [c.ask_page("4401") for c in (child, *others)]
        assert first == [(6, "preparing")] * 4
        positions = {c.take_index("4401", place.batch_key).position for c in (child, *others)}
        child.take_index("0000", place.batch_key)  # made behind all that waited
    finally:
        for other in others:
            other.close()

    assert len(positions) == 1
    assert place.metric('rongxin_hub_snapshots_total{result="made"}') == made + 2


def test_what_is_not_there_is_gone_or_invalid(place, child):
    index = child.take_index("4401", place.batch_key)

    assert child.ask_page("4499") == (6, "gone"), "a stream without a batch"
    assert child.ask_page("4401", index.position - 1) == (6, "gone")
    assert child.ask_chunk("4401", index.position + 1, 0) == (6, "gone")
    assert child.ask_chunk("4401", 0, 0) == (6, "gone")
    assert child.ask_page("4401", index.position, 1) == (6, "invalid")
    assert child.ask_chunk("4401", index.position, index.chunks) == (6, "invalid")


def test_only_its_own_divisions_and_only_while_it_is_a_member(place, child):
    assert child.ask_page("1101") == (6, "not_yours")
    assert child.ask_chunk("1101", 50, 0) == (6, "not_yours")
    index = child.take_index("4401", place.batch_key)

    place.admit_province("struck_off")
    try:
        assert child.ask_page("4401") == (6, "not_yours")
        assert child.ask_chunk("4401", index.position, 0) == (6, "not_yours")
        assert child.ask_page("0000") == (6, "not_yours")
    finally:
        place.admit_province()


def test_a_hub_killed_while_it_makes_one_leaves_no_half_and_makes_it_again(place):
    folder = place.state / "snapshots"

    def kill_in_the_middle():
        for name in place.shelf():
            (folder / name).unlink()
        child = place.child()
        try:
            while not any(name.endswith(".part") for name in place.shelf()):
                if child.ask_page("4401")[0] == 7:
                    return False  # it was quicker than we
        finally:
            child.close()
        place.process.send_signal(signal.SIGKILL)
        place.restart()
        return True
    until(kill_in_the_middle, 60, "killed while a snapshot was being made")

    assert place.shelf() == []
    child = place.child()
    try:
        index, records = child.take_snapshot("4401", place.batch_key)
        assert len(records) == index.records
    finally:
        child.close()


def test_a_child_goes_on_where_a_killed_hub_left_it(place):
    child = place.child()
    index = child.take_index("4401", place.batch_key)
    records = [child.take_chunk(index, i) for i in range(2)]
    child.close()

    place.stop(signal.SIGKILL)
    place.start()

    child = place.child()
    try:
        records += [child.take_chunk(index, i) for i in range(2, index.chunks)]
    finally:
        child.close()
    assert sum(map(len, records)) == index.records


def test_changes_go_on_while_a_snapshot_is_made(place, child):
    stop = threading.Event()
    failed = []

    def change():
        text = place.gen(1, 400, 7, "--division", "4401")
        for i in range(1000):
            if stop.is_set():
                return
            try:
                place.hand_in(text.replace("有限公司", f"第{i}公司"), f"race-{os.getpid()}-{i}")
            except AssertionError as error:
                failed.append(error)
                return
    thread = threading.Thread(target=change)
    thread.start()
    positions = []
    try:
        for _ in range(4):
            for name in place.shelf():
                (place.state / "snapshots" / name).unlink()
            index = child.take_index("4401", place.batch_key)
            positions.append(index.position)
            sums = [child.take_chunk(index, i) for i in range(index.chunks)]
            assert sum(map(len, sums)) == index.records
    finally:
        stop.set()
        thread.join()
    assert not failed
    assert positions == sorted(set(positions)), "the stream moved between them"
    place.chain_is_whole()


def test_a_damaged_file_is_dropped_and_made_again(place, child):
    index = child.take_index("4401", place.batch_key)
    path = place.state / "snapshots" / f"4401-{index.position}.image"
    place.stop()
    data = bytearray(path.read_bytes())
    data[-40] ^= 1
    path.write_bytes(data)
    place.start()

    again = place.child()
    try:
        assert again.ask_page("4401") == (6, "gone")
        assert place.events("snapshot.damaged")
        index, records = again.take_snapshot("4401", place.batch_key)
        assert len(records) == index.records
    finally:
        again.close()


def test_a_snapshot_ends_after_its_hours(place, child):
    index = child.take_index("4401", place.batch_key)
    path = place.state / "snapshots" / f"4401-{index.position}.image"

    os.utime(path, (time.time() - 25 * 3600,) * 2)

    until(lambda: not path.exists(), 30, "the file is gone")
    assert child.ask_chunk("4401", index.position, 0) == (6, "gone")
    assert any("why=age" in line for line in place.events("snapshot.dropped"))


def test_behind_a_trimmed_log_a_child_takes_the_snapshot_and_goes_on(place_with):
    place = place_with("log_bytes = 1")
    until(lambda: place.oldest("4401") > 1, 30, "trimmed")
    child = place.child()
    try:
        kind, reply = child.request(3, wire.field(1, "4401") + wire.field(2, 0) + wire.field(3, 64))
        assert kind == 4 and wire.first(reply, 2, 0) == place.oldest("4401"), "too_old{oldest}"
        assert place.sql("SELECT count(*) FROM change_log WHERE stream = '4401'") == [["1"]], "the newest batch stays"
        index, records = child.take_snapshot("4401", place.batch_key)
        held = {wire.key_of(r): r for r in records}
        position, head = index.position, wire.header_of(index.sealed).raw

        # More than the log may hold: what is behind the image stays all the same.
        for i in range(3):
            changed = place.gen(1, 600, 7, "--division", "4401").replace("有限公司", f"第{i}公司")
            place.hand_in(changed, f"more-{i}")
        place.hand_in(place.gen(1, 40, 9, "--division", "4403"), "other")
        place.hand_in(place.gen(1, 40, 10, "--division", "4403"), "another")
        until(lambda: place.oldest("4403") > 1, 30, "another round of trimming")
        for sealed in child.fetch("4401", position):
            header = wire.header_of(sealed)
            assert header.first == position + 1 and header.previous == wire.hashlib.sha256(head).digest()
            for record in unpacked(sealed):
                held[wire.key_of(record)] = record
            position, head = header.last, header.raw
        stream = place.streams()["4401"]
        assert position == stream["position"]
        assert wire.state_digest(wire.element_of(r) for r in held.values()).hex() == stream["state"]

        place.chain_is_whole(trimmed=True)

        # Without the image the log behind it goes, and the next image is a newer one.
        (place.state / "snapshots" / f"4401-{index.position}.image").unlink()
        until(lambda: place.oldest("4401") > index.position + 1, 30, "trimmed again")
        assert child.take_index("4401", place.batch_key).position == stream["position"]
        assert place.metric("rongxin_hub_log_bytes") == int(place.sql("SELECT sum(octet_length(sealed)) FROM change_log")[0][0])
        assert place.metric("rongxin_hub_log_trimmed_total") > 0 and place.events("log.trimmed")
    finally:
        child.close()


def test_batches_leave_the_log_by_age_and_the_newest_stays(place_with):
    place = place_with(rows=900)
    batches = int(place.sql("SELECT count(*) FROM change_log WHERE stream = '4401'")[0][0])
    assert batches >= 3
    place.restart(settings={"log_days": 10})
    place.sql("UPDATE change_log SET committed_at = committed_at - interval '9 days' WHERE stream = '4401'")
    place.sql("UPDATE change_log SET committed_at = committed_at - interval '2 days' WHERE stream = '4401' AND first < 300")
    gone = int(place.sql("SELECT max(last) FROM change_log WHERE committed_at < now() - interval '10 days'")[0][0])

    until(lambda: place.oldest("4401") > gone, 30, "trimmed by age")
    assert place.oldest("4401") == gone + 1, "and no further"
    place.sql("UPDATE change_log SET committed_at = committed_at - interval '30 days'")
    until(lambda: place.sql("SELECT count(*) FROM change_log WHERE stream = '4401'") == [["1"]], 30, "all but the newest")
    assert place.streams()["4401"]["position"] == 900


def test_a_log_without_limits_keeps_everything(place_with):
    place = place_with()
    place.sql("UPDATE change_log SET committed_at = committed_at - interval '30 years'")
    place.hand_in(place.gen(1, 5, 9, "--division", "4403"), "look")

    until(lambda: place.metric("rongxin_hub_log_bytes")
          == int(place.sql("SELECT sum(octet_length(sealed)) FROM change_log")[0][0]), 30, "counted")

    assert place.oldest("4401") == 1
    place.chain_is_whole()


def test_a_ledger_that_does_not_add_up_is_told_and_gives_no_snapshot(place_with):
    place = place_with()
    place.sql("UPDATE record SET as_of = as_of + interval '1 second' WHERE (stream, subject) ="
              " (SELECT stream, subject FROM record WHERE stream = '4401' LIMIT 1)")
    child = place.child()
    try:
        assert child.ask_page("4401") == (6, "preparing")
        until(lambda: place.events("snapshot.wrong"), 30, "the operator is told")
        until(lambda: child.ask_page("4401") == (6, "busy"), 30, "the child is told to wait")
        assert place.metric('rongxin_hub_snapshots_total{result="failed"}') == 1
        assert place.shelf() == []
    finally:
        child.close()


def test_a_record_that_is_not_what_its_digest_says_is_named_by_its_position(place_with):
    place = place_with()
    position = place.sql("UPDATE record SET fields = fields || '{\"name\": \"x\"}' WHERE (stream, subject) ="
                         " (SELECT stream, subject FROM record WHERE stream = '4401' LIMIT 1) RETURNING position")[0][0]
    child = place.child()
    try:
        child.ask_page("4401")
        until(lambda: place.events("snapshot.wrong"), 30, "the operator is told")
        assert f"position {position} " in place.events("snapshot.wrong")[0]
    finally:
        child.close()


def test_records_of_an_older_catalogue_keep_their_fields(place_with):
    place = place_with()
    before = place.streams()["4401"]["state"]
    catalogue = json.loads(CATALOGUE.read_text())
    catalogue["version"] += 1
    item = next(i for i in catalogue["items"] if i["number"] == 1)
    address = next(f for f in item["fields"] if f["name"] == "address")
    address["name"] = "seat"
    path = place.folder / "newer.json"
    path.write_text(json.dumps(catalogue))
    reply = place.http("POST", "/v1/catalogue", "operator",
                       place.cli("catalogue", "sign", path, "--key", place.folder / "net/catalogue.key").strip())
    assert reply.status == 200, reply.body
    codes = codes_of(place, 1, 55)
    place.hand_in(f"name,uscc,seat,province,city\n广州新公司,{codes[0]},新路1号,广东,广州\n", "new-name")
    child = place.child()
    try:
        index, records = child.take_snapshot("4401", place.batch_key)
        assert index.state.hex() == place.streams()["4401"]["state"] != before
        assert {wire.key_of(r): r for r in records} == replayed(child.fetch("4401"))
    finally:
        child.close()


def test_a_hub_that_stops_gives_up_what_it_is_making(place_with):
    place = place_with(rows=5000)
    child = place.child()
    assert child.ask_page("4401") == (6, "preparing")
    child.close()

    began = time.monotonic()
    assert place.stop() == 0
    assert time.monotonic() - began < 10
    assert not [name for name in place.shelf() if name.endswith(".part")]
    assert not place.events("snapshot.failed"), "nothing is wrong"
