#!/usr/bin/env bash
# Every day at BACKUP_AT (HH:MM, UTC): a backup, the retention of BACKUP_KEEP_*, and a trial of restoring what was made.
# While the last backup failed or was not good, the file of BACKUP_FAILED_FLAG is there, for a health check to see.
set -uo pipefail

at=${BACKUP_AT:-03:15}
flag=${BACKUP_FAILED_FLAG:-/tmp/backup-failed}
if ! [[ $at =~ ^([01][0-9]|2[0-3]):[0-5][0-9]$ ]]; then
    echo "BACKUP_AT: '$at' is not a time of day such as 03:15." >&2
    exit 2
fi

back_up() {
    if tg-parser backup create && tg-parser backup verify --latest; then
        rm -f "$flag"
    else
        touch "$flag"
        return 1
    fi
}

# One backup at once, and its exit code: for a trial, or a timer of the host's own.
if [ "${1:-}" = --once ]; then
    back_up
    exit
fi

# A shell that waits for `sleep` hears no signal, one that runs `wait` does.
trap 'kill "${running:-}" 2>/dev/null; exit 0' TERM INT
while true; do
    now=$(date -u +%s)
    next=$(date -u -d "today $at" +%s)
    [ "$next" -gt "$now" ] || next=$(date -u -d "tomorrow $at" +%s)
    echo "The next backup is made at $(date -u -d "@$next" '+%Y-%m-%d %H:%M') UTC."
    sleep $((next - now)) &
    running=$!
    wait "$running"
    back_up &
    running=$!
    wait "$running"
done
