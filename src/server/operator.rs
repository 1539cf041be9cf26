//! Who works at the command line: they hold the database's credentials, and that is their authorisation.
//!
//! Handed to the service functions that no request may reach (people, tokens, the export of the audit log). It is never
//! made from a request: such a function cannot be called from a handler by mistake. Its audit entries have no actor.

use crate::server::db::pool::Pool;

/// Proof that the caller runs the program itself.
#[derive(Clone)]
pub struct Operator {
    /// Connections that work as `cms_messages_app`, without the server's time limits.
    pub pool: Pool,
}
