//! What somebody has left behind who signed out while their page was not alive yet: the sign-in page forgets it.

use crate::{browser, ui::state::drafts};
use leptos::{prelude::*, task::spawn_local};

/// Forgets the drafts of this tab, and what waited to be sent by the one who signed out, once this page is alive.
pub fn forget_them() {
    Effect::new(|_| {
        let Some(who) = browser::parted::who() else { return };
        browser::drafts::forget(drafts::PREFIX);
        spawn_local(async move {
            if browser::outbox_store::forget(&who).await {
                browser::parted::is_done();
            }
        });
    });
}
