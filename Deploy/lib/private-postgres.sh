# Sourced by Deploy/test and Deploy/quickstart: a PostgreSQL server of our own, stopped by its own process id.

as_postgres=() # servers of PostgreSQL refuse to run as root
if [[ $(id -u) -eq 0 ]]; then as_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups); fi
postgres_pid=''

postgres_binaries() { # a folder: the newest of Debian's, or another (other-postgres.sh)
    if [[ -n ${MARTLET_POSTGRES_BINARIES:-} ]]; then echo "$MARTLET_POSTGRES_BINARIES"; else ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1; fi
}

# postgres_init FOLDER [OPTION…]   makes FOLDER/data; FOLDER is there and belongs to the user that the server will run as.
postgres_init() {
    local folder=$1
    (cd "$folder" && "${as_postgres[@]}" "$(postgres_binaries)/initdb" --no-instructions -A trust -U postgres -E UTF8 \
        --locale=C.UTF-8 -D "$folder/data" "${@:2}") >"$folder/initdb" 2>&1 && return
    cat "$folder/initdb"
    echo "== initdb failed"
    return 1
}

# postgres_start FOLDER PORT [-c SETTING=VALUE…]   socket and log in FOLDER; sets postgres_pid and returns when it takes connections.
# A session of its own keeps a Ctrl-C of the terminal away from it: the script that started it stops it last. Should its starter be
# killed, it ends by itself.
postgres_start() {
    local folder=$1 port=$2 binaries
    binaries=$(postgres_binaries)
    exec 4<>"$folder/log"
    (cd "$folder" && exec setsid "${as_postgres[@]}" setpriv --pdeathsig INT "$binaries/postgres" -D "$folder/data" -p "$port" \
        -k "$folder" "${@:3}") </dev/null >&4 2>&1 4>&- &
    postgres_pid=$!
    exec 4>&-
    for _ in {1..300}; do
        "$binaries/pg_isready" -q -h "$folder" -p "$port" && return
        kill -0 "$postgres_pid" 2>/dev/null || break
        sleep 0.1
    done
    cat "$folder/log"
    echo "== PostgreSQL did not start"
    return 1
}

postgres_stop() {
    [[ -n $postgres_pid ]] || return 0
    kill -INT "$postgres_pid" 2>/dev/null && wait "$postgres_pid" || true
    postgres_pid=''
}
