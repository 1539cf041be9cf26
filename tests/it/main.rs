//! One integration binary: a file per noun, each test on a database of its own (`support`).

mod support;

mod changes;
mod concurrency;
mod conversations;
mod grants;
mod messages;
mod model;
mod people_search;
mod queries;
mod receipts;
mod rest;
