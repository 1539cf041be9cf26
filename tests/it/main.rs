//! One integration binary: a file per noun, each test on a database of its own (`support`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a test may fail loudly; clippy.toml covers the tests themselves, not their helpers"
)]

mod support;

mod access_matrix;
mod admins_only;
mod audit_counts;
mod audit_log;
mod audit_search;
mod believed;
mod cancelled;
mod changes;
mod concurrency;
mod conversations;
mod csrf;
mod demo;
mod draining;
mod enumeration;
mod errors;
mod forms;
mod grants;
mod groups;
mod headers;
mod health;
mod hints;
mod hostile_input;
mod import;
mod layers;
mod live;
mod live_wire;
mod malformed;
mod messages;
mod metrics;
mod model;
mod openapi;
mod overload;
mod own_sessions;
mod pages;
mod people_admin;
mod people_api;
mod people_cli;
mod people_import;
mod people_instances;
mod people_screens;
mod people_search;
mod plans;
mod policy;
mod policy_agrees;
mod policy_cli;
mod policy_live;
mod policy_screen;
mod proxy;
mod queries;
mod receipts;
mod rest;
mod restore;
mod retry;
mod review_exports;
mod reviews;
mod seal;
mod sessions;
mod signed_out_forms;
mod slow_clients;
mod theft;
mod too_much;
mod verify;
