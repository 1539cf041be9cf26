//! The viewer's own settings: who they are, notifications and keys of this device, the password, where they are signed in,
//! the way out. A section is a file below.

mod account;
mod device;
mod own_sessions;
mod password;

use crate::{error::Error, ui::components::icon::Icon};
use leptos::prelude::*;

/// `/settings`
#[component]
pub fn Settings() -> impl IntoView {
    view! {
        <main id="main" class="page" tabindex="-1">
            <div class="page-body" data-measure="narrow">
                <header class="page-header">
                    <div>
                        <h1>"Settings"</h1>
                    </div>
                </header>
                <account::Account/>
                <device::Device/>
                <password::OwnPassword/>
                <own_sessions::OwnSessions/>
            </div>
        </main>
    }
}

fn reason(error: &Error) -> String {
    error.fields.values().next().cloned().unwrap_or_else(|| error.detail.clone())
}

/// Why it was not done.
#[component]
fn Refused(reason: String) -> impl IntoView {
    view! {
        <p class="field-error">
            <Icon name="alert"/>
            {reason}
        </p>
    }
}
