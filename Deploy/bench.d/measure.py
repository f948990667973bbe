"""Rows: what is measured of each, how it is printed, and how it is written to the file."""

import json
import statistics
import time
from contextlib import contextmanager
from dataclasses import dataclass, field


def percentile(values, share):
    """The nearest rank; None of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share / 100 * len(ordered)))] if ordered else None


def median(values):
    values = [value for value in values if value is not None]
    return statistics.median(values) if values else None


def rounded(value):
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(each) for each in value]
    return None if value != value else round(value, 0 if abs(value) >= 1000 else 2 if abs(value) >= 1 else 4)


@dataclass
class Row:
    """Every list has one value for each run."""

    name: str
    latency_of: str | None = None
    ratio_to: str | None = None
    """Name of the row that drives the same SQL by pgbench; else `ratio_note` says why there is none."""
    ratio_note: str | None = None
    rates: list = field(default_factory=list)
    p50: list = field(default_factory=list)
    p99: list = field(default_factory=list)
    wal: list = field(default_factory=list)
    commits: list = field(default_factory=list)
    dead: list = field(default_factory=list)
    cpu_postgresql: list = field(default_factory=list)
    cpu_martlet: list = field(default_factory=list)
    memory: list = field(default_factory=list)
    figures: dict = field(default_factory=dict)
    """What only this row has, by name with unit."""
    slices: list = field(default_factory=list)
    aims: list = field(default_factory=list)
    """(text, reached)."""
    warnings: dict = field(default_factory=dict)

    def latency(self, times):
        self.p50.append(percentile(times, 50))
        self.p99.append(percentile(times, 99))

    def aim(self, text, value, holds):
        self.aims.append((text, value, None if value is None else bool(holds(value))))


class Measurement:
    """What one run used. The body sets `messages` and `rate`; processes of Martlet that it starts or found go into `martlet`."""

    def __init__(self):
        self.messages = 0
        self.rate = None
        self.martlet = []
        self.own_commits = 0


class Report:
    def __init__(self):
        self.rows = []
        self.started = time.monotonic()

    def __getitem__(self, name):
        return next((row for row in self.rows if row.name == name), None)

    @contextmanager
    def measuring(self, row, server, database, martlet=(), settled=True):
        """`martlet`: children that run already and are watched. `settled`: the body ends all its sessions; else the last second of their
        commits is missing, which does not matter after a minute."""
        run = Measurement()
        run.martlet = list(martlet)
        commits, wal, cpu = server.commits(database, settled), server.wal(), server.cpu()
        before = {id(child): child.cpu() for child in martlet}
        yield run
        used, written = server.cpu() - cpu, server.wal() - wal
        count = max(run.messages, 1)
        row.rates.append(run.rate)
        row.cpu_postgresql.append(used * 1e6 / count)
        row.wal.append(written / count)
        row.commits.append((server.commits(database, settled) - commits - run.own_commits) / count)
        row.dead.append(server.dead_tuples(database))
        if run.martlet:
            row.cpu_martlet.append(sum(child.cpu() - before.get(id(child), 0) for child in run.martlet) * 1e6 / count)
            row.memory.append(max(child.memory() for child in run.martlet))

    def add(self, row):
        self.rows.append(row)
        print(line(row, self.ratio(row)), flush=True)
        for text, value, holds in row.aims:
            print(f"      aim {text}: {number(value)} {'yes' if holds else 'no' if holds is not None else 'not measured'}")
        for text, count in row.warnings.items():
            print(f"      worker said {count} times: {text}")
        return row

    def ratio(self, row):
        other = self[row.ratio_to] if row.ratio_to else None
        mine, theirs = median(row.rates), median(other.rates) if other else None
        return mine / theirs if mine and theirs else None

    def table(self):
        print("\n" + HEADER + "\n" + "-" * len(HEADER))
        for row in self.rows:
            print(line(row, self.ratio(row)))
        missed = [(row.name, *aim) for row in self.rows for aim in row.aims if aim[2] is False]
        print(f"\n{len(missed)} aims missed" + "".join(f"\n  {name}: {text}: {number(value)}" for name, text, value, _ in missed))

    def json(self, machine, settings):
        return json.dumps({"machine": machine, "settings": settings, "seconds": round(time.monotonic() - self.started),
                           "rows": [self.row(row) for row in self.rows]}, indent=1, ensure_ascii=False) + "\n"

    def row(self, row):
        rates = [rate for rate in row.rates if rate is not None]
        ratio = self.ratio(row)
        return rounded({
            "name": row.name,
            "messages_per_second": {"median": median(rates), "min": min(rates), "max": max(rates), "runs": len(rates)} if rates else None,
            "latency_of": row.latency_of, "p50_ms": median(row.p50), "p99_ms": median(row.p99),
            "wal_bytes_per_message": median(row.wal), "commits_per_message": median(row.commits), "dead_tuples": median(row.dead),
            "cpu_us_per_message": {"postgresql": median(row.cpu_postgresql), "martlet": median(row.cpu_martlet)},
            "peak_memory_mib": max(row.memory, default=None),
            "ratio": ratio, "ratio_to": row.ratio_to,
            "ratio_note": row.ratio_note if row.ratio_note else "" if ratio else "the other row was not run" if row.ratio_to else "no pgbench counterpart",
            "figures": row.figures, "aims": [{"aim": text, "value": value, "reached": holds} for text, value, holds in row.aims],
            "slices": row.slices, "worker_warnings": row.warnings})


def number(value):
    if value is None or value != value:
        return "–"
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}" if abs(value) >= 0.095 else f"{value:.4f}"


HEADER = (f"{'row':<28}{'messages/s':>11} {'lowest … highest':<20}{'p50 ms':>8}{'p99 ms':>8}{'WAL B':>7}{'commits':>9}{'dead':>9}"
          f"{'PG µs':>8}{'own µs':>8}{'MiB':>6}{'ratio':>7}")


def line(row, ratio):
    rates = [rate for rate in row.rates if rate is not None]
    spread = f"{number(min(rates))} … {number(max(rates))} ({len(rates)})" if len(rates) > 1 else ""
    text = (f"{row.name:<28}{number(median(rates)):>11} {spread:<20}{number(median(row.p50)):>8}{number(median(row.p99)):>8}{number(median(row.wal)):>7}"
            f"{number(median(row.commits)):>9}{number(median(row.dead)):>9}{number(median(row.cpu_postgresql)):>8}{number(median(row.cpu_martlet)):>8}"
            f"{number(max(row.memory, default=None)):>6}{number(ratio):>7}")
    return text + "".join(f"\n      {name} {number(value)}" for name, value in row.figures.items())
