"""What `rongxin` does without a network: feeds made and checked, keys and
consents as files, trails verified, help and exit codes."""

import base64
import csv
import hashlib
import json
import os
import re
import stat
import struct
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("RX_BIN", ROOT / "build")).resolve()
BIN = BIN / "rongxin" if BIN.is_dir() else BIN
ITEMS = range(1, 38)
BANK = "91100000100003962T"
FIRM = "91440300708461136T"

pytestmark = pytest.mark.skipif(
    not BIN.exists(), reason=f"{BIN} is not built"
)


def run(*args, code=0, text=True, data=None):
    env = {k: v for k, v in os.environ.items() if not k.startswith("RX_")}
    done = subprocess.run(
        [str(BIN), *map(str, args)],
        cwd=ROOT,
        env=env,
        input=data,
        capture_output=True,
        text=text,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, (args, done.returncode, done.stderr)
    return done


def gen(path, item, rows, *more):
    run("gen", "--item", item, "--rows", rows, "--out", path, *more)
    return path


def check(item, path, *more, code=None):
    env = {k: v for k, v in os.environ.items() if not k.startswith("RX_")}
    done = subprocess.run(
        [str(BIN), "feed", "check", str(item), str(path), "--json", *more],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    counts = json.loads(done.stdout)
    expected = code if code is not None else int(counts["rejected"] > 0)
    assert done.returncode == expected, done.stderr
    counts["by_rule"] = {r["rule"]: r for r in counts["rules"]}
    return counts




@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_the_same_seed_gives_the_same_bytes(tmp_path, form):
    more = ("--seed", 5, "--format", form, "--dirt", "uscc=0.1,duplicate=0.1")
    first = gen(tmp_path / "a", 11, 500, *more).read_bytes()
    second = gen(tmp_path / "b", 11, 500, *more).read_bytes()
    assert first == second
    assert len(first.splitlines()) == (501 if form == "csv" else 500)


def test_another_seed_gives_other_bytes(tmp_path):
    first = gen(tmp_path / "a", 1, 50, "--seed", 1).read_bytes()
    second = gen(tmp_path / "b", 1, 50, "--seed", 2).read_bytes()
    assert first != second


@pytest.mark.parametrize("item", ITEMS)
def test_every_clean_row_of_an_item_is_acceptable(tmp_path, item):
    counts = check(item, gen(tmp_path / "f.csv", item, 400, "--seed", 3))
    assert counts["rows"] == 400
    assert counts["accepted"] == 400
    assert counts["warned"] == 0


@pytest.mark.parametrize("item", ITEMS)
def test_ndjson_says_the_same_as_csv(tmp_path, item):
    path = gen(tmp_path / "f.ndjson", item, 100, "--format", "ndjson")
    assert check(item, path)["accepted"] == 100


@pytest.mark.parametrize("item", ITEMS)
def test_rows_with_a_wrong_code_are_rejected_and_no_others(tmp_path, item):
    path = gen(tmp_path / "f.csv", item, 1000, "--dirt", "uscc=0.1")
    counts = check(item, path)
    assert 60 < counts["rejected"] < 140
    assert counts["accepted"] + counts["rejected"] == 1000
    assert set(counts["by_rule"]) == {"uscc_check_digit"}


@pytest.mark.parametrize(
    "dirt, rule",
    [
        ("uscc", "uscc_check_digit"),
        ("uscc_length", "uscc_length"),
        ("uscc_old", "uscc_old_number"),
        ("uscc_character", "uscc_character"),
        ("uscc_province", "uscc_province"),
        ("date", "type_date"),
        ("number", "type_money"),
        ("code", "code_list"),
        ("required", "required"),
        ("columns", "column_count"),
        ("retention", "retention"),
    ],
)
def test_each_dirt_is_found_by_its_rule(tmp_path, dirt, rule):
    path = gen(tmp_path / "f.csv", 11, 100, "--dirt", f"{dirt}=1")
    counts = check(11, path)
    found = counts["by_rule"][rule]
    assert found["rejects"] + found["warns"] == 100


def test_broken_json_lines_are_rejected_and_the_rest_goes_on(tmp_path):
    path = gen(
        tmp_path / "f.ndjson", 2, 200, "--format", "ndjson", "--dirt",
        "json=0.2",
    )
    counts = check(2, path)
    assert counts["rows"] == 200
    assert set(counts["by_rule"]) == {"not_json"}
    assert 15 < counts["rejected"] < 70


@pytest.mark.parametrize("item", [11, 12, 13, 14, 15, 16, 18])
def test_no_row_is_past_its_years_for_years(tmp_path, item):
    """A feed that was made for one day is handed in on others."""
    catalogue = json.loads(
        (ROOT / "deploy/catalogue/catalogue.json").read_text()
    )
    listed = {i["number"]: i for i in catalogue["items"]}
    kept = listed[item]["retention"]
    with open(gen(tmp_path / "f.csv", item, 2000), newline="") as file:
        ends = [row[kept["from"]] for row in csv.DictReader(file)]
    given = [end for end in ends if end]
    assert len(given) > 20
    assert min(given) > f"{int(TODAY[:4]) - kept['years'] + 4}{TODAY[4:]}"


@pytest.mark.parametrize("dirt", ["full_width", "missing", "duplicate"])
def test_harmless_dirt_is_no_reason_to_reject(tmp_path, dirt):
    path = gen(tmp_path / "f.csv", 11, 200, "--dirt", f"{dirt}=0.5")
    assert check(11, path)["accepted"] == 200


def test_dirt_changes_only_the_rows_that_it_hits(tmp_path):
    clean = gen(tmp_path / "a", 1, 300).read_text().splitlines()
    dirty = gen(tmp_path / "b", 1, 300, "--dirt", "uscc=0.1")
    changed = sum(
        a != b for a, b in zip(clean, dirty.read_text().splitlines())
    )
    assert changed == check(1, dirty)["rejected"]


def subjects(path):
    lines = path.read_text().splitlines()[1:]
    return [line.split(",", 1)[0] for line in lines]


@pytest.mark.parametrize("item", [4, 11, 19, 25])
def test_an_items_subjects_are_among_the_registered_ones(tmp_path, item):
    registered = subjects(gen(tmp_path / "a", 1, 200, "--seed", 9))
    others = subjects(gen(tmp_path / "b", item, 200, "--seed", 9))
    assert len(set(registered)) == 200
    assert set(others) <= set(registered)


def test_division_and_population_bound_the_subjects(tmp_path):
    path = gen(
        tmp_path / "f.csv", 20, 300, "--division", "4401,32",
        "--population", 10,
    )
    codes = set(subjects(path))
    assert len(codes) == 10
    assert all(c[2:6] == "4401" or c[2:4] == "32" for c in codes)
    keys = [line.split(",")[0:4] for line in path.read_text().splitlines()]
    assert len({tuple(k) for k in keys}) == 301


def test_subjects_may_come_from_a_file(tmp_path):
    listed = tmp_path / "list.csv"
    listed.write_text(f"name,uscc\n甲,{BANK}\n乙,{FIRM}\n丙,123\n")
    path = gen(tmp_path / "f.csv", 17, 6, "--subjects", listed)
    assert set(subjects(path)) == {BANK, FIRM}
    assert check(17, path)["accepted"] == 6


TODAY = "2026-10-31"
NUMBERED = re.compile(r"-?\d+(\.\d+)?")


def made(path, item, rows=2000, *more):
    """Rows of an item: numbers in hundredths, absent values left out."""
    with open(gen(path, item, rows, "--seed", 11, *more), newline="") as file:
        for row in csv.DictReader(file):
            yield {
                k: round(float(v) * 100)
                if NUMBERED.fullmatch(v) and k not in ("year", "division")
                else v
                for k, v in row.items()
                if v != ""
            }


def has(row, *names):
    return all(name in row for name in names)


def in_order(row, *names):
    there = [row[name] for name in names if name in row]
    return there == sorted(there)


def dates(row):
    return {k: v for k, v in row.items()
            if re.fullmatch(r"\d{4}-\d\d(-\d\d)?", str(v))}


AHEAD = {"term_until", "valid_until", "until", "due", "publicity_end",
         "effective_until", "period_until", "data_date"}


@pytest.mark.parametrize("item", ITEMS)
def test_nothing_lies_before_the_enterprise_or_after_today(tmp_path, item):
    born = {}
    for row in made(tmp_path / "1", 1):
        if "term_from" in row:
            born[row["uscc"]] = row["term_from"]
    for row in made(tmp_path / "f", item):
        found = {k: v for k, v in dates(row).items() if k not in AHEAD}
        assert all(v <= TODAY for v in found.values()), row
        start = born.get(row["uscc"], "")
        assert all(v >= start[: len(v)] for v in found.values()), row


def test_a_balance_sheet_adds_up(tmp_path):
    for row in made(tmp_path / "f", 7):
        if has(row, "total_assets", "total_liabilities", "equity"):
            assert row["equity"] == (
                row["total_assets"] - row["total_liabilities"])
        if has(row, "net_profit", "total_profit"):
            assert row["net_profit"] <= row["total_profit"]
        if has(row, "total_profit", "revenue"):
            assert row["total_profit"] <= row["revenue"]
        if has(row, "main_revenue", "revenue"):
            assert row["main_revenue"] <= row["revenue"]
        if has(row, "reported"):
            assert row["reported"][:4] == str(int(row["year"]) + 1)


def test_a_penalty_is_of_its_category(tmp_path):
    kinds = set()
    for row in made(tmp_path / "f", 11):
        kinds.add(row["category"])
        assert ("fine" in row) == (row["category"] in
                                   ("罚款", "多种处罚并处"))
        assert ("confiscated" in row) == (row["category"] in
                                          ("没收", "多种处罚并处"))
        assert row["decided"][:4] == row["document_number"][3:7]
        assert in_order(row, "decided", "repaired_date", "publicity_end")
        assert in_order(row, "decided", "effective_until")
        if has(row, "repaired"):
            assert (row["repaired"] == "是") >= ("repaired_date" in row)
    assert len(kinds) == 11


def test_taxes_and_insurance_are_paid_as_far_as_they_are_due(tmp_path):
    for row in made(tmp_path / "t", 19):
        assert row.get("period_until", row["period"]) == row["period"]
        for less, more in [("taxable", "sales"), ("payable", "taxable"),
                           ("paid", "payable")]:
            if has(row, less, more):
                assert row[less] <= row[more], row
        assert in_order(row, "period", "declared", "paid_date")
    for row in made(tmp_path / "i", 21):
        if has(row, "payable", "paid"):
            assert 0 <= row["paid"] <= row["payable"]
        if has(row, "payable", "paid", "arrears"):
            assert row["arrears"] == row["payable"] - row["paid"]
        if has(row, "arrears", "arrears_months"):
            assert (row["arrears"] > 0) == (row["arrears_months"] > 0)


def test_power_costs_what_was_used(tmp_path):
    for row in made(tmp_path / "f", 25):
        if has(row, "usage", "payable"):
            assert 0.6 < row["payable"] / row["usage"] < 0.9
        if has(row, "payable", "paid", "arrears"):
            assert row["arrears"] == row["payable"] - row["paid"]
        if has(row, "arrears", "breach"):
            assert (row["arrears"] > 0) == (row["breach"] == "逾期缴费")
        assert in_order(row, "period", "paid_date")


def test_an_enterprise_is_as_big_in_every_item(tmp_path):
    staff = {r["uscc"]: r["staff"] for r in made(tmp_path / "1", 1)
             if "staff" in r}
    seen = 0
    for row in made(tmp_path / "20", 20):
        if has(row, "insured") and row["uscc"] in staff:
            seen += 1
            assert row["insured"] <= staff[row["uscc"]]
            assert row["insured"] >= staff[row["uscc"]] * 0.4
    assert seen > 1000


def test_shareholders_hold_the_whole(tmp_path):
    shares = {}
    for row in made(tmp_path / "f", 4, 2000, "--catalogue",
                    ROOT / "deploy" / "catalogue" / "catalogue.json"):
        shares.setdefault(row["uscc"], []).append(row.get("share"))
    full = [s for s in shares.values() if None not in s]
    assert len(full) > 500 and all(sum(s) == 10000 for s in full)


def test_capital_comes_in_the_shapes_of_the_registers(tmp_path):
    path = tmp_path / "f.csv"
    shapes = {re.sub(r"[\d,.]+", "9", str(row.get("registered_capital")))
              for row in made(path, 1)}
    assert {"9(万元人民币)", "9(万元)", "9(万)", "9万元人民币",
            "9(人民币元)", "9(万美元)"} <= shapes
    assert check(1, path)["warned"] == 0


@pytest.mark.parametrize("item", ITEMS)
def test_no_two_rows_of_a_feed_have_one_key(tmp_path, item):
    catalogue = json.loads(
        (ROOT / "deploy" / "catalogue" / "catalogue.json").read_text())
    key = next(i["key"] for i in catalogue["items"] if i["number"] == item)
    keys = [(r["uscc"], *(r[k] for k in key))
            for r in made(tmp_path / "f", item)]
    assert len(set(keys)) == len(keys)


def test_the_real_registrations_are_taken_as_they_are():
    path = ROOT.parent / "shared" / "data" / "registrations_5k.csv"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    counts = check(1, path)
    assert (counts["accepted"], counts["rejected"]) == (4900, 100)




@pytest.fixture(scope="module")
def network(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys") / "net"
    run("key", "network", "--out", folder, "--name", "test")
    run("key", "member", "--network", folder, "--out", folder / "firm",
        "--code", FIRM, "--name", "腾讯", "--kind", "subject")
    run("key", "node", "--network", folder, "--out", folder / "city",
        "--code", BANK, "--name", "节点", "--hosts", "localhost,127.0.0.1",
        "--divisions", "44,3201")
    return folder


def test_secret_files_are_the_owners_only(network):
    secret = {"ca.key", "batch.key", "catalogue.key", "receipt.key", "witness.key", "journal.key", "hub.curve", "firm.key",
              "city.key", "city.curve", "city.sign.key", "city.trail.key"}
    public = {"ca.crt", "hub.curve.pub", "network.json", "firm.crt",
              "firm.member.json", "city.crt", "city.curve.pub",
              "city.member.json"}
    found = {p.name: stat.S_IMODE(p.stat().st_mode) for p in network.iterdir()}
    assert set(found) == secret | public
    assert all(found[name] == 0o600 for name in secret)


def test_network_json_names_the_public_keys(network):
    document = json.loads((network / "network.json").read_text())
    assert document["network"] == "test"
    assert document["suite"] == "international"
    assert document["ca"] == (network / "ca.crt").read_text()
    assert re.fullmatch("[0-9a-f]{64}", document["batch_key"])
    assert re.fullmatch("[0-9a-f]{64}", document["catalogue_key"])
    assert re.fullmatch("[0-9a-f]{64}", document["receipt_key"])
    assert re.fullmatch("[0-9a-f]{64}", document["witness_key"])
    assert re.fullmatch("[0-9a-f]{64}", document["journal_key"])
    curve = (network / "hub.curve.pub").read_text().strip()
    assert document["hub_curve_key"] == curve and len(curve) == 40


def test_a_nodes_member_document_is_ready_to_be_admitted(network):
    document = json.loads((network / "city.member.json").read_text())
    assert document["kind"] == "platform"
    assert document["divisions"] == ["44", "3201"]
    shown = run("key", "show", network / "city.trail.key").stdout
    assert document["trail_key"] in shown
    assert BANK in run("key", "show", network / "city.crt").stdout


def test_an_existing_network_is_not_overwritten(network):
    before = (network / "ca.key").read_bytes()
    run("key", "network", "--out", network, "--name", "again", code=3)
    assert (network / "ca.key").read_bytes() == before


def test_a_renewed_certificate_keeps_its_key(network):
    before = (network / "firm.key").read_bytes()
    run("key", "member", "--network", network, "--out", network / "firm",
        "--code", FIRM, "--name", "腾讯", "--days", 10)
    assert (network / "firm.key").read_bytes() == before


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def test_a_consent_is_a_jws_by_the_subjects_certificate(network):
    done = run("consent", "sign", "--stem", network / "firm", "--grantee",
               BANK, "--purpose", "pre_loan", "--items", "7,19", "--days", 3,
               "--id", "c-1")
    header, claims, signature = done.stdout.strip().split(".")
    header, claims = json.loads(decoded(header)), json.loads(decoded(claims))
    assert header["typ"] == "rongxin-consent+jws"
    assert header["alg"] == "ES256" and len(header["x5c"]) == 1
    assert len(decoded(signature)) == 64
    assert claims["subject"] == FIRM and claims["grantee"] == BANK
    assert claims["items"] == [7, 19] and claims["purpose"] == "pre_loan"
    assert claims["frequency"] == "unlimited" and claims["id"] == "c-1"


@pytest.mark.parametrize(
    "wrong",
    [
        ("--purpose", "curiosity", "--items", "7"),
        ("--purpose", "pre_loan"),
        ("--purpose", "pre_loan", "--items", "7,x"),
        ("--purpose", "pre_loan", "--items", "7", "--days", "0"),
        ("--purpose", "pre_loan", "--items", "7", "--id", "a b"),
    ],
)
def test_a_wrong_consent_is_not_signed(network, wrong):
    done = run("consent", "sign", "--stem", network / "firm", "--grantee",
               BANK, *wrong, code=2)
    assert done.stdout == ""


def test_only_a_catalogue_is_signed_as_one(network, tmp_path):
    path = ROOT / "deploy" / "catalogue" / "catalogue.json"
    key = network / "catalogue.key"
    jws = run("catalogue", "sign", path, "--key", key).stdout.strip()
    assert decoded(jws.split(".")[1]) == path.read_bytes()
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"catalogue":"national"}')
    run("catalogue", "sign", wrong, "--key", key, code=3)




def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def tree_root(leaves):
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha(b"\x01", tree_root(leaves[:split]), tree_root(leaves[split:]))


def tile_name(level, index, width):
    name = f"tile/{level}/"
    high = ""
    number = index
    digits = [f"{number % 1000:03d}"]
    while number >= 1000:
        number //= 1000
        digits.insert(0, f"x{number % 1000:03d}")
    return name + high + "/".join(digits) + (
        f".p/{width}" if width < 256 else ""
    )


def put(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def sign_checkpoint(folder, network, size, root):
    origin = f"rongxin/trail/{BANK}"
    body = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()
    put(folder / "body", body)
    subprocess.run(
        ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey",
         network / "city.trail.key", "-in", folder / "body", "-out",
         folder / "signature"], check=True, capture_output=True)
    member = json.loads((network / "city.member.json").read_text())
    key = bytes.fromhex(member["trail_key"])
    tag = sha(origin.encode(), b"\n", b"\x01", key)[:4]
    line = base64.b64encode(tag + (folder / "signature").read_bytes())
    (folder / "body").unlink()
    (folder / "signature").unlink()
    put(folder / "checkpoint",
        body + b"\n\xe2\x80\x94 " + origin.encode() + b" " + line + b"\n")


def make_trail(folder, network, count):
    """A trail as docs/PROTOCOL.md §6 says, written by other code."""
    frames, commitments = [], []
    for i in range(count):
        nonce, entry = sha(b"nonce", bytes([i % 251]), str(i).encode())[:16], (
            b"entry %d" % i)
        commitments.append(sha(nonce, entry))
        leaf = sha(b"\x00", commitments[-1])
        frames.append(struct.pack(">I", 16 + len(entry)) + leaf[:8] + nonce
                      + entry)
    half = count // 2
    put(folder / "entries" / f"{0:012d}.log", b"".join(frames[:half]))
    put(folder / "entries" / f"{half:012d}.log", b"".join(frames[half:]))
    leaves = [sha(b"\x00", c) for c in commitments]
    for i in range(0, count, 256):
        part = commitments[i:i + 256]
        put(folder / tile_name("entries", i // 256, len(part)),
            b"".join(struct.pack(">H", 32) + c for c in part))
    level, hashes = 0, leaves
    while hashes:
        for i in range(0, len(hashes), 256):
            part = hashes[i:i + 256]
            put(folder / tile_name(level, i // 256, len(part)),
                b"".join(part))
        hashes = [tree_root(hashes[i:i + 256])
                  for i in range(0, len(hashes) - 255, 256)]
        level += 1
    sign_checkpoint(folder, network, count, tree_root(leaves))
    return folder


def verify(folder, network, code=0):
    done = run("trail", "verify", folder, "--member",
               network / "city.member.json", code=code)
    return done.stdout + done.stderr


@pytest.mark.parametrize("count", [0, 1, 2, 255, 256, 257, 700])
def test_an_honest_trail_is_verified(network, tmp_path, count):
    said = verify(make_trail(tmp_path / "t", network, count), network)
    assert f"{count} entries" in said


def change(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))


@pytest.mark.parametrize(
    "name, at, said",
    [
        ("entries/000000000000.log", 30, "entry 0"),
        ("entries/000000000350.log", -1, "entry 699"),
        ("tile/entries/001", 40, "entry 257"),
        ("tile/0/000", 32 * 7, "entry 7"),
        ("tile/1/000.p/2", 33, "tile/1/000.p/2"),
        ("checkpoint", 30, "checkpoint"),
    ],
)
def test_a_changed_byte_is_found_and_named(network, tmp_path, name, at, said):
    folder = make_trail(tmp_path / "t", network, 700)
    change(folder / name, at)
    assert said in verify(folder, network, code=1)


def test_a_dropped_entry_is_found(network, tmp_path):
    folder = make_trail(tmp_path / "t", network, 20)
    log = folder / "entries" / f"{10:012d}.log"
    log.write_bytes(log.read_bytes()[: -(12 + 16 + 8)])
    assert "entry 19" in verify(folder, network, code=1)


def test_a_shorter_history_under_the_same_checkpoint_is_found(
    network, tmp_path
):
    folder = make_trail(tmp_path / "t", network, 20)
    other = make_trail(tmp_path / "u", network, 19)
    (other / "checkpoint").write_bytes((folder / "checkpoint").read_bytes())
    assert "NOT verified" in verify(other, network, code=1)


def test_deleted_entries_are_named_and_their_hashes_verified(
    network, tmp_path
):
    folder = make_trail(tmp_path / "t", network, 700)
    (folder / "entries" / f"{0:012d}.log").unlink()
    assert "entries 0 to 349 are not" in verify(folder, network, code=1)
    put(folder / "entries" / "deleted", b"350\n")
    said = verify(folder, network)
    assert "700 entries" in said and "Entries 0 to 349 were deleted" in said
    change(folder / "tile/entries/000", 40)
    assert "entry 1" in verify(folder, network, code=1)


def test_another_nodes_key_does_not_verify(network, tmp_path):
    folder = make_trail(tmp_path / "t", network, 3)
    run("trail", "verify", folder, "--key", "00" * 32, code=1)


def test_a_copy_without_clear_entries_is_verified_by_commitments(
    network, tmp_path
):
    folder = make_trail(tmp_path / "t", network, 300)
    for log in (folder / "entries").iterdir():
        log.unlink()
    (folder / "entries").rmdir()
    assert "commitments were verified" in verify(folder, network)



COMMANDS = [
    "key network", "key member", "key node", "key show", "member list",
    "member admit", "member set-status", "feed check", "feed submit",
    "feed receipt", "feed findings", "query", "query statistics",
    "query screening", "consent sign",
    "consent register", "consent show", "consent revoke", "consent delegate",
    "consent pause", "consent resume", "node status",
    "node list", "trail verify", "catalogue show", "catalogue sign",
    "catalogue publish", "gen",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    said = run(*command.split(), "--help").stdout
    assert f"usage: rongxin {command}" in said
    assert f"rongxin {command.split()[0]}" in said.split("example")[-1]


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_option_is_a_misuse(command):
    assert "--nonsense" in run(*command.split(), "--nonsense", code=2).stderr


def test_help_and_version_succeed_and_nothing_is_a_misuse():
    assert "usage: rongxin" in run("--help").stdout
    assert re.match(r"rongxin \d", run("--version").stdout)
    run(code=2)
    run("nonsense", code=2)
    run("key", "nonsense", code=2)
    run("gen", "--item", "1", code=2)
    run("gen", "--item", "1", "--rows", "1", "--dirt", "mud=1", code=2)
    run("feed", "check", "99", "/dev/null", code=2)


def test_a_peer_that_cannot_be_reached_is_told_apart(network):
    done = run("node", "status", "--node", "https://127.0.0.1:1", "--as",
               network / "firm", "--ca", network / "ca.crt", code=3)
    assert "127.0.0.1:1" in done.stderr


def test_a_file_that_is_not_there_is_a_failure():
    run("feed", "check", "1", "/nonexistent.csv", code=3)
    run("key", "show", "/nonexistent", code=3)
