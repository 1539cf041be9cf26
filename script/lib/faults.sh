# The fault agent: what script/test (short) and script/bench (long) have in common.
# Sourced after common.sh and postgres.sh; pg_bin is known.
# shellcheck shell=bash disable=SC2154 # root and pg_bin come from those

# The same flags and features as for the tests, so that nothing is compiled twice.
faults_cargo() {
    RUSTFLAGS='--cfg erase_components' cargo build --package cms-messages --no-default-features --features ssr "$@"
}

faults_build() { faults_cargo --bin cms-messages --example agent; }

# faults_run [the agent's flags]
faults_run() {
    CMS_MESSAGES_BIN=$root/target/debug/cms-messages CMS_MESSAGES_PG_BIN=$pg_bin "$root/target/debug/examples/agent" faults "$@"
}

# The program before the newest migration (or of the commit that is named): it must work on the schema of this one
# (I17). Built from a worktree into this target folder, where its dependencies are, and put aside.
faults_previous() {
    local commit=${1:-} into=$root/target/previous
    if [ -z "$commit" ]; then
        commit=$(git log -1 --format=%H -- migrations)
        commit=$(git rev-parse --verify --quiet "$commit^") || die "there is no commit before the newest migration"
    fi
    commit=$(git rev-parse --verify "$commit^{commit}")
    [ "$(cat "$into/commit" 2>/dev/null)" != "$commit" ] || return 0
    rm -rf "$into"
    mkdir -p "$into"
    git worktree prune
    git worktree add --quiet --detach "$into/source" "$commit"
    (cd "$into/source" && CARGO_TARGET_DIR=$root/target faults_cargo --bin cms-messages)
    cp "$root/target/debug/cms-messages" "$into/cms-messages"
    git worktree remove --force "$into/source"
    echo "$commit" >"$into/commit"
}
