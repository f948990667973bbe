"""Hours of usual load: what grows."""

import time

from measure import Row, median
from rows_latency import USUAL
from rows_pressure import SHARE


def soak(bench):
    """Base load, usual codes and orders, and a worker for `--soak` minutes: memory, table sizes and latency a minute."""
    seconds = bench.soak_minutes * 60
    clean, _ = bench.clean_pipeline()
    database = bench.fresh("soak")
    row = Row("soak", "enqueue → accepted", ratio_note="no pgbench counterpart")
    with bench.report.measuring(row, bench.server, database) as run:
        worker = bench.worker(database)
        run.martlet.append(worker)
        start = bench.now()
        loads = [bench.offer(database, SHARE * clean, seconds)]
        loads += [bench.offer(database, rate, seconds, chunk=1, message_class=name) for name, rate in USUAL.items()]
        width = 60 if seconds >= 180 else seconds / 3
        while bench.now() < start + seconds - 1:
            until = start + width * (len(row.slices) + 1)
            time.sleep(max(0, until - bench.now()))
            row.slices.append({"from_s": until - width - start, **sample(bench, database, worker, until - width, width)})
            run.own_commits += 2
        for load in loads:
            load.finish()
        bench.await_empty(database, 60, run)
        worker.stop()
        run.messages, run.rate = bench.throughput(database)
    row.p50.append(median([each["p50_ms"] for each in row.slices]))
    row.p99.append(median([each["p99_ms"] for each in row.slices]))
    bench.hear(row, worker)
    bench.report.add(row)
    bench.server.drop(database)


def sample(bench, database, worker, since, width):
    took = "extract(epoch from at) * 1000 - ((message_id >> 22) + 1735689600000)"
    # Of messages of the last ten minutes: ids hold the time, so the index finds them.
    count, p50, p99 = bench.server.sql(database, f"""select count(*), percentile_disc(0.5) within group (order by {took}),
            percentile_disc(0.99) within group (order by {took})
        from martlet_data.receipts where message_id >= (({since} * 1000)::bigint - 1735689600000 - 600000) << 22 and kind = 'accepted'
        and at >= to_timestamp({since}) and at < to_timestamp({since + width})""")[0]
    sizes = bench.server.sql(database, """select regexp_replace(relname, '_[0-9]+$', '') as name,
        sum(pg_total_relation_size(relid)) / 1048576, sum(n_dead_tup) from pg_stat_user_tables where schemaname = 'martlet_data' group by 1
        having sum(pg_total_relation_size(relid)) > 1048576 order by 1""")
    return {"messages_per_second": int(count) / width, "p50_ms": float(p50 or "nan"), "p99_ms": float(p99 or "nan"),
            "worker_mib": worker.memory(peak=False), "tables_mib": {name: round(float(size), 1) for name, size, _ in sizes},
            "dead_tuples": {name: int(dead or 0) for name, _, dead in sizes if int(dead or 0)}}
