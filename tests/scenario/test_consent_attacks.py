"""Who has a bank's certificate and somebody's consent, but not the right:
each attack is shown with what it would have got, and gets nothing."""
import base64
import datetime
import json
import pathlib
import subprocess
import tempfile

import pytest
from harness import rows_of, until

BANK, BANK2, GZ, GD = "91440101MA000RX19U", "91440300MA000RX27J", "11440100MB0044011H", "11440000MB00004493"
AGENT = "91440101MA000RX94L"


@pytest.fixture(scope="module")
def subject(network):
    text = network.gen(1, 20, 67, "--division", "4401")
    for item in (1, 11, 19):
        assert network.submit(item, network.gen(item, 60, 67, "--division", "4401"), f"attack-{item}").status == 200
    network.agree("gz", "4401")
    network.agree("gd", "44")
    code = rows_of(text)[0]["uscc"]
    return code, network.subject_identity(code)


@pytest.fixture(scope="module")
def agent(network):
    """An accountant of the subject, say."""
    return network.subject_identity(AGENT, "代理记账")


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims_of(jws):
    payload = jws.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def signed_by(network, who, jws, **other):
    """The header of `jws`, which `who` signed, over altered claims, signed by the same key: RFC 7515."""
    head = jws.split(".")[0]
    claims = {**claims_of(jws), **other}
    text = f"{head}.{b64(json.dumps({k: v for k, v in claims.items() if v is not None}).encode())}".encode()
    key = f"{network.stem(who)}.key"
    alg = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))["alg"]
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "text"
        file.write_bytes(text)
        if alg == "EdDSA":
            made = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", file], capture_output=True, check=True).stdout
        else:
            der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key, file], capture_output=True, check=True).stdout
            made, at = b"", 2
            for _ in range(2):      # SEQUENCE of two INTEGERs
                size = der[at + 1]
                made += der[at + 2:at + 2 + size].lstrip(b"\0").rjust(32, b"\0")
                at += 2 + size
    return f"{text.decode()}.{b64(made)}"


def time_text(seconds):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def register(network, jws, who="bank", part="gz"):
    return network.http(part, "POST", "/v1/consents", who, jws, {"Content-Type": "application/jose"})


def told(report):
    """Records of item 19, protected as a whole, and why there are none."""
    shown = [r for i in report.get("items", []) if i["item"] == 19 for r in i["records"]]
    return len(shown), next((w["rule"] for w in report.get("withheld", []) if w["item"] == 19), None)


def ask(network, code, consent, **how):
    return told(network.ask(code, consent=consent, items=[19], **how).json)


def delegate(network, subject, items="19", purposes="pre_loan", days=60):
    return network.cli("consent", "delegate", "--stem", network.stem(subject[1]), "--delegate", AGENT, "--purposes", purposes,
                       "--items", items, "--days", days).stdout.strip()


def sign_under(network, who, delegation, consent_id, items="19", **more):
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(delegation + "\n")
        file.flush()
        return network.sign_consent(who, items=items, consent_id=consent_id, delegation=file.name, **more)


def test_a_delegate_signs_within_its_delegation(network, subject, agent):
    code, who = subject
    jws = sign_under(network, agent, delegate(network, subject), "by-agent")
    assert claims_of(jws)["subject"] == code
    assert ask(network, code, "by-agent") == (0, "consent_unknown")
    assert register(network, jws, agent).status == 201, "who signed it may hand it in"
    shown, rule = ask(network, code, "by-agent")
    assert shown > 0 and rule is None
    until(lambda: network.http("gd", "GET", "/v1/consents/by-agent", who).status == 200, 10, "known at the province")
    assert ask(network, code, "by-agent", part="gd")[0] == shown
    assert "delegation" in network.http("gd", "GET", "/v1/consents/by-agent", who).json["claims"]

    assert network.http("gz", "DELETE", "/v1/consents/by-agent", agent).status == 403, "only the subject revokes"
    assert network.http("gz", "DELETE", "/v1/consents/by-agent", who).status == 200
    assert ask(network, code, "by-agent") == (0, "consent_revoked")


def test_a_delegation_is_not_stretched(network, subject, agent):
    """Each forgery is one claim away from a consent that is taken."""
    good = delegate(network, subject)
    jws = sign_under(network, agent, good, "stretched")
    wide = delegate(network, subject, items="11,19", days=90)
    other = network.cli("consent", "delegate", "--stem", network.stem(agent), "--delegate", AGENT, "--purposes", "pre_loan",
                        "--items", "19").stdout.strip()
    altered = ".".join([good.split(".")[0], wide.split(".")[1], good.split(".")[2]])
    forgeries = {
        "other item": dict(items=[11]),
        "one item more": dict(items=[11, 19]),
        "a whole category": dict(categories=[1]),
        "another purpose": dict(purpose="in_loan"),
        "another subject": dict(subject=AGENT),
        "for longer": dict(expiry=time_text(400 * 86400)),
        "from before": dict(not_before="2026-01-01T00:00:00Z"),
        "no delegation": dict(delegation=None),
        "its own delegation": dict(delegation=other),
        "an altered delegation": dict(delegation=altered, items=[11, 19]),
        "a consent as delegation": dict(delegation=network.sign_consent(subject[1], items="19")),
        "not a document": dict(delegation="a.b.c"),
        "a list": dict(delegation=[good]),
    }
    for name, claims in forgeries.items():
        reply = register(network, signed_by(network, agent, jws, **claims))
        assert (reply.status, reply.json["type"]) == (400, "urn:rongxin:problem:consent_invalid"), name
    by_bank = signed_by(network, "bank", network.sign_consent("bank", items="19"), **claims_of(jws))
    assert register(network, by_bank).status == 400, "the delegation is the agent's"
    own = network.sign_consent(subject[1], items="19", consent_id="stretched")
    assert register(network, signed_by(network, subject[1], own, delegation=good)).status == 400, "nobody delegates to itself"
    assert network.http("gz", "GET", "/v1/consents/stretched", subject[1]).status == 404
    assert register(network, signed_by(network, agent, jws)).status == 201, "and this one is taken"


def test_a_delegate_that_is_struck_off_signs_no_more(network, subject, agent):
    jws = sign_under(network, agent, delegate(network, subject), "late")
    member = {"code": AGENT, "name": "代理记账", "kind": "subject"}
    network.http("hub", "POST", "/v1/members", "operator", {**member, "status": "suspended"})
    try:
        until(lambda: network.ask(AGENT, who=agent, purpose="self", items=[1]).status == 403, 10, "suspended at the city")
        assert register(network, jws).status == 400
    finally:
        network.http("hub", "POST", "/v1/members", "operator", {**member, "status": "active"})
    until(lambda: network.ask(AGENT, who=agent, purpose="self", items=[1]).status != 403, 10, "active again")
    assert register(network, jws).status == 201


def test_what_another_has_no_right_to_it_does_not_get(network, subject):
    """One attack after the other against the same consent: what the bank gets, what the attacker gets."""
    code, who = subject
    stranger = rows_of(network.gen(1, 20, 67, "--division", "4401"))[1]["uscc"]
    until(lambda: register(network, network.sign_consent(who, consent_id="prey")).status in (200, 201), 10, "taken")
    until(lambda: network.http("gd", "GET", "/v1/consents/prey", who).status == 200, 10, "known at the province")
    limited = network.sign_consent(who, consent_id="prey-1", mode="once", at=GZ)
    assert register(network, limited).status == 201
    until(lambda: network.http("gd", "GET", "/v1/consents/prey-1", who).status == 200, 10, "known at the province")
    right = ask(network, code, "prey")[0]
    assert right > 0
    attacks = [
        ("another bank's certificate", dict(who="bank2"), "prey", "consent_grantee"),
        ("another purpose", dict(purpose="post_loan"), "prey", "consent_purpose"),
        ("no purpose that opens", dict(purpose="customer_screening"), "prey", "purpose"),
        ("limited, at a second node", dict(part="gd"), "prey-1", "consent_elsewhere"),
        ("limited, another bank", dict(who="bank2"), "prey-1", "consent_grantee"),
    ]
    for name, how, consent, rule in attacks:
        assert ask(network, code, consent, **how) == (0, rule), name
    assert ask(network, stranger, "prey") == (0, "consent_subject")
    assert ask(network, code, "prey-1") == (right, None), "no attack has used it up"
    assert ask(network, code, "prey-1") == (0, "consent_used_up")

    assert network.http("gz", "POST", "/v1/consents/prey/pause", who).status == 200
    assert ask(network, code, "prey") == (0, "consent_paused")
    assert network.http("gz", "POST", "/v1/consents/prey/resume", who).status == 200
    assert ask(network, code, "prey") == (right, None)
    assert network.http("gz", "DELETE", "/v1/consents/prey", who).status == 200
    assert ask(network, code, "prey") == (0, "consent_revoked")


def test_terms_end_to_the_second(network, subject):
    """Signed with the subject's own key, so that only the term is at fault."""
    code, who = subject
    jws = network.sign_consent(who, consent_id="short")
    over = signed_by(network, who, jws, not_before="2026-01-01T00:00:00Z", expiry="2026-02-01T00:00:00Z")
    assert register(network, over).status == 400, "one that has expired is not even taken"
    early = signed_by(network, who, jws, not_before=time_text(40 * 86400), expiry=time_text(70 * 86400))
    assert register(network, early).status == 201
    assert ask(network, code, "short") == (0, "consent_early")

    soon = time_text(4)
    ending = signed_by(network, who, jws, id="ending", expiry=soon)
    assert register(network, ending).status == 201
    assert ask(network, code, "ending")[0] > 0
    until(lambda: ask(network, code, "ending") == (0, "consent_expired"), 20, "expired")
    assert time_text(0) >= soon


def test_an_institution_with_divisions_asks_about_these_only(network, subject):
    code, who = subject
    bank2 = next(m for m in network.http("hub", "GET", "/v1/members").json["members"] if m["code"] == BANK2)
    jws = network.sign_consent(who, grantee="bank2", consent_id="abroad")
    assert register(network, jws, "bank2").status == 201

    def asked():
        reply = network.ask(code, who="bank2", consent="abroad", items=[19])
        return reply.status, reply.json.get("type", "").rpartition(":")[2], told(reply.json)[0] > 0

    def admit(divisions):
        reply = network.http("hub", "POST", "/v1/members", "operator", {**bank2, "divisions": divisions})
        assert reply.status == 200, reply.body

    def found():
        reply = network.http("gz", "GET", f"/v1/enterprises?uscc={code}", "bank2")
        assert reply.status == 200, reply.body
        return '"stream":"4401"' in reply.body.decode()
    assert asked() == (200, "", True) and found()
    try:
        admit(["4403"])
        until(lambda: asked() == (403, "member_region", False), 10, "of another city now")
        assert network.ask(code, who="bank2", items=[1]).status == 403, "what is public neither"
        assert not found()
        admit(["44"])
        until(lambda: asked() == (200, "", True), 10, "of the province")
    finally:
        admit([])
    until(lambda: asked() == (200, "", True), 10, "of the nation")
