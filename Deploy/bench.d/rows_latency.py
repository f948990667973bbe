"""How soon: an idle queue, login codes under a campaign, and the peak."""

import time

from measure import Row, percentile

USUAL = {"otp": 20, "transactional": 50}
"""Messages a second of a usual hour, one call each."""


def pickup(bench):
    admitted = Row("pickup_admitted", "acknowledged commit → admitted", ratio_note="no pgbench counterpart")
    accepted = Row("pickup_accepted", "acknowledged commit → accepted", ratio_note="no pgbench counterpart")
    for _ in range(3):
        database = bench.fresh("pickup")  # the same people again would be over their cap
        worker = bench.worker(database)
        time.sleep(2)
        found = bench.figures(database, "pickup", "--count", bench.full_or_quick(400, 150), "--message-class", "otp")
        for row in (admitted, accepted):
            row.p50.append(found[f"{row.name}_p50"])
            row.p99.append(found[f"{row.name}_p99"])
            row.memory.append(worker.memory())
        worker.stop()
        bench.hear(admitted, worker)
        bench.server.drop(database)
    admitted.aim("p50 ≤ 2 ms", sorted(admitted.p50)[1], lambda value: value <= 2)
    admitted.aim("p99 ≤ 10 ms", sorted(admitted.p99)[1], lambda value: value <= 10)
    bench.report.add(admitted)
    bench.report.add(accepted)


def start_draining(bench, database):
    """A worker, once the campaign is on its way."""
    worker = bench.worker(database)
    while bench.server.sql(database, "select exists (select from martlet_data.receipts)") == [["f"]]:
        time.sleep(0.2)
    return worker


def otp(bench):
    backlog = bench.full_or_quick(1_000_000, 200_000)
    database = bench.fresh("otp", bench.waiting(backlog, rotated=True))
    row = Row("otp_under_campaign", "enqueue → accepted", ratio_note="no pgbench counterpart")
    since = bench.now()
    worker = start_draining(bench, database)
    bench.offer(database, USUAL["otp"], bench.full_or_quick(20, 5), chunk=1, message_class="otp").finish()
    row.figures["campaign left, messages"] = bench.left(database)
    _, campaign = bench.throughput(database, since)
    row.figures["campaign meanwhile, messages/s"] = campaign
    row.memory.append(worker.memory())
    row.cpu_martlet.append(None)
    worker.stop()
    times = bench.latencies(database, ["otp"], since)
    row.latency(times)
    row.figures["codes"] = len(times)
    row.figures["slowest, ms"] = max(times)
    row.aim("p99 ≤ 50 ms", percentile(times, 99), lambda value: value <= 50)
    bench.hear(row, worker)
    bench.report.add(row)
    bench.server.drop(database)


def peak(bench):
    """Ten times the usual otp and transactional load beside a campaign."""
    backlog, seconds = bench.full_or_quick(1_000_000, 200_000), bench.full_or_quick(60, 8)
    database = bench.fresh("peak", bench.waiting(backlog, rotated=True))
    row = Row("peak", "enqueue → accepted", ratio_note="no pgbench counterpart")
    with bench.report.measuring(row, bench.server, database) as run:
        since = bench.now()
        worker = start_draining(bench, database)
        run.martlet.append(worker)
        loads = [bench.offer(database, 10 * rate, seconds, chunk=1, clients=8, message_class=name) for name, rate in USUAL.items()]
        for load in loads:
            load.finish()
        ended = bench.now()
        # Who is not accepted 30 s after the last call is late, whenever it was enqueued; most are long before.
        names = ", ".join(f"'{name}'" for name in USUAL)
        urgent = f"martlet_data.messages m join martlet_data.classes c on c.id = m.class_id and c.name in ({names})"
        waiting = f"select count(*) from martlet_data.ready r join ({urgent}) on m.id = r.message_id"
        while bench.now() < ended + 30 and bench.server.number(database, waiting) > 0:
            time.sleep(1)
            run.own_commits += 1
        time.sleep(1)
        row.figures["campaign left, messages"] = bench.left(database)
        worker.stop()
        run.messages, run.rate = bench.throughput(database, since)
    times = bench.latencies(database, USUAL, since)
    enqueued = bench.server.number(database, f"select count(*) from {urgent} where m.created_at >= to_timestamp({since})")
    row.latency(times)
    row.figures["urgent messages"] = enqueued
    row.figures["urgent messages/s, wanted"] = 10 * sum(USUAL.values())
    row.figures["urgent messages/s, reached"] = enqueued / (ended - since)
    row.figures["slowest, s"] = max(times, default=float("nan")) / 1000
    share = 100 * sum(took <= 30_000 for took in times) / max(enqueued, 1)
    row.aim("accepted within 30 s > 99.5 %", share, lambda value: value > 99.5)
    row.aim("slowest ≤ 30 s", max(times, default=float("nan")) / 1000, lambda value: value <= 30)
    bench.hear(row, worker)
    bench.report.add(row)
    bench.server.drop(database)
