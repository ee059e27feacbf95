"""A report as people know it: the same content as JSON, HTML and PDF, signed."""
import collections
import html.parser
import json
import re
import subprocess

import pytest
from harness import rows_of, until, uscc_is_right

ITEMS = (1, 5, 8, 11, 19, 35)


@pytest.fixture(scope="module")
def subject(network):
    """One enterprise with good, bad and protected records; it may ask about itself."""
    for item in ITEMS:
        assert network.submit(item, network.gen(item, 40, 12, "--division", "4401"), f"report-{item}").status == 200
    network.agree("gz", "4401")
    known = [r["uscc"] for r in rows_of(network.gen(1, 40, 12, "--division", "4401")) if uscc_is_right(r["uscc"])]
    code = max(known, key=lambda u: len(network.ask(u).body))
    who = network.subject_identity(code)
    until(lambda: network.ask(code, who=who, purpose="self").status == 200, what="the subject is a member")
    return code


def ask(network, subject, kind, who=None, purpose="self", language="zh", **headers):
    return network.http("gz", "POST", f"/v1/reports?lang={language}", who or f"subject-{subject}",
                        {"subject": subject, "purpose": purpose},
                        {"Content-Type": "application/json", "Accept": kind, **headers})


class Text(html.parser.HTMLParser):
    """What a reader sees."""

    def __init__(self, document):
        super().__init__()
        self.said, self.hidden = [], 0
        self.feed(document)

    def handle_starttag(self, tag, attributes):
        self.hidden += tag in ("style", "title")
        assert tag not in ("script", "img", "link", "iframe", "object"), tag
        assert not any(name.startswith("on") or name in ("src", "href", "style") for name, _ in attributes)

    def handle_endtag(self, tag):
        self.hidden -= tag in ("style", "title")

    def handle_data(self, data):
        if not self.hidden:
            self.said.append(data)


def squeezed(text):
    return re.sub(r"\s", "", text)


def text_of_html(body):
    return squeezed("\n".join(Text(body.decode()).said))


def text_of_pdf(tmp_path, body):
    (tmp_path / "report.pdf").write_bytes(body)
    told = subprocess.run(["pdftotext", "-enc", "UTF-8", tmp_path / "report.pdf", "-"],
                          capture_output=True, check=True, timeout=60).stdout.decode()
    return squeezed(re.sub(r"^(第 ?\d+ ?页，共 ?\d+ ?页|Page \d+ of \d+)$", "", told, flags=re.M))


def alike(text):
    """Without what is another in every question: time, entry, leaf, digest, signature."""
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "T", text)
    return text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_html_pdf_and_json_say_the_same(network, subject, tmp_path, language):
    page = ask(network, subject, "text/html", language=language)
    paper = ask(network, subject, "application/pdf", language=language)
    assert (page.status, paper.status) == (200, 200)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert paper.headers["content-type"] == "application/pdf"
    seen, printed = text_of_html(page.body), text_of_pdf(tmp_path, paper.body)
    # A value that is broken over lines stands beside its neighbours in the PDF's order of lines.
    proof = seen.rindex("存证与核验" if language == "zh" else "Proof")
    differs = collections.Counter(alike(seen[:proof]))
    cut = printed.rindex("存证与核验" if language == "zh" else "Proof")
    differs.subtract(collections.Counter(alike(printed[:cut])))
    times = set("T0123456789.:-Z")
    assert not {c: n for c, n in differs.items() if n and c not in times}, differs

    report = network.ask(subject, who=f"subject-{subject}", purpose="self").json
    for item in report["items"]:
        for record in item["records"]:
            for name, value in record.items():
                if name in ("name", "document_number", "source_number", "authority"):
                    assert squeezed(str(value)) in seen, (item["item"], name)


def test_sections_marks_and_reasons_are_in_words(network, subject):
    report = ask(network, subject, "application/json", who="bank", purpose="pre_loan").json
    seen = text_of_html(ask(network, subject, "text/html", who="bank", purpose="pre_loan").body)
    count = {i["item"]: len(i["records"]) for i in report["items"]}
    assert count[11] and count[35], "the subject was chosen for its many records"
    for words in ("企业信用报告", "查询说明", "登记注册", "主要人员", "许可及资质", "行政处罚及监管名单", "荣誉及政策支持",
                  "广州演示银行(91440101MA000RX19U)", "贷前调查", "未提供的信息", "需信息主体授权，本次查询未提供授权"):
        assert words in seen, words
    assert "行政处罚信息[负面]" in seen
    assert "荣誉表彰、守信激励(A级纳税人、专精特新)信息[正面]" in seen
    assert f"数据流4401位点{report['items'][0]['position']}" in seen
    assert "纳税额、申报销售收入信息" in seen and report["level"] == "public"
    assert all(not re.search(r'"(representative|person)"', str(i)) for i in report["items"])


def test_the_report_names_who_asked_and_is_bound_by_the_trail(network, subject):
    report = ask(network, subject, "application/json", who="bank", purpose="pre_loan").json
    entry = network.http("gz", "GET", f"/v1/trail/entries/{report['receipt']['index']}", "bank").json["access"]
    asked = report["asked"]
    assert asked["by"] == entry["member"] == "91440101MA000RX19U" and asked["name"] == "广州演示银行"
    assert asked["purpose"] == "pre_loan" and asked["consent"] is None and asked["node"] == "11440100MB0044011H"
    assert asked["time"] == entry["time"]


def test_a_page_runs_nothing_and_fetches_nothing(network, subject):
    page = ask(network, subject, "text/html")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-content-type-options"] == "nosniff"


def test_the_language_is_the_reader_s(network, subject):
    def title(**headers):
        reply = network.http("gz", "GET", f"/v1/enterprises/{subject}", "bank",
                             headers={"Accept": "text/html,*/*;q=0.8", **headers})
        return re.search("<h1>(.*?)</h1>", reply.body.decode()).group(1)
    assert title() == "企业信用报告"
    assert title(**{"Accept-Language": "en-GB,en;q=0.9,zh;q=0.8"}) == "Enterprise Credit Report"
    assert title(**{"Accept-Language": "zh-CN,en;q=0.5"}) == "企业信用报告"


def test_every_form_verifies_offline_and_a_changed_byte_is_found(network, subject, tmp_path):
    member = network.stem("gz").with_suffix(".member.json")
    files = {"signed": tmp_path / "r.jws", "html": tmp_path / "r.html", "pdf": tmp_path / "r.pdf"}
    network.cli("query", subject, "--purpose", "self", "--signed", files["signed"], "--html", files["html"],
                "--pdf", files["pdf"], "--lang", "en", who=f"subject-{subject}", part="gz")
    for form, file in files.items():
        done = network.cli("report", "verify", file, "--member", member)
        assert "verified: unchanged since 广州市融资信用服务平台" in done.stdout, form
        other = network.cli("report", "verify", file, "--member", network.stem("sz").with_suffix(".member.json"), check=False)
        assert other.returncode == 1 and "NOT verified" in other.stderr, form
        body = bytearray(file.read_bytes())
        body[len(body) // 2] ^= 1
        file.write_bytes(body)
        done = network.cli("report", "verify", file, "--member", member, check=False)
        assert done.returncode == 1 and "NOT verified" in done.stderr, form


def test_the_network_s_file_and_a_list_fetched_before_are_enough(network, subject, tmp_path):
    net, listed = network.run / "net/network.json", tmp_path / "members.jws"
    network.cli("member", "list", "--signed", listed, who="operator", part="hub")
    file = tmp_path / "r.html"
    network.cli("query", subject, "--purpose", "self", "--html", file, who=f"subject-{subject}", part="gz")
    words = ["report", "verify", file, "--network", net, "--members", listed]
    told = network.cli(*words).stdout
    assert "unchanged since 广州市融资信用服务平台" in told and "the hub of network 'demo' listed" in told
    other = tmp_path / "other"
    network.cli("key", "network", "--out", other, "--name", "other")
    done = network.cli("report", "verify", file, "--network", other / "network.json", "--members", listed, check=False)
    assert done.returncode == 1 and "NOT verified" in done.stderr
    header, payload, signature = listed.read_text().split(".")
    (tmp_path / "changed.jws").write_text(f"{header}.{payload[:-4]}AAAA.{signature}")
    assert network.cli(*words[:-1], tmp_path / "changed.jws", check=False).returncode == 1
    file.write_bytes(file.read_bytes().replace(b"A4", b"A5", 1))
    done = network.cli(*words, check=False)
    assert done.returncode == 1 and "none of the network's nodes signed it" in done.stderr
    for wrong in (["--network", net], ["--members", listed], []):
        assert network.cli("report", "verify", file, *wrong, check=False).returncode == 2


def test_the_signature_on_the_page_is_that_of_the_json(network, subject, tmp_path):
    """The signed JSON is the JSON, whole: a detached signature goes with either."""
    member = network.stem("gz").with_suffix(".member.json")
    signed = ask(network, subject, "application/jose")
    assert signed.headers["content-type"] == "application/jose"
    (tmp_path / "r.jws").write_bytes(signed.body)
    told = network.cli("report", "verify", tmp_path / "r.jws", "--member", member, "--json").stdout
    report = json.loads(told)
    assert list(report) == ["subject", "level", "asked", "items", "withheld", "receipt"]
    seen = text_of_html(ask(network, subject, "text/html").body)
    header, _, _ = signed.body.decode().split(".")
    assert re.search(re.escape(header) + r"\.\.[\w-]{86}", seen)
    assert re.search(r"SHA-256[0-9a-f]{64}", seen)


def test_a_kept_report_is_printed_again_byte_for_byte(network, subject, tmp_path):
    """Under a newer catalogue, after a restart, to anybody who has it; a question later has other words."""
    who, kept = f"subject-{subject}", tmp_path / "kept.jws"
    network.cli("query", subject, "--purpose", "self", "--signed", kept, who=who, part="gz")

    def render(name, who=who, **more):
        files = [tmp_path / f"{name}.pdf", tmp_path / f"{name}.html"]
        network.cli("report", "render", kept, "--pdf", files[0], "--html", files[1], who=who, part="gz", **more)
        return [file.read_bytes() for file in files]
    first = render("first")
    assert first[0].startswith(b"%PDF") and "市场主体" not in first[1].decode().split("<h2>")[0]
    for name in ("first.pdf", "first.html"):
        assert "verified" in network.cli("report", "verify", tmp_path / name, "--member",
                                         network.stem("gz").with_suffix(".member.json")).stdout
    before = network.ask(subject, purpose="customer_screening").json["receipt"]["index"]
    newer = json.loads((network.folder / "catalogue.json").read_text())
    newer["version"] += 1
    newer["items"][0]["zh"] = "改了名的登记"
    (tmp_path / "newer.json").write_text(json.dumps(newer, ensure_ascii=False))
    jws = network.cli("catalogue", "sign", tmp_path / "newer.json", "--key", network.run / "net/catalogue.key").stdout
    assert network.http("hub", "POST", "/v1/catalogue", "operator", jws,
                        {"Content-Type": "application/jose"}).status in (200, 201)
    until(lambda: network.http("gz", "GET", "/v1/catalogue", "bank").json["version"] == newer["version"], what="it is in force")
    assert render("second", who="bank2") == first
    after = network.ask(subject, purpose="customer_screening").json["receipt"]["index"]
    assert after == before + 1, "printing is not in the trail"
    network.stop("gz")
    network.start("gz")
    until(lambda: network.http("gz", "GET", "/readyz", "bank").status == 200, what="it is back")
    assert render("third") == first
    assert "改了名的登记" in ask(network, subject, "text/html").body.decode()

    def refused(part, body):
        return network.http(part, "POST", "/v1/reports/print", "bank", body, {"Content-Type": "application/jose"})
    assert (refused("sz", kept.read_text()).status, refused("gz", kept.read_text()[:-4] + "AAAA").status) == (403, 403)
    for version in (network.run / "gz/catalogues").glob("*.jws"):
        version.unlink()
    assert refused("gz", kept.read_text()).status == 404


def test_a_refusal_is_a_problem_document_in_every_form(network, subject):
    for kind in ("text/html", "application/pdf", "application/jose"):
        reply = ask(network, subject, kind, who="bank", purpose="self")
        assert reply.status == 403
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.json["receipt"]["index"] >= 0
