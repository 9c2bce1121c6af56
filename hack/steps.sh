# Steps with their times. To be sourced.

source hack/progress.sh

step_names=()
step_seconds=()

# step NAME COMMAND...: runs the command, and remembers how long it took, whether it fails or not.
step() {
    local name=$1 start=$SECONDS code=0
    shift
    echo "== $name"
    with_progress "$name" "$@" || code=$?
    step_names+=("$name")
    step_seconds+=($((SECONDS - start)))
    return "$code"
}

# Where the time went.
report_steps() {
    local i
    echo "== where the time went (${SECONDS} s)"
    for i in "${!step_names[@]}"; do
        printf '%6d s  %s\n' "${step_seconds[$i]}" "${step_names[$i]}"
    done
}
