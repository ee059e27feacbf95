#!/usr/bin/python3
"""docs/PATH.md names functions and files of the main path; each must exist."""
import pathlib
import re
import sys


def main():
    text = pathlib.Path("docs/PATH.md").read_text()
    named = re.findall(r"`(\w+)\(\)` in `([\w/.]+)`", text)
    faults = []
    for function, file in named:
        path = pathlib.Path(file)
        if not path.is_file():
            faults.append(f"docs/PATH.md: {file} does not exist")
        elif not re.search(rf"^{function}\(", path.read_text(), re.M):
            faults.append(f"docs/PATH.md: {function} is not defined in {file}")
    if len(named) < 20:
        faults.append(f"docs/PATH.md: only {len(named)} steps are named")
    print("\n".join(faults) if faults else f"path: {len(named)} functions named, all there")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
