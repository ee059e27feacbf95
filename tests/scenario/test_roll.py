"""Keys and certificates roll while records flow: nothing is lost, and what is
old is refused afterwards."""
import hashlib
import http.client
import itertools
import json
import os
import shutil
import signal
import ssl
import subprocess
import threading

import pytest
from harness import BIN, alive, until

pytest.importorskip("zmq", reason="python3-zmq is missing")
import vouch  # noqa: E402
import wire  # noqa: E402
from test_burst import hub_key  # noqa: E402

CODES = {"gd": "11440000MB00004493", "gz": "11440100MB0044011H", "sz": "11440300MB0044038K"}


SEEDS = itertools.count(5000)


class Traffic:
    """Batches for both cities, one after the other, until it is closed."""

    def __init__(self, network):
        self.network, self.over, self.taken = network, threading.Event(), []
        self.thread = threading.Thread(target=self.run)

    def run(self):
        text, seed = None, 0
        while not self.over.is_set():
            if text is None:
                seed = next(SEEDS)
                text = self.network.gen(1, 20, seed, "--division", "4401,4403")
            try:
                status = self.network.submit(1, text, f"roll-{seed}").status
            except (OSError, http.client.HTTPException):  # the hub is being started again
                continue
            if status != 503:  # it stops: the same batch again
                self.taken.append(status)
                text = None

    def __enter__(self):
        self.thread.start()
        until(lambda: self.taken, 20, "records flow")
        return self

    def __exit__(self, *_):
        more = len(self.taken) + 2
        try:
            until(lambda: len(self.taken) >= more, 30, "records flow on")
        finally:
            self.over.set()
            self.thread.join()
        assert set(self.taken) == {200}


def all_agree(network):
    network.agree("gd", "44")
    network.agree("gz", "4401")
    network.agree("sz", "4403")


def start(network, part, /, **changes):
    """Start a node with its settings changed, as an operator would."""
    conf = network.run / f"{part}.conf"
    ready = network.run / part / "ready"
    before = dict(line.split(" = ", 1) for line in conf.read_text().splitlines())
    if ready.exists():  # its cities know it by its ports
        before |= {name: value for name, value in network.ready(part).items() if name in before}
    conf.write_text("".join(f"{name} = {value}\n" for name, value in {**before, **changes}.items()))
    ready.unlink(missing_ok=True)
    log = (network.run / "log" / f"{part}.log").open("a")
    process = subprocess.Popen([str(BIN / "rongxin-node"), "--config", str(conf)], stdout=log, stderr=log)
    threading.Thread(target=process.wait, daemon=True).start()
    (network.run / "pid" / f"{part}.pid").write_text(str(process.pid))
    until(lambda: ready.exists() and json.loads(ready.read_text())["pid"] == process.pid or not alive(process.pid), 60, f"{part} started")
    assert alive(process.pid), network.logs()


def own(network, *paths):
    """Files that root made belong to the daemons' user, as when installed."""
    if os.getuid() == 0:
        like = os.stat(f"{network.stem('gz')}.key")
        for path in paths:
            os.chown(path, like.st_uid, like.st_gid)


def key_roll(network, stem):
    network.cli("key", "roll", stem)
    own(network, f"{stem}.next.curve", f"{stem}.next.curve.pub")
    return open(f"{stem}.next.curve.pub").read().strip()


def test_a_nodes_key_rolls(network):
    stem = network.stem("sz")
    with Traffic(network):
        key_roll(network, stem)
        network.cli("member", "roll", CODES["sz"], "--key-file", f"{stem}.next.curve.pub", who="operator", part="hub")
        shutil.copy(f"{stem}.curve", f"{network.stem('old')}.curve")
        shutil.copy(f"{stem}.curve.pub", f"{network.stem('old')}.curve.pub")
        network.cli("key", "roll", stem, "--finish")
        network.stop("sz")
        network.start("sz")
    all_agree(network)
    hello = wire.field(1, 1) + wire.field(3, CODES["sz"])

    def gets_in(part, who):
        child = wire.Child(network, part, who, hub_key(network) if part == "hub" else f"{network.stem('gd')}.curve.pub")
        try:
            return child.request(2, hello, 2) is not None
        finally:
            child.close()
    assert gets_in("gd", "old"), "until the roll is finished"
    network.cli("member", "roll", CODES["sz"], "--finish", who="operator", part="hub")
    position = network.streams("hub")["0000"]["position"]
    until(lambda: network.streams("gd")["0000"]["position"] >= position, 10, "the province knows")
    for part in ("hub", "gd"):
        assert not gets_in(part, "old"), part
        assert gets_in(part, "sz"), part
    all_agree(network)


def changed(network, part):
    return (network.run / "log" / f"{part}.log").read_text().count("node.parent_key changed=1")


def told(network, *parts):
    """They know what stream 0000 says by now."""
    position = network.streams("hub")["0000"]["position"]
    for part in parts:
        until(lambda: network.streams(part)["0000"]["position"] >= position, 20, f"{part} knows")


def test_a_provinces_key_rolls_under_its_cities(network):
    """They come back by themselves, and find it again when they are started
    with the former setting, though nobody tells of that key any more."""
    stem = network.stem("gd")
    old = open(f"{stem}.curve.pub").read().strip()
    with Traffic(network):
        key_roll(network, stem)
        network.cli("member", "roll", CODES["gd"], "--key-file", f"{stem}.next.curve.pub", who="operator", part="hub")
        told(network, "gd", "gz", "sz")
        network.cli("key", "roll", stem, "--finish")
        network.kill("gd")
        network.start("gd")
        for city in ("gz", "sz"):
            until(lambda: changed(network, city) == 1, 30, f"{city} is back")
    network.cli("member", "roll", CODES["gd"], "--finish", who="operator", part="hub")
    all_agree(network)
    assert f"parent_key = {old}" in (network.run / "gz.conf").read_text()
    network.stop("gz")
    with Traffic(network):
        start(network, "gz")
    all_agree(network)
    assert changed(network, "gz") == 1
    network.stop("gz")
    start(network, "gz", parent_key=open(f"{stem}.curve.pub").read().strip())
    all_agree(network)


def test_the_hubs_key_rolls_under_its_province(network):
    """An operator announces the next key while the hub runs, which is killed
    then and at the end; the province is never touched."""
    net = network.run / "net"
    shutil.copy(net / "network.json", net / "former.json")
    announce = ("key", "announce", "curve", "--network", net / "network.json")
    assert network.cli(*announce, who="operator", part="hub", check=False).returncode != 0, "none is made yet"
    with Traffic(network):
        network.cli("key", "roll", net / "hub", "--network", net / "network.json")
        own(network, net / "hub.next.curve", net / "hub.next.curve.pub")
        network.cli(*announce, who="operator", part="hub")
        told(network, "gd")
        assert network.cli(*announce, who="operator", part="hub", check=False).returncode == 1, "once"
        network.kill("hub")
        network.start("hub")
        assert len(hub_lines(network, "keys.announced kind=curve")) == 2, "the present one and the next, by the operator"
        network.cli("key", "roll", net / "hub", "--network", net / "network.json", "--finish")
        network.kill("hub")
        network.start("hub")
        until(lambda: changed(network, "gd") == 1, 30, "the province is back")
    assert len(hub_lines(network, "keys.retired kind=curve")) == 1
    assert document(network)["hub_curve_key"] == (net / "hub.curve.pub").read_text().strip()
    all_agree(network)
    network.stop("gd")
    with Traffic(network):
        start(network, "gd", network=net / "former.json")
    all_agree(network)
    assert changed(network, "gd") == 1, "it began with the key that worked last"
    network.stop("gd")
    network.start("gd")
    all_agree(network)


def test_a_city_that_was_away_for_a_whole_roll_of_its_province_comes_back(network):
    """Stream 0000, which tells of the new key, it asks of the other city, in
    whose place somebody answers and alters the first batch, once."""
    stem = network.stem("gd")
    told_once = threading.Event()

    def answer(handler, _):
        reply = network.http("hub", "GET", handler.path, "gz").body
        sealed = next((v for n, v in wire.fields(wire.first(reply, 3)) if n == 2), None)
        if sealed is not None and not told_once.is_set():
            told_once.set()
            signature = wire.first(sealed, 2)
            reply = reply.replace(signature, signature[:-1] + bytes([signature[-1] ^ 1]))
        handler.reply(200, "application/x-protobuf", reply)
    other = vouch.Holder(network.stem("gz"), network.run / "net" / "ca.crt", answer)
    try:
        network.cli("member", "set-url", CODES["gz"], other.url, who="operator", part="hub")
        told(network, "sz")
        before, old = changed(network, "sz"), open(f"{stem}.curve.pub").read().strip()
        network.stop("sz")
        key_roll(network, stem)
        network.cli("member", "roll", CODES["gd"], "--key-file", f"{stem}.next.curve.pub", who="operator", part="hub")
        told(network, "gd", "gz")
        network.cli("key", "roll", stem, "--finish")
        network.kill("gd")
        network.start("gd")
        network.cli("member", "roll", CODES["gd"], "--finish", who="operator", part="hub")
        told(network, "gd", "gz")
        with Traffic(network):
            start(network, "sz", parent_key=old)
            until(lambda: changed(network, "sz") == before + 1, 60, "it found the key")
        all_agree(network)
    finally:
        other.close()
    log = (network.run / "log" / "sz.log").read_text()
    refused, taken = (log.index(f"detour.{event} source={CODES['gz']}") for event in ("refused", "taken"))
    assert refused < taken, "nobody is believed"
    network.stop("sz")
    start(network, "sz")
    all_agree(network)
    for city in ("gz", "sz"):  # with the present key in their settings, for who joins anew
        network.stop(city)
        network.start(city)
    all_agree(network)


def test_a_province_that_was_away_for_a_whole_roll_of_the_hub_comes_back(network):
    """From the hub itself, whose HTTPS address is set."""
    net = network.run / "net"
    shutil.copy(net / "network.json", net / "former.json")
    before = changed(network, "gd")
    network.stop("gd")
    network.cli("key", "roll", net / "hub", "--network", net / "network.json")
    own(network, net / "hub.next.curve", net / "hub.next.curve.pub")
    for more in ([], ["--finish"]):
        if more:
            network.cli("key", "roll", net / "hub", "--network", net / "network.json", *more)
        network.kill("hub")
        network.start("hub")
    with Traffic(network):
        start(network, "gd", network=net / "former.json", parent_url=network.url("hub"))
        until(lambda: changed(network, "gd") == before + 1, 40, "it found the key")
    all_agree(network)
    assert "detour.taken source= " in (network.run / "log" / "gd.log").read_text()
    network.stop("gd")
    network.start("gd")
    all_agree(network)


def test_stream_0000_is_for_platforms(network):
    for part in ("hub", "gz"):
        for who, path, expected in (("bank", "after=0", 403), ("operator", "after=0", 403), ("sz", "after=x", 400), ("sz", "", 400)):
            assert network.http(part, "GET", f"/v1/control?{path}", who).status == expected, (part, who, path)
        reply = network.http(part, "GET", "/v1/control?after=1", "sz")
        assert (reply.status, reply.headers["content-type"]) == (200, "application/x-protobuf")
        batches = [v for n, v in wire.fields(wire.first(reply.body, 3)) if n == 2]
        assert wire.header_of(batches[0]).stream == "0000" and wire.header_of(batches[0]).first == 2
        assert all(wire.is_signed(document(network)["batch_key"], sealed) for sealed in batches)


def key_id(public_hex):
    return hashlib.sha256(bytes.fromhex(public_hex)).digest()[:8]


def document(network):
    return json.loads((network.run / "net" / "network.json").read_text())


def roll_batch(network, *more):
    net = network.run / "net"
    network.cli("key", "roll-batch", net / "batch", "--network", net / "network.json", *more)
    own(network, *(path for path in (net / "batch.key", net / "batch.next.key") if path.exists()))


def hub_lines(network, event):
    return [line for line in (network.run / "log" / "hub.log").read_text().splitlines() if event in line]


def start_anew(network, part, /, **changes):
    """A node that joins: its folder is empty."""
    network.stop(part)
    shutil.rmtree(network.run / part)
    start(network, part, **changes)


@pytest.fixture(scope="module")
def rolled(network):
    """The batch key has rolled under traffic.  The hub was killed after each
    step; one city was away all the time and knows only the file of before."""
    net = network.run / "net"
    before = document(network)
    shutil.copy(net / "network.json", net / "before.json")
    old = network.folder / "old.batch.key"
    shutil.copy(net / "batch.key", old)
    with Traffic(network):
        network.stop("sz")
        roll_batch(network)
        network.kill("hub")
        network.start("hub")
        assert len(hub_lines(network, "keys.announced kind=batch")) == 2
        roll_batch(network, "--finish")
        network.kill("hub")
        network.start("hub")
        network.kill("hub")  # once more, with the new key
        network.start("hub")
        start(network, "sz", network=net / "before.json")
    line, = hub_lines(network, "keys.retired kind=batch")
    return before["batch_key"], old, int(line.rsplit("until=", 1)[1].split()[0])


def test_the_batch_key_rolls(network, rolled):
    old = rolled[0]
    new = document(network)["batch_key"]
    assert new != old
    all_agree(network)
    hub = wire.Child(network, "hub", "gd", network.run / "net" / "hub.curve.pub")
    try:
        for stream in ("0000", "4401"):
            ids = [wire.first(sealed, 3) for sealed in hub.fetch(stream)]
            turn = ids.index(key_id(new))
            assert turn > 0 and set(ids[:turn]) == {key_id(old)} and set(ids[turn:]) == {key_id(new)}
            if stream == "0000":
                assert wire.header_of(hub.fetch(stream)[turn]).first == rolled[2] + 1
    finally:
        hub.close()


def test_a_node_that_joins_after_the_roll_gets_all(network, rolled):
    """What the old key sealed it takes up to where that was retired."""
    roll_batch(network, "--until", rolled[2])
    assert document(network)["former_batch_keys"] == [{"key": rolled[0], "until": rolled[2]}]
    start_anew(network, "gz")
    all_agree(network)


def test_a_file_that_ends_the_old_key_too_early_stops_a_new_node(network, rolled):
    """So the bound of the file is looked at, before stream 0000 can tell."""
    short = document(network)
    short["former_batch_keys"][0]["until"] = 1
    path = network.run / "net" / "short.json"
    path.write_text(json.dumps(short))
    log = network.run / "log" / "gz.log"
    before = log.read_text().count("retired before it")
    start_anew(network, "gz", network=path)
    until(lambda: log.read_text().count("retired before it") > before, 20, "refused")
    assert network.http("gz", "GET", "/v1/streams").json["streams"][0]["position"] <= 1
    start_anew(network, "gz", network=network.run / "net" / "network.json")
    all_agree(network)


def sign(key, message, folder):
    (folder / "message").write_bytes(message)
    subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", folder / "message", "-out", folder / "signature"],
                   check=True, capture_output=True)
    return (folder / "signature").read_bytes()


def test_who_stole_the_old_key_can_seal_nothing_new(network, rolled):
    """In the province's place, with its key: the next batch and a pulse, as the
    hub would have sealed them before the roll."""
    old, key, _ = rolled
    network.agree("gz", "4401")
    held = network.streams("gz")["4401"]
    ready = network.ready("gd")
    hub = wire.Child(network, "hub", "gd", network.run / "net" / "hub.curve.pub")
    hub.subscribe("pulse")
    true = hub.fetch("4401")[-1]
    pulse = until(lambda: hub.hear(2), 10, "a pulse")[2]
    hub.close()
    network.stop("gd")
    liar = wire.Parent(ready["live"], ready["fetch"], f"{network.stem('gd')}.curve")
    log = network.run / "log" / "gz.log"

    def lines(event):
        return [line for line in log.read_text(errors="replace").splitlines() if event in line]
    try:
        place = (held["position"] + 1).to_bytes(8, "big")
        header = wire.header_of(true).raw
        header = header[:8] + place + place + bytes.fromhex(held["head"]) + header[56:]
        forged = (wire.field(1, header) + wire.field(2, sign(key, header, network.folder)) + wire.field(3, key_id(old))
                  + wire.field(4, wire.first(true, 4)))
        before = len(lines("follow.refused"))
        until(lambda: (liar.say("4401", forged), len(lines("follow.refused")) > before)[1], 20, "refused")
        assert "retired before it" in lines("follow.refused")[-1]
        body = wire.first(pulse, 1)
        late = wire.field(1, wire.first(body, 1, 0) + 10**6) + b"".join(wire.field(n, v) for n, v in wire.fields(body) if n != 1)
        before = len(lines("follow.pulse"))
        liar.say("pulse", pulse=wire.field(1, late) + wire.field(2, sign(key, late, network.folder)) + wire.field(3, key_id(old)))
        until(lambda: len(lines("follow.pulse")) > before, 10, "refused")
        assert network.streams("gz")["4401"]["position"] == held["position"]
    finally:
        liar.close()
        network.start("gd")
    all_agree(network)


def refusal_of_hub(network):
    done = subprocess.run([str(BIN / "rongxin-hub"), "--config", str(network.run / "hub.conf")], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    return done.stdout + done.stderr


def test_the_hub_does_not_start_with_a_key_that_nodes_would_refuse(network, rolled):
    net = network.run / "net"
    shutil.copy(net / "network.json", net / "kept.json")
    shutil.copy2(net / "batch.key", net / "kept.key")
    network.stop("hub")
    try:
        (net / "batch.key").write_bytes(rolled[1].read_bytes())
        own(network, net / "batch.key")
        assert "not the batch_key" in refusal_of_hub(network)
        (net / "network.json").write_text(json.dumps({**document(network), "batch_key": rolled[0], "former_batch_keys": []}))
        assert "retired" in refusal_of_hub(network)
        shutil.copy(net / "kept.json", net / "network.json")
        shutil.copy2(net / "kept.key", net / "batch.key")
        roll_batch(network)
        roll_batch(network, "--finish")
        assert "never announced" in refusal_of_hub(network)
    finally:
        shutil.copy(net / "kept.json", net / "network.json")
        shutil.copy2(net / "kept.key", net / "batch.key")
        own(network, net / "batch.key")
        network.start("hub")
    all_agree(network)


def test_a_city_that_was_cut_off_while_the_key_rolled_again_goes_on(network, rolled):
    """It runs all the time; all that it hears afterwards is sealed by a key
    that it does not know, so it asks for what stream 0000 says."""
    with Traffic(network):
        network.kill("gd")
        roll_batch(network)
        network.kill("hub")
        network.start("hub")
        roll_batch(network, "--finish")
        network.kill("hub")
        network.start("hub")
        network.start("gd")
    all_agree(network)


def serial(network, part):
    link = network.link(part, "bank")
    try:
        link.connect()
        return ssl.DER_cert_to_PEM_cert(link.sock.getpeercert(True))
    finally:
        link.close()


@pytest.mark.parametrize("part", ["hub", "gz"])
def test_a_certificate_is_renewed_without_a_break(network, part):
    """A connection that is there goes on; the next one sees the new one."""
    name = {"hub": "11100000MB0000019L", "gz": CODES["gz"]}[part]
    before = serial(network, part)
    link = network.link(part, "bank")
    link.request("GET", "/healthz")
    assert link.getresponse().read()
    with Traffic(network):
        network.cli("key", "member", "--network", network.run / "net", "--out", network.stem(part), "--code", name,
                    "--name", part, "--hosts", "localhost,127.0.0.1", "--days", 99)
        own(network, f"{network.stem(part)}.crt")
        os.kill(network.pid(part), signal.SIGHUP)
        until(lambda: serial(network, part) != before, 10, "renewed")
        link.request("GET", "/healthz")
        assert link.getresponse().status == 200
    link.close()
    renewed = serial(network, part)
    certificate = f"{network.stem(part)}.crt"
    good = open(certificate).read()
    open(certificate, "w").write("garbage")
    os.kill(network.pid(part), signal.SIGHUP)
    log = network.run / "log" / f"{part}.log"
    until(lambda: [line for line in log.read_text().splitlines() if " error " in line and ".renewed" in line], 10, "said so")
    assert serial(network, part) == renewed, "what cannot be read changes nothing"
    open(certificate, "w").write(good)
    all_agree(network)
