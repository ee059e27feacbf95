"""What leaves, to whom, and when it stops."""
import base64
import datetime
import json
import subprocess
import time

import pytest
from harness import alive, rows_of, until


@pytest.fixture(scope="module")
def subject(network):
    """A subject of Guangzhou with registration, tax and penalty records."""
    text = network.gen(1, 20, 21, "--division", "4401")
    for item in (1, 11, 17, 19, 25):
        reply = network.submit(item, network.gen(item, 60, 21, "--division", "4401"), f"consent-{item}")
        assert reply.status == 200, reply.body
    network.agree("gz", "4401")
    code = rows_of(text)[0]["uscc"]
    return code, network.subject_identity(code)


def records(report, item):
    return [r for i in report["items"] if i["item"] == item for r in i["records"]]


def rule_for(report, item):
    return next((w["rule"] for w in report.get("withheld", []) if w["item"] == item), None)


def register(network, jws, part="gz", who="bank"):
    return network.http(part, "POST", "/v1/consents", who, jws, {"Content-Type": "application/jose"})


def test_without_consent_protected_items_are_named_and_left_out(network, subject):
    reply = network.ask(subject[0], items=[1, 19])
    assert reply.status == 200
    assert rule_for(reply.json, 19) == "consent_missing"
    assert records(reply.json, 1) and not records(reply.json, 19)


def test_a_consent_opens_its_items_for_its_grantee_and_purpose_only(network, subject):
    code, who = subject
    jws = network.sign_consent(who, items="19", consent_id="open-19")
    reply = register(network, jws)
    assert reply.status == 201, reply.body
    assert reply.json == {"id": "open-19", "state": "active"}

    shown = network.ask(code, items=[1, 19, 25], consent="open-19").json
    assert shown["level"] == "C" and records(shown, 19)
    assert rule_for(shown, 25) == "consent_scope"

    other_bank = network.ask(code, who="bank2", items=[19], consent="open-19").json
    assert rule_for(other_bank, 19) == "consent_grantee" and not records(other_bank, 19)
    other_purpose = network.ask(code, purpose="post_loan", items=[19], consent="open-19").json
    assert rule_for(other_purpose, 19) == "consent_purpose"
    unknown = network.ask(code, items=[19], consent="never-signed").json
    assert rule_for(unknown, 19) == "consent_unknown"


def test_a_consent_is_known_everywhere_and_its_revocation_holds_everywhere(network, subject):
    code, who = subject
    assert register(network, network.sign_consent(who, items="19", consent_id="everywhere")).status == 201
    until(lambda: network.http("gd", "GET", "/v1/consents/everywhere", who).status == 200, 10, "known at the province")
    assert records(network.ask(code, part="gd", items=[19], consent="everywhere").json, 19)

    revoked = network.http("gz", "DELETE", "/v1/consents/everywhere", who)
    assert revoked.status == 200 and revoked.json["state"] == "revoked"
    at_once = network.ask(code, items=[19], consent="everywhere").json
    assert rule_for(at_once, 19) == "consent_revoked" and not records(at_once, 19)
    until(lambda: rule_for(network.ask(code, part="gd", items=[19], consent="everywhere").json, 19) == "consent_revoked",
          10, "revoked at the province")
    other_bank = network.ask(code, who="bank2", items=[19], consent="everywhere").json
    assert rule_for(other_bank, 19) == "consent_grantee", "whether it was revoked is not another bank's to know"


def test_a_signed_revocation_may_be_brought_by_anyone(network, subject):
    code, who = subject
    register(network, network.sign_consent(who, items="19", consent_id="by-cli"))
    network.cli("consent", "revoke", "by-cli", "--stem", network.stem(who), who="bank", part="gz")
    assert rule_for(network.ask(code, items=[19], consent="by-cli").json, 19) == "consent_revoked"


def test_only_the_subject_revokes(network, subject):
    _, who = subject
    register(network, network.sign_consent(who, items="19", consent_id="not-yours"))
    assert network.http("gz", "DELETE", "/v1/consents/not-yours", "bank").status == 403
    assert network.http("gz", "GET", "/v1/consents/not-yours", "bank2").status == 403


def test_a_consent_that_is_still_pending_can_be_revoked(network, subject):
    """The hub is away: the consent waits at the province, its revocation behind it."""
    code, who = subject
    jws = network.sign_consent(who, items="19", consent_id="pending")
    network.stop("hub")
    try:
        assert register(network, jws).status == 202
        assert network.http("gz", "GET", "/v1/consents/pending", who).json["state"] == "pending"
        assert rule_for(network.ask(code, items=[19], consent="pending").json, 19) == "consent_unknown"
        assert network.http("gz", "DELETE", "/v1/consents/pending", "bank").status == 403

        revoked = network.http("gz", "DELETE", "/v1/consents/pending", who)
        assert revoked.status == 200 and revoked.json["state"] == "revoked"
        again = register(network, jws)
        assert again.status == 200 and again.json["state"] == "revoked"
    finally:
        network.start("hub")

    def known_as_revoked():
        report = network.ask(code, items=[19], consent="pending").json
        assert not records(report, 19), "shown after its revocation"
        return rule_for(report, 19) == "consent_revoked"
    until(known_as_revoked, 30, "revoked at the city")
    until(lambda: network.http("gd", "GET", "/v1/consents/pending", who).json.get("state") == "revoked", 30, "at the province")
    until(lambda: rule_for(network.ask(code, part="gd", items=[19], consent="pending").json, 19) == "consent_revoked", 10,
          "refused at the province")


def test_a_consent_signed_by_somebody_else_is_refused(network, subject):
    stranger = network.subject_identity("91440101MA000RX94L", "他人")
    forged = network.sign_consent(stranger, items="19", consent_id="forged")
    head, _, signature = forged.split(".")
    genuine = network.sign_consent(subject[1], items="19", consent_id="forged")
    reply = register(network, ".".join([head, genuine.split(".")[1], signature]))
    assert reply.status == 400
    assert reply.json["type"] == "urn:rongxin:problem:consent_invalid"
    assert network.http("gz", "GET", "/v1/consents/forged", subject[1]).status == 404


def test_the_same_consent_again_is_fine_and_another_under_its_id_is_not(network, subject):
    jws = network.sign_consent(subject[1], items="19", consent_id="twice")
    assert register(network, jws).status == 201
    assert register(network, jws).status in (200, 201)
    assert register(network, network.sign_consent(subject[1], items="25", consent_id="twice")).status == 409


def test_unknown_members_of_a_question_are_refused(network, subject):
    reply = network.http("gz", "POST", "/v1/reports", "bank",
                         {"subject": subject[0], "purpose": "pre_loan", "consnet": "x"}, {"Content-Type": "application/json"})
    assert reply.status == 400
    assert network.ask(subject[0], purpose="curiosity").status == 400


def test_the_subject_reads_itself_and_nobody_else(network, subject):
    code, who = subject
    mine = network.ask(code, who=who, purpose="self", items=[1, 19])
    assert mine.status == 200 and records(mine.json, 19)
    stranger = network.subject_identity("91440101MA000RX94L", "他人")
    reply = network.ask(code, who=stranger, purpose="self")
    assert reply.status == 403
    assert reply.json["type"] == "urn:rongxin:problem:not_self"
    assert reply.json["receipt"]["index"] >= 0


def test_departments_and_struck_off_banks_are_refused(network, subject):
    code, _ = subject
    assert network.ask(code, who="dept").status == 403
    bank2 = next(m for m in network.http("hub", "GET", "/v1/members").json["members"] if m["code"] == "91440300MA000RX27J")
    try:
        network.http("hub", "POST", "/v1/members", "operator", {**bank2, "status": "struck_off"})
        until(lambda: network.ask(code, who="bank2", items=[1]).status == 403, 10, "struck off at the city")
    finally:
        network.http("hub", "POST", "/v1/members", "operator", {**bank2, "status": "active"})
    until(lambda: network.ask(code, who="bank2", items=[1]).status == 200, 10, "active again")


def test_a_renewed_certificate_is_the_same_member(network, subject):
    before = network.stem("bank").with_suffix(".crt").read_bytes()
    network.cli("key", "member", "--network", network.run / "net", "--out", network.stem("bank"),
                "--code", "91440101MA000RX19U", "--name", "广州演示银行")
    assert network.stem("bank").with_suffix(".crt").read_bytes() != before
    assert network.ask(subject[0], items=[1]).status == 200


def told(network, part, code, consent_id):
    return rule_for(network.ask(code, part=part, items=[19], consent=consent_id).json, 19)


def test_a_pause_holds_at_once_here_and_soon_everywhere_until_it_ends(network, subject):
    code, who = subject
    register(network, network.sign_consent(who, items="19", consent_id="rest"))
    until(lambda: told(network, "gd", code, "rest") is None, 10, "known at the province")

    assert network.http("gz", "POST", "/v1/consents/rest/pause", "bank").status == 403
    assert told(network, "gz", code, "rest") is None, "the bank's word is none"
    paused = network.http("gz", "POST", "/v1/consents/rest/pause", who)
    assert (paused.status, paused.json["state"]) == (200, "paused")
    assert told(network, "gz", code, "rest") == "consent_paused"
    until(lambda: told(network, "gd", code, "rest") == "consent_paused", 10, "paused at the province")
    assert network.http("gd", "GET", "/v1/consents/rest", who).json["state"] == "paused"

    # resumed at the other node
    assert network.http("gd", "POST", "/v1/consents/rest/resume", who).json["state"] == "active"
    assert told(network, "gd", code, "rest") is None
    until(lambda: told(network, "gz", code, "rest") is None, 10, "goes on at the city")

    def has_seen_it():
        page = network.http("gz", "GET", "/v1/accesses?limit=500", who)
        return page.status == 200 and "pause" in [a["access"]["action"] for a in page.json["accesses"]]
    until(has_seen_it, 30, "the pause in the trail")


def test_a_signed_pause_may_be_brought_by_anyone_once(network, subject):
    """An old word that is brought again, here or at the other node, undoes nothing."""
    code, who = subject
    register(network, network.sign_consent(who, items="19", consent_id="said"))
    until(lambda: told(network, "gd", code, "said") is None, 10, "known at the province")
    network.cli("consent", "pause", "said", "--stem", network.stem(who), who="bank", part="gz")
    assert told(network, "gz", code, "said") == "consent_paused"
    until(lambda: told(network, "gd", code, "said") == "consent_paused", 10, "paused at the province")

    resume = network.cli("consent", "resume", "said", "--stem", network.stem(who), "--json", who="bank", part="gz")
    assert json.loads(resume.stdout) == {"id": "said", "state": "active"}
    assert told(network, "gz", code, "said") is None


def test_a_resume_that_was_overtaken_is_refused_everywhere(network, subject):
    code, who = subject
    register(network, network.sign_consent(who, items="19", consent_id="again"))
    until(lambda: told(network, "gd", code, "again") is None, 10, "known at the province")
    stored = network.cli("consent", "resume", "again", "--stem", network.stem(who), "--print").stdout.strip()
    network.cli("consent", "pause", "again", "--stem", network.stem(who), who="bank", part="gz")  # by the clock that signed
    until(lambda: told(network, "gd", code, "again") == "consent_paused", 10, "paused at the province")
    for part in ("gz", "gd"):
        reply = network.http(part, "POST", "/v1/consents/again/resume", "bank", stored, {"Content-Type": "application/jose"})
        assert (reply.status, reply.json["type"]) == (409, "urn:rongxin:problem:not_newer")
        assert told(network, part, code, "again") == "consent_paused"
    as_pause = network.http("gz", "POST", "/v1/consents/again/pause", "bank", stored, {"Content-Type": "application/jose"})
    assert as_pause.status == 400, "a resume is no pause"


def test_a_revoked_consent_is_not_resumed(network, subject):
    code, who = subject
    register(network, network.sign_consent(who, items="19", consent_id="ended"))
    network.http("gz", "DELETE", "/v1/consents/ended", who)
    reply = network.http("gz", "POST", "/v1/consents/ended/resume", who)
    assert (reply.status, reply.json["type"]) == (409, "urn:rongxin:problem:consent_conflict")
    assert told(network, "gz", code, "ended") == "consent_revoked"


def test_a_pause_survives_a_kill_while_the_hub_is_away(network, subject):
    code, who = subject
    register(network, network.sign_consent(who, items="19", consent_id="kept"))
    until(lambda: told(network, "gd", code, "kept") is None, 10, "known at the province")
    network.stop("hub")
    try:
        assert network.http("gz", "POST", "/v1/consents/kept/pause", who).status == 200
        network.kill("gz")
        network.start("gz")
    finally:
        network.start("hub")
    until(lambda: network.http("gz", "GET", "/readyz").status == 200, 60, "ready again")
    assert told(network, "gz", code, "kept") == "consent_paused"
    until(lambda: told(network, "gd", code, "kept") == "consent_paused", 30, "paused at the province")


def test_the_bank_is_told_how_long_it_may_keep_what_it_reads(network, subject):
    code, who = subject
    register(network, network.sign_consent(who, items="19", consent_id="shortly", **{"data-life": 10}))
    until(lambda: told(network, "gz", code, "shortly") is None, 10, "back from a hub that may just have started")
    before = time.time()
    report = network.ask(code, items=[19], consent="shortly").json
    terms = report["consent"]
    assert (terms["id"], terms["data_life_days"]) == ("shortly", 10)
    until_then = datetime.datetime.fromisoformat(terms["keep_until"].replace("Z", "+00:00")).timestamp()
    assert abs(until_then - before - 10 * 86400) < 120
    assert "consent" not in network.ask(code, items=[1], consent="shortly").json, "nothing of it was shown under the consent"
    shown = network.cli("query", code, "--purpose", "pre_loan", "--items", "19", "--consent", "shortly", who="bank", part="gz")
    assert f"to be deleted by {terms['keep_until'][:10]}" in shown.stdout


def test_a_city_cut_off_refuses_protected_fields_when_its_lease_ends(network, subject):
    """The lease of this node is set to two seconds; the province is stopped."""
    code, who = subject
    assert register(network, network.sign_consent(who, items="19", consent_id="lease")).status == 201
    network.stop("gz")
    conf = network.run / "gz.conf"
    network.script("start", str(network.run), "gz")
    network.stop("gz")
    with conf.open("a") as settings:
        settings.write("lease_seconds = 2\n")
    pid_file = network.run / "pid" / "gz.pid"
    try:
        restart_with_own_settings(network, pid_file)
        until(lambda: records(network.ask(code, items=[19], consent="lease").json, 19), 20, "fresh and shown")
        network.stop("gd")
        until(lambda: rule_for(network.ask(code, items=[19], consent="lease").json, 19) == "lease_stale", 20, "lease over")
        assert records(network.ask(code, items=[1]).json, 1), "public items are served on"
    finally:
        network.start("gd")
        network.stop("gz")
        network.start("gz")
        network.agree("gz", "4401")


def restart_with_own_settings(network, pid_file):
    """Start gz with its settings file as it is (network.sh would rewrite it)."""
    import subprocess
    from harness import BIN
    ready = network.run / "gz" / "ready"
    ready.unlink(missing_ok=True)
    log = (network.run / "log" / "gz.log").open("a")
    process = subprocess.Popen([str(BIN / "rongxin-node"), "--config", str(network.run / "gz.conf")], stdout=log, stderr=log)
    pid_file.write_text(str(process.pid))
    until(lambda: ready.exists() and json.loads(ready.read_text())["pid"] == process.pid or not alive(process.pid), 60, "gz started")
    assert alive(process.pid), network.logs()


def sm2_certificate(network, who, code):
    """An SM2 CA of somebody else's, and whom it certifies: by the openssl command alone."""
    folder = network.folder / "sm2"
    folder.mkdir()

    def openssl(*words):
        done = subprocess.run(["openssl", *map(str, words)], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr

    sm2 = ["-sm3", "-sigopt", "distid:1234567812345678"]
    (folder / "leaf.ext").write_text("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n")
    openssl("genpkey", "-algorithm", "SM2", "-out", "ca.key")
    openssl("req", "-x509", "-new", "-key", "ca.key", *sm2, "-days", 30, "-subj", "/CN=SM2 CA", "-out", "ca.crt",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    key = network.stem(who).with_suffix(".key")
    openssl("genpkey", "-algorithm", "SM2", "-out", key)
    key.chmod(0o600)
    openssl("req", "-new", "-key", key, *sm2, "-subj", f"/CN=firm/2.5.4.97={code}", "-out", "leaf.csr")
    openssl("x509", "-req", "-in", "leaf.csr", "-CA", "ca.crt", "-CAkey", "ca.key", *sm2, "-vfyopt",
            "distid:1234567812345678", "-days", 20, "-CAcreateserial", "-extfile", "leaf.ext",
            "-out", network.stem(who).with_suffix(".crt"))
    return folder / "ca.crt"


def told_what(reply):
    """A node that has just started waits for the hub's time before it judges a consent."""
    return reply if reply.status != 503 else None


def test_an_enterprise_signs_with_the_sm2_certificate_it_has(network, subject):
    code, _ = subject
    ca = sm2_certificate(network, "sm2", code)
    jws = network.sign_consent("sm2", items="19", consent_id="by-sm2")
    header = json.loads(base64.urlsafe_b64decode(jws.split(".")[0] + "=="))
    assert header["alg"] == "SM2-SM3"
    reply = until(lambda: told_what(register(network, jws)), 20, "gz knows the time")
    assert reply.status == 400 and "certificate is not accepted" in reply.json["detail"], reply.body

    network.cli("key", "trust", ca, "--network", network.run / "net/network.json")
    for part in ("hub", "gz"):
        network.stop(part)
        network.start(part)
    network.agree("gz", "4401")
    assert until(lambda: told_what(register(network, jws)), 20, "gz knows the time").status == 201
    shown = until(lambda: records(network.ask(code, items=[19], consent="by-sm2").json, 19), 10, "under the consent")
    assert shown
    changed = jws[:-4] + ("AAAA" if jws[-4:] != "AAAA" else "BBBB")
    assert register(network, changed).status == 400
    network.cli("consent", "revoke", "by-sm2", "--stem", network.stem("sm2"), who="bank", part="gz")
    assert rule_for(network.ask(code, items=[19], consent="by-sm2").json, 19) == "consent_revoked"


def test_a_member_may_have_an_sm2_key_for_documents(network, subject):
    code, _ = subject
    network.cli("key", "member", "--network", network.run / "net", "--out", network.stem("own-sm2"), "--code", code,
                "--name", "演示企业", "--sm2")
    shown = network.cli("key", "show", network.stem("own-sm2").with_suffix(".key")).stdout
    assert "SM2-SM3" in shown
    assert register(network, network.sign_consent("own-sm2", items="19", consent_id="own-sm2")).status == 201
    server = network.cli("key", "member", "--network", network.run / "net", "--out", network.stem("no"), "--code", code,
                         "--name", "x", "--sm2", "--hosts", "localhost", check=False)
    assert server.returncode == 2 and not network.stem("no").with_suffix(".key").exists()
