"""Workers: the queue alone, the whole pipeline, several workers, and workers beside producers."""

from bench import HERE
from measure import Row, median
from processes import figures, pgbench

CLIENTS, BATCH = 2, 500


def raw(bench, row, script, template):
    """The same SQL driven by pgbench: 2 clients, 500 messages a call, on a copy of what Martlet had."""
    calls = min(bench.full_or_quick(80, 20), bench.messages // (CLIENTS * BATCH))
    database = bench.fresh("raw", template)
    segment = bench.server.sql(database, "select min(slot) from martlet_data.ready")[0][0]
    with bench.report.measuring(row, bench.server, database) as run:
        rate, _ = pgbench(bench.server, database, HERE / script, bench.output("pgbench"), CLIENTS, calls, {"segment": segment})
        run.messages, run.rate = CLIENTS * calls * BATCH, rate * BATCH
    bench.server.drop(database)


def queue(bench):
    template = bench.waiting(bench.messages)
    count = min(80_000, bench.messages // 5 * 4)
    bare = Row("raw_claim_record", ratio_note="it is the comparison itself")
    row = Row("claim_record", "claim", ratio_to=bare.name)
    for _ in range(3):
        database = bench.fresh("claims", template)
        with bench.report.measuring(row, bench.server, database) as run:
            load = bench.load(database, "claims", "--count", count, "--batch", BATCH, "--clients", CLIENTS)
            run.martlet.append(load)
            found = figures(load.finish())
            run.messages, run.rate = count, found["claim_record"]
        row.p50.append(found["claim_p50"])
        row.p99.append(found["claim_p99"])
        bench.server.drop(database)
        raw(bench, bare, "raw-queue.sql", template)
    bench.report.add(bare)
    row.aim("ratio ≥ 0.7", bench.report.ratio(row), lambda value: value >= 0.7)
    bench.report.add(row)


def drained(bench, row, template, workers=1, limit=300):
    """One run: workers empty a copy of `template`."""
    database = bench.fresh("drained", template)
    log = bench.server.log_end()
    with bench.report.measuring(row, bench.server, database) as run:
        run.martlet += [bench.worker(database, rate=0.1, name=f"bench{number}") for number in range(workers)]
        if not bench.await_empty(database, limit, run):
            row.figures["left after its limit, messages"] = bench.left(database)
        for worker in run.martlet:
            worker.stop()
        run.messages, run.rate = bench.throughput(database)
    row.latency(bench.claim_times(database, log))
    bench.hear(row, *run.martlet)
    bench.server.drop(database)


def pipeline(bench):
    template = bench.waiting(bench.messages)
    bare = Row("raw_sql", ratio_note="it is the comparison itself")
    row = Row("pipeline", "claim", ratio_to=bare.name)
    for _ in range(3):
        drained(bench, row, template)
        raw(bench, bare, "raw.sql", template)
    bench.report.add(bare)
    row.aim("≥ 40,000/s", median(row.rates), lambda value: value >= 40_000)
    row.aim("ratio ≥ 0.7", bench.report.ratio(row), lambda value: value >= 0.7)
    row.aim("WAL ≤ 1,024 bytes", median(row.wal), lambda value: value <= 1024)
    row.aim("commits ≤ 0.02", median(row.commits), lambda value: value <= 0.02)
    row.aim("worker ≤ 64 MiB", max(row.memory), lambda value: value <= 64)
    bench.report.add(row)


def workers(bench):
    template = bench.waiting(bench.messages)
    for count in (1, 2, 4):
        row = Row(f"workers_{count}", "claim", ratio_to="raw_sql")
        for _ in range(bench.full_or_quick(3, 1)):
            drained(bench, row, template, workers=count)
        bench.report.add(row)


def beside_producers(bench, name, seconds, share=None):
    """Producers and one worker together; `share` of the clean throughput is offered, or as much as two connections bring in."""
    row = Row(name, "enqueue → accepted")
    clean, _ = bench.clean_pipeline()
    database = bench.fresh("steady")
    with bench.report.measuring(row, bench.server, database) as run:
        worker = bench.worker(database)
        run.martlet.append(worker)
        since = bench.now()
        if share:
            load = bench.offer(database, clean * share, seconds)
        else:
            load = bench.offer(database, 1e6, seconds, chunk=1000)
            load.wait(seconds)
            load.stop()
        load.wait()
        until = bench.now()
        if share:
            bench.await_empty(database, 10, run)
        worker.stop()
        run.messages, run.rate = bench.throughput(database)
    enqueued = bench.server.number(database, "select count(*) from martlet_data.messages")
    row.figures["offered, messages/s"] = enqueued / (until - since)
    if share:
        row.figures["share of the clean throughput"] = share
        row.latency(bench.latencies(database, ["marketing"]))
    row.figures["left, messages"] = bench.left(database)
    row.ratio_note = "no pgbench counterpart: WAL and CPU are those of enqueueing too"
    bench.hear(row, worker)
    bench.report.add(row)
    bench.server.drop(database)


def steady(bench):
    seconds = bench.full_or_quick(30, 8)
    beside_producers(bench, "steady_50", seconds, share=0.5)
    beside_producers(bench, "steady_unthrottled", seconds)
