# shellcheck shell=bash
# Sourced by the scripts beside it: their settings and what they share. Does nothing by itself.
# Every setting can be given in the environment.
ENGINE_STATE="${ENGINE_STATE:-${XDG_CACHE_HOME:-$HOME/.cache}/ci-steps/engine}"
ENGINE_OS_RELEASE="${ENGINE_OS_RELEASE:-/etc/os-release}"
CI_STEPS_REGISTRY="${CI_STEPS_REGISTRY:-127.0.0.1:5000}"
ENGINE_STARTED="${ENGINE_STARTED:-$(date +%s)}"
export ENGINE_STATE ENGINE_STARTED CI_STEPS_REGISTRY

say() { printf '[engine %3ds] %s\n' "$(($(date +%s) - ENGINE_STARTED))" "$*" >&2; }

# die LINE... : says each line and ends with 3, "outside" among the kit's exit codes.
die() {
    printf 'engine: %s\n' "$@" >&2
    exit 3
}

# Shown on failure only; on success the log stays in the state folder.
last_lines() { tail -n 15 "$1" | sed 's/^/    /' >&2; }

is_debian() { (. "$ENGINE_OS_RELEASE" && [[ " $ID ${ID_LIKE-} " == *" debian "* ]]) 2>/dev/null; }

# install PACKAGE... : those that are missing, from the distribution, without starting their services.
install() {
    local package missing=() policy=/usr/sbin/policy-rc.d made='' rc=0
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    ((EUID == 0)) || die "these packages are missing: ${missing[*]}" "install them, or run this once as root"
    say "installing ${missing[*]}"
    if [[ ! -e $policy ]]; then
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && made=1
    fi
    local get=(apt-get -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-unsafe-io --no-install-recommends)
    export DEBIAN_FRONTEND=noninteractive
    # Package lists may be absent or older than what the mirror still holds.
    { "${get[@]}" install "${missing[@]}" || { "${get[@]}" update && "${get[@]}" install "${missing[@]}"; }; } \
        </dev/null >>"$ENGINE_STATE/apt.log" 2>&1 || rc=$?
    [[ -z $made ]] || rm -f "$policy"
    ((rc == 0)) || { last_lines "$ENGINE_STATE/apt.log"; die "apt-get could not install ${missing[*]}" "see $ENGINE_STATE/apt.log"; }
}

# daemon NAME COMMAND... : runs on after we end; its PID is in NAME.pid, its output in NAME.log.
daemon() {
    local name=$1
    shift
    (
        # A daemon that keeps the lock, make's job pipes or the caller's "$(...)" open blocks them for ever.
        for fd in "/proc/$BASHPID/fd/"*; do
            fd=${fd##*/}
            ((fd <= 2 || fd == 255)) || exec {fd}>&-
        done
        exec setsid nohup "$@" </dev/null >>"$ENGINE_STATE/$name.log" 2>&1
    ) &
    echo $! >"$ENGINE_STATE/$name.pid"
}

# wait_for NAME SECONDS COMMAND... : until COMMAND succeeds; fails at once if the daemon NAME ends.
wait_for() {
    local name=$1 deadline=$((SECONDS + $2)) pid
    shift 2
    pid=$(<"$ENGINE_STATE/$name.pid")
    until "$@"; do
        if ! kill -0 "$pid" 2>/dev/null || ((SECONDS >= deadline)); then
            last_lines "$ENGINE_STATE/$name.log"
            die "$name did not come up" "see $ENGINE_STATE/$name.log"
        fi
        sleep 0.1
    done
}

engine_answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

# ask_registry PATH : the HTTP status of /v2/PATH; 000 where nothing answers.
ask_registry() {
    local scheme=https
    case $CI_STEPS_REGISTRY in 127.*:* | localhost:*) scheme=http ;; esac
    curl -s -o /dev/null -m 5 -w '%{http_code}' --noproxy 127.0.0.1,localhost \
        -H 'Accept: application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json' \
        "$scheme://${CI_STEPS_REGISTRY%%/*}/v2/$1" || true
}

# A registry that wants a login (401) is a registry.
registry_answers() { [[ $(ask_registry '') == 200 || $(ask_registry '') == 401 ]]; }
