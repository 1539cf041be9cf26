//! Who is signed in, and the frame of the CMS around the module. Provided by the layout, constant while the page lives.

use crate::domain::{session::CmsFrame, user::User};
use leptos::prelude::*;

/// The signed-in user and the CMS around the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewerState {
    /// The viewer.
    pub user: User,
    /// Name, help and navigation of the CMS.
    pub cms: CmsFrame,
}

impl ViewerState {
    /// The viewer of the page; only below the layout.
    #[must_use]
    pub fn expect() -> Self {
        expect_context()
    }
}
