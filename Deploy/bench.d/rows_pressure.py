"""Pressure, by the names of the public queue benchmark. Each row:

1. clean: one worker drains a burst alone, so the clean throughput and claim p99 are this row's own;
2. clean: the row's base load for one slice, without the pressure;
3. held: base load and pressure for `--pressure-minutes`, in slices;
4. end: the same burst is drained once more while the pressure still lasts, by the same worker.
"""

import time
from contextlib import ExitStack, contextmanager
from threading import Event, Thread

from measure import Row, median, percentile
from processes import figures
from server import Failed, Session

SHARE = 0.25
"""Of the clean throughput: the base load."""
OVERLOAD = 1.5
"""Of what worker and producer can do together."""
BURST_SHARE = 1 / 6
"""Of a slice at clean throughput: the size of a burst."""


# Pressures ----------------------------------------------------------------------------------------------------------------------------

@contextmanager
def nothing(bench, database):
    yield


@contextmanager
def idle_in_transaction(bench, database):
    """Eight transactions that do nothing for the whole time: four hold a snapshot and a transaction number, as a producer that never
    commits; four more have also read the rings and the messages' table, so no segment that was there can be truncated."""
    with ExitStack() as stack:
        for number in range(8):
            session = Session(bench.server, database)
            stack.callback(session.close)
            session.ask("begin isolation level repeatable read")
            session.ask("select pg_current_xact_id()")
            if number >= 4:
                session.ask("select count(*) from (select from martlet_data.ready union all select from martlet_data.leased "
                            "union all (select from martlet_data.messages limit 1)) rows")
        yield


@contextmanager
def scanners(bench, database):
    """Four REPEATABLE READ transactions, always: each reads ready and leased whole and the 10,000 newest receipts, once a second for 20 s
    under one snapshot, then begins anew."""
    over, failures = Event(), []

    def scan(number):
        session = Session(bench.server, database)
        try:
            over.wait(number * 5)
            while not over.is_set():
                session.ask("begin isolation level repeatable read")
                for _ in range(20):
                    session.ask("select count(*) from martlet_data.ready")
                    session.ask("select count(*) from martlet_data.leased")
                    session.ask("select count(*) from (select at from martlet_data.receipts order by message_id desc limit 10000) newest")
                    if over.wait(1):
                        break
                session.ask("commit")
        except (Failed, OSError) as error:
            failures.append(str(error))
        finally:
            session.close()

    threads = [Thread(target=scan, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
    if failures:
        raise Failed(f"a scanner ended early: {failures[0]}")


# The row --------------------------------------------------------------------------------------------------------------------------------

class Pressure:
    def __init__(self, bench, name):
        self.bench, self.name = bench, name
        self.held = bench.pressure_seconds
        self.slice = 30 if self.held >= 90 else max(5, self.held / 3)
        self.database = bench.fresh(name)
        self.row = Row(name, "enqueue → accepted", ratio_note="no pgbench counterpart: compared with its own clean baseline")

    def burst(self, limit):
        """A burst that one worker drains: messages a second, claim p99."""
        bench, database, count = self.bench, self.database, self.bench.full_or_quick(200_000, 50_000)
        bench.pause(database)
        time.sleep(2)  # the worker looks once a second who is paused
        bench.offer_at_once(database, count).finish()
        log, since = bench.server.log_end(), bench.now()
        bench.resume(database)
        bench.await_empty(database, limit)
        _, rate = bench.throughput(database, since)
        return rate, percentile(bench.claim_times(database, log, since), 99)

    def together(self, clean):
        """What worker and producers can keep up with, messages a second: from what both reach beside each other when neither pauses, and
        from what the worker reaches alone. A message costs the worker 1/clean of the machine; the producers used what the worker left."""
        bench, seconds = self.bench, min(10, self.slice)
        since = bench.now()
        load = bench.offer(self.database, 1e6, seconds, chunk=500, clients=4)
        load.wait(seconds)
        load.stop()
        until = bench.now()
        counts = bench.server.sql(self.database, f"""select
            (select count(*) from martlet_data.receipts where kind = 'accepted' and at >= to_timestamp({since}) and at < to_timestamp({until})),
            (select count(*) from martlet_data.messages where created_at >= to_timestamp({since}) and created_at < to_timestamp({until}))""")[0]
        sent, enqueued = (int(count) / (until - since) for count in counts)
        bench.await_empty(self.database, 120)
        return 1 / (1 / clean + max(0.1, 1 - sent / clean) / enqueued)

    def run(self, pressure, bursts=False, overload=False):
        bench, database, row = self.bench, self.database, self.row
        bench.server.forget_log()
        worker = bench.worker(database, rate=0.1)
        # Warm: plans, caches and the first segments.
        bench.offer_at_once(database, 20_000).finish()
        bench.await_empty(database, 60)
        clean, clean_claims = self.burst(120)
        together = self.together(clean) if overload else None
        offered = OVERLOAD * together if overload else SHARE * clean
        size = max(1000, int(clean * self.slice * BURST_SHARE) // 1000 * 1000) if bursts else 0
        row.figures["clean throughput, messages/s"] = clean
        row.figures["base load, messages/s"] = offered
        if overload:
            row.figures["worker and producer together, messages/s"] = together
        if bursts:
            row.figures["burst each slice, messages"] = size
        log = bench.server.log_end()
        clean_start = bench.now()
        if not overload:
            self.hold(worker, offered, self.slice, 0)
        with pressure(bench, database):
            with bench.report.measuring(row, bench.server, database, [worker], settled=False) as run:
                start = bench.now()
                memory = self.hold(worker, offered, self.held, size, overload)
                end = bench.now()
                emptied = bench.await_empty(database, max(60, self.held) if overload else 30, run)
                drained = bench.now()
                run.messages = bench.throughput(database, start)[0]
                run.rate = run.messages / ((drained if overload else end) - start)
            if overload:
                row.figures["backlog was drained after, s"] = drained - end if emptied else None
            if not emptied:
                row.figures["left then, messages"] = bench.left(database)
            after, after_claims = self.burst(120)
        row.memory[:] = [worker.memory()]
        worker.stop()
        self.slices(log, clean_start, start, drained if overload else end, memory, offered, clean_claims if bursts else None)
        row.figures["end throughput, messages/s"] = after
        row.figures["clean claim p99, ms"] = clean_claims
        row.figures["end claim p99, ms"] = after_claims
        row.aim("end throughput ≥ 0.95 of clean", after / clean, lambda value: value >= 0.95)
        row.aim("end claim p99 ≤ 1.2 of clean", after_claims / clean_claims if clean_claims else None, lambda value: value <= 1.2)
        bench.hear(row, worker)
        bench.report.add(row)
        bench.server.drop(database)

    def hold(self, worker, offered, seconds, burst, overload=False):
        """Base load for some time, a burst at the beginning of each slice; the worker's memory at the end of each."""
        bench, database = self.bench, self.database
        # An overload needs producers that get their share of the processors.
        load = bench.offer(database, offered, seconds, **({"chunk": 500, "clients": 4} if overload else {}))
        started, memory = time.monotonic(), []
        while (passed := time.monotonic() - started) < seconds - 0.5:
            if burst:
                bench.offer_at_once(database, burst).finish()
            time.sleep(max(0, min(self.slice * (len(memory) + 1), seconds) - (time.monotonic() - started)))
            memory.append(worker.memory(peak=False))
        if load.wait(seconds) is None:  # the server cannot even take it in
            load.stop()
            self.row.figures["offered in fact, messages/s"] = None
        else:
            self.row.figures["offered in fact, messages/s"] = figures(load.finish())["offered"]
        return memory

    def slices(self, log, clean_start, start, end, memory, offered, clean_claims=None):
        """Throughput and latency a slice; a message's id has its milliseconds, so no join is needed. With `clean_claims` claims are compared
        with those of the clean drain: where a slice drains a burst, the base load alone has hardly a full batch to compare with."""
        bench, row, width = self.bench, self.row, self.slice
        took = "extract(epoch from at) * 1000 - ((message_id >> 22) + 1735689600000)"

        def asked(since, until):
            return bench.server.sql(self.database, f"""select floor((extract(epoch from at) - {since}) / {width})::int, count(*),
                percentile_disc(0.5) within group (order by {took}), percentile_disc(0.99) within group (order by {took})
                from martlet_data.receipts where kind = 'accepted' and at >= to_timestamp({since}) and at < to_timestamp({until}) group by 1 order by 1""")

        claims = bench.server.claims(log, bench.campaign_slots(self.database))

        def slice_of(number, count, p50, p99, since, length, used):
            times = [ms for at, ms, ahead in claims if ahead and since <= at < since + length]
            sweeps = [ms for at, ms, ahead in claims if not ahead and since <= at < since + length]
            return {"from_s": number, "messages_per_second": int(count) / length, "p50_ms": float(p50), "p99_ms": float(p99),
                    "claim_p50_ms": percentile(times, 50), "claim_p99_ms": percentile(times, 99), "sweep_p99_ms": percentile(sweeps, 99),
                    "sweep_ms_per_s": sum(sweeps) / length, "worker_mib": used}

        clean = asked(clean_start, clean_start + width)
        base = slice_of("clean", *clean[0][1:], clean_start, width, None) if clean and start > clean_start + 1 else None
        if base:
            row.slices.append(base)
        for number, count, p50, p99 in asked(start, end):
            since = start + int(number) * width
            length = min(width, end - since)
            if length >= width / 3:
                used = memory[int(number)] if int(number) < len(memory) else None
                row.slices.append(slice_of(int(number) * width, count, p50, p99, since, length, used))
        held = [each for each in row.slices if each["from_s"] != "clean"]
        row.p50.append(median([each["p50_ms"] for each in held]))
        row.p99.append(median([each["p99_ms"] for each in held]))
        if base and held:
            last = held[-1]
            row.figures["last slice, p99 ms (clean)"] = f"{last['p99_ms']:.0f} ({base['p99_ms']:.0f})"
            row.aim("last slice: accepted ≥ 0.95 of offered", last["messages_per_second"] / offered, lambda value: value >= 0.95)
            if (clean_claims := clean_claims or base["claim_p99_ms"]) and last["claim_p99_ms"]:
                row.aim("last slice: claim p99 ≤ 1.2 of clean", last["claim_p99_ms"] / clean_claims, lambda value: value <= 1.2)


def idle_in_tx_saturation(bench):
    Pressure(bench, "idle_in_tx_saturation").run(idle_in_transaction)


def active_readers(bench):
    Pressure(bench, "active_readers").run(scanners)


def sustained_high_load(bench):
    Pressure(bench, "sustained_high_load").run(nothing, overload=True)


def event_delivery_burst(bench):
    Pressure(bench, "event_delivery_burst").run(nothing, bursts=True)
