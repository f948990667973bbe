"""Deploy/bench starts this: measures Martlet against a private PostgreSQL. README.md says what each row is."""

import argparse
import os
import platform
import signal
import subprocess
import sys
import time
from pathlib import Path

import rows_backlog
import rows_enqueue
import rows_gateway
import rows_idle
import rows_journeys
import rows_latency
import rows_pipeline
import rows_pressure
import rows_rate
import rows_soak
import rows_transports
from against import Comparison
from bench import Bench
from processes import Child
from server import TUNED, Failed, Server

# section, rows, what makes them. A later row may compare itself with an earlier one of the same run.
TASKS = [
    ("enqueue", "bare_insert_N enqueue_call_N (N = 1, 4, 16 clients)", rows_enqueue.calls),
    ("enqueue", "bare_many_N enqueue_many_N (N = 1, 2)", rows_enqueue.many),
    ("enqueue", "enqueue_rows_N (N = 1, 2)", rows_enqueue.arrays),
    ("enqueue", "producer", rows_enqueue.producer),
    ("queue", "raw_claim_record claim_record", rows_pipeline.queue),
    ("pipeline", "raw_sql pipeline", rows_pipeline.pipeline),
    ("workers", "workers_N (N = 1, 2, 4)", rows_pipeline.workers),
    ("steady", "steady_50 steady_unthrottled", rows_pipeline.steady),
    ("pickup", "pickup_admitted pickup_accepted", rows_latency.pickup),
    ("idle", "idle_N (N = 1, 4, 10 workers)", rows_idle.idle),
    ("idle", "pickup_beside_N (N = 1, 4, 10 workers)", rows_idle.pickup),
    ("otp", "otp_under_campaign", rows_latency.otp),
    ("peak", "peak", rows_latency.peak),
    ("rate", "rate_N (N = 1, 4, 8 workers)", rows_rate.rate),
    ("failover", "failover", rows_rate.failover),
    ("callbacks", "callbacks_alone callbacks_beside_sends", rows_gateway.callbacks),
    ("backlog", "backlog_10k backlog_1m backlog_10m (--quick: backlog_10k backlog_200k)", rows_backlog.backlog),
    ("journeys", "event_16 event_awaited_16", rows_journeys.events),
    ("journeys", "journey_steps", rows_journeys.steps),
    ("pressure", "idle_in_tx_saturation", rows_pressure.idle_in_tx_saturation),
    ("pressure", "active_readers", rows_pressure.active_readers),
    ("pressure", "sustained_high_load", rows_pressure.sustained_high_load),
    ("pressure", "event_delivery_burst", rows_pressure.event_delivery_burst),
    ("transports", "smpp_window_N smpp_window_N_at_50ms (N = 1, 10, 100)", rows_transports.smpp),
    ("transports", "http_window_N (N = 1, 10, 100)", rows_transports.http),
    ("transports", "smtp_source_N smtp_N_P (N = 1, 4; P = off, envelope, full)", rows_transports.smtp),
    ("transports", "pipeline_smpp pipeline_http pipeline_smtp", rows_transports.through),
    ("soak", "soak (only with --soak)", rows_soak.soak),
]


def wanted(task, only, soak):
    section, names, _ = task
    if section == "soak":
        return bool(soak)
    return not (only or soak) or section in only or any(name in only for name in names.split())


def arguments():
    parser = argparse.ArgumentParser(prog="Deploy/bench", description="Measures Martlet against a private PostgreSQL; a quiet machine, please.")
    parser.add_argument("messages", nargs="?", type=int, help="for each run of the pipeline (200000; with --quick 50000)")
    parser.add_argument("--json", metavar="FILE", type=Path, help="gets machine, settings and rows")
    parser.add_argument("--only", metavar="NAME[,NAME…]", default="", help="sections, or single rows of those that are measured alone")
    parser.add_argument("--quick", action="store_true", help="everything smaller: some minutes in all, figures that only show that it works")
    parser.add_argument("--pressure-minutes", metavar="N", type=float, help="how long each pressure is held (5; with --quick 0.25)")
    parser.add_argument("--against", metavar="FOLDER", type=Path, help="the same with the binaries of another build, in turn; prints ratios")
    parser.add_argument("--rounds", metavar="N", type=int, default=3, help="with --against: how often each build has its turn (3)")
    parser.add_argument("--soak", metavar="MINUTES", type=float, default=0, help="only the soak, that long")
    parser.add_argument("--list", action="store_true", help="sections and their rows")
    return parser.parse_args()


def machine():
    model = next((line.split(": ")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    memory = int(next(line.split()[1] for line in open("/proc/meminfo") if line.startswith("MemTotal")))
    return {"cpus": os.cpu_count(), "model": model, "memory_gib": round(memory / 1048576, 1), "kernel": platform.release(),
            "load_before": os.getloadavg()[0], "nice": os.nice(0)}


def settings(given, bench):
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], text=True, capture_output=True).stdout.strip()
    return {"messages": bench.messages, "quick": bench.quick, "only": given.only, "pressure_minutes": bench.pressure_seconds / 60,
            "build": os.environ.get("MARTLET_BUILD", "release"), "commit": commit,
            "postgresql": bench.server.ask("show server_version")[0][0], **TUNED,
            "fsync": bench.server.ask("show fsync")[0][0], "synchronous_commit": bench.server.ask("show synchronous_commit")[0][0]}


def stop(number, frame):
    raise KeyboardInterrupt


def main():
    given = arguments()
    if given.list:
        for section, names, _ in TASKS:
            print(f"{section:<12}{names}")
        return 0
    only = [name for name in given.only.split(",") if name]
    tasks = [task for task in TASKS if wanted(task, only, given.soak)]
    known = {word for section, names, _ in TASKS for word in (section, *names.split())}
    unknown = [name for name in only if name not in known]
    if unknown or not tasks:
        print(f"no such section or row: {', '.join(unknown or only)}; see Deploy/bench --list")
        return 64
    signal.signal(signal.SIGTERM, stop)
    missing = [name for name in ("martlet", "martlet-worker") if given.against and not (given.against / name).is_file()]
    if missing:
        print(f"--against {given.against}: there is no {' and no '.join(missing)}; name a folder with release binaries")
        return 64
    before, failed, servers, comparison = machine(), [], [], None

    def start(binaries):
        servers.append(Server())
        servers[-1].start()
        minutes = given.pressure_minutes or (0.25 if given.quick else 5)
        return Bench(servers[-1], binaries, given.quick, given.messages or (50_000 if given.quick else 200_000), minutes * 60, given.soak)

    try:
        bench = start(os.environ["MARTLET_BINARIES"])
        if given.against:
            other = start(given.against.resolve())
            other.tools = bench.binaries
            comparison = Comparison(bench, other, given.rounds)
        for section, names, task in tasks:
            print(f"== {section}: {names}   [{time.strftime('%H:%M:%S')}]", flush=True)
            try:
                comparison.run(task) if comparison else task(bench)
            except Failed as error:  # the rows after it are still worth having
                failed.append(f"{section}: {names}: {error}")
                print(f"FAILED {error}", flush=True)
                Child.stop_all()
        comparison.table() if comparison else bench.report.table()
        if given.json:
            against = {"against": str(given.against), "comparison": comparison.json()} if comparison else {}
            given.json.write_text(bench.report.json(before, {**settings(given, bench), **against}))
            print(f"rows in {given.json}")
    except KeyboardInterrupt:
        print("interrupted")
        return 130
    finally:
        Child.stop_all()
        for server in servers:
            server.stop()
    for text in failed:
        print(f"FAILED {text}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
