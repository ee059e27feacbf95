"""A hub alone, and a province below it that is a test: it speaks the bus as docs/PROTOCOL.md says."""
import json
import pathlib
import re
import signal
import sys

from rig import DEPARTMENT, Hub

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "scenario"))
import wire  # noqa: E402

PROVINCE = "11440000MB2D0003XU"


class Place(Hub):
    def start(self):
        super().start()
        net = json.loads((self.folder / "net/network.json").read_text())
        self.batch_key = net["batch_key"]
        (self.folder / "hub.curve.pub").write_text(net["hub_curve_key"])
        if not self.stem("gd").with_suffix(".curve").exists():
            self.cli("key", "node", "--network", self.folder / "net", "--out", self.stem("gd"), "--code", PROVINCE,
                     "--name", "gd", "--hosts", "localhost", "--divisions", "44")
        return self

    def admit_all(self):
        self.admit(DEPARTMENT, "department", items=list(range(1, 38)))
        self.admit_province()
        return self

    def admit_province(self, status="active"):
        document = json.loads(self.stem("gd").with_suffix(".member.json").read_text())
        reply = self.http("POST", "/v1/members", "operator", json.dumps({**document, "status": status}))
        assert reply.status == 200, reply.body

    def stem(self, who):
        return self.folder / "id" / who

    def child(self):
        here = self

        class Network:
            def ready(self, part):
                return here.ready

            def stem(self, who):
                return here.stem(who)
        return wire.Child(Network(), "hub", "gd", self.folder / "hub.curve.pub")

    def restart(self, number=signal.SIGTERM, settings=None):
        self.stop(number)
        if settings is not None:
            path = self.folder / "hub.conf"
            lines = [line for line in path.read_text().splitlines() if line.split(" = ")[0] not in settings]
            path.write_text("\n".join([*lines, *(f"{k} = {v}" for k, v in settings.items()), ""]))
        return self.start()

    def shelf(self):
        return sorted(p.name for p in (self.state / "snapshots").iterdir())

    def metric(self, name):
        text = self.http("GET", "/metrics").body.decode()
        found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.M)
        return float(found.group(1)) if found else 0

    def events(self, name):
        return [line for line in self.log.read_text(errors="replace").splitlines() if f" {name} " in line]

    def hand_in(self, text, batch, item=1, query=""):
        reply = self.submit(item, text, batch, query=query)
        assert reply.status == 200 and reply.json["state"] == "committed", reply.body
        return reply.json

    def oldest(self, stream):
        return int(self.sql(f"SELECT min(first) FROM change_log WHERE stream = '{stream}'")[0][0])
