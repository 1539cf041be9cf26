//! A connection is an open file, and the usual number of those that a process may have (1,024) is far below what our
//! limits allow: the soft limit is raised as far as it may be, and connections are bounded by what that gives.

use super::Bounds;

/// Open files that are no connections of clients: the site's files, listeners, what the runtime and the driver need.
const OTHERS: u64 = 256;

/// Raises the number of open files of this process, and lowers the bounds to it where they allow more.
pub(super) fn within(bounds: Bounds, database_connections: u32) -> Bounds {
    // without an answer we go on as if nothing limited us: accepting says so, too, when there are no more
    let allowed = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(u64::MAX);
    let connections = room(bounds.connections, database_connections, allowed);
    if connections < bounds.connections {
        tracing::warn!(
            open_files = allowed,
            connections,
            wanted = bounds.connections,
            "fewer open files are allowed than [limits] streams_total wants: raise the limit of the process (LimitNOFILE, ulimit -n)"
        );
    }
    Bounds { connections, ..bounds }
}

/// How many of the wanted connections so many open files have room for; at least a few.
fn room(wanted: usize, database_connections: u32, allowed: u64) -> usize {
    let left = allowed.saturating_sub(OTHERS).saturating_sub(u64::from(database_connections));
    usize::try_from(left).unwrap_or(usize::MAX).min(wanted).max(16)
}

#[cfg(test)]
mod tests {
    use super::room;

    #[test]
    fn connections_are_bounded_by_open_files_and_never_none() {
        assert_eq!(room(24_096, 10, 1_048_576), 24_096);
        assert_eq!(room(24_096, 10, 20_000), 19_734);
        assert_eq!(room(24_096, 10, u64::MAX), 24_096);
        assert_eq!(room(24_096, 10, 64), 16);
    }
}
