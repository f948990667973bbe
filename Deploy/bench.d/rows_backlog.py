"""Does it matter how much waits? Claims at three depths that are held, and one worker that drains each for a while."""

import shutil

from measure import Row, percentile
from processes import figures


COPIED = 1_000_000
"""Waiting messages up to which a filled database is copied for each run; above, it is filled and measured once."""


def depth_name(depth):
    return f"backlog_{depth // 1_000_000}m" if depth >= 1_000_000 else f"backlog_{depth // 1000}k"


def depths(bench):
    return bench.full_or_quick([10_000, 1_000_000, 10_000_000], [10_000, 200_000])


def backlog(bench):
    clean_rate, clean_p99 = bench.clean_pipeline()
    base = None
    for depth in depths(bench):
        if shutil.disk_usage(bench.server.folder).free < depth * 3000:
            print(f"{depth_name(depth)} is left out: it needs {depth * 3000 / 1e9:.0f} GB of disk")
            continue
        base = measure(bench, depth, base, clean_rate, clean_p99) or base


def measure(bench, depth, base, clean_rate, clean_p99):
    row = Row(depth_name(depth), "claim", ratio_note="compared with the row of 10,000 instead")
    if depth > COPIED:
        database = bench.fresh("backlog")
        row.figures["filled, messages/s"] = bench.fill_beside_worker(database, depth)
        bench.server.sql(database, "vacuum analyze")
        bench.server.ask("checkpoint")
        copies = None
    else:
        copies = bench.waiting(depth, rotated=True)
    # Each claimed batch is replaced, so the depth is held; the rate is that of claim, record and enqueue together.
    count = bench.full_or_quick(200_000, 30_000)
    for _ in range(3 if copies else 1):
        if copies:
            database = bench.fresh("backlog", copies)
        with bench.report.measuring(row, bench.server, database) as run:
            load = bench.load(database, "claims", "--hold", "--count", count, "--recipients", 80_000_000)
            run.martlet.append(load)
            found = figures(load.finish())
            run.messages, run.rate = count, found["claim_record"]
        row.p50.append(found["claim_p50"])
        row.p99.append(found["claim_p99"])
    if depth > 10_000:
        drain(bench, database, row, clean_rate, clean_p99)
    if base:
        rate = middle(row.rates) / middle(base.rates)
        claims = middle(row.p99) / middle(base.p99)
        row.aim("claim + record + enqueue ≥ 0.95 of 10 k", rate, lambda value: value >= 0.95)
        row.aim("claim p99 ≤ 1.2 of 10 k", claims, lambda value: value <= 1.2)
    bench.report.add(row)
    bench.server.drop(database)
    return None if base else row


def middle(values):
    return sorted(values)[len(values) // 2]


def drain(bench, database, row, clean_rate, clean_p99):
    """The whole pipeline for a while, compared with one worker that drains `messages` (the row `pipeline`)."""
    log, since = bench.server.log_end(), bench.now()
    worker = bench.worker(database, rate=0.1)
    bench.await_empty(database, bench.full_or_quick(20, 6))
    worker.stop()
    _, rate = bench.throughput(database, since)
    claims = percentile(bench.claim_times(database, log), 99)
    row.figures["pipeline, messages/s"] = rate
    row.figures["pipeline, claim p99 ms"] = claims
    row.memory.append(worker.memory())
    row.aim("pipeline ≥ 0.95 of clean", rate / clean_rate, lambda value: value >= 0.95)
    row.aim("its claim p99 ≤ 1.2 of clean", claims / clean_p99, lambda value: value <= 1.2)
    bench.hear(row, worker)
