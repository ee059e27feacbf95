"""Many upward messages at once share a commit, and none falls with another."""
import json
import subprocess
import time

import pytest
from harness import until

zmq = pytest.importorskip("zmq")
import wire  # noqa: E402

TAKEN, REFUSAL = 5, 6


def hub_key(network):
    path = network.folder / "hub.curve.pub"
    path.write_text(json.loads((network.run / "net" / "network.json").read_text())["hub_curve_key"])
    return path


def upward(network, who, origin, sequence, number, document, *more):
    """Signed as docs/PROTOCOL.md section 4 says, by openssl."""
    body = (wire.field(1, origin) + wire.field(2, sequence) + wire.field(3, int(time.time() * 1e6)) +
            wire.field(number, document) + b"".join(more))
    folder = network.folder / "burst"
    folder.mkdir(exist_ok=True)
    (folder / "body").write_bytes(b"RXU1" + body)
    subprocess.run(["openssl", "pkeyutl", "-sign", "-inkey", f"{network.stem(who)}.sign.key", "-rawin",
                    "-in", folder / "body", "-out", folder / "signature"], check=True, capture_output=True)
    return wire.field(1, body) + wire.field(2, (folder / "signature").read_bytes())


def test_a_burst_is_taken_and_refused_one_by_one(network):
    subject = "91440101MA000RX94L"
    who = network.subject_identity(subject)
    origin = next(m["code"] for m in network.http("hub", "GET", "/v1/members").json["members"] if m.get("divisions") == ["44"])
    good = [network.sign_consent(who, items="19", consent_id=f"burst-{i}") for i in range(8)]
    taken_over = network.sign_consent(who, items="25", consent_id="burst-0")
    head, claims, signature = good[1].split(".")
    messages = [(4, jws, TAKEN) for jws in good]
    messages.insert(3, (4, ".".join([head, claims, signature[::-1]]), REFUSAL))
    messages.insert(5, (4, taken_over, REFUSAL))
    messages.insert(6, (4, good[0], TAKEN))
    messages.append((6, "burst-7", TAKEN))
    messages.append((6, "burst-never", REFUSAL))
    requests = [wire.field(1, ticket) + wire.field(4, upward(
        network, "gd", origin, ticket, number, document, *([wire.field(8, subject)] if number == 6 else [])))
        for ticket, (number, document, _) in enumerate(messages, 1)]
    child = wire.Child(network, "hub", "gd", hub_key(network))
    answers = {}
    try:
        for request in requests:
            child.ask.send(request)
        while len(answers) < len(messages) and child.ask.poll(10000):
            reply = child.ask.recv()
            answers[wire.first(reply, 1, 0)] = next(n for n, v in wire.fields(reply) if n != 1)
    finally:
        child.close()

    assert answers == {ticket: expected for ticket, (_, _, expected) in enumerate(messages, 1)}

    def states():
        return [network.http("gd", "GET", f"/v1/consents/burst-{i}", who).json.get("state") for i in range(8)]
    until(lambda: states() == ["active"] * 7 + ["revoked"], 10, "the province has what was taken")
    assert network.http("gd", "GET", "/v1/consents/burst-0", who).json["claims"]["items"] == [19]
