#!/bin/bash
# OpenSMTPD 6.8.0p2-4+b4 (Debian 12): the last word about a lost mail is "delayed".
#
# A good engineer would guess: when a queued mail outlives `queue ttl`, the
# sender gets a final report with "Action: failed" (as after a 5xx refusal).
# True here: the envelope is dropped, and the only report ever sent about it
# carries "Action: delayed" and "Status: 4.4.7", with a text that calls it a
# temporary failure and says that the mail stays in the queue.
# A reader of bounces should not wait for "failed" without an end: after any
# "delayed" report it needs a deadline of its own. The text line about the
# recipient ("Envelope expired") tells this report from a real interim one;
# Status 4.4.7 alone is no proof, as other servers may use it while they go on.
#
# Needs: root on Debian 12 amd64, apt lists, unshare, python3. Everything runs
# in private mount, process and network namespaces (only their own loopback)
# below one temporary folder; the system itself is not changed.
set -euo pipefail

VERSION='6.8.0p2-4+b4'
TTL=10           # seconds a mail may stay in the queue
DEADLINE=90      # seconds for the whole run inside the namespaces
QUIET=12         # seconds to watch for a second notice after the queue is empty

die() { echo "FAIL: $*" >&2; exit 1; }

if [ "${1:-}" != --inside ]; then
    # ---- outer part: fetch the package, enter the namespaces, clean up ----
    [ "$(id -u)" = 0 ] || die "this script has to be run as root (it uses mount namespaces and two user ids)"
    for tool in apt-get dpkg dpkg-deb ldd unshare chroot mount python3; do
        command -v "$tool" >/dev/null || die "the tool '$tool' is missing"
    done
    self=$(readlink -f "$0")
    T=$(mktemp -d)
    child=
    cleanup() {
        trap - EXIT INT TERM
        if [ -n "$child" ] && kill -0 "$child" 2>/dev/null; then
            # unshare ignores TERM; with --kill-child its process namespace ends with it
            kill -KILL "$child" 2>/dev/null || true
            wait "$child" 2>/dev/null || true
        fi
        for _ in 1 2 3; do
            rm -rf --one-file-system -- "$T" 2>/dev/null && break
            sleep 1
        done
    }
    trap cleanup EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    chmod 755 "$T"
    mkdir "$T/deb" "$T/pkg"
    get() {
        (cd "$T/deb" && apt-get -qq -o APT::Sandbox::User=root download "$1") >"$T/apt.log" 2>&1 ||
            { cat "$T/apt.log" >&2; die "apt-get could not download $1"; }
    }
    get "opensmtpd=$VERSION"
    got=$(dpkg-deb -f "$T"/deb/opensmtpd_*.deb Version)
    [ "$got" = "$VERSION" ] || die "expected opensmtpd $VERSION, got $got"
    echo "package: opensmtpd $got"
    dpkg -x "$T"/deb/opensmtpd_*.deb "$T/pkg"
    if ldd "$T/pkg/usr/sbin/smtpd" | grep -q 'not found'; then
        for lib in libevent-2.1-7 libdb5.3 libpam0g libssl3 libcrypt1 zlib1g libaudit1 libcap-ng0; do
            get "$lib"
            dpkg -x "$T"/deb/"$lib"_*.deb "$T/pkg"
        done
    fi
    unshare --mount --pid --net --fork --kill-child --propagation private \
        bash "$self" --inside "$T" &
    child=$!
    rc=0
    wait "$child" || rc=$?
    child=
    exit "$rc"
fi

# ---- inner part: process 1 of the private namespaces ----
T=$2
R=$T/root
mkdir -p "$R"/{etc,dev,proc,usr,pkg,run,tmp} "$R/var/spool/smtpd" "$R/var/lib/opensmtpd/empty"
ln -s ../run "$R/var/run"
for d in bin sbin lib lib64; do
    [ ! -L "/$d" ] || ln -s "usr/$d" "$R/$d"
    [ -L "/$d" ] || [ ! -d "/$d" ] || { mkdir "$R/$d"; mount --bind "/$d" "$R/$d"; }
done
mount --bind /usr "$R/usr"
mount --bind "$T/pkg" "$R/pkg"
mount --bind /dev "$R/dev"
mount -t proc proc "$R/proc"

cat >"$R/etc/passwd" <<'END'
root:x:0:0:root:/:/bin/sh
opensmtpd:x:64101:64101:mail server:/var/lib/opensmtpd/empty:/usr/sbin/nologin
opensmtpq:x:64102:64102:mail queue:/var/lib/opensmtpd/empty:/usr/sbin/nologin
END
cat >"$R/etc/group" <<'END'
root:x:0:
opensmtpd:x:64101:
opensmtpq:x:64102:
END
echo 'passwd: files
group: files
hosts: files' >"$R/etc/nsswitch.conf"
echo '127.0.0.1 localhost' >"$R/etc/hosts"
echo 'mta.example.com' >"$R/etc/mailname"
: >"$R/etc/resolv.conf"
chmod 711 "$R/var/spool/smtpd"

# The network namespace is new, so its only interface is an idle loopback.
# The sinks: one next hop that answers 451 or 550 to RCPT, one mailbox host.
cat >"$T/sink.py" <<'END'
import fcntl, os, socket, socketserver, struct, sys

box = sys.argv[1]
probe = socket.socket()
fcntl.ioctl(probe, 0x8914, struct.pack("16sH14x", b"lo", 1 | 64))   # lo up
probe.close()


class Session(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        self.say("220 sink.example.net ready")
        while True:
            line = self.rfile.readline()
            if not line:
                return
            verb = line[:4].upper()
            if verb == b"RCPT" and b"<later@" in line:
                with open(os.path.join(box, "tries"), "a") as f:
                    f.write("451\n")
                self.say("451 4.3.0 not now")
            elif verb == b"RCPT" and b"<never@" in line:
                self.say("550 5.1.1 nobody here by that name")
            elif verb == b"DATA":
                self.say("354 go on")
                text = b""
                while True:
                    line = self.rfile.readline()
                    if not line:
                        return
                    if line == b".\r\n":
                        break
                    text += line[1:] if line.startswith(b".") else line
                n = sum(name.endswith(".eml") for name in os.listdir(box))
                tmp = os.path.join(box, "new")
                with open(tmp, "wb") as f:
                    f.write(text.replace(b"\r\n", b"\n"))
                os.rename(tmp, os.path.join(box, "%d.eml" % n))
                self.say("250 2.0.0 kept")
            elif verb == b"QUIT":
                self.say("221 2.0.0 bye")
                return
            else:
                self.say("250 2.0.0 ok")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


def free():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


server = Server(("127.0.0.1", 0), Session)
with open(os.path.join(box, "ports.new"), "w") as f:
    f.write("%d %d\n" % (server.server_address[1], free()))
os.rename(os.path.join(box, "ports.new"), os.path.join(box, "ports"))
server.serve_forever()
END

cat >"$T/send.py" <<'END'
import smtplib, sys
from email.message import EmailMessage
from email.utils import formatdate

port, rcpt = int(sys.argv[1]), sys.argv[2]
m = EmailMessage()
m["From"] = "ann@example.com"
m["To"] = rcpt
m["Subject"] = "lunch"
m["Date"] = formatdate()
m["Message-ID"] = "<%s.1@example.com>" % rcpt.split("@")[0]
m.set_content("See you at noon.\n")
with smtplib.SMTP("127.0.0.1", port, timeout=20) as s:
    s.send_message(m, "ann@example.com", [rcpt])
END

# Prints one field of the delivery-status part of a notice.
cat >"$T/field.py" <<'END'
import email, sys

with open(sys.argv[1], "rb") as f:
    m = email.message_from_binary_file(f)
for part in m.walk():
    if part.get_content_type() == "message/delivery-status":
        for block in part.get_payload():
            if block[sys.argv[2]]:
                print(block[sys.argv[2]])
END

box=$T/box
mkdir "$box"
SECONDS=0
daemon=
await() {     # await "what" command...
    local what=$1; shift
    until "$@"; do
        [ -z "$daemon" ] || kill -0 "$daemon" 2>/dev/null ||
            { cat "$T/smtpd.log" >&2; die "smtpd ended while waiting for: $what"; }
        [ "$SECONDS" -lt "$DEADLINE" ] ||
            { cat "$T/ctl.log" "$T/smtpd.log" >&2 || true; die "no sign within $DEADLINE s of: $what"; }
        sleep 0.5
    done
}
notices() { find "$box" -name '*.eml' | wc -l; }
have() { [ "$(notices)" -ge "$1" ]; }
inroot() {    # inroot gid command...
    local gid=$1; shift
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        LD_LIBRARY_PATH=/pkg/usr/lib/x86_64-linux-gnu:/pkg/lib/x86_64-linux-gnu \
        chroot --userspec="0:$gid" "$R" "$@"
}
# smtpctl is installed with the group id of the queue; here it gets it directly.
ctl() { inroot 64102 /pkg/usr/sbin/smtpctl "$@"; }
queue() { ctl show queue; }
queue_empty() { local q; q=$(queue) && [ -z "$q" ]; }
queue_one() { local q; q=$(queue) && [ -n "$q" ]; }
running() { ctl show stats >"$T/ctl.log" 2>&1; }

python3 "$T/sink.py" "$box" &
await "the sink" test -e "$box/ports"
read -r sink port <"$box/ports"

cat >"$R/etc/smtpd.conf" <<END
queue ttl ${TTL}s
listen on 127.0.0.1 port $port
action "out" relay host "smtp://127.0.0.1:$sink"
match from local for any action "out"
END
chmod 644 "$R/etc/smtpd.conf"

inroot 0 /pkg/usr/sbin/smtpd -d -f /etc/smtpd.conf >"$T/smtpd.log" 2>&1 &
daemon=$!
await "smtpd to answer smtpctl" running
queue_empty || die "the queue is not empty at the start"

# Control: a recipient refused for good is reported as failed.
python3 "$T/send.py" "$port" never@example.net
await "the notice about the refused recipient" have 1
control=$(python3 "$T/field.py" "$box/0.eml" Action)
echo "control, next hop said 550: Action: $control, Status: $(python3 "$T/field.py" "$box/0.eml" Status)"
[ "$control" = failed ] || die "after a 550 the Action is '$control', no longer 'failed'"
await "the queue to be empty after the control" queue_empty

# The case: a recipient put off with 451 until the ttl is over.
sent=$SECONDS
python3 "$T/send.py" "$port" later@example.net
await "the mail to be tried once" test -s "$box/tries"
await "the mail to show up in the queue" queue_one
echo "mail queued, next hop said 451, ttl ${TTL}s"
await "the notice about the expired mail" have 2
echo "notice came after about $((SECONDS - sent)) s"

n=$box/1.eml
action=$(python3 "$T/field.py" "$n" Action)
status=$(python3 "$T/field.py" "$n" Status)
final=$(python3 "$T/field.py" "$n" Final-Recipient)
echo "notice: Final-Recipient: $final"
echo "notice: Action: $action"
echo "notice: Status: $status"
temporary=$(grep -m1 'only a temporary failure report' "$n" | sed 's/^ *//') || true
kept=$(grep -m1 'message is kept in the queue' "$n" | sed 's/^ *//') || true
why=$(grep -m1 '^later@example.net: ' "$n") || true
echo "notice text: ${why:-(no line about the recipient)}"
echo "notice text: ${temporary:-(no such line)}"
echo "notice text: ${kept:-(no such line)}"
[ "$final" = 'rfc822; later@example.net' ] || die "the second notice is about '$final', not about the expired mail"
[ "$action" = delayed ] || die "the last notice says Action '$action', no longer 'delayed'"
[ "$status" = 4.4.7 ] || die "the last notice says Status '$status', no longer '4.4.7'"
[ -n "$temporary" ] || die "the last notice no longer calls itself a temporary failure report"
[ "$why" = 'later@example.net: Envelope expired' ] || die "the last notice no longer says 'Envelope expired' next to the recipient"
[ -n "$kept" ] || die "the last notice no longer says that the mail is kept in the queue"

# And yet the mail is gone: in the log, in the queue and on disk.
expired=$(grep -c 'Expire for .*to=<later@example.net>' "$T/smtpd.log") || true
echo "smtpd log: lines saying that the envelope expired: $expired"
[ "$expired" = 1 ] || die "smtpd's log does not say once that the envelope expired"
await "the queue to be empty after the notice" queue_empty
sleep "$QUIET"
left=$(queue)
files=$(find "$R/var/spool/smtpd" -type f | wc -l)
total=$(notices)
tries=$(wc -l <"$box/tries")
echo "$QUIET s later: smtpctl show queue: '${left}', files in the spool: $files, attempts at delivery: $tries, notices about this mail: $((total - 1))"
[ -z "$left" ] || die "smtpctl show queue still lists a mail"
[ "$files" = 0 ] || die "the spool still holds $files file(s)"
[ "$total" = 2 ] || die "a further notice came after the one that says delayed"
[ "$tries" = 1 ] || die "the mail was tried again after its last notice"
echo "PASS: the mail is dropped, and the last word about it says 'Action: delayed'"
