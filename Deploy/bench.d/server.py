"""A private PostgreSQL: its server, its databases, and what it says about itself."""

import mmap
import os
import pwd
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

# What the README tells operators to set; durability is the default (fsync and synchronous_commit on).
TUNED = {"shared_buffers": "1GB", "max_wal_size": "8GB", "checkpoint_timeout": "15min", "autovacuum_naptime": "10s"}
# For worker sessions only: their statements with how long each took, in the server's log. %n is the time, seconds since 1970.
LOGGED = "-c log_min_duration_sample=0 -c log_statement_sample_rate={rate} -c log_parameter_max_length=24"
CLAIM = re.compile(rb"^(\d+\.\d+) (\d+) LOG:  duration: ([\d.]+) ms  execute .*?/\* ClaimReady \*/", re.MULTILINE)
SEGMENT = re.compile(rb"martlet_data\.ready_(\d+)")
TICK = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """Something that the benchmark needs went wrong; the text says what."""


def run(command, check=True, **more):
    """The standard output of a command that must end with 0."""
    done = subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
    if check and done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))[:200]} ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def process_times(text):
    """Parent, CPU seconds, and CPU seconds of ended and awaited children, of one /proc/PID/stat."""
    fields = text.rsplit(")", 1)[1].split()
    return int(fields[1]), (int(fields[11]) + int(fields[12])) / TICK, (int(fields[13]) + int(fields[14])) / TICK


class Server:
    def __init__(self):
        self.binaries = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        self.folder = Path(tempfile.mkdtemp(prefix="martlet-bench.", dir="/var/tmp"))
        self.log = self.folder / "log"
        self.port = random.randint(20000, 29999)
        self.process = self.admin = None
        self.own_user = []
        if os.geteuid() == 0:  # servers of PostgreSQL refuse to run as root
            user = pwd.getpwnam("postgres")
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self.own_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]

    def start(self):
        run([*self.own_user, self.binaries / "initdb", "--no-instructions", "-A", "trust", "-U", "postgres", "-E", "UTF8",
             "--locale=C.UTF-8", "-D", self.folder / "data"], cwd=self.folder)
        # Nothing is counted except in databases that say so.
        counting = {"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track": "none"}
        settings = {**TUNED, **counting, "max_connections": 300, "listen_addresses": "", "log_line_prefix": "%n %p ", "unix_socket_directories": self.folder, "port": self.port}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with open(self.log, "ab") as log:
            # A session of its own keeps a terminal's Ctrl-C away from it; should we be killed, it ends by itself.
            self.process = subprocess.Popen(
                [*self.own_user, "setpriv", "--pdeathsig", "INT", str(self.binaries / "postgres"), "-D", str(self.folder / "data"), *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder, start_new_session=True)
        until = time.monotonic() + 30
        while subprocess.run([self.binaries / "pg_isready", "-q", "-h", self.folder, "-p", str(self.port)]).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > until:
                raise Failed(f"PostgreSQL did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.1)
        self.admin = Session(self, "postgres")

    def stop(self):
        if self.admin:
            self.admin.close()
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def program(self, name):
        """Not the one on PATH: that is Debian's wrapper, which takes longer to start than a question to be answered."""
        return str(self.binaries / name)

    def url(self, database, rate=None):
        """A connection string; with `rate` that share of the session's statements is logged."""
        options = f" options='{LOGGED.format(rate=rate)}'" if rate else ""
        return f"host={self.folder} port={self.port} user=postgres dbname={database}{options}"

    def cpu(self):
        """CPU seconds of the server and of all its backends, those that have ended too."""
        path = Path(f"/proc/{self.process.pid}/stat")
        while True:
            _, own, ended = process_times(path.read_text())
            living = self.children_cpu()
            if process_times(path.read_text())[2] == ended:  # else one has ended meanwhile, and is in neither or in both
                return own + ended + living

    def children_cpu(self):
        total = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent, used, awaited = process_times(path.read_text())
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == self.process.pid:
                total += used + awaited
        return total

    # Everything below is asked from the database `postgres`, so that it does not count as work of the one that is measured.
    def ask(self, text):
        return self.admin.ask(text)

    def sql(self, database, text):
        """Rows, each a list of texts, of a session that ends with it: what it did is in the statistics then."""
        answer = run([self.program("psql"), "-qAtX", "-F", "\t", "-v", "ON_ERROR_STOP=1", self.url(database), "-c", text])
        return [line.split("\t") for line in answer.splitlines()]

    def number(self, database, text):
        return float(self.sql(database, text)[0][0] or "nan")

    def make(self, name, template=None):
        """A database; a copy of `template` with its settings, which CREATE DATABASE leaves behind."""
        self.drop(name)
        if not template:
            return self.ask(f"create database {name}")
        self.ask(f"create database {name} template {template} strategy file_copy")
        for (setting,) in self.ask(f"select unnest(setconfig) from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase where d.datname = '{template}'"):
            key, value = setting.split("=", 1)
            self.ask(f"alter database {name} set {key} = '{value}'")

    def drop(self, name):
        self.ask(f"drop database if exists {name} with (force)")

    def wal(self):
        return int(self.ask("select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::int8")[0][0])

    def commits(self, database, settled=True):
        """Once the sessions of a database have ended their figures are in; one that is busy reports every second."""
        seen = -1
        for _ in range(30 if settled else 1):
            now = int(self.ask(f"select xact_commit from pg_stat_database where datname = '{database}'")[0][0])
            others = self.ask(f"select count(*) from pg_stat_activity where datname = '{database}' and backend_type = 'client backend'")[0][0]
            if now == seen and others == "0":
                break
            seen = now
            time.sleep(0.4)
        return seen

    def dead_tuples(self, database):
        rows = self.sql(database, "select coalesce(sum(n_dead_tup), 0) from pg_stat_user_tables where schemaname = 'martlet_data'")
        return int(rows[0][0])

    def claims(self, start, lane_slots, until=float("inf")):
        """(time, milliseconds, whether it looked ahead) of each logged claim of the segments given, from byte `start` of the log on. Those that
        do not look ahead sweep behind the worker's hint, below an upper bound, for what was committed late."""
        found = []
        with open(self.log, "rb") as log, mmap.mmap(log.fileno(), 0, access=mmap.ACCESS_READ) as text:
            for match in CLAIM.finditer(text, start):
                segment = SEGMENT.search(text, match.end(), match.end() + 400)
                if not segment or int(segment[1]) not in lane_slots or float(match[1]) >= until:
                    continue
                bounds = re.compile(rb"%b DETAIL:  parameters: \$1 = '\d+', \$2 = '(\d+)'" % match[2]).search(text, match.end(), match.end() + 8000)
                found.append((float(match[1]), float(match[3]), not bounds or int(bounds[1]) == 2**63 - 1))
        return found

    def forget_log(self):
        """The server appends, so it goes on at the beginning."""
        os.truncate(self.log, 0)

    def log_end(self):
        return self.log.stat().st_size


class Session:
    """One psql that stays: for what must go on inside a transaction, and for looks that shall not cost a connection each."""

    def __init__(self, server, database):
        self.statements = 0
        quiet = {**os.environ, "PGOPTIONS": "-c client_min_messages=error"}
        self.process = subprocess.Popen([server.program("psql"), "-qAtX", "-F", "\t", server.url(database)], text=True, bufsize=1, env=quiet,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def ask(self, text):
        self.statements += 1
        self.process.stdin.write(text.rstrip().rstrip(";") + ";\n\\echo ~~\n")
        self.process.stdin.flush()
        rows, error = [], ""
        while (line := self.process.stdout.readline()) != "~~\n":
            if line == "" or line.startswith(("ERROR:", "FATAL:", "psql: error:")):
                error = error or line.strip() or "psql has ended"
                if line == "":
                    break
            rows.append(line.rstrip("\n").split("\t"))
        if error:
            raise Failed(f"{text[:200]}: {error}")
        return rows

    def close(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # it has ended by itself
        self.process.wait()
