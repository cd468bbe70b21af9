#!/usr/bin/env bash
# Builds the image and runs it where no container engine runs and no registry is reached: on a Debian made by debootstrap, by
# buildah, in a chroot. The root file system is read-only for it, its user an ordinary one without any capability.
# Needs root, Debian's packages buildah and debootstrap, and about three minutes; without them it says so and ends well.
set -euo pipefail
cd "$(dirname "$0")/../.."

suite=${IMAGE_CHECK_SUITE:-trixie}
for program in buildah debootstrap unshare; do
    if ! command -v "$program" >/dev/null; then
        echo "The image is not checked: $program is not installed."
        exit 0
    fi
done
if [ "$(id -u)" != 0 ]; then
    echo "The image is not checked: this needs root."
    exit 0
fi

work=$(mktemp -d)
store() { buildah --root "$work/storage" --runroot "$work/run" "$@"; }
api=''
server=''
clean_up() {
    [ -z "$server" ] || as_postgres "$server/pg_ctl" -D "$work/postgres" -m immediate stop >/dev/null 2>&1 || true
    [ -z "$api" ] || kill -KILL "$(cat "/proc/$api/task/$api/children" 2>/dev/null)" 2>/dev/null || true
    store umount --all >/dev/null 2>&1 || true
    store rm --all >/dev/null 2>&1 || true
    rm -rf --one-file-system "$work"
}
trap clean_up EXIT
as_postgres() { (cd / && runuser -u postgres -- "$@"); }
free_port() {
    python3 -c 'import socket; found = socket.socket(); found.bind(("127.0.0.1", 0)); print(found.getsockname()[1])'
}
step() { printf '%4ds  %s\n' "$SECONDS" "$*"; }

step "a base: Debian $suite with Python"
# A machine that lets nobody mount, or reaches no mirror of Debian, cannot make a base; from here on a failure is ours.
if ! { base=$(store from scratch) && root=$(store mount "$base") &&
    debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv "$suite" "$root"; } >"$work/log" 2>&1; then
    tail -n 20 "$work/log"
    echo "The image is not checked: no base can be made here."
    exit 0
fi
# It trusts whom this machine trusts, so that it reaches the same package index.
if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
    cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
fi
store umount "$base" >/dev/null
store commit --quiet "$base" localhost/base >/dev/null
store rm "$base" >/dev/null

step "the image"
store bud --isolation chroot --format docker --build-arg PYTHON_IMAGE=localhost/base \
    --build-arg REVISION="$(git rev-parse HEAD 2>/dev/null || echo unknown)" --tag localhost/tg-parser . >"$work/log" 2>&1 ||
    { tail -n 40 "$work/log"; exit 1; }
store images --format '{{.Size}}' localhost/tg-parser

step "what it says of itself"
of_image() { store inspect --type image --format "$1" localhost/tg-parser; }
[ "$(of_image '{{.Docker.Config.User}}')" = 10001:10001 ]
[ "$(of_image '{{join .Docker.Config.Entrypoint " "}}' 2>/dev/null || of_image '{{index .Docker.Config.Entrypoint 0}}')" = tg-parser ]
of_image '{{.Docker.Config.Healthcheck.Test}}' | grep -q 'tg-parser healthcheck --if-listening'
of_image '{{index .Docker.Config.Labels "org.opencontainers.image.title"}}' | grep -qx TG_parser
mapfile -t variables < <(of_image '{{range .Docker.Config.Env}}{{println .}}{{end}}' | grep '=')

step "run by buildah"
container=$(store from localhost/tg-parser)
store run --isolation chroot "$container" -- tg-parser --version
store run --isolation chroot "$container" -- tg-parser --help >/dev/null

step "run with a read-only root"
root=$(store mount "$container")
mkdir "$work/data"
chown 10001:10001 "$work/data"
chmod 0700 "$work/data"
# As `docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges -v data:/data` would, as process 1.
# shellcheck disable=SC2016
inside=(unshare --mount --pid --fork bash -euc '
    root=$1 data=$2; shift 2
    mount --make-rprivate /
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
    mount --bind "$data" "$root/data"
    mount -o remount,bind,ro "$root"
    exec chroot "$root" /usr/bin/setpriv --reuid 10001 --regid 10001 --clear-groups --no-new-privs \
        --bounding-set=-all --inh-caps=-all -- env -i HOME=/data --chdir=/data "$@"
' inside "$root" "$work/data" "${variables[@]}")
inside() { "${inside[@]}" "$@"; }
if inside touch /opt/tg-parser/written 2>/dev/null; then
    echo "The root file system can be written."
    exit 1
fi
inside tg-parser db upgrade
inside tg-parser demo --out /data/output >/dev/null 2>&1
[ -s "$work/data/output/kb_entries.ndjson" ]
inside tg-parser healthcheck --if-listening
inside tg-parser backup create
inside tg-parser backup verify --latest
inside pg_dump --version

# With the programs of the image, where this machine has a server to try them on.
if server=$(find /usr/lib/postgresql -path '*/bin/initdb' -printf '%h\n' 2>/dev/null | sort -V | tail -n 1) && [ -n "$server" ]; then
    step "a backup of PostgreSQL"
    install -d -o postgres "$work/postgres"
    chmod 0711 "$work"
    as_postgres "$server/initdb" -D "$work/postgres" -U tg_parser_user --auth=trust --encoding=UTF8 --locale=C.UTF-8 >/dev/null
    port=$(free_port)
    as_postgres "$server/pg_ctl" -D "$work/postgres" -w -l "$work/postgres/log" \
        -o "-p $port -c listen_addresses=127.0.0.1 -k $work/postgres -c fsync=off" start >/dev/null
    on_server=(env DB_TYPE=postgresql DB_HOST=127.0.0.1 DB_PORT="$port" DB_NAME=postgres)
    inside "${on_server[@]}" tg-parser db upgrade >/dev/null
    inside "${on_server[@]}" tg-parser add-source --source-id my_channel
    inside "${on_server[@]}" tg-parser backup create
    inside "${on_server[@]}" tg-parser backup verify --latest
fi

step "the API, its health check, and SIGTERM"
port=$(free_port)
"${inside[@]}" tg-parser api --port "$port" 2>"$work/api.log" &
api=$!
for _ in $(seq 100); do
    grep -q 'The API listens' "$work/api.log" && break
    kill -0 "$api" || { cat "$work/api.log"; exit 1; }
    sleep 0.2
done
inside tg-parser healthcheck --port "$port"
if inside tg-parser healthcheck --port 9 2>/dev/null; then
    echo "The health check is content with a port where nobody listens."
    exit 1
fi
kill -TERM "$(cat "/proc/$api/task/$api/children")"
wait "$api"
api=''
grep "^Stopped" "$work/api.log"

step "The image is good."
