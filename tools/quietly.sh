# Long commands with short output, for ./dev, which reads this file: `quietly LABEL COMMAND...`.

# How far a line says that a command is, as $far: apt-get's status lines, the counters of ninja.
read_progress() {
    case $1 in
    dlstatus:*:*:* | pmstatus:*:*:*)
        far=${1#*:*:}
        far=${far%%[.:]*}
        case $1 in
        dl*) far="fetching, $far %" ;;
        *) far="installing, $far %" ;;
        esac
        ;;
    \[*/*\]*)
        far=${1%%\]*}
        far=${far#\[}
        ;;
    *) return 1 ;;
    esac
}

# Copies what a command prints to the log, and shows how far it is: on a terminal in place, else a
# line every 20 seconds.
follow() {
    shown=$(date +%s)
    while IFS= read -r line; do
        printf '%s\n' "$line" >&3
        read_progress "$line" || continue
        if [ -t 1 ]; then
            printf '\r%-12s ... %-20s' "$label" "$far"
            continue
        fi
        now=$(date +%s)
        [ $((now - shown)) -ge 20 ] || continue
        shown=$now
        printf '%s\n%-12s ... ' "$far" "$label"
    done
    [ ! -t 1 ] || printf '\r%-12s ... %-20s\r%-12s ... ' "$label" "" "$label"
}

# Runs a command with its output in build/LABEL.log, and shows that only when the command fails.
quietly() {
    label=$1
    shift
    mkdir -p build
    log=build/$label.log
    start=$(date +%s)
    printf '%-12s ... ' "$label"
    { { "$@" 2>&1 </dev/null || say "quietly: exit $?"; } | follow; } 3>"$log"
    if [ "$(tail -n 1 "$log" | cut -d' ' -f1,2)" != "quietly: exit" ]; then
        say "done ($(($(date +%s) - start)) s)"
        return
    fi
    say "failed"
    grep -v -e '^dlstatus:' -e '^pmstatus:' -e '^quietly: exit' "$log" >&2
    fail "$label failed; the output above is in $log"
}
