//! The command line: `serve`, `migrate`, `user …`, `token …`, `demo …`, `audit …`.

fn main() {}
