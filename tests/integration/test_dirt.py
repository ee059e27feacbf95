"""The real files with all their dirt: each kind ends in the right finding.

What is expected is worked out here from the standards, not by the C code."""
import collections
import csv
import gzip
import io
import json

import pytest

from rig import SHARED

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
MISSING = {"", "n/a", "na", "无", "-", "—", "--", "——", "null", "暂无", "不详"}
PROVINCES = {*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82}


def is_old_number(code):
    """ISO 7064 MOD 11,10 over fifteen digits."""
    product = 10
    for digit in code:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return product == 2  # 2 · 1: the last sum was 1


def fault(code):
    """GB 32100-2015 in the order in which a clerk would look."""
    code = code.strip()
    if code.lower() in MISSING:
        return "required"
    if len(code) == 15 and code.isascii() and code.isdigit() and is_old_number(code):
        return "uscc_old_number"
    if len(code) != 18:
        return "uscc_length"
    if any(c not in ALPHABET for c in code):
        return "uscc_character"
    if ALPHABET[-sum(ALPHABET.index(c) * w for c, w in zip(code, WEIGHTS)) % 31] != code[17]:
        return "uscc_check_digit"
    if code[2:4] == "10":
        return None if code[2:8] == "100000" else "uscc_province"
    return None if code[2:4].isdigit() and int(code[2:4]) in PROVINCES else "uscc_province"


def shared(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"shared data is absent: {name}")
    return gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()


def rejects(hub, batch):
    """What the hub told the department, page by page: finding by line."""
    found, after = {}, 0
    while after is not None:
        page = hub.http("GET", f"/v1/feeds/1/batches/{batch}/findings?after={after}&limit=1000", "dept").json
        found.update({f["line"]: f["rule"] for f in page["findings"] if f["severity"] == "reject"})
        after = page["next"]
    return found


@pytest.mark.parametrize("name", ["dirty_uscc.csv", "duplicate_uscc.csv", "registrations_5k.csv", "registrations_100k.csv.gz"])
def test_each_kind_of_dirt_is_the_right_finding(hub, name, capsys):
    data = shared(name)
    batch = "dirt-" + name.split(".")[0]
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    at = rows[0].index("uscc")
    expected = {line: fault(row[at]) for line, row in enumerate(rows[1:], 2) if fault(row[at])}

    reply = hub.submit(1, data, batch)
    told = rejects(hub, batch)

    assert reply.status in (200, 202), reply.body
    receipt = reply.json
    duplicates = {line for line, rule in told.items() if rule == "duplicate_key"}
    assert {line: rule for line, rule in told.items() if line not in duplicates} == expected
    codes = collections.Counter(row[at] for row in rows[1:] if not fault(row[at]))
    for line in duplicates:
        assert codes[rows[line - 1][at]] > 1
    if receipt["state"] == "committed":
        assert (receipt["rows"], receipt["rejected"]) == (len(rows) - 1, len(told))
        assert receipt["accepted"] + receipt["unchanged"] + receipt["rejected"] == receipt["rows"]
    with capsys.disabled():
        print(f"\n{name}: {len(rows) - 1} rows, {receipt['state']},", json.dumps(collections.Counter(told.values())))
