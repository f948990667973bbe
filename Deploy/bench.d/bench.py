"""What all rows share: databases with the shop's policy, messages waiting in them, workers and load."""

import os
import re
import shutil
import time
from pathlib import Path

from measure import Report, percentile
from processes import Child, complaints, figures, pgbench
from server import Failed, Session, run

HERE = Path(__file__).parent
SMS = "Hello {{name}}, your order {{order}} over {{amount}} EUR is on its way: {{url}}\n"
# So many people that nobody reaches a cap: every message takes a place, as the pipeline's SQL has it.
RECIPIENTS = 80_000_000
MARKETING_LANE = 3


class Bench:
    def __init__(self, server, binaries, quick, messages, pressure_seconds, soak_minutes):
        self.server, self.binaries, self.quick = server, Path(binaries), quick
        self.tools = self.binaries
        """Where martlet-load is: of one build, whatever is measured."""
        self.messages, self.pressure_seconds, self.soak_minutes = messages, pressure_seconds, soak_minutes
        self.report = Report()
        self.folder = server.folder / "bench"
        self.folder.mkdir()
        self.next_number = {}
        self.outputs = 0
        self.config = self.folder / "config"
        self.make_config()
        self.made = set()
        self.prepare("base")

    def full_or_quick(self, full, quick):
        return quick if self.quick else full

    def output(self, name):
        self.outputs += 1
        return self.folder / f"{self.outputs}-{name}"

    # The policy ---------------------------------------------------------------------------------------------------------------------

    def make_config(self):
        """The shop's policy with a provider that answers at once, and one template. No consent and no quiet hours: everything is
        admitted, with its one rolling cap."""
        policy = self.config / "policy"
        shutil.copytree("Config/policy", policy)
        for path in HERE.glob("*.yaml"):
            shutil.copy(path, policy)
        classes = (policy / "classes.yaml").read_text()
        classes = re.sub(r"(?m)^ *(quiet_hours|release_over):.*\n", "", classes)
        (policy / "classes.yaml").write_text(re.sub(r"(?m)^( *consent:) true", r"\1 false", classes))
        template = self.config / "templates" / "load"
        template.mkdir(parents=True)
        (template / "en.sms.mustache").write_text(SMS)

    def martlet(self, database, *words):
        return run([self.binaries / "martlet", *words], env=self.environment(database))

    def apply(self, database):
        self.martlet(database, "config", "apply", "--config", self.config, "--yes")

    def environment(self, database, rate=None):
        return {**os.environ, "MARTLET_DATABASE_URL": self.server.url(database, rate)}

    # Databases ----------------------------------------------------------------------------------------------------------------------

    def prepare(self, name):
        self.server.make(name)
        self.martlet(name, "migrate", "up")
        self.apply(name)
        self.made.add(name)

    def fresh(self, name, template="base"):
        self.server.make(name, template)
        self.next_number[name] = self.next_number.get(template, 0)
        self.server.ask("checkpoint")
        return name

    def waiting(self, count, rotated=False):
        """The name of a database in which `count` marketing messages wait, to be copied. `rotated`: they came while workers ran that had
        this lane paused, so its ring has grown as it does in production; else they lie in one segment."""
        name = f"waiting_{count}" + ("_rotated" if rotated else "")
        if name not in self.made:
            self.fresh(name)
            self.fill_beside_worker(name, count) if rotated else self.fill(name, count)
            self.server.sql(name, "vacuum analyze")
            self.made.add(name)
        return name

    def take(self, database, count):
        """The number of the first of `count` messages that were not there yet."""
        first = self.next_number.get(database, 0)
        self.next_number[database] = first + count
        return first

    def fill(self, database, count, channel="sms"):
        """Messages a second, through martlet.enqueue_rows, made up by the server."""
        clients = 2 if count > 5000 else 1
        calls = max(1, round(count / 5000 / clients))
        defines = {"n": -1, "start": self.take(database, clients * calls * 5000), "clients": clients, "recipients": RECIPIENTS,
                   "class": "marketing", "channel": channel}
        rate, _ = pgbench(self.server, database, HERE / "fill.sql", self.output("fill"), clients, calls, defines)
        return rate * 5000

    def fill_beside_worker(self, database, count):
        self.pause(database)
        worker = self.worker(database)
        rate = self.fill(database, count)
        worker.stop()
        self.resume(database)
        return rate

    def pause(self, database):
        self.server.sql(database, f"select martlet.pause_lane({MARKETING_LANE}, 'filling')")

    def resume(self, database):
        self.server.sql(database, f"select martlet.resume_lane({MARKETING_LANE}, 'filled')")

    # Martlet ------------------------------------------------------------------------------------------------------------------------

    def worker(self, database, rate=None, name="bench"):
        """A worker as the README advises for throughput; with `rate` that share of its statements is in the server's log."""
        return Child([self.binaries / "martlet-worker", "--name", name, "--health", "off", "--set", "worker.claim_batch=500",
                      "--set", "worker.max_in_flight=4000", "--set", "worker.connections=8"], self.output("worker"), env=self.environment(database, rate))

    def load(self, database, *words):
        return Child([self.tools / "martlet-load", *words], self.output("load"), env=self.environment(database))

    def figures(self, database, *words):
        return figures(self.load(database, *words).finish())

    def offer(self, database, rate, seconds, chunk=100, clients=2, message_class="marketing"):
        count = int(rate * seconds) + chunk
        return self.load(database, "offer", "--rate", f"{rate:.3f}", "--seconds", f"{seconds:.6f}", "--chunk", chunk, "--clients", clients,
                         "--message-class", message_class, "--first", self.take(database, count), "--recipients", RECIPIENTS)

    def offer_at_once(self, database, count):
        """Enqueues without a pause; two connections, 1,000 a call."""
        return self.offer(database, 1e9, count / 1e9, chunk=1000)

    def hear(self, row, *workers):
        for worker in workers:
            for text, count in complaints(worker.output).items():
                row.warnings[text] = row.warnings.get(text, 0) + count

    # Measuring ----------------------------------------------------------------------------------------------------------------------

    def await_empty(self, database, limit, run=None):
        """Waits until no message waits, is deferred or leased; False when it is not so after `limit` seconds. Looks are taken off `run`'s commits."""
        session = Session(self.server, database)
        until = time.monotonic() + limit
        empty = False
        while not empty and time.monotonic() < until:
            time.sleep(0.5)  # a look walks over what is dead at the queue's head; the figures come from the receipts' own times
            empty = session.ask("select not exists (select from martlet_data.ready) and not exists (select from martlet_data.leased) "
                                "and not exists (select from martlet_data.due)") == [["t"]]
        session.close()
        if run:
            run.own_commits += session.statements
        return empty

    def left(self, database):
        """Messages that wait or were deferred."""
        return int(self.server.number(database, "select (select count(*) from martlet_data.ready) + (select count(*) from martlet_data.due)"))

    def now(self):
        return float(self.server.ask("select extract(epoch from clock_timestamp())")[0][0])

    def throughput(self, database, since=0):
        """Accepted messages and messages a second, from the first admission to the last acceptance after `since`, by the database's clock."""
        count, seconds = self.server.sql(database, f"""select count(*), extract(epoch from max(at) - (
            select min(admitted_at) from martlet_data.attempts where admitted_at >= to_timestamp({since})))
            from martlet_data.receipts where kind = 'accepted' and at >= to_timestamp({since})""")[0]
        if int(count) == 0:
            raise Failed(f"nothing was accepted in {database}")
        return int(count), int(count) / max(float(seconds), 0.001)

    def latencies(self, database, classes, since=0):
        """Enqueue → accepted, milliseconds, of the messages of some classes."""
        names = ", ".join(f"'{name}'" for name in classes)
        rows = self.server.sql(database, f"""select 1000 * extract(epoch from r.at - m.created_at) from martlet_data.messages m
            join martlet_data.classes c on c.id = m.class_id and c.name in ({names})
            join martlet_data.receipts r on r.message_id = m.id and r.kind = 'accepted' where m.created_at >= to_timestamp({since})""")
        return [float(row[0]) for row in rows]

    def claim_times(self, database, log_start, since=0, until=float("inf")):
        """Milliseconds of the workers' claims ahead in the marketing lane, as the server logged them."""
        found = self.server.claims(log_start, self.campaign_slots(database), until)
        return [took for at, took, ahead in found if ahead and at >= since]

    def campaign_slots(self, database):
        query = f"select slot from martlet_data.segments where kind = 'ready' and lane = {MARKETING_LANE}"
        return {int(row[0]) for row in self.server.sql(database, query)}

    def clean_pipeline(self):
        """Messages a second of one worker that drains alone, for rows that state a share of it: of the row `pipeline`, or measured now."""
        row = self.report["pipeline"]
        if row:
            return sorted(row.rates)[len(row.rates) // 2], sorted(row.p99)[len(row.p99) // 2]
        if not hasattr(self, "_clean"):
            database = self.fresh("clean", self.waiting(self.messages))
            log = self.server.log_end()
            worker = self.worker(database, rate=0.1)
            self.await_empty(database, 120)
            worker.stop()
            self._clean = self.throughput(database)[1], percentile(self.claim_times(database, log), 99)
            self.server.drop(database)
        return self._clean
