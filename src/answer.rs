//! What passes between a page and the server that renders it: the status of the answer, and what the page may quote.
//!
//! The server provides an `Answer` around each render; pages call `set_status` and read `PageFacts`, which travel with
//! the page so that the browser hydrates the same HTML. Without an `Answer` (in the browser) nothing happens.

use crate::domain::time::Timestamp;
use http::StatusCode;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::{fmt, sync::Arc};

/// The server's side of one render; a context of the render.
#[derive(Clone)]
pub struct Answer {
    facts: PageFacts,
    set_status: Arc<dyn Fn(StatusCode) + Send + Sync>,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("facts", &self.facts).finish_non_exhaustive()
    }
}

impl Answer {
    /// `set_status` replaces the status of the answer that is being rendered.
    pub fn new(facts: PageFacts, set_status: impl Fn(StatusCode) + Send + Sync + 'static) -> Self {
        Self { facts, set_status: Arc::new(set_status) }
    }
}

/// What a page may quote, the same on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PageFacts {
    /// The id under which the request stands in the log.
    pub request_id: Option<String>,
    /// When the page was rendered: what "today" means until the browser's clock takes over.
    pub rendered_at: Option<Timestamp>,
}

impl PageFacts {
    /// Reads them from the server's answer, or from the page that it rendered, and provides them to all pages.
    pub fn provide() {
        let facts = SharedValue::new(|| use_context::<Answer>().map(|answer| answer.facts).unwrap_or_default());
        provide_context(facts.into_inner());
    }

    /// The facts of this page.
    #[must_use]
    pub fn current() -> Self {
        use_context().unwrap_or_default()
    }
}

/// Gives the answer that is being rendered this status; nothing in the browser.
pub fn set_status(status: StatusCode) {
    if let Some(answer) = use_context::<Answer>() {
        (answer.set_status)(status);
    }
}
