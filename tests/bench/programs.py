"""The C programs of this folder, built when they are needed."""
import pathlib
import re
import subprocess

from harness import BIN, ROOT

HERE = pathlib.Path(__file__).parent
LIBS = dict(re.findall(r"^(LIBS\w*) := (.*)$", (ROOT / "Makefile").read_text(), re.M))
TLS = ["-lssl", "-lcrypto"]
LIBRARY = LIBS["LIBS"].split()
NODE = LIBS["LIBS_node"].split() + LIBRARY


def build(name, libraries):
    """With librongxin.a for LIBRARY, and a node's objects for NODE."""
    program = BIN / "bench" / name
    program.parent.mkdir(exist_ok=True)
    built = BIN if (BIN / "librongxin.a").exists() else BIN / "release"
    objects = [built / "node" / f"{c.stem}.o" for c in sorted((ROOT / "node").glob("*.c")) if c.stem != "main"] if libraries is NODE else []
    if libraries is not TLS:
        objects.append(built / "librongxin.a")
    subprocess.run(["cc", "-O2", "-std=c11", "-D_GNU_SOURCE", "-I", ROOT / "lib", "-I", ROOT, "-o", program, HERE / f"{name}.c", *objects,
                    "-pthread", *libraries], check=True)
    return program
