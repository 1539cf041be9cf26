//! What stands in for `ui/browser` on the server: the same names, and nothing happens.
