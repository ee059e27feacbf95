"""Alerts are raised, acknowledged and closed, do not flap, and reach a webhook and a mailbox."""
import base64
import datetime
import email
import email.header
import hashlib
import hmac
import http.server
import json
import os
import re
import shutil
import socketserver
import ssl
import subprocess
import threading
import time

import pytest
from rig import DEPARTMENT, OPERATOR

NODE = "11440100MB0044011H"
SECRET = b"a secret of the test"


def until(condition, seconds=20, what="condition"):
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


class Webhook(http.server.ThreadingHTTPServer):
    """Takes what is posted over TLS; the first `refusals` get 503."""

    def __init__(self, stem):
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if server.refusals > 0:
                    server.refusals -= 1
                    server.refused.append(self.headers["Idempotency-Key"])
                    self.send_response(503)
                else:
                    server.taken.append((dict(self.headers), body))
                    self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass
        super().__init__(("127.0.0.1", 0), Handler)
        self.refusals, self.refused, self.taken = 0, [], []
        self.socket = server_side(stem).wrap_socket(self.socket, server_side=True)
        self.url = f"https://localhost:{self.server_address[1]}/alerts"
        threading.Thread(target=self.serve_forever, daemon=True).start()


def server_side(stem):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{stem}.crt", f"{stem}.key")
    return context


class Mailbox(socketserver.ThreadingTCPServer):
    """Enough of RFC 5321 to take a mail, over TLS with the key files of `stem`; `starttls` of RFC 3207 instead, with
    those of a stem that may be changed, or None: it does not offer it."""
    allow_reuse_address = daemon_threads = True

    def __init__(self, stem=None, host="127.0.0.1"):
        box = self
        box.mails, box.logins, box.down, box.starttls, box.said = [], [], False, None, []

        class Handler(socketserver.StreamRequestHandler):
            def say(self, text):
                self.wfile.write(text.encode() + b"\r\n")

            def handle(self):
                if box.down:
                    self.say("421 not now")
                    return
                self.say("220 mailbox")
                sender, to = None, []
                while line := self.rfile.readline().decode().strip():
                    verb = line.split(" ")[0].upper()
                    box.said.append((verb, isinstance(self.connection, ssl.SSLSocket)))
                    if verb in ("HELO", "EHLO"):
                        self.say("250-mailbox\r\n" + ("250-STARTTLS\r\n" if box.starttls else "") + "250 AUTH PLAIN")
                    elif verb == "STARTTLS" and box.starttls:
                        self.say("220 go on")
                        try:
                            self.connection = server_side(box.starttls).wrap_socket(self.connection, server_side=True)
                        except OSError:
                            return  # it does not trust us
                        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
                    elif line.upper().startswith("AUTH PLAIN"):
                        if len(line.split()) < 3:
                            self.say("334 ")
                            line += " " + self.rfile.readline().decode().strip()
                        box.logins.append(base64.b64decode(line.split()[2]))
                        self.say("235 come in")
                    elif line.upper().startswith("MAIL FROM:"):
                        sender = line[10:]
                        self.say("250 ok")
                    elif line.upper().startswith("RCPT TO:"):
                        to.append(line[8:])
                        self.say("250 ok")
                    elif verb == "DATA":
                        self.say("354 go on")
                        lines = []
                        while (part := self.rfile.readline()) not in (b".\r\n", b""):
                            lines.append(part[1:] if part.startswith(b"..") else part)
                        box.mails.append((sender, to, email.message_from_bytes(b"".join(lines))))
                        self.say("250 taken")
                    elif verb == "QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("502 what")
        super().__init__((host, 0), Handler)
        if stem is not None:
            self.socket = server_side(stem).wrap_socket(self.socket, server_side=True)
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def world(request):
    from rig import Hub, need_programs
    need_programs()
    mailbox = Mailbox()
    hub = Hub(settings=[
        "alert_seconds = 1", "alert_slow_seconds = 1", "alert_retry_seconds = 1", "alert_attempts = 3",
        f"alert_mail = smtp://127.0.0.1:{mailbox.server_address[1]}",
        "alert_mail_from = hub@credit.example", "alert_mail_to = duty@credit.example,chief@credit.example"])
    secret = hub.folder / "webhook.secret"
    secret.write_bytes(SECRET + b"\n")
    secret.chmod(0o600)
    hub.cli("key", "member", "--network", hub.folder / "net", "--out", hub.folder / "id/webhook", "--code", NODE, "--name", "webhook",
            "--hosts", "localhost,127.0.0.2")
    webhook = Webhook(hub.folder / "id/webhook")
    with (hub.folder / "hub.conf").open("a") as conf:
        conf.write(f"alert_webhook = {webhook.url}\nalert_webhook_secret = {secret}\nalert_ca = {hub.folder}/net/ca.crt\n")
    if os.geteuid() == 0:
        shutil.chown(secret, "nobody")
    hub.webhook, hub.mailbox = webhook, mailbox
    try:
        hub.start()
        hub.admit(DEPARTMENT, "department", items=[1, 2])
        rule(hub, "node_silent", enabled=False)
        yield hub
    finally:
        hub.remove()
        webhook.shutdown()
        mailbox.shutdown()


def alerts(hub, query="", **match):
    reply = hub.http("GET", f"/v1/alerts?{query}")
    assert reply.status == 200, reply.body
    return [a for a in reply.json["alerts"] if all(a[k] == v for k, v in match.items())]


def rule(hub, name, **changes):
    reply = hub.http("POST", f"/v1/alerts/rules/{name}", "operator", json.dumps(changes))
    assert reply.status == 200, reply.body
    return next(r for r in reply.json["rules"] if r["name"] == name)


def fork(hub, forked=True):
    hub.sql(f"""INSERT INTO node_trail (code, next, edge, checked, reported_at, forked_at) VALUES ('{NODE}', 0, '', 0, now(), now())
                ON CONFLICT (code) DO UPDATE SET forked_at = {'now()' if forked else 'NULL'}""")


def messages_of(hub, alert, event):
    return [(h, b) for h, b in hub.webhook.taken if (m := json.loads(b))["event"] == event and m["alert"]["id"] == alert]


def test_an_alert_is_raised_told_acknowledged_and_closed(world):
    world.admit(NODE, "platform", divisions=["4401"])
    fork(world)
    found = until(lambda: alerts(world, rule="trail_forked"), what="raised")[0]
    assert (found["subject"], found["severity"], found["state"], found["en"]) == (NODE, "critical", "raised", "A trail was rewritten")
    assert found["name"] == "platform" and found["raised_at"] and found["closed_at"] is None
    assert world.http("GET", "/v1/alerts").json["open"]["critical"] >= 1

    headers, body = until(lambda: messages_of(world, found["id"], "raised"), what="webhook")[0]
    moment, signature = (part.split("=")[1] for part in headers["Rongxin-Signature"].split(","))
    assert hmac.new(SECRET, f"{moment}.".encode() + body, hashlib.sha256).hexdigest() == signature
    assert abs(int(moment) - time.time()) < 30 and json.loads(body)["alert"]["rule"] == "trail_forked"
    assert headers["Idempotency-Key"].isdigit()

    def mail_of(event):
        for sender, to, mail in world.mailbox.mails:
            subject = str(email.header.make_header(email.header.decode_header(mail["Subject"])))
            if f"[rongxin] {event} critical" in subject and "查询日志被改写" in subject:
                return sender, to, mail, subject
    sender, to, mail, subject = until(lambda: mail_of("raised"), what="mail")
    assert sender == "<hub@credit.example>" and to == ["<duty@credit.example>", "<chief@credit.example>"]
    text = mail.get_payload(decode=True).decode()
    assert mail.get_content_charset() == "utf-8" and NODE in text and f"rongxin alert show {found['id']}" in text
    assert email.utils.parsedate_to_datetime(mail["Date"]) and "platform" in subject

    path = f"/v1/alerts/{found['id']}/acknowledge"
    assert world.http("POST", path, "dept").status == 403
    assert world.http("POST", path, "operator", '{"note":1}').status == 400
    reply = world.http("POST", path, "operator", json.dumps({"note": "已联系广州"}))
    assert (reply.json["state"], reply.json["acknowledged_by"], reply.json["note"]) == ("acknowledged", OPERATOR, "已联系广州")
    assert world.http("POST", path, "operator", json.dumps({"note": "again"})).json["note"] == "已联系广州"

    fork(world, False)
    closed = until(lambda: alerts(world, "state=closed&rule=trail_forked"), what="closed")[0]
    assert closed["id"] == found["id"] and closed["closed_at"] and closed["acknowledged_by"] == OPERATOR
    assert alerts(world, rule="trail_forked") == []
    until(lambda: messages_of(world, found["id"], "closed") and mail_of("closed"), what="both told of its end")
    reply = world.http("POST", path)
    assert reply.status == 409 and reply.json["type"].endswith(":alert_closed")
    assert world.http("POST", "/v1/alerts/999999/acknowledge").status == 404


def test_nothing_flaps(hub_with):
    """Time by hand: bad for less than raise_seconds raises nothing, good for less than close_seconds closes nothing."""
    hub = hub_with(settings=["alert_seconds = 3600", "alert_slow_seconds = 86400"])
    hub.admit(NODE, "platform", divisions=["4401"])
    rule(hub, "node_silent", enabled=False)
    rule(hub, "trail_forked", raise_seconds=30, close_seconds=60)
    start = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)

    fork(hub)

    def at(looks):
        """[raised, closed] of each look at (seconds, is it bad then)."""
        script = "".join(f"""UPDATE node_trail SET forked_at = {"now()" if bad else "NULL"};
            SELECT raised, closed FROM alert_look('{start + datetime.timedelta(seconds=s)}', false, '[]', '{{"sources":[]}}', '');""" for s, bad in looks)
        return [[int(raised), int(closed)] for raised, closed in hub.sql(script)]
    quiet = [0, 0]
    assert at([(s, s % 40 == 0) for s in range(0, 240, 20)]) == [quiet] * 12, "bad for 20 s at a time is never raised"
    assert alerts(hub, "state=all", rule="trail_forked") == []
    assert at([(600, True), (620, True), (640, True)]) == [quiet, quiet, [1, 0]]
    assert at([(s, s % 60 == 0) for s in range(660, 920, 20)]) == [quiet] * 13, "good for 40 s at a time never closes it"
    assert len(alerts(hub, rule="trail_forked")) == 1
    assert at([(s, False) for s in (920, 940, 960, 979, 980)]) == [quiet] * 4 + [[0, 1]]
    assert hub.sql("SELECT count(*) FROM alert WHERE rule = 'trail_forked'") == [["1"]]

    # A hub that is back after an hour has heard nobody yet; who comes within seconds was never silent.
    rule(hub, "node_silent", enabled=True)
    moment = start + datetime.timedelta(seconds=3000)
    node_says(hub, [])

    def silent(looks):
        script = "".join(f"""UPDATE node_status SET received_at = '{moment + datetime.timedelta(seconds=heard)}';
            SELECT raised, closed FROM alert_look('{moment + datetime.timedelta(seconds=s)}', false, '[]', '{{"sources":[]}}', '');""" for s, heard in looks)
        return [[int(raised), int(closed)] for raised, closed in hub.sql(script)]
    assert silent([(0, -3600), (5, 4), (15, 14)]) == [quiet] * 3
    assert silent([(30, 14), (35, 14), (40, 14)]) == [quiet, quiet, [1, 0]], "more than ten seconds, for ten seconds"


def test_what_is_not_taken_is_tried_again_and_dead_in_the_end(world):
    world.webhook.refusals, world.webhook.refused[:] = 2, []
    world.admit(NODE, "platform", divisions=["4401"])
    fork(world)
    found = until(lambda: alerts(world, rule="trail_forked"), what="raised")[0]
    until(lambda: messages_of(world, found["id"], "raised"), what="taken the third time")
    assert len(world.webhook.refused) == 2 and len(set(world.webhook.refused)) == 1, "the same message"

    world.webhook.refusals = 1000
    fork(world, False)
    dead = until(lambda: [m for m in world.http("GET", "/v1/alerts/messages?state=dead").json["messages"] if m["alert"] == found["id"]],
                 what="dead")[0]
    assert (dead["channel"], dead["attempts"], dead["event"], dead["error"]) == ("webhook", 3, "closed", "answered 503")
    until(lambda: alerts(world, rule="message_dead"), what="its own alert, on the page only")
    world.webhook.refusals = 0
    assert world.http("POST", f"/v1/alerts/messages/{dead['id']}/retry").json["state"] == "waiting"
    until(lambda: messages_of(world, found["id"], "closed"), what="sent by hand")
    until(lambda: not alerts(world, rule="message_dead"), what="nothing is dead any more")
    assert not any(json.loads(b)["alert"]["rule"] == "message_dead" for _, b in world.webhook.taken)


def test_rules_are_data(world):
    rules = {r["name"]: r for r in world.http("GET", "/v1/alerts/rules").json["rules"]}
    assert rules["node_behind"]["threshold"] == 60 and rules["disk_full"]["unit"] == "%"
    changed = rule(world, "reject_share", severity="info", threshold=5, close_seconds=0)
    assert (changed["severity"], changed["threshold"], changed["close_seconds"], changed["enabled"]) == ("info", 5, 0, True)
    for wrong in ('{"threshold":-1}', '{"severity":"loud"}', '{"zh":"x"}', '{"raise_seconds":1.5}', '{"enabled":1}', "{}", "[]"):
        assert world.http("POST", "/v1/alerts/rules/reject_share", "operator", wrong).status == 400, wrong
    assert world.http("POST", "/v1/alerts/rules/beauty", "operator", '{"threshold":1}').status == 404
    assert world.http("POST", "/v1/alerts/rules/reject_share", "dept", '{"threshold":1}').status == 403


def test_a_bad_and_a_late_feed_are_named(world):
    text = world.gen(1, 300, 71, "--division", "4401", "--dirt", "uscc=0.15")
    assert world.submit(1, text, "bad").json["state"] == "committed"
    bad = until(lambda: alerts(world, rule="reject_share"), what="rejects")[0]
    assert bad["subject"] == f"{DEPARTMENT}/1" and 5 < bad["value"] < 30 and bad["detail"]["rows"] == 300
    assert alerts(world, rule="feed_late") == [], "a department that came today owes nothing yet"

    world.sql("UPDATE quality_daily SET day = day - 3")
    late = until(lambda: alerts(world, rule="feed_late", subject=f"{DEPARTMENT}/1"), what="late")[0]
    assert late["value"] == 2 and late["unit"] == "days" and late["detail"]["cadence"] == "daily"
    until(lambda: not alerts(world, rule="reject_share"), what="the rejects are of another day")
    world.submit(1, text, "again")
    until(lambda: not alerts(world, rule="feed_late", subject=f"{DEPARTMENT}/1"), what="it came")


def node_says(hub, streams, age=0, trail=0, sequence=1):
    hub.sql(f"""INSERT INTO node_status VALUES ('{NODE}', {sequence}, now(), now() - interval '{age} seconds', 't', '', '{json.dumps(streams)}', {trail}, '')
                ON CONFLICT (code) DO UPDATE SET received_at = excluded.received_at, streams = excluded.streams, trail_size = excluded.trail_size,
                sequence = excluded.sequence""")


def found_bad(world, alert):
    """When a look last found it bad."""
    return world.sql(f"SELECT last_bad FROM alert WHERE id = {alert['id']}")[0][0]


def test_a_node_that_holds_something_else_is_behind_or_silent_is_named(world):
    world.admit(NODE, "platform", divisions=["4401"])
    world.submit(1, world.gen(1, 40, 72, "--division", "4401"), "proof")
    hub_says = world.streams()
    right = [{"stream": s, "position": v["position"], "state": v["state"]} for s, v in hub_says.items() if s in ("0000", "4401")]
    for name in ("proof_missing", "node_behind", "node_silent", "proof_unequal", "trail_short"):
        rule(world, name, raise_seconds=0, close_seconds=0, enabled=True)
    rule(world, "node_behind", threshold=1)
    rule(world, "revocation_late", threshold=1)

    node_says(world, right)
    until(lambda: not [a for a in alerts(world) if a["subject"].startswith(NODE)], what="all is well")

    other = "00" * 32
    node_says(world, [{**s, "state": other} for s in right])
    unequal, = until(lambda: alerts(world, rule="proof_unequal"), what="unequal")
    assert (unequal["subject"], [(s["stream"], s["state"], s["signed"]) for s in unequal["detail"]["streams"]]) == \
        (NODE, [(s, other, hub_says[s]["state"]) for s in ("0000", "4401")]), "one alert that names both"
    node_says(world, [{**s, "state": other} if s["stream"] == "4401" else s for s in right])
    until(lambda: [[s["stream"] for s in a["detail"]["streams"]] for a in alerts(world, rule="proof_unequal")] == [["4401"]], what="one of them is mended")
    node_says(world, [{**s, "state": other, "position": s["position"] + 1} if s["stream"] == "4401" else s for s in right], sequence=2)
    began = found_bad(world, unequal)
    until(lambda: found_bad(world, unequal) > began, what="still bad, as it cannot be compared")
    node_says(world, [{**s, "state": other} for s in right], age=100, sequence=3)
    until(lambda: alerts(world, rule="node_silent"), what="silent")
    assert [a["id"] for a in alerts(world, rule="proof_unequal")] == [unequal["id"]], "neither that nor silence closes it"
    node_says(world, right, sequence=4)
    until(lambda: not alerts(world, rule="proof_unequal"), what="all agree")

    node_says(world, [s for s in right if s["stream"] == "0000"])
    missing, = until(lambda: alerts(world, rule="proof_missing"), what="missing")
    assert (missing["subject"], [s["stream"] for s in missing["detail"]["streams"]]) == (NODE, ["4401"])

    node_says(world, [{**s, "position": 1, "state": ""} for s in right])
    until(lambda: [a for a in alerts(world, rule="node_behind", subject=NODE) if {s["stream"] for s in a["detail"]["streams"]} == {"0000", "4401"}],
          what="behind on both")

    rule(world, "node_ahead", raise_seconds=0, close_seconds=0)
    node_says(world, [{**s, "position": s["position"] + 3 * (s["stream"] == "4401")} for s in right])
    ahead = until(lambda: alerts(world, rule="node_ahead"), what="ahead")[0]
    assert (ahead["subject"], ahead["value"], [s["stream"] for s in ahead["detail"]["streams"]]) == (NODE, 3, ["4401"])
    node_says(world, [{**s, "position": 1, "state": ""} for s in right])

    world.sql("""INSERT INTO record SELECT '0000', 60003, '91440101MA000RX19U', 'c-1', 2, 4, '', '{}', 'x', now(), now() - interval '5 seconds', NULL, 99999""")
    late = until(lambda: alerts(world, rule="revocation_late"), what="revocation")[0]
    assert late["subject"] == NODE and late["detail"]["revocations"] == 1 and late["value"] >= 5
    world.sql("DELETE FROM record WHERE position = 99999")

    node_says(world, right, age=100)
    silent = until(lambda: alerts(world, rule="node_silent"), what="silent")[0]
    assert silent["subject"] == NODE and 100 <= silent["value"] < 130

    world.sql(f"UPDATE node_trail SET checked = 50, sequence = 1, forked_at = NULL WHERE code = '{NODE}'")
    node_says(world, right, trail=20, sequence=2)
    short = until(lambda: alerts(world, rule="trail_short"), what="short")[0]
    assert short["value"] == 30
    node_says(world, right, trail=50, sequence=3)
    until(lambda: not alerts(world, rule="trail_short"), what="its end is back", seconds=30)


def test_the_hubs_own_disk_and_certificate_are_watched(world):
    rule(world, "disk_full", threshold=0, raise_seconds=0, close_seconds=0)
    rule(world, "certificate_expiry", threshold=100000)
    disk = until(lambda: alerts(world, rule="disk_full"), what="disk")[0]
    assert disk["subject"] == str(world.state) and 0 < disk["value"] <= 100
    certificate = until(lambda: alerts(world, rule="certificate_expiry"), what="certificate")[0]
    assert certificate["subject"].endswith("id/hub.crt") and certificate["value"] > 30
    rule(world, "disk_full", enabled=False)
    rule(world, "certificate_expiry", threshold=30)
    until(lambda: not alerts(world, rule="disk_full") and not alerts(world, rule="certificate_expiry"), what="both closed")


def test_what_waits_is_abused_or_untold_is_named_until_it_is_not(world):
    """One row each as the hub's own parts and the nodes write it, then its end."""
    world.admit(NODE, "platform", divisions=["4401"])
    for name in ("trail_untold", "batch_held", "objection_due", "node_disk", "node_certificate"):
        rule(world, name, raise_seconds=0, close_seconds=0)
    rule(world, "batch_held", threshold=24)
    says = "UPDATE node_status SET condition = json_build_object('disk_free', %d, 'disk_total', 100, 'certificate', now() + interval '%d days')"
    cases = {  # rule: (subject, how it begins, how it ends)
        "batch_held": (f"{DEPARTMENT}/1/waits", "UPDATE feed_batch SET received_at = now() - interval '25 hours' WHERE id = 'waits'",
                       "SELECT 1"),
        "abuse_pattern": (f"{NODE}/91440101MA000RX19U/refusals", f"INSERT INTO abuse_alert VALUES ('{NODE}', '91440101MA000RX19U', 'refusals', "
                          "current_date, now(), now(), 120, now())", "UPDATE abuse_alert SET last_seen = now() - interval '25 hours'"),
        "objection_due": ("o1", "INSERT INTO objection (id, subject, item, key, reason, repair, claims, digest, origin, stream, provider, state, filed_at,"
                          f" due_at) VALUES ('o1', 's', 1, '', '', false, '{{}}', '', '', '4401', '{DEPARTMENT}', 'accepted', now(), now() + interval '3 days')",
                          "UPDATE objection SET ended_at = now(), state = 'upheld'"),
        "node_disk": (NODE, says % (5, 9), says % (50, 90)),
        "node_certificate": (NODE, says % (5, 9), says % (50, 90))}
    node_says(world, [], trail=30000)
    until(lambda: [a["value"] for a in alerts(world, rule="trail_untold", subject=NODE)] == [30000], what="a trail of which nothing is told")
    node_says(world, [], trail=50)
    until(lambda: not alerts(world, rule="trail_untold"), what="all but a little of it told")
    assert world.submit(1, world.gen(1, 200, 75, "--division", "4401", "--dirt", "uscc=0.6"), "waits").json["state"] == "held"
    assert not [a for a in alerts(world) if a["rule"] in cases], "all is well yet"

    for begins in (c[1] for c in cases.values()):
        world.sql(begins)
    for name, (subject, _, _) in cases.items():
        until(lambda: alerts(world, rule=name, subject=subject), what=name)
    assert alerts(world, rule="node_certificate")[0]["value"] == 8
    assert [(a["value"], a["detail"]["free"]) for a in alerts(world, rule="node_disk")] == [(95, 5)]

    for ends in (c[2] for c in cases.values()):
        world.sql(ends)
    assert world.http("POST", f"/v1/feeds/1/batches/waits/refuse?provider={DEPARTMENT}").json["state"] == "refused"
    until(lambda: not [a for a in alerts(world) if a["rule"] in cases], what="all closed")


def test_a_closed_alert_is_kept_as_long_as_its_rule_says(world):
    fork(world)
    kept = until(lambda: alerts(world, rule="trail_forked"), what="raised")[0]
    fork(world, False)
    until(lambda: [a for a in alerts(world, "state=closed&rule=trail_forked") if a["id"] == kept["id"]], what="closed")
    assert rule(world, "trail_forked", keep_days=30)["keep_days"] == 30
    for wrong in (0, 36501, 1.5, "x"):
        assert world.http("POST", "/v1/alerts/rules/trail_forked", "operator", json.dumps({"keep_days": wrong})).status == 400, wrong
    others = {id for id, in world.sql(f"SELECT id FROM alert WHERE state = 'closed' AND id <> {kept['id']}")}
    world.sql(f"UPDATE alert SET closed_at = now() - interval '31 days' WHERE id = {kept['id']}")
    until(lambda: world.sql(f"SELECT (SELECT count(*) FROM alert WHERE id = {kept['id']}) + (SELECT count(*) FROM alert_message"
                            f" WHERE alert = {kept['id']})") == [["0"]], what="forgotten, and what was told of it")
    assert others and others <= {id for id, in world.sql("SELECT id FROM alert WHERE state = 'closed'")}, "the others stay"
    assert '"keep_days" : 400' in world.cli("alert", "rule", "trail_forked", "--keep", 400, "--hub", "https://" + world.ready["listen"],
                                            "--ca", world.folder / "net/ca.crt", "--as", world.folder / "id/operator")


def test_the_command_lists_and_answers(world):
    where = ["--hub", "https://" + world.ready["listen"], "--ca", world.folder / "net/ca.crt", "--as", world.folder / "id/operator"]
    node_says(world, [])
    fork(world)
    found = until(lambda: alerts(world, rule="trail_forked"), what="raised")[0]
    listed = world.cli("alert", "list", *where)
    assert "trail_forked" in listed and "critical" in listed and str(found["id"]) in listed
    shown = world.cli("alert", "show", found["id"], *where)
    assert NODE in shown and "A trail was rewritten" in shown
    assert [a["id"] for a in json.loads(world.cli("alert", "show", found["id"], "--json", *where))["alerts"]] == [found["id"]]
    assert "acknowledged" in world.cli("alert", "acknowledge", found["id"], "--note", "seen", *where)
    assert "node_behind" in world.cli("alert", "rules", *where)
    assert '"threshold" : 7' in world.cli("alert", "rule", "batch_held", "--threshold", 7, "--severity", "info", *where)
    assert json.loads(world.cli("alert", "messages", "--state", "sent", "--json", *where))["messages"]
    fork(world, False)
    until(lambda: not alerts(world, rule="trail_forked"), what="closed")


def test_open_alerts_and_messages_are_metrics(world):
    text = world.http("GET", "/metrics").body.decode()
    assert 'rongxin_hub_alerts{rule="proof_unequal"}' in text
    assert 'rongxin_hub_alert_messages_total{channel="mail",result="sent"}' in text
    assert 'rongxin_hub_alert_messages_total{channel="webhook",result="failed"}' in text
    assert "rongxin_hub_disk_free_bytes" in text and "rongxin_certificate_expires_seconds" in text


@pytest.mark.parametrize("wrong", ["alert_webhook=http://far.example/", "alert_mail=imap://x", "alert_mail=smtps://x --alert_mail_to=",
                                   "alert_webhook_secret=", "alert_webhook_secret=/etc/passwd"])
def test_a_way_that_is_not_safe_or_not_whole_does_not_start(world, wrong):
    words = [w for option in f"--{wrong}".split() for w in option.split("=", 1)]
    done = subprocess.run([world.program(), "--config", world.folder / "hub.conf", *words], capture_output=True, text=True, timeout=20)
    assert done.returncode == 1 and "hub.failed" in done.stderr + done.stdout and re.search("alert_|others may read", done.stderr + done.stdout)


def test_a_receiver_with_a_foreign_certificate_hears_nothing_and_a_login_goes_to_the_right_one(world):
    stem = world.folder / "foreign"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost", "-keyout", f"{stem}.key", "-out", f"{stem}.crt"], check=True, capture_output=True)
    foreign, mailbox = Webhook(stem), Mailbox(world.folder / "id/webhook")
    world.stop()
    login = world.folder / "mail.login"
    login.write_text("hub:word of the test\n")
    login.chmod(0o600)
    if os.geteuid() == 0:
        shutil.chown(login, "nobody")
    conf = world.folder / "hub.conf"
    conf.write_text(conf.read_text().replace(world.webhook.url, foreign.url).replace(
        f"smtp://127.0.0.1:{world.mailbox.server_address[1]}", f"smtps://localhost:{mailbox.server_address[1]}") + f"alert_mail_login = {login}\n")
    world.start()
    try:
        world.admit(NODE, "platform", divisions=["4401"])
        fork(world)
        found = until(lambda: alerts(world, rule="trail_forked"), what="raised")[0]
        message = until(lambda: [m for m in world.http("GET", "/v1/alerts/messages").json["messages"]
                                 if (m["alert"], m["channel"]) == (found["id"], "webhook") and m["attempts"] > 0], what="tried")[0]
        assert "certificate" in message["error"] and foreign.taken == [], message
        until(lambda: mailbox.mails, what="the mail over TLS")
        assert set(mailbox.logins) == {b"\0hub\0word of the test"}
    finally:
        foreign.shutdown()
        mailbox.shutdown()


def test_a_mail_server_elsewhere_gets_nothing_in_the_clear_nor_with_a_foreign_certificate(world):
    """STARTTLS (RFC 3207) with an address that is not this machine's usual one: without TLS, or with a certificate of
    somebody else, neither login nor mail is said."""
    foreign = world.folder / "foreign2"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=127.0.0.2", "-addext",
                    "subjectAltName=IP:127.0.0.2", "-keyout", f"{foreign}.key", "-out", f"{foreign}.crt"], check=True, capture_output=True)
    mailbox = Mailbox(host="127.0.0.2")
    world.stop()
    conf = world.folder / "hub.conf"
    conf.write_text(re.sub("alert_webhook.*\n", "", re.sub("alert_mail = .*", f"alert_mail = smtp://127.0.0.2:{mailbox.server_address[1]}",
                                                            conf.read_text())))
    world.start()
    fork(world, False)
    try:
        until(lambda: not alerts(world, rule="trail_forked"), what="closed before")

        def tried(stem, event, which=None):
            """What became of the mail, when the mailbox has `stem`."""
            mailbox.starttls, mailbox.said[:] = stem, []
            fork(world, event == "raised")
            which = which or until(lambda: alerts(world, rule="trail_forked"), what=event)[0]["id"]
            return until(lambda: [m for m in world.http("GET", "/v1/alerts/messages").json["messages"]
                                  if (m["alert"], m["channel"], m["event"]) == (which, "mail", event) and m["attempts"] > 0], what="tried")[0]
        plain = tried(None, "raised")
        assert plain["state"] != "sent" and {verb for verb, _ in mailbox.said} <= {"EHLO", "HELO", "QUIT"}, mailbox.said
        wrong = tried(foreign, "closed", plain["alert"])
        assert "certificate" in wrong["error"] and ("STARTTLS", False) in mailbox.said, wrong
        assert {verb for verb, _ in mailbox.said} <= {"EHLO", "STARTTLS", "QUIT"} and mailbox.mails == [] and mailbox.logins == []

        mailbox.starttls = world.folder / "id/webhook"
        until(lambda: mailbox.mails, what="the mail, as soon as the certificate is the right one")
        assert set(mailbox.logins) == {b"\0hub\0word of the test"}
        assert {tls for verb, tls in mailbox.said if verb in ("MAIL", "RCPT", "DATA", "AUTH")} == {True}
    finally:
        mailbox.shutdown()


def test_every_rule_was_raised_and_closed_here(world):
    """All but the one of exchange databases, which test_exchange.py breaks and mends."""
    never = {name for name, in world.sql("SELECT name FROM alert_rule EXCEPT SELECT rule FROM alert WHERE state = 'closed'")}
    assert never == {"source_failing"}
