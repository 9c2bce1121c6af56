# A control plane, a git server and the operator as background processes, with all they write in one directory.
# To be sourced; STATE is that directory. Every process is listed in $STATE/processes as "PID PROGRAM".

# start NAME PROGRAM ARGUMENTS...: runs a program in the background; its output goes to $STATE/NAME.log.
start() {
    local name=$1 program=$2
    shift 2
    nohup "$program" "$@" >>"$STATE/$name.log" 2>&1 </dev/null &
    echo "$! $program" >>"$STATE/processes"
}

# Ends what `start` started, in this run or an earlier one. A number that belongs to another program now is left alone.
stop_processes() {
    local pid program deadline=$((SECONDS + 10))
    [ -e "$STATE/processes" ] || return 0
    while read -r pid program; do
        if is_running "$pid" "$program"; then kill "$pid" 2>/dev/null || true; fi
    done <"$STATE/processes"
    while read -r pid program; do
        while is_running "$pid" "$program" && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.1; done
        if is_running "$pid" "$program"; then kill -9 "$pid" 2>/dev/null || true; fi
    done <"$STATE/processes"
    rm -f "$STATE/processes"
}

is_running() {
    ps -p "$1" -o args= 2>/dev/null | grep -qF "$2"
}

# wait_until WHAT SECONDS COMMAND...: a line each 5 s; fails when the time is over or a process has ended.
wait_until() {
    local what=$1 limit=$2 start=$SECONDS said=$SECONDS
    shift 2
    until "$@" >/dev/null 2>&1; do
        if [ $((SECONDS - said)) -ge 5 ]; then
            echo "  (waiting for $what, $((SECONDS - start)) s)"
            said=$SECONDS
        fi
        if [ $((SECONDS - start)) -ge "$limit" ]; then
            echo "gave up waiting for $what after $limit s; the logs are in $STATE" >&2
            return 1
        fi
        all_running || return 1
        sleep 0.2
    done
}

all_running() {
    local pid program
    while read -r pid program; do
        if ! is_running "$pid" "$program"; then
            echo "$program has ended; the logs are in $STATE:" >&2
            tail -n 5 "$STATE"/*.log >&2
            return 1
        fi
    done <"$STATE/processes"
}

start_control_plane() {
    start control-plane "$1" --data-dir "$STATE/control-plane" --kubeconfig "$STATE/kubeconfig" \
        --ready-file "$STATE/control-plane-ready"
    wait_until "the control plane" 120 test -e "$STATE/control-plane-ready"
}

# Serves the bare repositories in $STATE/repositories; sets GIT_URL.
start_git_server() {
    mkdir -p "$STATE/repositories"
    start git-server "$1" --root "$STATE/repositories"
    wait_until "the git server" 20 grep -q '^listening ' "$STATE/git-server.log"
    GIT_URL=$(sed -n 's/^listening //p' "$STATE/git-server.log")
}

# Runs `inhaul controller` against $KUBECONFIG; sets METRICS_PORT and HEALTH_PORT.
start_operator() {
    local program=$1 storage_port
    read -r METRICS_PORT HEALTH_PORT storage_port <<<"$(free_ports 3)"
    export RUNTIME_NAMESPACE=flux-system
    start operator "$program" controller --controllers=source,kustomize --storage-path="$STATE/storage" \
        --storage-addr="127.0.0.1:$storage_port" --storage-adv-addr="127.0.0.1:$storage_port" \
        --metrics-addr="127.0.0.1:$METRICS_PORT" --health-addr="127.0.0.1:$HEALTH_PORT" --enable-leader-election
    wait_until "the operator" 60 answers "$HEALTH_PORT" /readyz
}

# answers PORT PATH: whether a GET on loopback is answered with 200. In bash alone: curl need not be there.
answers() {
    get "$1" "$2" | head -1 | grep -q ' 200'
}

get() {
    exec 3<>"/dev/tcp/127.0.0.1/$1"
    printf 'GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "$2" >&3
    cat <&3
    exec 3>&-
}

# Ports below the range that connections get, that nobody listens on.
free_ports() {
    local wanted=$1 port=$((20000 + RANDOM % 8000)) found=()
    while [ ${#found[@]} -lt "$wanted" ]; do
        port=$((port + 1))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then found+=("$port"); fi
    done
    echo "${found[*]}"
}
