# Sourced by Deploy/test and Deploy/quickstart: Debian packages that are missing, and the Swift compiler.

as_root() {
    if [[ $(id -u) -eq 0 ]]; then "$@"; else sudo "$@"; fi
}

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# install_packages NAME…   installs those that are missing; needs root or sudo only then. Servers among them are not started.
install_packages() {
    local package missing=() policy=/usr/sbin/policy-rc.d own_policy=no code=0
    for package; do is_installed "$package" || missing+=("$package"); done
    [[ ${#missing[@]} -gt 0 ]] || return 0
    echo "== Installing ${#missing[@]} Debian packages: ${missing[*]}"
    if [[ $(id -u) -ne 0 ]] && ! command -v sudo >/dev/null; then
        echo "== Run this as root first: apt-get install --no-install-recommends ${missing[*]}"
        return 1
    fi
    # Servers among the packages must not start: we bring up our own. An existing policy is left alone.
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null && as_root chmod 755 $policy
        own_policy=yes
    fi
    { as_root apt-get update -q &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"; } || code=$?
    if [[ $own_policy == yes ]]; then as_root rm -f $policy; fi
    if [[ $code -ne 0 ]]; then echo "== apt-get failed with $code"; fi
    return $code
}

# The names in Deploy/packages.txt, one a line.
packages() { grep -vE '^(#|[[:space:]]*$)' Deploy/packages.txt; }

have_swift() {
    command -v swift >/dev/null && return
    echo "== There is no swift on PATH; this needs Swift 6.3 (https://www.swift.org/install/linux/)"
    return 1
}
