"""Many at once: what threads of one process might do to each other.

Under ThreadSanitizer and AddressSanitizer these are the tests that count."""
import collections
import concurrent.futures
import http.client
import threading

import pytest
from harness import rows_of

ITEMS = [1, 11, 17, 19, 25, 30]
ROUNDS = 12


@pytest.fixture(scope="module")
def subjects(network):
    text = network.gen(1, 100, 61, "--division", "4401")
    assert network.submit(1, text, "crowd").status == 200
    network.agree("gz", "4401")
    network.agree("gd", "44")
    return [r["uscc"] for r in rows_of(text)]


def test_departments_banks_subjects_and_operators_at_once(network, subjects):
    """Feeds are taken and sent on while reports are read, members and
    consents change, and everybody looks at the figures."""
    who = network.subject_identity(subjects[0])
    jws = [network.sign_consent(who, items="19", consent_id=f"crowd-{n}") for n in range(ROUNDS)]
    feeds = {item: network.gen(item, 300, 61, "--division", "4401,4403") for item in ITEMS}
    extra = {"code": "91440101MA000RX35H", "name": "crowd", "kind": "bank"}
    seen = collections.Counter()

    def department(item):
        lines = feeds[item].splitlines()
        for n in range(ROUNDS):
            piece = "\n".join([lines[0], *lines[1 + n * 25:26 + n * 25]]) + "\n"
            assert network.submit(item, piece, f"crowd-{n}").status == 200
            seen["batches"] += 1

    def bank(part):
        for code in subjects[:2 * ROUNDS]:
            reply = network.ask(code, part=part)
            assert reply.status in (200, 404), reply.body
            seen["answers"] += 1

    def subject():
        for n, consent in enumerate(jws):
            made = network.http("gz", "POST", "/v1/consents", "bank", consent, {"Content-Type": "application/jose"})
            assert made.status == 201, made.body
            network.ask(subjects[0], items=[19], consent=f"crowd-{n}")
            assert network.http("gz", "DELETE", f"/v1/consents/crowd-{n}", who).status == 200
            seen["consents"] += 1

    def operator():
        for n in range(ROUNDS):
            for part in ("hub", "gd", "gz"):
                assert network.http(part, "GET", "/metrics").status == 200
                assert network.http(part, "GET", "/v1/streams").status == 200
            change = {**extra, "name": f"crowd {n}"}
            reply = network.http("hub", "POST", "/v1/members", "operator", change,
                                 {"Content-Type": "application/json"})
            assert reply.status == 200, reply.body
            seen["looks"] += 1

    with concurrent.futures.ThreadPoolExecutor(16) as crowd:
        jobs = [crowd.submit(department, item) for item in ITEMS]
        jobs += [crowd.submit(bank, part) for part in ("gz", "gd", "gz", "gd")]
        jobs += [crowd.submit(subject), crowd.submit(operator), crowd.submit(operator)]
        for job in jobs:
            job.result()
    assert seen == {"batches": len(ITEMS) * ROUNDS, "answers": 8 * ROUNDS, "consents": ROUNDS, "looks": 2 * ROUNDS}
    network.agree("gz", "4401")
    network.agree("sz", "4403")


def test_a_part_stopped_in_the_middle_of_work_stops(network, subjects):
    """Whoever is connected gets an answer or is cut; the part ends by itself
    and comes back."""
    over = threading.Event()

    def ask(part):
        answered = 0
        while not over.is_set():
            try:
                answered += network.ask(subjects[answered % 50], part=part).status == 200
            except (OSError, http.client.HTTPException, ValueError):
                continue
        return answered

    def feed(number):
        text = network.gen(1, 200, 62 + number, "--division", "4401,4403")
        taken = 0
        while not over.is_set():
            try:
                taken += network.submit(1, text, f"stop-{number}-{taken}").status == 200
            except (OSError, http.client.HTTPException, ValueError):
                continue
        return taken

    with concurrent.futures.ThreadPoolExecutor(6) as crowd:
        jobs = [crowd.submit(ask, part) for part in ("gz", "gz", "gd")]
        jobs += [crowd.submit(feed, number) for number in range(2)]
        try:
            for part in ("gz", "hub", "gd"):
                network.stop(part)
                network.start(part)
        finally:
            over.set()
        assert all(job.result() > 0 for job in jobs)
    network.agree("gz", "4401")
