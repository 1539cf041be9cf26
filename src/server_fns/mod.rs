//! Isomorphic server functions: called in the browser, run on the server. Bodies are context -> service.
