"""console: what an operator's questions cost with 0.1 M and 10 M records, 31 provinces × 37 items × 365 days of
quality facts and 131 platforms; and how soon the first page is painted.

Records and facts are made by SQL: what is measured reads counts, not them, and must not grow with their number.
RX_BENCH_CONSOLE_ROWS: the larger number (10,000,000)."""
import json
import os
import statistics
import time

from country import MAINLAND, Country
from harness import until

SMALL = 100_000
LARGE = int(os.environ.get("RX_BENCH_CONSOLE_ROWS", "10000000"))
ASKED = {"overview": "/v1/overview", "provinces × categories": "/v1/grid", "platforms": "/v1/platforms", "departments": "/v1/departments",
         "trend of 30 days": "/v1/trend", "assessment of twelve months": time.strftime("/v1/assessment?by=month&month=%Y-%m")}
TIMES = 40


def run():
    country = Country(provinces=MAINLAND, items=[1, 11], rows=400)
    try:
        country.up()
        facts(country)
        small = measure(country, SMALL)
        paint = first_paint(country)
        large = measure(country, LARGE)
        for name in ASKED:
            yield f"{name}, {LARGE / 1e6:g} M records, p50", large[name], "us", f"with {SMALL / 1e6:g} M records", small[name]
        if paint:
            yield "overview painted after", paint * 1000, "ms", "the promise", 1000
    finally:
        country.down()


def facts(country):
    """A year of every province and item."""
    country.sql("""INSERT INTO quality_daily SELECT (SELECT min(provider) FROM quality_daily), item, province || '01', current_date - day, 1,
            100, 60, 38, 2, 1, 0, 0, 60, 3600, 500 FROM generate_series(1, 37) item, unnest(string_to_array('%s', ',')) province,
            generate_series(0, 364) day ON CONFLICT DO NOTHING""" % ",".join(MAINLAND))
    country.sql("VACUUM ANALYZE")


def measure(country, rows):
    """p50 over one connection, in microseconds, with so many records."""
    have = int(country.sql("SELECT sum(records) FROM stream_state WHERE stream <> '0000'")[0][0])
    if rows > have:
        (stream,), = country.sql("SELECT min(stream) FROM stream_state WHERE stream > '0000'")
        country.sql(f"""INSERT INTO record (stream, item, subject, key, version, state, digest, fields, provider, as_of, known_from, position)
            SELECT '{stream}', 1, lpad(n::text, 18, '0'), '', 1, 1, '\\x00', '{{}}', '', now(), now(), n FROM generate_series({have} + 1, {rows}) n;
            UPDATE stream_state SET records = records + {rows - have} WHERE stream = '{stream}'""")
        country.sql("VACUUM ANALYZE record")
    assert country.overview()["records"] >= rows
    link = country.network.link("hub", "operator")
    took = {name: statistics.median(timed(link, path) for _ in range(TIMES)) * 1e6 for name, path in ASKED.items()}
    link.close()
    return took


def timed(link, path):
    began = time.perf_counter()
    link.request("GET", path)
    reply = link.getresponse()
    body = reply.read()
    assert reply.status == 200 and json.loads(body)
    return time.perf_counter() - began


def first_paint(country):
    """Seconds from asking for the page until every panel of the overview has its figures; None without a browser."""
    try:
        from browser import Browser, need_browser
        need_browser()
    except BaseException:  # pytest's skip is no Exception
        return None
    browser = Browser(country.network.run / "net/ca.crt", country.network.stem("operator"))
    try:
        browser.open(country.network.url("hub") + "/console/")
        browser.one("[data-cell]")
        took = []
        for _ in range(5):
            began = time.perf_counter()
            browser.open(country.network.url("hub") + "/console/")
            until(lambda: browser.script("const all = [...document.querySelectorAll('[data-panel]')];"
                                         "return all.length > 3 && all.every(p => p.getAttribute('aria-busy') === 'false')"), 20, "painted")
            took.append(time.perf_counter() - began)
        return statistics.median(took)
    finally:
        browser.close()
