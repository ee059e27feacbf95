"""Bad links: TCP proxies that delay, throttle, freeze and cut what passes, and a network
namespace for each part where the system lets us make one."""
import asyncio
import os
import shutil
import subprocess
import threading

PIECE = 16 << 10


class Link:
    """One proxied port.  `target` says where to, at every connection anew."""

    def __init__(self, target):
        self.target = target
        self.port = None
        self.delay = 0.0     # seconds before each piece
        self.rate = None     # bytes a second
        self.down = False    # new connections are closed at once
        self.thawed = asyncio.Event()
        self.thawed.set()    # not set: open, and nothing passes
        self.open = set()
        self.passed = 0      # bytes

    async def serve(self, host):
        self.server = await asyncio.start_server(self.accept, host, 0)
        self.port = self.server.sockets[0].getsockname()[1]

    async def accept(self, reader, writer):
        self.open.add(writer)
        far = None
        try:
            if self.down:
                return
            far_reader, far = await asyncio.open_connection(*self.target())
            self.open.add(far)
            ways = [asyncio.ensure_future(self.pump(reader, far)), asyncio.ensure_future(self.pump(far_reader, writer))]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
        except (OSError, KeyError, ValueError):
            pass             # the other side is away
        finally:
            for end in (writer, far):
                if end is not None:
                    self.open.discard(end)
                    end.transport.abort()

    async def pump(self, reader, writer):
        try:
            while data := await reader.read(PIECE):
                await self.thawed.wait()
                if self.delay or self.rate:
                    await asyncio.sleep(self.delay + (len(data) / self.rate if self.rate else 0))
                writer.write(data)
                await writer.drain()
                self.passed += len(data)
        except OSError:
            pass

    def cut(self):
        for end in list(self.open):
            end.transport.abort()

    def clear(self):
        self.delay, self.rate, self.down = 0.0, None, False
        self.thawed.set()


class Links:
    """Proxies in a thread of their own; whatever is changed is changed there."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()

    def do(self, what, *args):
        async def run():
            done = what(*args)
            return await done if asyncio.iscoroutine(done) else done
        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(30)

    def make(self, target, host="127.0.0.1"):
        link = self.do(Link, target)
        self.do(link.serve, host)
        return link

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()


class Spaces:
    """A namespace with a wire of its own to us for each part; nothing leaves this machine."""

    @staticmethod
    def allowed():
        if os.geteuid() != 0 or shutil.which("ip") is None:
            return False
        name = f"rx-{os.getpid()}-try"
        made = subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode == 0
        # In a chroot they may be made and not be entered.
        works = made and subprocess.run(["ip", "-n", name, "link"], capture_output=True).returncode == 0
        if made:
            subprocess.run(["ip", "netns", "del", name], check=True)
        return works

    def __init__(self, parts):
        # RFC 2544's range for tests; whatever of it has no wire goes nowhere.
        self.net = f"198.18.{os.getpid() % 256}"
        self.parts = {part: number for number, part in enumerate(parts)}
        self.ip("route", "replace", "unreachable", f"{self.net}.0/24", "metric", "4096")
        for part, number in self.parts.items():
            space, wire = self.space(part), f"rx{os.getpid()}{part}"[-15:]
            self.ip("netns", "add", space)
            self.ip("link", "add", wire, "type", "veth", "peer", "name", "up0", "netns", space)
            self.ip("addr", "add", f"{self.near(part)}/30", "dev", wire)
            self.ip("link", "set", wire, "up")
            self.ip("-n", space, "addr", "add", f"{self.host(part)}/30", "dev", "up0")
            self.ip("-n", space, "link", "set", "lo", "up")
            self.wire(part, True)

    @staticmethod
    def ip(*words):
        done = subprocess.run(["ip", *words], capture_output=True, text=True)
        assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"

    @staticmethod
    def space(part):
        return f"rx-{os.getpid()}-{part}"

    def near(self, part):
        return f"{self.net}.{4 * self.parts[part] + 1}"

    def host(self, part):
        return f"{self.net}.{4 * self.parts[part] + 2}"

    def wire(self, part, up):
        self.ip("-n", self.space(part), "link", "set", "up0", "up" if up else "down")

    def close(self):
        for part in self.parts:
            subprocess.run(["ip", "netns", "del", self.space(part)], capture_output=True)
        subprocess.run(["ip", "route", "del", "unreachable", f"{self.net}.0/24", "metric", "4096"], capture_output=True)
