#!/usr/bin/env python3
"""Runs Deploy/quickstart, small, as a newcomer does: on a terminal, with a carrier, and with a blackout. What it prints is pasted, and every example of the
READMEs is run on its database by the role that its first line names.

usage: quickstart_test.py [NAME…]     names: install, terminal, carrier, blackout (default: all)

MARTLET_BINARIES and MARTLET_FOLDER are passed on. Needs psycopg 3. The last line is `quickstart: N passed, N failed`.
"""
import os
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = os.environ.setdefault("MARTLET_FOLDER", ".martlet/test")
ROLES = {"shop", "ann", "dashboard"}
passed, failed = 0, 0


def check(what, is_right, text=""):
    global passed, failed
    if is_right:
        passed += 1
        print(f"✔ {what}", flush=True)
    else:
        failed += 1
        print(f"✘ {what}\n{text}", flush=True)


def run(command, **options):
    """Exit code and output of a shell command, in the repository."""
    done = subprocess.run(command, shell=isinstance(command, str), executable="/bin/bash" if isinstance(command, str) else None, cwd=ROOT, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600, **options)
    return done.returncode, done.stdout


class Terminal:
    """Deploy/quickstart on a terminal of its own."""

    def __init__(self, *arguments):
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.environ["TERM"] = "xterm"
            os.execv("Deploy/quickstart", ["Deploy/quickstart", *arguments])

    def read_until(self, words, seconds):
        """True when the words have come; False when it ended or the time is over."""
        end = time.monotonic() + seconds
        while words not in self.text and time.monotonic() < end:
            if not select.select([self.fd], [], [], 1)[0]:
                continue
            try:
                data = os.read(self.fd, 65536)
            except OSError:  # the terminal is closed: it ended
                return False
            self.text += data.decode(errors="replace").replace("\r\n", "\n")
        return words in self.text

    def end(self):
        """Ctrl-C, as it is typed; the exit code."""
        os.write(self.fd, b"\x03")
        self.read_until("\0", 60)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def plain(text):
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)


def printed(text, start, end=None):
    """The lines from the one that begins so to the one that is `end`; without `end` one line."""
    lines = text.split("\n")
    first = next((n for n, line in enumerate(lines) if line.startswith(start)), None)
    if first is None:
        return f"echo 'not printed: {start}'; false"
    last = first if end is None else next(n for n, line in enumerate(lines) if n > first and line == end)
    return "\n".join(lines[first:last + 1])


def readme_examples():
    """(file, language, role, text) of every block of SQL and Python."""
    files = [ROOT / "README.md", *sorted(ROOT.glob("*/README.md")), *sorted(ROOT.glob("*/*/README.md"))]
    for file in files:
        if any(part.startswith(".") for part in file.relative_to(ROOT).parts):
            continue
        for language, text in re.findall(r"^```(sql|python)\n(.*?)^```$", file.read_text(encoding="utf-8"), re.S | re.M):
            role = re.match(r"(?:--|#) as (?:a )?([a-z]+)", text)
            yield file.relative_to(ROOT), language, role[1] if role else None, text


def examples(database):
    ran = 0
    for file, language, role, text in readme_examples():
        name = f"the example of {file} that begins {text.strip().splitlines()[min(1, text.count(chr(10)) - 1)][:60]!r} runs"
        if role == "superuser":
            check(name.replace("runs", "is what the quickstart did"), all(line in (ROOT / "Deploy/sample/roles.sql").read_text() for line in text.split("\n")[1:]), text)
        elif role not in ROLES:
            check(f"{name}: its first line names a role", False, text)
        elif language == "sql":
            code, output = psql(database, role, text)
            check(name, code == 0, output)
        else:
            code, output = run([sys.executable, "-c", f"conninfo = {f'{database} user={role}'!r}\n{text}"])
            check(name, code == 0, output)
        ran += 1
    check("the READMEs have examples", ran >= 10, str(ran))


def psql(database, role, text):
    done = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-P", "pager=off", "-d", f"{database} user={role}", "-f", "-"], input=text, text=True, cwd=ROOT,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    return done.returncode, done.stdout


def terminal():
    quickstart = Terminal("--scale", "0.05")
    try:
        served = quickstart.read_until("Ctrl-C ends them.", 600)
        text = plain(quickstart.text)
        check("on a terminal it says what it is, plays the day, and serves", served, text)
        if not served:
            return
        check("its first line says what Martlet is, the second lines how long it takes", "delivers messages" in text.split("\n")[0] and "It takes about" in text, text[:600])
        noise = [line for line in text.split("\n") if line.startswith(("applied", "warning:"))]
        check("it shows no list of migrations and no warning about its own samples", not noise, "\n".join(noise))
        check("a second one is refused before anything else", *((lambda code, output: (code == 1 and "is at work" in output and "Installing" not in output, output))(*run("Deploy/quickstart"))))
        for what, command in [
            ("the psql line it prints enqueues", printed(text, "psql ")),
            ("the Python lines it prints enqueue and ask", printed(text, "python3 - ", "PYTHON").replace("python3", sys.executable, 1)),
            ("the admin command it prints shows a message", printed(text, f"{FOLDER}/martlet message show")),
            ("the admin command it prints lists dead letters", printed(text, f"{FOLDER}/martlet dead-letters list")),
            ("the admin command it prints requeues", printed(text, f"{FOLDER}/martlet dead-letters requeue")),
        ]:
            code, output = run(command)
            check(what, code == 0 and output.strip() != "", f"{command}\n{output}")
        database = (ROOT / FOLDER / "database").read_text(encoding="utf-8").removesuffix(" user=shop")
        examples(database)
        shop = f"DATABASE_URL='{database} user=shop' {sys.executable} Deploy/example/shop.py"
        for what, command, expected in [
            ("the example shop takes an order", f"{shop} order E-1 +447700900123 £12", "is taken"), ("and does so once", f"{shop} order E-1 +447700900123 £12; true", "was taken before"),
            ("a phone that is none takes no order, and says what to do", f"{shop} order E-2 call-me £12; {shop} orders", "E.164"), ("the shop knows what became of its message", f"{shop} status E-1", "the confirmation of order E-1 is "),
        ]:
            code, output = run(command)
            check(what, code == 0 and expected in output, f"{command}\n{output}")
        check("the order without a message is not there", "E-2 is" not in run(f"{shop} orders")[1])
    finally:
        code = quickstart.end()
    check("Ctrl-C ends it", code == 130, f"{code}\n{plain(quickstart.text)[-500:]}")
    check("nothing of it runs on", not list((ROOT / FOLDER).glob("postgres/data/postmaster.pid")))


def in_a_script(*arguments):
    code, text = run(["Deploy/quickstart", *arguments])
    check(f"in a script {' '.join(arguments)} plays the day and ends", code == 0 and text.rstrip().endswith("on these data again."), text)
    return text


def carrier():
    text = in_a_script("--carrier", "smpp", "--scale", "0.05")
    check("the carrier's receipts are counted", re.search(r"[0-9] delivered, by the receipt of the carrier", text), text)


def blackout():
    text = in_a_script("--blackout", "--scale", "0.15")
    found = re.search(r"before: ([0-9,]+) by sandbox-sms, ([0-9,]+) by sandbox-sms-2; after: ([0-9,]+) by sandbox-sms, ([0-9,]+) by sandbox-sms-2.*?accepted twice: ([0-9]+)", text, re.S)
    check("the blackout comes", found is not None, text)
    if found:
        before, before_2, after, after_2, twice = (int(number.replace(",", "")) for number in found.groups())
        check("it comes when a part of the SMS has been sent, by both", before > 0 and before_2 > 0 and after > before // 4, found[0])
        check("after it the other provider takes what is left, and nothing twice", after > after_2 and twice == 0, found[0])


def install():
    with tempfile.TemporaryDirectory(prefix="martlet-install.") as folder:
        prefix = Path(folder)
        command = ["Deploy/install", "--prefix", folder, "--binaries", os.environ.get("MARTLET_BINARIES", ".build/debug")]
        code, text = run(command)
        check("Deploy/install installs below a prefix, and says what is next", code == 0 and "Next:" in text, text)
        code, text = run([f"{folder}/bin/martlet", "config", "validate", "--config", f"{folder}/etc/martlet"])
        check("what it installed is a valid policy", code == 0 and "is valid" in text, text)
        unit = (prefix / "etc/systemd/system/martlet-worker@.service").read_text(encoding="utf-8")
        check("its units name what it installed", f"ExecStart={folder}/bin/martlet-worker --config {folder}/etc/martlet/worker.yaml" in unit and "/usr/" not in unit, unit)
        (prefix / "etc/martlet/worker.yaml").write_text("# mine\n", encoding="utf-8")
        code, text = run(command)
        check("run again it leaves the configuration alone", code == 0 and (prefix / "etc/martlet/worker.yaml").read_text(encoding="utf-8") == "# mine\n", text)
        code, text = run([f"{folder}/bin/martlet", "config", "init", f"{folder}/other"])
        check("the installed program finds its examples", code == 0 and (prefix / "other/policy/classes.yaml").is_file(), text)


def main():
    parts = {"install": install, "terminal": terminal, "carrier": carrier, "blackout": blackout}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for name in sys.argv[1:] or parts:
        parts[name]()
    print(f"quickstart: {passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
