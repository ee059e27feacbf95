"""Random batches against a simple model: whatever comes, in whatever order, however often and
with the hub killed in between, the ledger holds what the model holds.

RX_SEED repeats a run; RX_PROPERTY_STEPS is the number of rows handed in (4,000)."""
import http.client
import os
import random
import signal
import ssl
import threading
import time

SEED = int(os.environ.get("RX_SEED", random.SystemRandom().randrange(1 << 32)))
STEPS = int(os.environ.get("RX_PROPERTY_STEPS", "4000"))
HEADER = "name,uscc,reg_date,ent_type,capital,scope,province,city,_action,data_date\n"
BAD = "91440101MA5AAAAA11"


class Model:
    """What docs/PROTOCOL.md says of delta batches, for one record a subject."""

    def __init__(self):
        self.records = {}  # code -> [version, withdrawn, capital, day]
        self.history = 0
        self.totals = [0, 0, 0, 0]  # what the quality facts add up to

    def take(self, rows):
        """The receipt's counts: rows, accepted, unchanged, rejected."""
        last, before, accepted, unchanged, rejected = {}, [], 0, 0, 0
        for row in rows:
            if row[0] == BAD:
                rejected += 1
                continue
            if row[0] in last:
                before.append(last[row[0]])
            last[row[0]] = row
        for row in before:
            same = row[1:3] == last[row[0]][1:3]
            unchanged, rejected = unchanged + same, rejected + (not same)
        for code, capital, delete, day in last.values():
            if self.apply(code, capital, delete, day):
                accepted += 1
            else:
                unchanged += 1
        result = len(rows), accepted, unchanged, rejected
        self.totals = [total + more for total, more in zip(self.totals, result)]
        return result

    def apply(self, code, capital, delete, day):
        known = self.records.get(code)
        if known is None:
            if delete:
                return False
            self.records[code] = [1, False, capital, day]
            return True
        if known[1:3] == [delete, capital]:
            if day is not None and (known[3] is None or known[3] < day):
                known[3] = day
            return False
        if (delete and known[1]) or (day is not None and known[3] is not None and day < known[3]):
            return False
        self.records[code] = [known[0] + 1, delete, capital, day]
        self.history += 1
        return True


def text_of(rows):
    return HEADER + "".join(
        f"广州测试有限公司,{code},2019-01-03,有限责任公司,{capital}万元人民币,软件开发,广东,广州,{'delete' if delete else ''},{day or ''}\n"
        for code, capital, delete, day in rows)


def random_rows(chance, codes, count):
    """Of every twenty rows about one is rejected: far from the share that holds a batch."""
    rows = []
    chosen = chance.sample(codes, min(count, len(codes)))
    for code in chosen + chosen[:len(chosen) // 25]:
        day = chance.choice([None, f"2026-03-{chance.randint(1, 28):02d}"])
        row = (code, chance.randint(1, 4), chance.random() < 0.15, day)
        rows.append(row)
        kind = chance.random()
        if kind < 0.03:
            rows.append(row)
        elif kind < 0.04:
            rows.append((BAD, 1, False, None))
    return rows


def agree(hub, model):
    held = {code: [int(version), state == "4", int(float(capital)) // 10000] for code, version, state, capital in hub.sql(
        "SELECT subject, version, state, fields->>'registered_capital' FROM record WHERE item = 1")}
    assert held == {code: record[:3] for code, record in model.records.items()}
    assert hub.sql("SELECT count(*), count(DISTINCT (subject, version)) FROM record_history WHERE item = 1") == [[str(model.history)] * 2]
    assert int(hub.sql("SELECT coalesce(sum(last - first + 1), 0) FROM change_log WHERE stream <> '0000'")[0][0]) == sum(
        record[0] for record in model.records.values())
    facts = hub.sql("SELECT sum(rows), sum(accepted), sum(unchanged), sum(rejected) FROM quality_daily WHERE item = 1")
    assert list(map(int, facts[0])) == model.totals
    hub.chain_is_whole()
    assert {name: stream["state"] for name, stream in hub.streams().items()} == hub.state_digests()


def counts(receipt):
    return receipt["rows"], receipt["accepted"], receipt["unchanged"], receipt["rejected"]


def submit_and_kill(hub, chance, body, batch):
    """The hub dies somewhere between the first byte and after the receipt."""
    def upload():
        try:
            hub.submit(1, body, batch)
        except (OSError, ssl.SSLError, http.client.HTTPException):
            pass
    thread = threading.Thread(target=upload)
    thread.start()
    time.sleep(chance.random() * 0.12)
    hub.stop(signal.SIGKILL)
    thread.join()
    hub.start()


def at_once(calls):
    replies = [None] * len(calls)

    def run(i):
        replies[i] = calls[i]()
    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return replies


def test_random_batches_leave_what_the_model_says(hub):
    print(f"RX_SEED={SEED} RX_PROPERTY_STEPS={STEPS}")
    chance, model, sent, receipts, kills = random.Random(SEED), Model(), 0, {}, 0
    registered = hub.gen(1, 300, 91, "--division", "4401").splitlines()
    at = registered[0].split(",").index("uscc")
    codes = sorted({row.split(",")[at] for row in registered[1:]})
    while sent < STEPS:
        # Batches at once are about different subjects: any order is right.
        width = chance.choice([1, 1, 2, 3])
        shares = [codes[i::width] for i in range(width)]
        batches = []
        for share in shares:
            rows = random_rows(chance, share, chance.randint(30, 200))
            batches.append((f"p-{len(receipts) + len(batches)}", text_of(rows), model.take(rows)))
            sent += len(rows)
        if kills < 5 and chance.random() < 0.15:
            kills += 1
            submit_and_kill(hub, chance, batches[0][1], batches[0][0])
        twice = batches + [batch for batch in batches if chance.random() < 0.3]
        replies = at_once([lambda b=b: hub.submit(1, b[1], b[0]) for b in twice])
        for (batch, _, expected), reply in zip(twice, replies):
            assert reply.status == 200, (SEED, batch, reply.body)
            assert counts(reply.json) == expected, (SEED, batch)
            receipts.setdefault(batch, reply.body)
            assert reply.body == receipts[batch], (SEED, batch)
        old = chance.choice(sorted(receipts))
        assert hub.http("GET", f"/v1/feeds/1/batches/{old}", "dept").body == receipts[old]
        if chance.random() < 0.2:
            agree(hub, model)
    agree(hub, model)
    assert int(hub.sql("SELECT count(*) FROM feed_batch")[0][0]) == len(receipts)
    print(f"{sent} rows in {len(receipts)} batches, {kills} kills, {len(model.records)} records, {model.history} superseded")
