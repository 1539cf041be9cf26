# What every script starts with: the repository's root as working directory,
# the build environment, and a few words to say things with. Sourced, not run.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$root"
# shellcheck source-path=SCRIPTDIR source=../env
. "$root/script/env"
# shellcheck disable=SC2034 # for the scripts that source this
tools=$CMS_MESSAGES_TOOLS

say() { printf '==> %s\n' "$*" >&2; }
note() { printf '    %s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$1" >&2
    shift
    local line
    for line in "$@"; do printf '       %s\n' "$line" >&2; done
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }
is_root() { [ "$(id -u)" = 0 ]; }

# version_at_least 1.96.0 1.94
version_at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }

# step NAME COMMAND…: names it, runs it, says how long it took. The command runs
# in a subshell with errexit on. Never call step itself inside `if` or `||`, where
# bash would switch errexit off again: that is what try is for.
step() {
    local name=$1 started=$SECONDS status before=$-
    shift
    say "$name"
    set +e
    (
        set -e
        "$@"
    )
    status=$?
    case $before in *e*) set -e ;; esac
    if [ "$status" -ne 0 ]; then
        note "$name: failed after $((SECONDS - started)) s"
        return "$status"
    fi
    note "$name: $((SECONDS - started)) s"
}

# try NAME COMMAND…: a step that may fail; `tried` is then not 0.
try() {
    set +e
    step "$@"
    # shellcheck disable=SC2034 # for whoever called
    tried=$?
    set -e
}

# as_root COMMAND…: as root, through sudo where needed; fails when neither works.
as_root() {
    if is_root; then
        "$@"
    elif have sudo && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    elif have sudo && [ -t 0 ]; then
        sudo "$@"
    else
        return 1
    fi
}

# apt_install PACKAGE…: fails, without a word of its own, where there is no apt
# or no right to use it.
apt_install() {
    have apt-get || return 1
    as_root true || return 1
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2)
    as_root "${apt[@]}" update >/dev/null || true
    as_root "${apt[@]}" install -y --no-install-recommends "$@" >/dev/null
}

# reaches URL: a quick look, so that a closed network costs seconds, not minutes.
reaches() { have curl && curl -fsIL --max-time 8 -o /dev/null "$1" 2>/dev/null; }

# A Chromium to test with; CMS_MESSAGES_CHROMIUM names it for the browser tests.
find_browser() {
    local name
    [ -z "${CMS_MESSAGES_CHROMIUM:-}" ] || return 0
    for name in chromium chromium-browser google-chrome-stable google-chrome \
        "${PLAYWRIGHT_BROWSERS_PATH:-${XDG_CACHE_HOME:-$HOME/.cache}/ms-playwright}"/chromium-*/chrome-linux*/chrome; do
        if have "$name"; then
            CMS_MESSAGES_CHROMIUM=$(command -v "$name")
            export CMS_MESSAGES_CHROMIUM
            return 0
        fi
    done
    return 1
}

# In the other scripts: bootstrap says only what it does. It may have chosen
# another compiler, so the environment is read again.
bootstrap() {
    CMS_MESSAGES_QUIET_BOOTSTRAP=yes "$root/script/bootstrap" "$@"
    . "$root/script/env"
}
