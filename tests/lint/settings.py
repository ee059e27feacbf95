#!/usr/bin/python3
"""Every setting that a daemon's --help names is in docs/OPERATING.md and in its sample
configuration, every log event in docs/OPERATING.md; and none is there that is not."""
import pathlib
import re
import subprocess
import sys


def settings_of(program):
    """What the program itself says."""
    told = subprocess.run([f"build/rongxin-{program}", "--help"], capture_output=True, text=True, check=True).stdout
    return re.findall(r"^  --(\w+) (?:TEXT|NUMBER|YES)", told, re.M)


def documented(text, program):
    section = re.search(rf"^### Settings of rongxin-{program}$(.*?)(^#|\Z)", text, re.M | re.S)
    return set(re.findall(r"^\| `(\w+)` \|", section.group(1), re.M)) if section else set()


def events():
    found = set()
    for room in ("lib/base", "lib/credit", "lib/wire", "hub", "node"):
        for source in pathlib.Path(room).glob("*.c"):
            found |= set(re.findall(r'log_(?:info|warn|error)\(\s*"([\w.]+)"', source.read_text()))
    return found


def main():
    text = pathlib.Path("docs/OPERATING.md").read_text()
    faults = []
    for program in ("hub", "node"):
        real = set(settings_of(program))
        told = documented(text, program)
        sample = pathlib.Path(f"deploy/rongxin-{program}.conf").read_text()
        shown = set(re.findall(r"^#? ?(\w+) =", sample, re.M))
        faults += [f"docs/OPERATING.md: {program} has no setting {s}" for s in told - real]
        faults += [f"docs/OPERATING.md: setting {s} of {program} is missing" for s in real - told]
        faults += [f"deploy/rongxin-{program}.conf: {s} differs" for s in real ^ shown]
        if not real:
            faults.append(f"{program}: no settings table found")
    listed = set(re.findall(r"^\| `([\w.]+\.[\w.]+)` \|", text, re.M))
    faults += [f"docs/OPERATING.md: event {e} is missing" for e in sorted(events() - listed)]
    faults += [f"docs/OPERATING.md: event {e} is logged nowhere" for e in sorted(listed - events())]
    print("\n".join(faults) if faults else f"settings and events: told as they are ({len(listed)} events)")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
