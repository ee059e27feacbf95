"""The documents of docs/api/ against running programs: thousands of requests
made from the schemas, right and wrong, by all kinds of members.  No answer is a
crash, a leak or something that the document does not tell of."""
import http.client
import json
import os
import pathlib
import random
import subprocess
from urllib.parse import quote, urlencode

import pytest
from browser import Browser
from harness import ROOT, alive, rows_of, until

jsonschema = pytest.importorskip("jsonschema", reason="python3-jsonschema is missing")

SEED = 20241123
EACH = 24   # requests an operation
WHO = {"hub": ["operator", "dept", "bank", None, "outsider"],
       "gz": ["bank", "bank2", "operator", "dept", "subject", None, "outsider"]}
FAKE = ["91440101MA5D0000XX", "91310000MA1FL0000A", "123456789012345678"]


class Interface:
    """One document, and values that its schemas take."""

    def __init__(self, program, dice, pool):
        self.document = json.loads((ROOT / "docs/api" / f"{program}.json").read_text())
        self.resolver = jsonschema.RefResolver.from_schema(self.document)
        self.dice, self.pool = dice, pool

    def operations(self):
        for path, methods in self.document["paths"].items():
            for method, one in methods.items():
                yield method.upper(), path, one

    def resolve(self, node):
        return self.resolver.resolve(node["$ref"])[1] if "$ref" in node else node

    def right(self, schema, name=""):
        schema, dice = self.resolve(schema), self.dice
        if name in self.pool and dice.random() < 0.7:
            return dice.choice(self.pool[name])
        if "anyOf" in schema:
            return self.right(dice.choice(schema["anyOf"]), name)
        if "enum" in schema:
            return dice.choice(schema["enum"])
        kind = schema.get("type")
        if kind == "object":
            need = set(schema.get("required", []))
            return {n: self.right(s, n) for n, s in schema.get("properties", {}).items()
                    if n in need or dice.random() < 0.3}
        if kind == "array":
            return [self.right(schema["items"], name) for _ in range(dice.randrange(3))]
        if kind in ("integer", "number"):
            return dice.randint(schema.get("minimum", 0), min(schema.get("maximum", 40), 40))
        if kind == "boolean":
            return dice.random() < 0.5
        return self.text(schema)

    def text(self, schema):
        form = schema.get("format") or schema.get("pattern", "")
        return {"date": "2026-11-01", "date-time": "2026-11-01T00:00:00Z"}.get(form) or (
            "2026-10" if "0[1-9]" in form else self.dice.choice(FAKE) if "0-9A-Z" in form else
            "44" if form.startswith("^[0-9]{2") else "a" * 64 if "0-9a-f" in form else
            self.dice.choice(["x", "批次", "a b", "0", "-", "..%2f..", "'\"<>"]))

    def wrong(self, value):
        """Something else in its place, or in one place inside it."""
        dice = self.dice
        if isinstance(value, dict) and value and dice.random() < 0.7:
            name = dice.choice(sorted(value))
            return dice.choice([{k: v for k, v in value.items() if k != name}, {**value, name: self.wrong(value[name])},
                                {**value, "unheard_of": 1}])
        return dice.choice([None, -1, 2 ** 63, 1.5, "", "\u0000", "x" * 5000, [], {}, [[[[]]]], True, "‮", {"a": {}}])


def body_of(interface, one):
    content = interface.resolve(one.get("requestBody", {})).get("content")
    if not content:
        return None, None
    dice = interface.dice
    kind = dice.choice(sorted(content))
    if kind != "application/json":
        text = dice.choice([b"", b"uscc,name\r\n1,2\r\n", b"\xff\xfe\x00", b"e30.e30.e30", b"{\"uscc\":1}\n", b"a" * 9000])
        return kind, text
    value = interface.right(content[kind]["schema"])
    if dice.random() < 0.5:
        value = interface.wrong(value)
    text = json.dumps(value).encode()
    return kind, dice.choice([text] * 6 + [text[:-1], b"\xef\xbb\xbf" + text, b"[" * 4000, b""])


def request_of(interface, path, one):
    dice, query, headers = interface.dice, {}, {}
    for given in one.get("parameters", []):
        p = interface.resolve(given)
        value = interface.right(p["schema"], p["name"])
        if dice.random() < 0.2:
            value = dice.choice(["", "-1", "x" * 300, "9" * 30, "%", "批", "\u0001"])
        if p["in"] == "path":
            path = path.replace("{%s}" % p["name"], quote(str(value), safe=""))
        elif p["in"] == "query" and (p.get("required") or dice.random() < 0.6):
            query[p["name"]] = value
        elif p["in"] == "header" and (p.get("required") or dice.random() < 0.3):
            headers[p["name"]] = "".join(c for c in str(value) if " " <= c <= "~")
    if dice.random() < 0.05:
        query["unheard_of"] = "1"
    kind, body = body_of(interface, one)
    if kind:
        headers["Content-Type"] = kind if dice.random() < 0.9 else "application/x-unheard-of"
    return path + ("?" + urlencode(query) if query else ""), headers, body


class Link:
    """Kept alive, and made again when it is closed."""

    def __init__(self, network, part, who):
        self.network, self.part, self.who, self.link = network, part, who, None

    def send(self, method, path, headers, body):
        for again in (True, False):
            if self.link is None:
                self.link = self.network.link(self.part, self.who)
            try:
                self.link.request(method, path, body=body, headers=headers)
                reply = self.link.getresponse()
                if "event-stream" in reply.headers.get("Content-Type", ""):
                    self.close()
                    return reply, b""
                return reply, reply.read()
            except (http.client.HTTPException, ConnectionError):
                self.close()
                if not again:
                    raise
        return None

    def close(self):
        if self.link is not None:
            self.link.close()
        self.link = None


def check(interface, one, reply, body):
    """Status, type, shape and problem are told of; returns what is wrong."""
    kind = reply.headers.get("Content-Type", "").split(";")[0]
    document = interface.document
    if kind == "application/problem+json":
        problem = json.loads(body)
        jsonschema.validate(problem, {"$ref": "#/components/schemas/Problem"}, resolver=interface.resolver)
        name = problem["type"].rsplit(":", 1)[1]
        told = set(one.get("x-problems", [])) | set(document["x-common-problems"])
        if name not in document["x-problems"]:
            return None if reply.status == 403 and "permit" in told else f"a problem that nobody tells of: {name}"
        if reply.status not in document["x-problems"][name]["status"]:
            return f"{name} with {reply.status}"
        # A permit's rules have names of their own, some of which other problems bear, too.
        if name not in told and not (reply.status == 403 and "permit" in told):
            return f"a problem that is not told of: {name}"
        return None
    answer = one["responses"].get(str(reply.status))
    if answer is None:
        return f"status {reply.status} is not told of"
    content = answer.get("content", {})
    if content and kind not in content:
        return f"{kind} is not told of"
    schema = content.get(kind, {}).get("schema")
    if schema:
        try:
            jsonschema.validate(json.loads(body), schema, resolver=interface.resolver)
        except jsonschema.ValidationError as error:
            return f"{'/'.join(map(str, error.path))}: {error.message[:200]}"
    return None


@pytest.fixture(scope="module")
def held(network):
    """Registrations and tax amounts: the latter are protected."""
    rows = network.gen(1, 40, 71, "--division", "4401")
    assert network.submit(1, rows, "api-1").status == 200
    taxes = network.gen(19, 40, 71, "--division", "4401")
    assert network.submit(19, taxes, "api-19").status == 200
    network.agree("gz", "4401")
    return rows_of(rows), rows_of(taxes)


@pytest.mark.parametrize("program, part", [("hub", "hub"), ("node", "gz")])
def test_requests_of_all_kinds_get_answers_that_the_document_tells_of(network, held, program, part):
    rows, taxes = held
    codes = [row["uscc"] for row in rows]
    dice = random.Random(SEED)
    pool = {"uscc": codes, "subject": codes, "id": ["api-1", "api-19", "nothing"], "item": [1, 19, 37],
            "batch": ["api-1"], "index": [0, 1, 2, 10 ** 6], "purpose": ["pre_loan", "customer_screening"],
            "url": ["https://127.0.0.1:1/"], "place": ["44"], "file": ["index.html", "..", "app.js"]}
    interface = Interface(program, dice, pool)
    who = {w: Link(network, part, network.subject_identity(codes[0]) if w == "subject" else outsider(network)
                   if w == "outsider" else w) for w in WHO[part] if w is not None}
    amounts = {v for row in taxes for k, v in row.items() if k.endswith("amount") and len(v) > 6}
    pid, wrong, statuses = network.pid(part), [], {}
    for method, path, one in interface.operations():
        for _ in range(EACH):
            target, headers, body = request_of(interface, path, one)
            name = dice.choice(sorted(who))
            reply, answer = who[name].send(method, target, headers, body)
            statuses[reply.status] = statuses.get(reply.status, 0) + 1
            said = check(interface, one, reply, answer)
            if said:
                wrong.append(f"{name}: {method} {target[:160]} {headers} {(body or b'')[:160]}: {reply.status} {said}")
            if program == "node" and any(a.encode() in answer for a in amounts):
                wrong.append(f"{name}: {method} {target[:160]}: a protected amount leaks")
    for link in who.values():
        link.close()
    assert not wrong, f"{len(wrong)} of {sum(statuses.values())}:\n" + "\n".join(dict.fromkeys(wrong[:25]))
    assert network.pid(part) == pid and alive(pid)
    assert sum(statuses.values()) >= 800 and statuses.get(200, 0) > 50 and statuses.get(400, 0) > 50, statuses


def outsider(network):
    """A certificate of the network's CA that is on no list."""
    stem = network.stem("outsider")
    if not pathlib.Path(f"{stem}.crt").exists():
        network.cli("key", "member", "--network", network.run / "net", "--out", stem, "--code", "91440101MA000RX43W",
                    "--name", "outsider")
    return "outsider"


def test_the_documents_are_served_with_a_page_that_shows_them(network):
    for part, program in (("hub", "hub"), ("gz", "node")):
        reply = network.http(part, "GET", "/v1/openapi.json", "bank")
        assert reply.body == (ROOT / "docs/api" / f"{program}.json").read_bytes()
        page = network.http(part, "GET", "/v1/openapi", "bank")
        assert "script-src 'self'" in page.headers["Content-Security-Policy"] and "unsafe" not in str(page.headers)
        for name in ("openapi.js", "openapi.css"):
            assert f"/v1/{name}".encode() in page.body
            assert network.http(part, "GET", f"/v1/{name}", "bank").status == 200
        assert network.http(part, "GET", "/v1/openapi.json", outsider(network)).status == 403


def test_a_reader_sees_every_operation_on_the_page(network):
    browser = Browser(network.run / "net" / "ca.crt", network.stem("bank"))
    try:
        browser.open(network.url("gz") + "/v1/openapi")
        shown = until(lambda: browser.all("details"), 30, "the page has drawn itself")
        document = json.loads((ROOT / "docs/api/node.json").read_text())
        assert len(shown) == sum(len(methods) for methods in document["paths"].values())
        browser.press("#askReport summary")
        assert "purpose" in browser.text("#askReport pre") and "subject_not_held" in browser.text("#askReport .problems")
        assert not browser.said(), "nothing is refused or broken"
        if "RX_SHOTS" in os.environ:
            browser.photograph(pathlib.Path(os.environ["RX_SHOTS"]) / "openapi.png")
    finally:
        browser.close()


def test_a_method_that_a_path_does_not_have_is_refused(network):
    for part, path in (("hub", "/v1/streams"), ("gz", "/v1/reports")):
        reply = network.http(part, "PATCH", path, "operator")
        assert (reply.status, reply.json["type"]) == (405, "urn:rongxin:problem:method_not_allowed")


def test_every_problem_leads_to_a_page_that_a_stranger_may_read(network):
    """Its type is a name that stays, `help` where the answering program tells of it."""
    for part in ("hub", "gz"):
        refused = network.http(part, "GET", "/v1/streams", outsider(network))
        assert (refused.status, refused.json["help"]) == (403, "/v1/problems/member_unknown")
        page = network.http(part, "GET", refused.json["help"], "outsider")
        text = page.body.decode()
        assert page.status == 200 and page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "不在接入机构名单上" in text and "Not on the member list" in text and "What to do" in text
        listed = network.http(part, "GET", "/v1/problems", "outsider").body.decode()
        for name in set(json.loads((ROOT / "docs/api/hub.json").read_text())["x-problems"]) - {"permit"}:
            assert f'href="/v1/problems/{name}"' in listed, name
        for name in ("consent_missing", "busy"):
            assert network.http(part, "GET", f"/v1/problems/{name}", "bank").status == 200
        missing = network.http(part, "GET", "/v1/problems/no_such", "bank")
        assert (missing.status, missing.json["help"]) == (404, "/v1/problems/not_found")


def test_an_operator_who_may_only_look_changes_nothing(network):
    code = "11100000MB0000019V"
    network.cli("key", "member", "--network", network.run / "net", "--out", network.stem("viewer"), "--code", code,
                "--name", "viewer")
    member = {"code": code, "name": "viewer", "kind": "operator", "role": "viewer"}
    assert network.http("hub", "POST", "/v1/members", "operator", member).status in (200, 201)
    assert network.http("hub", "GET", "/v1/overview", "viewer").status == 200
    reply = network.http("hub", "POST", "/v1/members", "viewer", {**member, "role": "operator"})
    assert (reply.status, reply.json["type"]) == (403, "urn:rongxin:problem:member_role")


def test_the_documents_are_valid_openapi(tmp_path):
    """By a public validator, when npm's registry can be reached."""
    tool = ROOT / "build" / "npm-api"
    validator = tool / "node_modules" / "@seriousme" / "openapi-schema-validator" / "bin" / "validate-api-cli.js"
    if not validator.exists():
        tool.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            (tool / name).write_bytes((ROOT / "docs/api/validator" / name).read_bytes())
        try:
            made = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=tool,
                                  capture_output=True, text=True, timeout=120)
        except FileNotFoundError:
            pytest.skip("npm is missing")
        if made.returncode:
            pytest.skip("npm's registry cannot be reached: " + made.stderr.strip()[-200:])
    for program in ("hub", "node"):
        done = subprocess.run(["node", validator, ROOT / "docs/api" / f"{program}.json"], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
