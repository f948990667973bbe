"""Transports alone against peers on this machine that accept everything, and the pipeline through each of them."""

import os
import shutil
import time
from contextlib import contextmanager

from bench import HERE
from measure import Row
from processes import Child, await_port, figures, free_port

EMAIL = "---\nsubject: Your order {{order}}\n---\nHello {{name}}, your order {{order}} over {{amount}} EUR is on its way: {{url}}\n"
BODY = '{"to": "{to}", "text": "{text}"}'


@contextmanager
def peer(bench, kind, latency=0):
    """A port where the peer listens."""
    port = free_port()
    if kind == "smtp":
        command = [shutil.which("smtp-sink") or "/usr/sbin/smtp-sink", f"127.0.0.1:{port}", 100]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=nobody", "--clear-groups", *command]
    else:
        command = [bench.tools / "martlet-load", "peer", kind, "--port", port, "--latency", latency]
    child = Child(command, bench.output("peer"))
    try:
        await_port(port, child)
        yield port
    finally:
        child.stop(5)


def options(kind, port):
    return {"smpp": ["host=127.0.0.1", f"port={port}", "tls=off", "system_id=load", "receipts=none"],
            "http": [f"url=http://127.0.0.1:{port}/messages", "allow_private=true", "in_clear=true", f"body={BODY}", "id=id"],
            "smtp": ["host=127.0.0.1", f"port={port}", "tls=off"]}[kind]


def submit(bench, name, kind, port, window, count, more=(), ratio_to=None):
    row = Row(name, "submission → answer", ratio_to=ratio_to, ratio_note=None if ratio_to else "no SQL in it")
    words = [word for option in [*options(kind, port), *more] for word in ("--option", option)]
    for _ in range(3):
        load = Child([bench.binaries / "martlet-load", "submit", "--transport", kind, *words, "--window", window,
                      "--count", max(window * 2, count // bench.full_or_quick(1, 10))], bench.output("submit"))
        found = figures(load.finish())
        row.rates.append(next(iter(found.values())))
        row.p50.append(found.get("submit_p50"))
        row.p99.append(found.get("submit_p99"))
        row.cpu_martlet.append(found.get("submit_cpu"))
        row.memory.append(load.memory())
    bench.report.add(row)


def smpp(bench):
    with peer(bench, "smpp") as port:
        for window, count in ((1, 20_000), (10, 100_000), (100, 200_000)):
            submit(bench, f"smpp_window_{window}", "smpp", port, window, count)
    with peer(bench, "smpp", latency=50) as port:
        for window, count in ((1, 100), (10, 1000), (100, 10_000)):
            submit(bench, f"smpp_window_{window}_at_50ms", "smpp", port, window, count)


def http(bench):
    with peer(bench, "http") as port:
        for window in (1, 10, 100):
            submit(bench, f"http_window_{window}", "http", port, window, 5000 + 200 * window)


def smtp(bench):
    source = shutil.which("smtp-source") or "/usr/sbin/smtp-source"
    with peer(bench, "smtp") as port:
        for connections in (1, 4):
            row = Row(f"smtp_source_{connections}", ratio_note="it is the comparison itself")
            count = bench.full_or_quick(10_000, 1000)
            for _ in range(3):
                started = time.monotonic()
                Child([source, "-s", connections, "-m", count, "-l", 1020, "-d", "-f", "a@example.test", "-t", "b@example.test", f"127.0.0.1:{port}"],
                      bench.output("source")).finish()
                row.rates.append(count / (time.monotonic() - started))
            bench.report.add(row)
            for pipelining in ("off", "envelope", "full"):
                more = [f"connections={connections}", f"pipelining={pipelining}", "messages_per_connection=1000"]
                submit(bench, f"smtp_{connections}_{pipelining}", "smtp", port, connections * 8, 10_000, more, row.name)


def through(bench):
    """One run each, 45 s at most: the whole pipeline through a real transport."""
    (bench.config / "templates" / "load" / "en.email.mustache").write_text(EMAIL)
    for kind, channel, more in (("smpp", "sms", []), ("http", "sms", []), ("smtp", "email", ["connections=4", "messages_per_connection=1000"])):
        with peer(bench, kind) as port:
            through_one(bench, kind, channel, options(kind, port) + more)
    for name in ("providers.yaml", "routes.yaml"):
        shutil.copy(HERE / name, bench.config / "policy")


def through_one(bench, kind, channel, given):
    policy = bench.config / "policy"
    lines = [f"      {key}: {value!r}" if kind == "http" and key == "body" else f"      {key}: {value}"
             for key, value in (option.split("=", 1) for option in given)]
    (policy / "providers.yaml").write_text("\n".join(
        ["providers:", "  null-sms:", f"    transport: {kind}", f"    channels: [{channel}]", "    window: 100", "    send_within: 5s",
         "    timeout: 10s", "    options:", *lines]) + "\n")
    (policy / "routes.yaml").write_text((HERE / "routes.yaml").read_text().replace("channel: sms", f"channel: {channel}"))
    database = bench.fresh("through")
    bench.apply(database)
    bench.fill(database, bench.full_or_quick(50_000, 10_000), channel)
    bench.server.sql(database, "vacuum analyze")
    row = Row(f"pipeline_{kind}", "claim", ratio_note="no pgbench counterpart: compare it with pipeline")
    log = bench.server.log_end()
    with bench.report.measuring(row, bench.server, database) as run:
        worker = bench.worker(database, rate=0.1)
        run.martlet.append(worker)
        if not bench.await_empty(database, bench.full_or_quick(45, 15), run):
            row.figures["left when its time was up, messages"] = bench.left(database)
        worker.stop()
        run.messages, run.rate = bench.throughput(database)
    row.latency(bench.claim_times(database, log))
    clean = bench.report["pipeline"]
    if clean:
        row.figures["of pipeline"] = run.rate / sorted(clean.rates)[len(clean.rates) // 2]
    bench.hear(row, worker)
    bench.report.add(row)
    bench.server.drop(database)
