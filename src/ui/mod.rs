//! What people see: rendered on the server, hydrated in the browser.
