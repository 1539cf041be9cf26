//! The departments that there are, offered where one is typed: one that is written in two ways is two departments, and a rule
//! of the policy is about one of them.

use crate::{
    error::Error,
    server::{context::Context, service::user_records},
};
use leptos::prelude::*;

/// The id of the list, for the fields.
pub const DEPARTMENTS: &str = "departments";

/// All that anybody is in.
///
/// # Errors
/// `forbidden`.
pub async fn known(ctx: &Context) -> Result<Vec<String>, Error> {
    user_records::departments(ctx).await
}

/// The list; once on a screen.
#[component]
pub fn Departments(
    /// Their names.
    known: Vec<String>,
) -> impl IntoView {
    let options = known.into_iter().map(|name| view! { <option value=name></option> });
    view! { <datalist id=DEPARTMENTS>{options.collect_view()}</datalist> }
}
