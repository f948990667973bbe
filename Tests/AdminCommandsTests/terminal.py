"""Runs a command on a terminal of its own and prints what it shows there.

usage: terminal.py COLUMNS ROWS SECONDS KEYS COMMAND…   KEYS are typed as soon as the command has written something; after SECONDS (0: never)
the command gets Ctrl-C. The exit code is the command's.
"""
import fcntl, os, pty, select, signal, struct, sys, termios, time

columns, rows, seconds, keys = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4].encode().decode("unicode_escape")
pid, terminal = pty.fork()
if pid == 0:
    # The size must be there before the command asks.
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    os.execvp(sys.argv[5], sys.argv[5:])
end = time.monotonic() + seconds if seconds else None
shown = b""
while True:
    ready, _, _ = select.select([terminal], [], [], 0.1)
    if ready:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the command has ended
            break
        if not part:
            break
        shown += part
        if keys:
            os.write(terminal, keys.encode())
            keys = ""
    if end and time.monotonic() > end:
        os.write(terminal, b"\x03")
        end = time.monotonic() + 5
sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
sys.stdout.flush()
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) & 0xFF)
