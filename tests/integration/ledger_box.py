"""What the tests of full batches, order and history share: a hub of their own and registrations."""
import pytest

DEPARTMENT = "11100000MB00000510"
OTHER = "11440000MB00004493"
HEADER = "name,uscc,reg_date,ent_type,rep_hash,capital,scope,province,city,address\n"


def registration(uscc, capital="100万元人民币", province="广东", city="广州"):
    return f"广州测试有限公司,{uscc},2019-01-03,有限责任公司,d9bbd20d0a78eaec,{capital},软件开发,{province},{city},测试路1号\n"


def codes_of(hub, count, seed, division="4401"):
    """Codes with right check digits."""
    header, *rows = hub.gen(1, count, seed, "--division", division).splitlines()
    at = header.split(",").index("uscc")
    return [row.split(",")[at] for row in rows]


@pytest.fixture
def box(hub_with):
    hub = hub_with()
    hub.admit(DEPARTMENT, "department", items=list(range(1, 38)))
    hub.admit(OTHER, "department", items=[1])
    return hub
