"""A subject that moves to another city is answered for there, and nowhere else."""
HEADER = "name,uscc,reg_date,ent_type,rep_hash,capital,scope,province,city,address\n"


def registration(code, city):
    return f"广州测试有限公司,{code},2019-01-03,有限责任公司,d9bbd20d0a78eaec,100万元人民币,软件开发,广东,{city},测试路1号\n"


def a_code(network):
    header, row = network.gen(1, 1, 41, "--division", "4401").splitlines()
    return row.split(",")[header.split(",").index("uscc")]


def public(network, code, part):
    return network.http(part, "GET", f"/v1/enterprises/{code}?purpose=customer_screening", "bank")


def all_agree(network):
    network.agree("gz", "4401")
    network.agree("sz", "4403")
    network.agree("gd", "44")


def test_a_subject_that_moves_is_shown_where_it_is_now(network):
    code = a_code(network)
    network.submit(1, HEADER + registration(code, "广州"), "home")
    all_agree(network)
    assert public(network, code, "gz").status == 200
    assert public(network, code, "sz").status == 404

    moved = network.submit(1, HEADER + registration(code, "深圳"), "moved")

    assert moved.status == 200, moved.body
    all_agree(network)
    assert public(network, code, "gz").json["type"] == "urn:rongxin:problem:subject_not_held"
    for part in ("sz", "gd"):
        told = public(network, code, part)
        assert told.status == 200, told.body
        assert {i["stream"] for i in told.json["items"]} == {"4403"}


def test_what_a_full_batch_leaves_out_is_gone_from_the_nodes(network):
    rows = network.gen(1, 20, 43, "--division", "4401").splitlines(keepends=True)
    at = rows[0].rstrip("\n").split(",").index("uscc")
    gone = rows[1].split(",")[at]
    network.submit(1, "".join(rows), "set")
    all_agree(network)
    assert public(network, gone, "gz").status == 200

    reply = network.http("hub", "POST", "/v1/feeds/1/batches?mode=full&divisions=4401", "dept",
                         rows[0] + "".join(rows[2:]), {"Content-Type": "text/csv", "Idempotency-Key": "full"})

    assert (reply.json["state"], reply.json["withdrawn"]) == ("committed", 1), reply.body
    all_agree(network)
    assert public(network, gone, "gz").status == 404
