#!/usr/bin/python3
"""make bench: measures, each beside its peer, in one run on this machine.

A bench is a function that yields (case, value, unit, peer, peer_value); the
ratio is ours over the peer's, the other way round where less is better: above
1 we are ahead.  The table is printed and build/bench.json written."""
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "scenario"), str(ROOT / "tests" / "bench")]
import bench_answers  # noqa: E402
import bench_console  # noqa: E402
import bench_find  # noqa: E402
import bench_ingest  # noqa: E402
import bench_path  # noqa: E402
import bench_push  # noqa: E402
import bench_snapshot  # noqa: E402
import bench_sync  # noqa: E402

BENCHES = {"path": bench_path.run, "ingest": bench_ingest.run, "snapshot": bench_snapshot.run, "sync": bench_sync.run,
           "push": bench_push.run, "answers": bench_answers.run, "find": bench_find.run, "console": bench_console.run}

LESS_IS_BETTER = ("us", "ms", "s", "MiB", "bytes", "times")  # whatever they are per


def ratio_of(value, unit, peer_value):
    if not peer_value or not value:
        return None
    less = unit.removeprefix("CPU ").split("/")[0] in LESS_IS_BETTER
    return round(peer_value / value if less else value / peer_value, 3)


def main():
    wanted = sys.argv[1:] or list(BENCHES)
    rows = []
    print(f"{'bench':8} {'case':34} {'value':>12} {'unit':12} {'peer':38} {'peer value':>12} {'ratio':>6}")
    for bench in wanted:
        for case, value, unit, peer, peer_value in BENCHES[bench]():
            ratio = ratio_of(value, unit, peer_value)
            rows.append({"bench": bench, "case": case, "value": round(value, 1), "unit": unit, "peer": peer,
                         "peer_value": round(peer_value, 1) if peer_value else None, "ratio": ratio})
            print(f"{bench:8} {case:34} {value:12,.0f} {unit:12} {peer:38} {peer_value or 0:12,.0f} {ratio or '':>6}", flush=True)
    target = ROOT / "build" / "bench.json"
    target.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    print(f"written: {target.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
