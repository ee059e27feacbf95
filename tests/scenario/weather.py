"""The network in bad weather, for a seed and a time; what a checker finds afterwards.

Two departments' clients hand in batches again and again until each has its receipt, readers ask
the nodes all the while, and a storm delays, throttles, freezes, cuts and unplugs the links between
hub, province and cities and kills -9 any of them, and PostgreSQL.  Then the sun comes out: every
accepted change must be everywhere, once, and no reader may have seen half a batch.

    python3 tests/scenario/weather.py SEED SECONDS
"""
import functools
import http.client
import os
import pathlib
import random
import signal
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from harness import Network, alive, rows_of, until, uscc_is_right  # noqa: E402
from links import Links, Spaces  # noqa: E402

PARTS = ("hub", "gd", "gz", "sz")
PARENT = {"gd": "hub", "gz": "gd", "sz": "gd"}
CITY = {"4401": "gz", "4403": "sz"}
TAX = 17              # a subject has a row a year; a batch stamps all of them alike
YEARS = range(2018, 2024)
SUBJECTS = 24         # of a city; all their rows fit one sealed batch of 256 records
BATCHES_MIN = 5       # of each city, or the storm was no test
AWAY = (OSError, http.client.HTTPException, ValueError, KeyError)


class Weather:
    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.links = Links()
        self.spaces = Spaces(PARTS) if Spaces.allowed() else None
        self.network = Network()
        self.network.patience = 10
        self.over = threading.Event()
        self.trouble = []        # what must never have happened
        self.log = []            # what the storm did
        self.wires = {}          # (child, "live" or "fetch") → Link
        self.back = {}           # part → thread that brings it back
        self.stamps = {}         # subject → stamp of its newest receipt
        self.receipts = []
        self.answers = 0

    # --- the network, with a proxy on every link ---
    def up(self):
        for part in PARTS:
            for word, value in self.place(part).items():
                self.network.environment[f"RX_{word}_{part}"] = value
        self.network.up()
        return self

    def place(self, part):
        place, host = {}, "127.0.0.1"
        if self.spaces:
            host = self.spaces.near(part)
            place = {"HOST": self.spaces.host(part), "ENTER": f"ip netns exec {self.spaces.space(part)}"}
        if part in PARENT:
            for kind in ("live", "fetch"):
                self.wires[part, kind] = self.links.make(functools.partial(self.end, PARENT[part], kind), host)
            place["PARENT"] = " ".join(f"tcp://{host}:{self.wires[part, kind].port}" for kind in ("live", "fetch"))
        return place

    def end(self, part, kind):
        """Where a part serves its children; its ready file says tcp://[::ffff:127.0.0.1]:PORT."""
        host, port = self.network.ready(part)[kind].removeprefix("tcp://").rsplit(":", 1)
        return host.strip("[]").removeprefix("::ffff:"), int(port)

    def close(self):
        self.over.set()
        for thread in list(self.back.values()):
            thread.join(90)
        self.network.down()
        self.links.close()
        if self.spaces:
            self.spaces.close()

    # --- who works in it ---
    def submit_until_taken(self, item, body, batch):
        """What a department's client does: the same id until there is a receipt."""
        def attempt():
            try:
                reply = self.network.submit(item, body, batch)
            except AWAY:
                return None
            if reply.status != 200 and reply.status < 500:
                raise AssertionError(f"{batch}: {reply.status} {reply.body}")
            return reply.json if reply.status == 200 else None
        return until(attempt, 120, f"receipt of {batch}")

    def found(self, division):
        text = self.network.gen(1, SUBJECTS, 71, "--division", division)
        self.submit_until_taken(1, text, f"weather-{division}")
        return [row["uscc"] for row in rows_of(text) if uscc_is_right(row["uscc"])]

    def feed(self, division, subjects, chance):
        number = 0
        while not self.over.is_set():
            number += 1
            chosen = chance.sample(subjects, chance.randint(1, len(subjects)))
            rows = [f"{code},{year},{chance.choice('ABM')},局{division}-{number}" for code in chosen for year in YEARS]
            body = "uscc,year,level,authority\n" + "\n".join(rows) + "\n"
            batch = f"weather-{division}-{number}"
            receipt = self.submit_until_taken(TAX, body, batch)
            if (receipt["rows"], receipt["accepted"], receipt["rejected"]) != (len(rows), len(rows), 0):
                self.trouble.append(f"{batch}: {len(rows)} rows, receipt {receipt}")
            if chance.random() < 0.2 and self.submit_until_taken(TAX, body, batch) != receipt:
                self.trouble.append(f"{batch}: another receipt for the same batch")
            self.receipts.append((division, receipt))
            self.stamps.update({code: f"局{division}-{number}" for code in chosen})

    def stamps_at(self, part, code):
        """What a node answers: the stamps of a subject's rows; None when it does not."""
        try:
            reply = self.network.ask(code, part=part, items=[TAX])
        except AWAY:
            return None
        if reply.status != 200:
            return None
        self.answers += 1
        return [record["authority"] for item in reply.json["items"] for record in item["records"]]

    def read(self, subjects, chance):
        while not self.over.wait(0.02):
            division = chance.choice(list(subjects))
            code, part = chance.choice(subjects[division]), chance.choice([CITY[division], "gd"])
            seen = self.stamps_at(part, code)
            if seen and (len(seen) != len(YEARS) or len(set(seen)) != 1):
                self.trouble.append(f"{part} showed half a batch: {seen}")

    # --- the storm ---
    def kill(self, part):
        if part in self.back and self.back[part].is_alive():
            return
        self.log.append(f"kill {part}")
        if part == "hub" and self.chance.random() < 0.4:
            self.kill_database()
        else:
            self.network.kill(part)
        thread = threading.Thread(target=self.bring_back, args=(part, self.chance.uniform(0, 2)))
        self.back[part] = thread
        thread.start()

    def kill_database(self):
        """The hub follows its private cluster, and whoever starts it again starts both."""
        self.log[-1] = "kill PostgreSQL"
        hub = self.network.pid("hub")
        os.kill(int((self.network.run / "hub/pg/postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        until(lambda: not alive(hub), 60, "the hub follows its database")

    def bring_back(self, part, after):
        time.sleep(after)        # how long nobody was there to start it again
        try:
            self.network.start(part)
        except Exception as problem:
            self.trouble.append(f"{part} does not start: {problem}")

    def bend(self, part):
        """One link of one part, badly, until the sky clears."""
        link = self.wires[part, self.chance.choice(["live", "fetch"])]
        kind = self.chance.choice(["delay", "throttle", "freeze", "cut", "down"])
        self.log.append(f"{kind} {part}")
        if kind == "delay":
            link.delay = self.chance.uniform(0.01, 0.3)
        elif kind == "throttle":
            link.rate = self.chance.randint(5_000, 200_000)
        elif kind == "freeze":
            self.links.do(link.thawed.clear)
        else:
            link.down = kind == "down"
            self.links.do(link.cut)

    def unplug(self, part):
        self.log.append(f"unplug {part}")
        self.spaces.wire(part, False)

    def clear(self, part=None):
        for (child, _), link in self.wires.items():
            if part in (None, child):
                self.links.do(link.clear)
        for each in PARTS if self.spaces else ():
            if part in (None, each):
                self.spaces.wire(each, True)

    def storm(self, seconds):
        end = time.monotonic() + seconds
        while not self.trouble and time.monotonic() < end:
            chosen = self.chance.random()
            if chosen < 0.2:
                self.kill(self.chance.choice(PARTS))
            elif chosen < 0.35 and self.spaces:
                self.unplug(self.chance.choice(PARTS))
            elif chosen < 0.75:
                self.bend(self.chance.choice(PARTS[1:]))
            else:
                self.clear(self.chance.choice(PARTS))
            time.sleep(self.chance.uniform(0.05, 0.7))   # the storm's own pace
        self.clear()

    def blow(self, seconds):
        subjects = {division: self.found(division) for division in CITY}
        seeds = [self.chance.random() for _ in range(4)]
        workers = [functools.partial(self.feed, d, s, random.Random(seeds[n])) for n, (d, s) in enumerate(subjects.items())]
        workers += [functools.partial(self.read, subjects, random.Random(seeds[n])) for n in (2, 3)]
        threads = [threading.Thread(target=self.work, args=(worker,)) for worker in workers]
        for thread in threads:
            thread.start()
        try:
            self.storm(seconds)
            for thread in list(self.back.values()):
                thread.join()
        finally:
            self.over.set()
            for thread in threads:
                thread.join()

    def work(self, worker):
        try:
            worker()
        except BaseException as problem:   # told at the end
            self.trouble.append(repr(problem))

    # --- what must be true when the sun is out ---
    def check(self):
        assert not self.trouble, "\n".join(self.trouble[:5]) + "\n" + self.network.logs()
        for part, prefix in (("gd", "44"), ("gz", "4401"), ("sz", "4403")):
            self.network.agree(part, prefix)
        hub = self.network.streams("hub")
        for division, part in CITY.items():
            receipts = [receipt for of, receipt in self.receipts if of == division]
            assert len(receipts) >= BATCHES_MIN, f"{division}: only {len(receipts)} batches"
            ranges = sorted((s["first"], s["last"]) for receipt in receipts for s in receipt["streams"])
            assert all(after[0] == before[1] + 1 for before, after in zip(ranges, ranges[1:])), "gaps or doubles in the receipts"
            assert ranges[-1][1] == hub[division]["position"]
            for code in [c for c, stamp in self.stamps.items() if stamp.startswith(f"局{division}")]:
                for place in (part, "gd"):
                    assert self.stamps_at(place, code) == [self.stamps[code]] * len(YEARS), f"{place}: an old answer"
        return (f"{len(self.log)} blows, {len(self.receipts)} batches, {self.answers} answers, "
                f"{'namespaces' if self.spaces else 'loopback'}")


def weather(seed, seconds):
    sky = Weather(seed)
    try:
        sky.up().blow(seconds)
        return sky.check()
    finally:
        print("blows:", ", ".join(sky.log))
        sky.close()


if __name__ == "__main__":
    print(weather(int(sys.argv[1]), float(sys.argv[2])))
