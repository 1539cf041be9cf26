//! What a refused plain form says when its page is shown again.
//!
//! The server puts it into the context of the render; the page reads it as a shared value, so that the browser
//! hydrates the same page. Passwords never come back.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The field in which a page with several forms is told which of them was refused.
pub const FORM: &str = "form";

/// The reason, and the values to show again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FormFlash {
    /// Why it was refused; `None` on an ordinary page.
    pub reason: Option<String>,
    /// Values of the fields to show again, never passwords.
    pub fields: BTreeMap<String, String>,
}

impl FormFlash {
    /// The value of a field to show again; empty when there is none.
    #[must_use]
    pub fn field(&self, name: &str) -> String {
        self.fields.get(name).cloned().unwrap_or_default()
    }

    /// Why it was refused, if it is this one of the forms of its page.
    #[must_use]
    pub fn reason_of(&self, form: &str) -> Option<String> {
        self.reason.clone().filter(|_| self.field(FORM) == form)
    }
}
