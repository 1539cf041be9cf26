# Postgres clusters of our own: a lasting one for script/server, throw-away ones
# for tests and benchmarks. Both listen on a Unix socket in a private directory
# and nowhere else, so nobody but their owner (and root) can reach them.
# Postgres refuses to run as root: there it runs as the user `postgres`.
# Sourced after common.sh.
# shellcheck shell=bash disable=SC2154 # root comes from common.sh

pg_data= # data directory of the cluster that pg_start_* started
pg_bin=
pg_socket=

# Finds the newest Postgres >= 15, or installs one. pg_find [MAJOR]: exactly that.
pg_find() {
    local want=${1:-} dir version
    pg_bin=
    for dir in $(printf '%s\n' /usr/lib/postgresql/*/bin /usr/pgsql-*/bin | sort -rV) \
        "$(dirname "$(command -v pg_ctl || echo /nonexistent/pg_ctl)")"; do
        if [ ! -x "$dir/initdb" ] || [ ! -x "$dir/postgres" ]; then continue; fi
        version=$("$dir/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
        if [ "${want:-$version}" = "$version" ] && [ "$version" -ge 15 ]; then
            pg_bin=$dir
            return
        fi
    done
    return 1
}

pg_require() {
    pg_find "$@" && return
    [ $# -eq 0 ] || die "the cluster below .local was made by PostgreSQL $1, which is not installed any more" \
        "install it again, or move the data over with pg_upgrade"
    try "PostgreSQL (Debian package)" apt_install postgresql
    pg_find || die "PostgreSQL 15 or newer is missing" \
        "install it (Debian, Ubuntu: apt-get install postgresql) and run this again" \
        "or set DATABASE_URL to a database that you have (script/server only)"
}

pg_owner() {
    if is_root; then
        id postgres >/dev/null 2>&1 || die "root cannot run PostgreSQL, and there is no user 'postgres' to run it as"
        echo postgres
    else
        id -un
    fi
}

# As the cluster's owner, from a directory that everybody can enter.
pg_as_owner() (
    cd /
    if ! is_root; then
        "$@"
    elif have runuser; then
        runuser -u postgres -- "$@"
    else
        setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
    fi
)

pg_locale() {
    if locale -a 2>/dev/null | grep -qiE '^C\.utf-?8$'; then echo C.UTF-8; else echo C; fi
}

# pg_initdb DIR [initdb's flags]
pg_initdb() {
    local dir=$1
    shift
    # Local trust is safe here: the socket's directory is closed to everybody else.
    pg_as_owner "$pg_bin/initdb" --pgdata="$dir" --username=postgres --auth=trust \
        --encoding=UTF8 --locale="$(pg_locale)" "$@" >/dev/null
}

# pg_boot DATA SOCKET_DIR LOG [postgres' flags]: waits until it answers.
pg_boot() {
    local data=$1 socket=$2 log=$3
    shift 3
    local flags="-c listen_addresses= -c unix_socket_directories='$socket' -c unix_socket_permissions=0700 $*"
    pg_as_owner "$pg_bin/pg_ctl" start --silent --wait --timeout=120 --pgdata="$data" --log="$log" --options="$flags" ||
        {
            as_root tail -n 20 "$log" >&2 || tail -n 20 "$log" >&2 || true
            die "PostgreSQL did not start; its log is $log"
        }
    pg_data=$data
    pg_socket=$socket
    pg_psql postgres -c "select 1 from pg_database where datname = 'cms_messages'" | grep -q 1 ||
        pg_psql postgres -c 'create database cms_messages'
    DATABASE_URL=$(pg_url cms_messages)
    export DATABASE_URL
}

# pg_psql DATABASE [psql's flags], as the superuser of our cluster.
pg_psql() {
    local database=$1
    shift
    "$pg_bin/psql" -XAtq -v ON_ERROR_STOP=1 -h "$pg_socket" -U postgres -d "$database" "$@"
}

pg_url() { printf 'postgres:///%s?host=%s&user=postgres\n' "$1" "$(pg_escape "$pg_socket")"; }

# A path inside a URL's query.
pg_escape() { printf '%s' "$1" | sed -e 's/%/%25/g' -e 's/ /%20/g' -e 's/&/%26/g' -e 's/#/%23/g' -e 's/+/%2B/g'; }

# For tests and benchmarks: gone when pg_stop_throwaway runs. What it keeps is not
# worth a disk flush, so fsync is off unless a caller says otherwise.
pg_start_throwaway() {
    pg_require
    pg_scratch=$(mktemp -d "${TMPDIR:-/tmp}/cms-messages-pg.XXXXXX")
    mkdir "$pg_scratch/socket"
    if is_root; then chown -R "$(pg_owner)" "$pg_scratch"; fi
    chmod 700 "$pg_scratch" "$pg_scratch/socket"
    pg_initdb "$pg_scratch/data" --no-sync
    pg_boot "$pg_scratch/data" "$pg_scratch/socket" "$pg_scratch/log" \
        -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
        -c max_connections=200 -c shared_buffers=256MB -c max_wal_size=4GB "$@"
}

pg_stop_throwaway() {
    [ -n "${pg_scratch:-}" ] || return 0
    pg_as_owner "$pg_bin/pg_ctl" stop --silent --mode=immediate --pgdata="$pg_scratch/data" >/dev/null 2>&1 || true
    rm -rf "$pg_scratch"
    pg_scratch=
}

# For script/server: lasting, with every safety of a real one (fsync is on).
# The caller holds .local/lock, so whatever still runs there is a leftover.
pg_start_private() {
    local owner base data socket
    pg_private_paths
    base=$pg_private_base data=$base/postgres socket=$pg_private_socket
    pg_require
    owner=$(pg_owner)
    if [ ! -s "$data/PG_VERSION" ]; then
        say "making a private PostgreSQL cluster in $data"
        mkdir -p "$data"
        chmod 700 "$data"
        if is_root; then chown "$owner" "$data"; fi
        pg_initdb "$data"
    elif ! pg_as_owner test -r "$data/PG_VERSION"; then
        die "$data belongs to another user" "run this as that user, or remove the folder (it holds the demo data only)"
    fi
    pg_require "$(pg_as_owner cat "$data/PG_VERSION")"
    mkdir -p "$socket"
    chmod 700 "$socket"
    if is_root; then chown "$owner" "$socket"; fi
    pg_as_owner "$pg_bin/pg_ctl" stop --silent --mode=fast --pgdata="$data" >/dev/null 2>&1 || true
    pg_boot "$data" "$socket" "$data/server.log"
}

# Where it lives: in .local/, unless the user postgres cannot get there (a checkout
# below a closed home directory), then below /var/lib. A socket's path has 107 bytes.
pg_private_paths() {
    pg_private_base=$root/.local
    mkdir -p "$pg_private_base"
    if is_root && ! pg_as_owner test -x "$pg_private_base"; then
        pg_private_base=/var/lib/cms-messages/$(printf '%s' "$root" | cksum | cut -d ' ' -f 1)
        mkdir -p "$pg_private_base"
        [ -s "$pg_private_base/postgres/PG_VERSION" ] ||
            note "the user postgres cannot reach $root, so the data goes to $pg_private_base"
    fi
    pg_private_socket=$pg_private_base/run
    if [ ${#pg_private_socket} -gt 80 ]; then
        pg_private_socket=/tmp/cms-messages-$(id -u)-$(printf '%s' "$root" | cksum | cut -d ' ' -f 1)
    fi
}

pg_stop_private() {
    [ -n "$pg_data" ] || return 0
    pg_as_owner "$pg_bin/pg_ctl" stop --silent --mode=fast --pgdata="$pg_data" >/dev/null 2>&1 || true
    pg_data=
}
