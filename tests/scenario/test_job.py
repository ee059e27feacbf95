"""Reports about many subjects: each once, also when the node is killed, and none after its consent has gone."""
import json

import pytest
from harness import rows_of, until

PART = "gz"
ROWS = 3000


@pytest.fixture(scope="module")
def subjects(network):
    text = network.gen(1, ROWS, 81, "--division", "4401")
    assert network.submit(1, text, "job-1").status == 200
    network.agree(PART, "4401")
    return sorted({row["uscc"] for row in rows_of(text)})


def submit(network, body, query="purpose=post_loan&items=1", who="bank", content_type="text/csv"):
    return network.http(PART, "POST", f"/v1/report-jobs?{query}", who, body, {"Content-Type": content_type})


def status(network, job, who="bank"):
    return network.http(PART, "GET", f"/v1/report-jobs/{job}", who)


def results(network, job, after=0, who="bank"):
    reply = network.http(PART, "GET", f"/v1/report-jobs/{job}/results?after={after}", who)
    assert reply.status == 200, reply.body
    return [json.loads(line) for line in reply.body.decode().splitlines()]


def finished(network, job, seconds=120):
    until(lambda: status(network, job).json["state"] == "finished", seconds, f"finished: {status(network, job).body}\n{network.logs()}")


def test_each_subject_of_a_list_is_answered_once_and_in_order(network, subjects):
    wanted = [*subjects[:120], "91440300MA000RX27J"]
    made = submit(network, "subject\n" + "\n".join(wanted) + "\n")
    assert made.status == 201, made.body
    job = made.json["id"]
    assert made.json["total"] == len(wanted) and made.json["state"] == "running"
    finished(network, job)

    lines = results(network, job)
    assert [line["number"] for line in lines] == list(range(1, len(wanted) + 1))
    assert [line["subject"] for line in lines] == wanted
    assert {line["status"] for line in lines[:-1]} == {200} and lines[-1]["status"] == 404
    asked = network.ask(wanted[0], purpose="post_loan", items=[1]).json
    assert lines[0]["answer"]["items"] == asked["items"], "as if it had been asked alone"
    assert results(network, job, 100) == lines[100:]

    entry = network.http(PART, "GET", f"/v1/trail/entries/{lines[0]['answer']['receipt']['index']}", "bank").json["access"]
    assert entry["action"] == "job" and entry["subject"] == wanted[0] and entry["purpose"] == "post_loan"
    assert network.http(PART, "GET", f"/v1/trail/entries/{lines[-1]['answer']['receipt']['index']}", "bank").status == 200

    assert status(network, job, "bank2").status == 404, "another's"
    assert [j["id"] for j in network.http(PART, "GET", "/v1/report-jobs", "bank").json["jobs"]] == [job]
    assert network.http(PART, "DELETE", f"/v1/report-jobs/{job}", "bank").status == 200
    assert status(network, job).status == 404


def test_what_is_no_list_is_refused_with_its_line(network, subjects):
    wrong = submit(network, f"{subjects[0]}\n91440101MA000RX19X\n")
    assert wrong.status == 400 and "line 2" in wrong.json["detail"]
    assert submit(network, "").status == 400
    assert submit(network, subjects[0], "purpose=fun").status == 400
    assert submit(network, subjects[0], "purpose=post_loan&items=2,1").status == 400
    assert submit(network, subjects[0], who="dept").status == 403
    assert submit(network, "x" * 2000).status == 400
    assert network.http(PART, "GET", "/v1/report-jobs", "bank").json["jobs"] == []


def test_a_kill_costs_no_line_and_doubles_none(network, subjects):
    job = submit(network, "\n".join(subjects)).json["id"]
    for share in (0.1, 0.4, 0.7):
        until(lambda: status(network, job).json["done"] >= share * len(subjects), 60, f"{share} is done")
        network.kill(PART)
        network.start(PART)
    finished(network, job)
    lines = results(network, job)
    assert [line["number"] for line in lines] == list(range(1, len(subjects) + 1))
    assert [line["subject"] for line in lines] == subjects
    indices = [line["answer"]["receipt"]["index"] for line in lines]
    assert len(set(indices)) == len(indices), "each has an entry of its own"
    network.http(PART, "DELETE", f"/v1/report-jobs/{job}", "bank")


def test_a_result_goes_with_its_consent(network, subjects):
    text = network.gen(19, 60, 81, "--division", "4401")
    assert network.submit(19, text, "job-19").status == 200
    network.agree(PART, "4401")
    code = next(row["uscc"] for row in rows_of(text) if row["uscc"] in subjects)
    who = network.subject_identity(code)
    jws = network.sign_consent(who, purpose="post_loan", items="19", consent_id="job-19")
    until(lambda: network.http(PART, "POST", "/v1/consents", who, jws, {"Content-Type": "application/jose"}).status
          in (200, 201), 20, "registered")
    body = "\n".join([json.dumps({"subject": code, "consent": "job-19"}), json.dumps({"subject": code})])
    job = submit(network, body, "purpose=post_loan&items=19", content_type="application/x-ndjson").json["id"]
    finished(network, job)
    with_consent, without = results(network, job)
    assert with_consent["answer"]["level"] == "C" and without["answer"]["level"] == "public", json.dumps(with_consent, ensure_ascii=False)
    assert with_consent["answer"]["consent"]["id"] == "job-19" and "consent" not in without["answer"]

    assert network.http(PART, "DELETE", "/v1/consents/job-19", who).status == 200
    gone, same = results(network, job)
    assert gone["status"] == 403 and gone["answer"] == {"type": "consent_revoked"} and gone["number"] == 1
    assert same == without


def test_by_the_command_line(network, subjects):
    listed = network.folder / "list"
    listed.write_text("\n".join(subjects[:1200]))
    made = json.loads(network.cli("job", "submit", listed, "--items", "1", who="bank", part=PART).stdout)
    finished(network, made["id"])
    assert json.loads(network.cli("job", "status", made["id"], who="bank", part=PART).stdout)["done"] == 1200
    lines = network.cli("job", "results", made["id"], "--after", "100", who="bank", part=PART).stdout.splitlines()
    assert [json.loads(line)["number"] for line in lines] == list(range(101, 1201))
    network.cli("job", "remove", made["id"], who="bank", part=PART)
    assert network.cli("job", "status", made["id"], who="bank", part=PART, check=False).returncode == 1


def test_an_institution_with_divisions_asks_about_these_only(network, subjects):
    bank2 = next(m for m in network.http("hub", "GET", "/v1/members").json["members"] if m["code"] == "91440300MA000RX27J")

    def admit(divisions):
        reply = network.http("hub", "POST", "/v1/members", "operator", {**bank2, "divisions": divisions})
        assert reply.status == 200, reply.body
        wanted = 403 if divisions == ["4403"] else 200
        until(lambda: network.ask(subjects[0], who="bank2", items=[1]).status == wanted, 20, "the node knows")
    admit(["4403"])
    try:
        job = submit(network, "\n".join(subjects[:3]), who="bank2").json["id"]
        until(lambda: status(network, job, "bank2").json["state"] == "finished", 30, "finished")
        lines = results(network, job, who="bank2")
        assert [(line["status"], line["answer"]["type"]) for line in lines] == [(403, "member_region")] * 3
    finally:
        admit([])


def test_a_member_has_so_many_jobs_and_no_more(network, subjects):
    there = len(network.http(PART, "GET", "/v1/report-jobs", "bank").json["jobs"])
    made = [submit(network, subjects[0]) for _ in range(11 - there)]
    assert [m.status for m in made] == [201] * (10 - there) + [429]
    assert made[-1].json["type"].endswith("jobs_full")
    for job in network.http(PART, "GET", "/v1/report-jobs", "bank").json["jobs"]:
        assert network.http(PART, "DELETE", f"/v1/report-jobs/{job['id']}", "bank").status == 200
