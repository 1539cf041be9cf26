//! `sqlx::migrate!` does not notice a new migration by itself on a stable compiler: cargo is told to look.
//! For the server's half only, so that a migration does not rebuild the WebAssembly.

#![allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var_os("CARGO_FEATURE_SSR").is_some() {
        println!("cargo:rerun-if-changed=migrations");
        println!("cargo:rerun-if-changed=.sqlx");
    }
}
