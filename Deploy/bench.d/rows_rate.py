"""How exactly a contract's rate is kept by several workers, and how soon another provider takes over."""

import json
import shutil
import time
from datetime import datetime

from bench import HERE
from measure import Row, percentile

CONTRACT = 500
"""Segments a second."""
OFFERED = 200
"""Messages a second beside a provider that goes dark."""


def with_providers(bench, providers, route):
    policy = bench.config / "policy"
    (policy / "providers.yaml").write_text((HERE / "providers.yaml").read_text() + providers)
    (policy / "routes.yaml").write_text(f"routes:\n  - {{channel: sms, {route}}}\n")
    database = bench.fresh("rate")
    bench.apply(database)
    for name in ("providers.yaml", "routes.yaml"):
        shutil.copy(HERE / name, policy)
    return database


def sandbox(name, *lines, **options):
    given = "".join(f"      {key}: {value}\n" for key, value in options.items())
    return (f"  {name}:\n    transport: sandbox\n    channels: [sms]\n    window: 100\n    send_within: 5s\n    timeout: 10s\n"
            + "".join(f"    {line}\n" for line in lines) + f"    options:\n{given}")


def handed_over(path):
    """Instants in seconds and segments, as the provider wrote them down."""
    with open(path) as lines:
        found = [json.loads(line) for line in lines]
    return sorted((datetime.fromisoformat(line["at"].replace("Z", "+00:00")).timestamp(), line["segments"]) for line in found)


def most_in(handed, seconds):
    """The most segments in any half-open stretch of so many seconds."""
    most = total = first = 0
    for at, segments in handed:
        total += segments
        while handed[first][0] <= at - seconds:
            total -= handed[first][1]
            first += 1
        most = max(most, total)
    return most


def rate(bench):
    seconds = bench.full_or_quick(60, 8)
    for workers in (1, 4, 8):
        outbox = bench.output("rate.jsonl")
        database = with_providers(bench, sandbox("carrier", f"rate: {CONTRACT}/s", outbox=outbox), "provider: carrier")
        bench.fill(database, (seconds + 10) * CONTRACT)
        row = Row(f"rate_{workers}", "", ratio_note="no pgbench counterpart")
        children = [bench.worker(database, name=f"bench{number}") for number in range(workers)]
        time.sleep(seconds + 5)
        for child in children:
            child.stop()
        handed = handed_over(outbox)
        begin = handed[0][0] + 2  # all workers have begun
        kept = [one for one in handed if begin <= one[0] < begin + seconds]
        share = sum(segments for _, segments in kept) / (CONTRACT * seconds)
        peak = most_in(handed, 2) / (CONTRACT * 2)
        row.rates.append(share * CONTRACT)
        row.figures["contract, segments/s"] = CONTRACT
        row.aim(f"share of the contract over {seconds} s, 0.95 … 1", share, lambda value: 0.95 <= value <= 1)
        row.aim("most in any 2 s, of the contract, ≤ 1", peak, lambda value: value <= 1)
        for child in children:
            bench.hear(row, child)
        bench.report.add(row)
        bench.server.drop(database)


def failover(bench):
    """One of two providers cannot be reached from one instant on."""
    seconds = bench.full_or_quick(20, 8)
    script, outbox, other = bench.output("a.rules"), bench.output("a.jsonl"), bench.output("b.jsonl")
    script.write_text("* accept\n")
    database = with_providers(bench, sandbox("a", outbox=outbox, script=script) + sandbox("b", outbox=other), "providers: {a: 1, b: 1}")
    row = Row("failover", "enqueue → accepted, from a second before the blackout on", ratio_note="no pgbench counterpart")
    worker = bench.worker(database)
    since = bench.now()
    load = bench.offer(database, OFFERED, seconds, chunk=1, clients=2, message_class="transactional")
    time.sleep(seconds / 2)
    dark = bench.now()
    script.write_text("* down\n")
    load.finish()
    time.sleep(8)
    worker.stop()
    times = bench.latencies(database, ["transactional"], dark - 1)
    row.latency(times)
    enqueued = bench.server.number(database, f"select count(*) from martlet_data.messages m where m.created_at >= to_timestamp({since})")
    accepted = bench.server.number(database, "select count(distinct message_id) from martlet_data.receipts where kind = 'accepted'")
    row.figures["messages, of which accepted"] = f"{enqueued}, {accepted}"
    row.aim("slowest ≤ 5 s", max(times) / 1000, lambda value: value <= 5)
    row.aim("none lost", enqueued - accepted, lambda value: value == 0)
    bench.hear(row, worker)
    bench.report.add(row)
    bench.server.drop(database)
