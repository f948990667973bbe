"""Enqueue: one call a transaction beside a bare insert into the same two tables, and many at once."""

import json

from bench import HERE
from measure import Row
from processes import Child, pgbench


def calls(bench):
    database = bench.fresh("enqueue")
    total = bench.full_or_quick(6000, 1200)
    for clients in (1, 4, 16):
        bare = Row(f"bare_insert_{clients}", "call", ratio_note="it is the comparison itself")
        call = Row(f"enqueue_call_{clients}", "call", ratio_to=bare.name)
        for _ in range(3):
            for row, script in ((call, "call.sql"), (bare, "bare.sql")):
                with bench.report.measuring(row, bench.server, database) as run:
                    run.messages = total // clients * clients
                    run.rate, times = pgbench(bench.server, database, HERE / script, bench.output("pgbench"), clients,
                                              total // clients, prepared=True, latencies=True)
                row.latency(times)
        bench.report.add(bare)
        wanted = {1: 0.8, 16: 0.6}.get(clients)
        if wanted:
            call.aim(f"ratio ≥ {wanted}", bench.report.ratio(call), lambda value: value >= wanted)
        bench.report.add(call)


def element(n):
    """One message as martlet-load and fill.sql make it."""
    variables = {"name": f"Customer {n}", "order": f"LOAD-{n}", "amount": "129.90", "url": f"https://shop.example/o/{n}",
                 "note": "packed with care in our own warehouse"}
    return {"class": "marketing", "channel": "sms", "recipient": f"+86139{10_000_000 + n}", "template": "load", "locale": "en",
            "recipient_key": f"load-{n}", "variables": variables}


def many(bench):
    """1,000 a call, as one JSON text from the client; a bare insert of the same text into the same two tables beside it."""
    database = bench.fresh("many")
    size, total = 1000, bench.full_or_quick(60_000, 20_000)
    text = json.dumps([element(n) for n in range(size)]).replace("'", "''")
    scripts = {}
    for name, sql in {"enqueue_many": f"select count(*) from martlet.enqueue_many('{text}')",
                      "bare_many": (HERE / "bare-many.sql").read_text().replace("@messages@", text)}.items():
        scripts[name] = bench.folder / f"{name}.sql"
        scripts[name].write_text(sql)
    for clients in (1, 2):
        bare = Row(f"bare_many_{clients}", "call", ratio_note="it is the comparison itself")
        row = Row(f"enqueue_many_{clients}", "call", ratio_to=bare.name)
        for _ in range(3):
            for each, script in ((row, "enqueue_many"), (bare, "bare_many")):
                with bench.report.measuring(each, bench.server, database) as run:
                    rate, times = pgbench(bench.server, database, scripts[script], bench.output("pgbench"), clients,
                                          total // size // clients, latencies=True)
                    run.messages, run.rate = total, rate * size
                each.latency(times)
        bench.report.add(bare)
        bench.report.add(row)


def arrays(bench):
    """martlet.enqueue_rows, 5,000 a call, arrays built and sent by a client."""
    database = bench.fresh("arrays")
    total = bench.full_or_quick(100_000, 40_000)
    for clients in (1, 2):
        row = Row(f"enqueue_rows_{clients}", ratio_to=f"bare_many_{clients}")
        for _ in range(3):
            with bench.report.measuring(row, bench.server, database) as run:
                load = bench.load(database, "enqueue", "--mode", "rows", "--count", total, "--clients", clients)
                run.martlet.append(load)
                text = load.finish()
                run.messages, run.rate = total, float(text.split("\t")[1].split(" ")[0])
        bench.report.add(row)


def producer(bench):
    """The real martlet-producer with an NDJSON file; from start to exit, so the reading and checking of the file are in it."""
    database = bench.fresh("producer")
    total = bench.full_or_quick(300_000, 60_000)
    file = bench.folder / "messages.ndjson"
    with open(file, "w") as out:
        for n in range(total):
            message = element(n)
            out.write(json.dumps(message | message.pop("variables")) + "\n")
    row = Row("producer", ratio_to="bare_many_1")
    for number in range(3):
        with bench.report.measuring(row, bench.server, database) as run:
            started = bench.now()
            child = Child([bench.binaries / "martlet-producer", file, "--import-id", f"bench-{number}", "--duplicates", "ignore"],
                          bench.output("producer"), env=bench.environment(database))
            run.martlet.append(child)
            child.finish()
            run.messages, run.rate = total, total / (bench.now() - started)
    file.unlink()
    row.aim("≥ 100,000/s", sorted(row.rates)[1], lambda value: value >= 100_000)
    bench.report.add(row)
    bench.server.drop(database)
