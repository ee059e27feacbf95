"""The hub vouches for the nodes' trails: what extends the last checkpoint is
cosigned, what does not is found by the hub, the CLI and an independent reader."""
import json
import shutil

import pytest

import c2sp
from harness import rows_of, until

GZ = "11440100MB0044011H"


@pytest.fixture(scope="module")
def subjects(network):
    text = network.gen(1, 400, 43, "--division", "4401")
    assert network.submit(1, text, "witness-1").status == 200
    network.agree("gz", "4401")
    return [r["uscc"] for r in rows_of(text)]


@pytest.fixture(scope="module")
def keys(network):
    member = next(m for m in network.http("hub", "GET", "/v1/members").json["members"] if m["code"] == GZ)
    witness = json.loads((network.run / "net" / "network.json").read_text())["witness_key"]
    return bytes.fromhex(member["trail_key"]), bytes.fromhex(witness)


def status(network):
    return next(n for n in network.http("hub", "GET", "/v1/nodes").json["nodes"] if n["code"] == GZ)


def witnessed(network, size, seconds=30):
    """The node's newest witnessed checkpoint, once it covers so many entries."""
    def there():
        reply = network.http("gz", "GET", "/v1/trail/witnessed", "bank")
        return reply.body.decode() if reply.status == 200 and int(reply.body.split(b"\n")[1]) >= size else None
    return until(there, seconds, f"{size} entries are witnessed\n{network.logs()}")


def remote(network):
    def read(path):
        reply = network.http("gz", "GET", f"/v1/trail/{path}", "bank")
        assert reply.status == 200, path
        return reply.body
    return read


def folder_reader(folder):
    return lambda path: (folder / path).read_bytes()


def verify(network, *words):
    return network.cli("trail", "verify", *words, "--member", f"{network.stem('gz')}.member.json",
                       "--network", network.run / "net" / "network.json", check=False)


def ask(network, codes):
    return [network.ask(code, items=[1]).json["receipt"] for code in codes]


def test_what_extends_the_last_checkpoint_is_cosigned(network, subjects, keys):
    trail_key, witness_key = keys
    seen = []
    for part in (subjects[:5], subjects[5:300], subjects[300:320]):
        size = ask(network, part)[-1]["index"] + 1
        note = witnessed(network, size)
        assert c2sp.checkpoint(note, trail_key)[:2] == (f"rongxin/trail/{GZ}", size)
        seen.append((size, c2sp.checkpoint(note, trail_key)[2], c2sp.witnessed(note, witness_key)))
    plain = until(lambda: (r := remote(network)("checkpoint").decode()) and r.count("—") == 2 and r, 10, "the newest has its line")
    assert c2sp.witnessed(plain, witness_key) >= seen[0][2]
    assert network.http("hub", "GET", f"/v1/nodes/{GZ}/checkpoint", "bank").body.decode() == note
    assert network.http("hub", "GET", "/v1/nodes/11440300MB0044038X/checkpoint", "bank").status == 404
    size, leaves = c2sp.verify_log(remote(network), trail_key)
    for (old_size, old_root, old_time), (new_size, new_root, new_time) in zip(seen, seen[1:]):
        proof = c2sp.consistency(old_size, leaves[:new_size])
        c2sp.check_consistency(old_size, new_size, old_root, new_root, proof)
        assert old_time <= new_time
    now = status(network)
    assert now["trail_checked"] == size and not now["trail_forked"] and not now["trail_short"]
    with pytest.raises(c2sp.Wrong):
        c2sp.witnessed(note.replace(f"\n{seen[-1][0]}\n", f"\n{seen[-1][0] + 1}\n"), witness_key)


def test_a_receipt_proves_an_answer_offline(network, subjects, keys):
    receipts = ask(network, subjects[:3])
    witnessed(network, receipts[-1]["index"] + 1)
    for told in [*receipts, {"index": 0}, {"index": 255}, {"index": 256}]:
        reply = network.http("gz", "GET", f"/v1/trail/receipts/{told['index']}", "bank2")
        assert reply.status == 200
        receipt = reply.json
        assert receipt["index"] == told["index"] and receipt["leaf_hash"] == told.get("leaf_hash", receipt["leaf_hash"])
        _, size, root = c2sp.checkpoint(receipt["checkpoint"], keys[0])
        c2sp.witnessed(receipt["checkpoint"], keys[1])
        assert size == receipt["tree_size"]
        c2sp.check_inclusion(receipt["index"], size, bytes.fromhex(receipt["leaf_hash"]),
                             [bytes.fromhex(h) for h in receipt["proof"]], root)
        file = network.folder / "receipt.json"
        file.write_bytes(reply.body)
        done = verify(network, "--receipt", file)
        assert done.returncode == 0 and f"entry {told['index']} of" in done.stdout and "witnessed 20" in done.stdout, done.stderr
    good = json.loads(file.read_text())
    flipped = good["leaf_hash"][:-1] + ("0" if good["leaf_hash"][-1] != "0" else "1")
    unsigned = "\n".join(good["checkpoint"].split("\n")[:-2]) + "\n"
    for bad in ({"index": 257}, {"leaf_hash": flipped}, {"tree_size": good["tree_size"] - 1}, {"proof": good["proof"][1:]},
                {"proof": [*good["proof"], flipped]}, {"checkpoint": unsigned}, {"more": 1}):
        file.write_text(json.dumps({**good, **bad}))
        assert verify(network, "--receipt", file).returncode == 1, bad
    assert network.http("gz", "GET", "/v1/trail/receipts/99999999", "bank").status == 404
    assert network.http("gz", "GET", "/v1/trail/receipts/-1", "bank").status == 404
    assert network.http("gz", "GET", "/v1/trail/receipts/1x", "bank").status == 404


def test_a_folder_and_a_url_are_held_to_an_earlier_checkpoint(network, subjects):
    earlier = network.folder / "earlier"
    earlier.write_text(witnessed(network, 1))
    ask(network, subjects[:4])
    done = network.cli("trail", "verify", network.url("gz"), "--member", f"{network.stem('gz')}.member.json", "--since", earlier,
                       "--network", network.run / "net" / "network.json", "--as", network.stem("bank"), "--ca", network.run / "net" / "ca.crt")
    assert "consistent with the earlier checkpoint" in done.stdout and "witnessed: the first" in done.stdout


RFC6962 = [b"", b"\x00", b"\x10", b"\x20\x21", b"\x30\x31", b"\x40\x41\x42\x43",
           b"\x50\x51\x52\x53\x54\x55\x56\x57", b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"]
ROOTS = ["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
         "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
         "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
         "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
         "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
         "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"]


def test_the_independent_reader_knows_the_reference_vectors():
    """The vectors of the Certificate Transparency reference implementation,
    and the example of tlog-cosignature."""
    leaves = [c2sp.leaf_hash(data) for data in RFC6962]
    assert [c2sp.root_of(leaves[:n]).hex() for n in range(1, 9)] == ROOTS
    for size in range(1, 9):
        root = c2sp.root_of(leaves[:size])
        for index in range(size):
            c2sp.check_inclusion(index, size, leaves[index], c2sp.path(index, leaves[:size]), root)
        for old in range(1, size + 1):
            proof = c2sp.consistency(old, leaves[:size])
            c2sp.check_consistency(old, size, c2sp.root_of(leaves[:old]), root, proof)
            with pytest.raises(c2sp.Wrong):
                c2sp.check_consistency(old, size, c2sp.root_of(leaves[:old - 1]), root, proof)


def trail_of(network):
    return network.run / "gz" / "trail"


def keep_mode(folder, as_it_was):
    owner = as_it_was.stat()
    shutil.copytree(as_it_was, folder)
    for path in [folder, *folder.rglob("*")]:
        shutil.chown(path, owner.st_uid, owner.st_gid)


def test_an_edited_entry_is_found(network, subjects, keys):
    network.stop("gz")
    try:
        edited = network.folder / "edited"
        shutil.copytree(trail_of(network), edited)
        c2sp.verify_log(folder_reader(edited), keys[0])
        assert verify(network, edited).returncode == 0
        bundle = next(p for p in sorted((edited / "tile" / "entries").rglob("*")) if p.is_file())
        text = bytearray(bundle.read_bytes())
        text[40] ^= 1
        bundle.write_bytes(text)
        with pytest.raises(c2sp.Wrong):
            c2sp.verify_log(folder_reader(edited), keys[0])
        assert verify(network, edited).returncode == 1
    finally:
        network.start("gz")


def test_a_trail_cut_off_and_grown_again_is_found_on_both_sides(network, subjects, keys):
    """An old copy of the whole folder is put back: the node itself cannot know."""
    trail_key, _ = keys
    size = ask(network, subjects[:5])[-1]["index"] + 1
    witnessed(network, size)
    network.stop("gz")
    old = network.folder / "old"
    keep_mode(old, trail_of(network))
    network.start("gz")
    later = ask(network, subjects[:20])[-1]["index"] + 1
    vouched = witnessed(network, later)
    until(lambda: status(network)["trail_checked"] == later, 20, "told")
    newest = network.folder / "newest"
    newest.write_text(vouched)

    network.stop("gz")
    shutil.rmtree(trail_of(network))
    keep_mode(trail_of(network), old)
    network.start("gz")

    until(lambda: status(network)["trail_short"], 30, f"the hub sees that the end is missing\n{network.logs()}")
    assert not status(network)["trail_forked"]
    ready = until(lambda: (r := network.http("gz", "GET", "/readyz", "bank")).status == 200 and r.body != b"ready\n" and r, 30, "the node says so")
    assert ready.body == b"ready\ntrail: short, the hub refuses it\n"
    log = (network.run / "log" / "hub.log").read_text()
    assert f"usage.short node={GZ}" in log and "report.refused why=short" in (network.run / "log" / "gz.log").read_text()
    assert verify(network, trail_of(network), "--since", newest).returncode == 1
    assert c2sp.verify_log(folder_reader(trail_of(network)), trail_key)[0] < c2sp.checkpoint(vouched, trail_key)[1]

    while ask(network, subjects[20:40])[-1]["index"] + 1 <= later:
        pass

    until(lambda: status(network)["trail_forked"], 30, f"the hub sees other entries\n{network.logs()}")
    until(lambda: b"forked" in network.http("gz", "GET", "/readyz", "bank").body, 20, "the node says so")
    assert 'rongxin_hub_trails_refused_total{why="forked"} 1' in network.http("hub", "GET", "/metrics").body.decode()
    grown, leaves = c2sp.verify_log(remote(network), trail_key)
    _, size, root = c2sp.checkpoint(vouched, trail_key)
    assert grown > size and c2sp.root_of(leaves[:size]) != root
    with pytest.raises(c2sp.Wrong):
        c2sp.check_consistency(size, grown, root, c2sp.root_of(leaves), c2sp.consistency(size, leaves))
    done = network.cli("trail", "verify", network.url("gz"), "--member", f"{network.stem('gz')}.member.json", "--since", newest,
                       "--as", network.stem("bank"), "--ca", network.run / "net" / "ca.crt", check=False)
    assert done.returncode == 1 and "forked" in done.stderr
    kept = network.http("hub", "GET", f"/v1/nodes/{GZ}/checkpoint", "bank").body.decode()
    assert c2sp.checkpoint(kept, trail_key) == c2sp.checkpoint(vouched, trail_key), "the hub vouches for nothing after that"
