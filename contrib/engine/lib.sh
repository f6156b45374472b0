# shellcheck shell=bash
# Sourced by the scripts beside it: their settings and what they share. Does nothing by itself.
# Every setting can be given in the environment.
ENGINE_STATE="${ENGINE_STATE:-${XDG_CACHE_HOME:-$HOME/.cache}/ci-steps/engine}"
ENGINE_PUBLIC="${ENGINE_PUBLIC:-docker.io}" # where public images are pulled from
ENGINE_OS_RELEASE="${ENGINE_OS_RELEASE:-/etc/os-release}"
LABEL=engine # what the lines of progress begin with
CI_STEPS_REGISTRY="${CI_STEPS_REGISTRY:-127.0.0.1:5000}"
ENGINE_STARTED="${ENGINE_STARTED:-$(date +%s)}"
export ENGINE_STATE ENGINE_OS_RELEASE ENGINE_STARTED

say() { printf '[%s %3ds] %s\n' "$LABEL" "$(($(date +%s) - ENGINE_STARTED))" "$*" >&2; }

# die LINE... : says each line and ends with 3, which means "outside" everywhere in the kit.
die() {
    printf "$LABEL: %s\n" "$@" >&2
    exit 3
}

# failed LOG LINE : dies showing the end of a log that is otherwise kept quiet.
failed() {
    tail -n 5 "$1" | sed 's/^/    /' >&2
    die "$2" "the whole log is $1"
}

can_install() {
    # shellcheck source=/dev/null
    ((EUID == 0)) && (. "$ENGINE_OS_RELEASE" && [[ " $ID ${ID_LIKE-} " =~ \ (debian|ubuntu)\  ]]) 2>/dev/null
}

# install PACKAGE... : those that are missing, from the distribution, without starting their services.
install() (
    missing=() policy=/usr/sbin/policy-rc.d
    can_install || die "missing: $*" "install it, or run this once as root on Debian or Ubuntu"
    exec 8>"$ENGINE_STATE/apt.lock" # apt waits for dpkg's lock if told to, but not for that of its lists
    flock 8
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed' || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    say "installing ${missing[*]}"
    if [[ ! -e $policy ]]; then
        trap 'rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
    fi
    get=(apt-get -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-unsafe-io --no-install-recommends)
    export DEBIAN_FRONTEND=noninteractive
    # Package lists may be absent, or older than what the mirror still holds.
    { "${get[@]}" install "${missing[@]}" || { "${get[@]}" update && "${get[@]}" install "${missing[@]}"; }; } \
        </dev/null >>"$ENGINE_STATE/apt.log" 2>&1 || failed "$ENGINE_STATE/apt.log" "apt-get could not install ${missing[*]}"
)

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

# runs PID NAME... : whether the process lives, is no zombie, and is one of these programs.
runs() {
    local pid=$1 state
    shift
    [[ $pid =~ ^[0-9]+$ ]] && state=$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$pid/status" 2>/dev/null) || return 1
    [[ -n $state && $state != [ZX] && " $* " == *" $(<"/proc/$pid/comm") "* ]]
}

# wait_for NAME COMMAND... : until COMMAND succeeds; fails after WAIT_SECONDS (60), or at once if the daemon NAME ends.
wait_for() {
    local name=$1 deadline=$((SECONDS + ${WAIT_SECONDS:-60})) pid
    shift
    pid=$(<"$ENGINE_STATE/$name.pid")
    until "$@"; do
        if ! kill -0 "$pid" 2>/dev/null || ((SECONDS > deadline)); then
            failed "$ENGINE_STATE/$name.log" "$name did not come up"
        fi
        sleep 0.1
    done
}

engine_answers() { docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

is_loopback() { [[ $1 == 127.*:* || $1 == localhost:* ]]; }

# status REGISTRY PATH : the HTTP status of its /v2/PATH; 000 where nothing answers.
status() {
    local scheme=https
    ! is_loopback "$1" || scheme=http
    curl -s -o /dev/null -m 4 -w '%{http_code}' --noproxy 127.0.0.1,localhost \
        -H 'Accept: application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json' \
        "$scheme://${1%%/*}/v2/$2" || true
}

# A registry that wants a login (401) is a registry.
answers() { [[ $(status "$1" '') =~ ^(200|401)$ ]]; }
registry_answers() { answers "$CI_STEPS_REGISTRY"; }
public_answers() { answers "${ENGINE_PUBLIC/#docker.io/registry-1.docker.io}"; }
