"""What workers cost that have nothing to do, and how soon one message is sent beside them."""

import time

from measure import Row, median

WORKERS = (1, 4, 10)
AIMS = {1: 3, 4: 5, 10: 8}
"""CPU of PostgreSQL and workers together, % of one core."""


class Usage:
    """CPU seconds and statements from its making to `read`."""

    def __init__(self, bench, database, workers):
        self.bench, self.database, self.workers = bench, database, workers
        self.started, self.cpu, self.calls = time.monotonic(), self.used(), self.asked()

    def used(self):
        return self.bench.server.cpu(), sum(worker.cpu() for worker in self.workers)

    def asked(self):
        return int(self.bench.server.ask(f"""select coalesce(sum(calls), 0)::int8 from pg_stat_statements s
            join pg_database d on d.oid = s.dbid where d.datname = '{self.database}'""")[0][0])

    def read(self):
        """% of a core of PostgreSQL and of all workers, and statements a second of one worker."""
        seconds, calls, now = time.monotonic() - self.started, self.asked() - self.calls, self.used()
        server, own = (100 * (after - before) / seconds for before, after in zip(self.cpu, now))
        return server, own, calls / seconds / len(self.workers)


def started(bench, count):
    """Workers on a database whose statements are counted, once they have come to rest."""
    database = bench.fresh("idle")
    bench.server.ask("create extension if not exists pg_stat_statements")
    bench.server.ask(f"alter database {database} set pg_stat_statements.track = 'top'")
    workers = [bench.worker(database, name=f"idle{number}") for number in range(count)]
    time.sleep(bench.full_or_quick(12, 6))
    return database, workers


def stopped(bench, row, database, workers):
    for worker in workers:
        worker.stop()
    bench.hear(row, *workers)
    bench.server.drop(database)


def idle(bench):
    for count in WORKERS:
        row = Row(f"idle_{count}", ratio_note="no pgbench counterpart")
        found = {"CPU, % of a core": [], "CPU of PostgreSQL, %": [], "CPU of the workers, %": [], "statements/s of a worker": [],
                 "CPU from 1 s after a burst on, %": []}
        for _ in range(bench.full_or_quick(3, 1)):
            database, workers = started(bench, count)
            usage = Usage(bench, database, workers)
            time.sleep(bench.full_or_quick(20, 8))
            server, own, asked = usage.read()
            row.memory.append(max(worker.memory() for worker in workers))
            bench.offer_at_once(database, 2000).finish()
            bench.await_empty(database, 30)
            time.sleep(1)
            usage = Usage(bench, database, workers)
            time.sleep(bench.full_or_quick(5, 3))
            after = usage.read()
            for name, value in zip(found, (server + own, server, own, asked, after[0] + after[1])):
                found[name].append(value)
            stopped(bench, row, database, workers)
        row.figures = {name: median(values) for name, values in found.items()}
        row.aim(f"CPU ≤ {AIMS[count]} % of a core", row.figures["CPU, % of a core"], lambda value, most=AIMS[count]: value <= most)
        row.aim("≤ 20 statements/s of each", row.figures["statements/s of a worker"], lambda value: value <= 20)
        bench.report.add(row)


def pickup(bench):
    for count in WORKERS:
        row = Row(f"pickup_beside_{count}", "acknowledged commit → accepted", ratio_note="no pgbench counterpart")
        used = []
        for _ in range(bench.full_or_quick(3, 1)):
            database, workers = started(bench, count)
            usage = Usage(bench, database, workers)
            found = bench.figures(database, "pickup", "--count", bench.full_or_quick(600, 200), "--message-class", "otp")
            used.append(sum(usage.read()[:2]))
            row.p50.append(found["pickup_accepted_p50"])
            row.p99.append(found["pickup_accepted_p99"])
            stopped(bench, row, database, workers)
        row.figures["CPU meanwhile, % of a core"] = median(used)
        row.aim("p50 ≤ 3 ms", median(row.p50), lambda value: value <= 3)
        row.aim("p99 ≤ 8 ms", median(row.p99), lambda value: value <= 8)
        bench.report.add(row)
