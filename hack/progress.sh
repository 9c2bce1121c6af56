# A line at least every 10 s from commands that may be silent for long. To be sourced.

# with_progress NAME COMMAND...: runs the command; while it runs, says so on standard error.
with_progress() {
    local name=$1 code=0 ticker
    shift
    report_progress "$name" >/dev/null &
    ticker=$!
    "$@" || code=$?
    kill "$ticker" 2>/dev/null || true
    return "$code"
}

# The sleep is waited for in the background, so that it ends with us: it would hold the caller's pipes open.
report_progress() {
    local seconds=0 sleeper
    trap 'kill "$sleeper" 2>/dev/null; exit' TERM
    while kill -0 $$ 2>/dev/null; do
        sleep 10 &
        sleeper=$!
        wait "$sleeper"
        seconds=$((seconds + 10))
        echo "($1: at work, $seconds s)" >&2
    done
}
