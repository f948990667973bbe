"""What the benchmark runs beside the server: workers, load, peers, pgbench. Each is ended by its own process id."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections import Counter
from pathlib import Path

from server import Failed, process_times


class Child:
    """One process; its output in a file; what it used is known while it runs and after it has ended."""

    running = []

    def __init__(self, command, output, **more):
        self.output = Path(output)
        self.command = " ".join(map(str, command))[:160]
        with open(self.output, "wb") as file:
            self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=file, stderr=file, **more)
        self.usage = None
        self.peak = 0
        Child.running.append(self)

    def cpu(self):
        """CPU seconds until now, or until its end."""
        if self.usage:
            return self.usage.ru_utime + self.usage.ru_stime
        return process_times(Path(f"/proc/{self.process.pid}/stat").read_text())[1]

    def memory(self, peak=True):
        """Resident, MiB. Not from getrusage: that begins with what this program had when it forked."""
        try:
            text = Path(f"/proc/{self.process.pid}/status").read_text()
        except FileNotFoundError:
            return self.peak
        found = {name: int(size) / 1024 for name, size in re.findall(r"(VmHWM|VmRSS):\s+(\d+)", text)}  # nothing of one that has just ended
        self.peak = max(self.peak, found.get("VmHWM", 0))
        return self.peak if peak else found.get("VmRSS", 0)

    def wait(self, limit=None):
        """Its exit code; with a limit in seconds None when it goes on."""
        until = time.monotonic() + limit if limit is not None else float("inf")
        while not self.usage:
            self.memory()
            pid, status, usage = os.wait4(self.process.pid, os.WNOHANG)
            if pid:
                self.usage = usage
                self.process.returncode = os.waitstatus_to_exitcode(status)
                Child.running.remove(self)
            elif time.monotonic() > until:
                return None
            else:
                time.sleep(0.005)
        return self.process.returncode

    def finish(self):
        """Its output, once it has ended well."""
        if self.wait() != 0:
            raise Failed(f"{self.command} ended with {self.process.returncode}:\n{self.output.read_text(errors='replace')[-2000:]}")
        return self.output.read_text(errors="replace")

    def stop(self, limit=40):
        if self.usage:
            return
        self.process.send_signal(signal.SIGTERM)
        if self.wait(limit) is None:
            self.process.kill()
            self.wait()

    @classmethod
    def stop_all(cls):
        for child in list(cls.running):
            child.stop(5)


def figures(text):
    """What martlet-load prints: `name<tab>value unit<tab>note`."""
    found = {}
    for line in text.splitlines():
        words = line.split("\t")
        try:
            found[words[0]] = float(words[1].split(" ")[0])
        except (IndexError, ValueError):
            continue
    return found


def complaints(path):
    """Warnings and errors in a worker's log, with how often each came."""
    found = Counter()
    for line in Path(path).read_text(errors="replace").splitlines():
        try:
            entry = json.loads(line)
            level, text = entry.get("level", ""), entry.get("message", entry.get("msg", ""))
        except (ValueError, AttributeError):
            level, text = "raw", line[:200]
        if level not in ("trace", "debug", "info", "notice"):
            words = [level, text]
            if level != "raw":
                words += [f"{key.strip('_')}={entry[key]}" for key in ("duty", "error", "error_") if key in entry]
            found[re.sub(r"\d+", "N", " ".join(words))[:240]] += 1
    return dict(found)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def await_port(port, child):
    until = time.monotonic() + 10
    while time.monotonic() < until and child.wait(0) is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise Failed(f"nothing listens on {port}:\n{child.output.read_text(errors='replace')[-1000:]}")


def pgbench(server, database, script, output, clients=2, transactions=80, defines=None, prepared=False, latencies=False):
    """Transactions a second, and with `latencies` how long each took, milliseconds."""
    log = Path(f"{output}.latency")
    command = [server.program("pgbench"), "-n", "-c", clients, "-j", min(clients, 2), "-t", transactions, "-M", "prepared" if prepared else "simple", "-f", script]
    for name, value in (defines or {}).items():
        command += ["-D", f"{name}={value}"]
    if latencies:
        command += ["-l", f"--log-prefix={log}"]
    text = Child([*command, server.url(database)], output).finish()
    times = []
    for path in log.parent.glob(f"{log.name}.*"):
        times += [float(line.split(" ")[2]) / 1000 for line in path.read_text().splitlines()]
        path.unlink()
    return float(re.search(r"^tps = ([\d.]+)", text, re.MULTILINE)[1]), times
