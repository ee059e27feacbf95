"""The interfaces are described as they are: every route of hub and node is in
docs/api/, and nothing else; every problem type is listed there, in
docs/PROTOCOL.md and in the code, has its page, and a test meets it."""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROUTE = re.compile(r'\.method = "(\w+)",\s*\.path = "([^"]+)"')
METHODS = {"get", "put", "post", "delete", "head", "patch"}
# Days have to pass for these: unit tests turn the clock and see the error.
LATE = {"entry_deleted", "events_gone"}
wrong = []


def routes(program):
    """The route table, whose names in braces may end in dots."""
    text = (ROOT / program / "endpoints.c").read_text()
    return {(method, path.replace("...}", "}")) for method, path in ROUTE.findall(text)}


def refer(document, node):
    """Every $ref below, each to be found."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == "$ref":
                at = document
                for step in value[2:].split("/"):
                    at = at.get(step) if isinstance(at, dict) else None
                if at is None:
                    wrong.append(f"{value} is nowhere")
            refer(document, value)
    elif isinstance(node, list):
        for value in node:
            refer(document, value)


def said_all(program, document, operations):
    """Readers find a word about everything, and purposes are those that the program takes."""
    wrong.extend(f"docs/api/{program}.json: tag {t['name']} says nothing" for t in document["tags"] if not t.get("description"))
    purposes = set(re.findall(r'\] = "(\w+)"', (ROOT / "lib/credit/purpose.c").read_text())) - {"none"}
    for (method, path), one in operations.items():
        if not one.get("summary") or not one.get("description"):
            wrong.append(f"docs/api/{program}.json: {method} {path}: no word about it")
    for listed in re.findall(r'"enum": (\[[^\]]*"post_loan"[^\]]*\])', (ROOT / f"docs/api/{program}.json").read_text()):
        if not set(json.loads(listed)) <= purposes:
            wrong.append(f"docs/api/{program}.json: no purposes: {sorted(set(json.loads(listed)) - purposes)}")


def check(program):
    document = json.loads((ROOT / "docs/api" / f"{program}.json").read_text())
    said = {(method.upper(), path): one for path, methods in document["paths"].items()
            for method, one in methods.items() if method in METHODS}
    real = routes(program)
    wrong.extend(f"docs/api/{program}.json lacks {m} {p}" for m, p in sorted(real - set(said)))
    wrong.extend(f"docs/api/{program}.json: no such route: {m} {p}" for m, p in sorted(set(said) - real))
    for (method, path), one in said.items():
        named = {p["name"] for p in (resolve(document, p) for p in one.get("parameters", [])) if p["in"] == "path"}
        if named != set(re.findall(r"{(\w+)}", path)):
            wrong.append(f"docs/api/{program}.json: {method} {path}: parameters of the path")
        unknown = set(one.get("x-problems", [])) - set(document["x-problems"])
        if unknown:
            wrong.append(f"docs/api/{program}.json: {method} {path}: unknown problems {sorted(unknown)}")
    said_all(program, document, said)
    ids = [one["operationId"] for one in said.values()]
    wrong.extend(f"docs/api/{program}.json: {i} twice" for i in sorted({i for i in ids if ids.count(i) > 1}))
    refer(document, document)
    return document, len(said)


def resolve(document, node):
    if "$ref" not in node:
        return node
    for step in node["$ref"][2:].split("/"):
        document = document[step]
    return document


def rows_of_protocol():
    """Types and statuses of the table in docs/PROTOCOL.md."""
    text = (ROOT / "docs/PROTOCOL.md").read_text().split("### Problem types")[1].split("\n## ")[0]
    for row in re.findall(r"^\| (.*?) \| ([^|]*) \|", text, re.M):
        if "rules" not in row[0]:
            yield from re.findall(r"`(\w+)`", row[0])


def check_problems(document):
    listed, told = set(document["x-problems"]) - {"permit"}, set(rows_of_protocol())
    wrong.extend(f"docs/PROTOCOL.md lacks the problem {t}" for t in sorted(listed - told - {"member_unknown",
                 "member_inactive", "member_kind"}))
    wrong.extend(f"docs/api lacks the problem {t}" for t in sorted(told - listed))
    code = "".join(p.read_text() for room in ("lib", "hub", "node") for p in (ROOT / room).rglob("*.c")
                   if p.name != "problem_table.c")
    tests = "".join(p.read_text() for p in (ROOT / "tests").rglob("*") if p.suffix in (".c", ".py") and
                    p.parent.name != "lint")
    wrong.extend(f"nothing says {t}" for t in sorted(listed) if f'"{t}"' not in code)
    wrong.extend(f"no test meets {t}" for t in sorted(listed - LATE) if not re.search(rf"""["':/]{t}["'`:]""", tests))
    rules = set(re.findall(r'PERMIT_\w+\] = \{"(\w+)"', (ROOT / "lib/credit/permit.c").read_text()))
    wrong.extend(f"no test meets the rule {t}" for t in sorted(rules)
                 if not re.search(rf"""["':/]{t}["'`:]""", tests) and not re.search(rf"\bPERMIT_{t.upper()}\b", tests))


def check_pages(document):
    """Each type, and each rule of the permit, has its row in the table that pages are made of."""
    text = (ROOT / "lib/wire/problem_table.c").read_text()
    cells = re.compile(r'(?:"[^"]*"\s*)+')
    rows = [["".join(re.findall(r'"([^"]*)"', cell)) for cell in cells.findall(row)]
            for row in re.findall(r"\{(\s*\"[^{}]*)\}", text)]
    listed = {t: one for t, one in document["x-problems"].items() if t != "permit"}
    rules = set(re.findall(r'PERMIT_\w+\] = \{"(\w+)"', (ROOT / "lib/credit/permit.c").read_text())) - {"allowed"}
    for row in rows:
        if len(row) != 6 or not all(row):
            wrong.append(f"problem_table.c: {row[:1]}: six texts are needed")
        elif row[0] in listed and row[1:4] != [", ".join(map(str, listed[row[0]]["status"])), listed[row[0]]["zh"],
                                               listed[row[0]]["en"]]:
            wrong.append(f"problem_table.c: {row[0]} is another than in docs/api")
    named = [row[0] for row in rows]
    if named != sorted(set(named)):
        wrong.append("problem_table.c: not in order")
    wrong.extend(f"problem_table.c lacks {t}" for t in sorted((rules | set(listed)) - set(named)))
    wrong.extend(f"problem_table.c: nothing says {t}" for t in sorted(set(named) - rules - set(listed)))


documents = [check("hub"), check("node")]
if documents[0][0]["x-problems"] != documents[1][0]["x-problems"]:
    wrong.append("docs/api: hub and node list other problems")
check_problems(documents[0][0])
check_pages(documents[0][0])
for line in wrong:
    print("openapi: " + line)
print(f"openapi: {documents[0][1]} + {documents[1][1]} operations, {len(documents[0][0]['x-problems'])} problems")
sys.exit(bool(wrong))
