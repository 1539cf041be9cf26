//! What a screen was asked with (the query of a GET, the form of a POST), and the fields that show it again.
//!
//! A refusal keeps what was typed: the field that is wrong says why, below itself, and is named by its label.

use crate::{
    error::{Code, Error},
    server::{middleware::body, state::AppState, urlencoded},
};
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use http::{Method, request::Parts};
use leptos::prelude::*;
use std::{collections::BTreeMap, str::FromStr};

/// No field of a screen is called that.
const ABOUT: &str = ".about";

/// Names and values as they came, and why they were refused.
#[derive(Debug, Clone, Default)]
pub struct Form {
    fields: BTreeMap<String, String>,
    error: Option<Error>,
}

impl Form {
    /// With these values.
    pub fn of(fields: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self { fields: fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(), error: None }
    }

    /// What was refused, to be shown again.
    #[must_use]
    pub fn refused(self, error: Error) -> Self {
        Self { error: Some(error), ..self }
    }

    /// Which of several forms of a screen this was.
    #[must_use]
    pub fn about(mut self, form: &'static str) -> Self {
        self.fields.insert(ABOUT.to_owned(), form.to_owned());
        self
    }

    /// This form and an empty one when it was that form of a screen, else the other way round.
    #[must_use]
    pub fn split(self, form: &str) -> (Self, Self) {
        if self.field(ABOUT) == form { (self, Self::default()) } else { (Self::default(), self) }
    }

    /// A field as it was typed; empty when it was not sent.
    #[must_use]
    pub fn field(&self, name: &str) -> String {
        self.fields.get(name).cloned().unwrap_or_default()
    }

    /// A field without the blanks around it; nothing when nothing is left.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<String> {
        self.fields.get(name).map(|value| value.trim()).filter(|value| !value.is_empty()).map(str::to_owned)
    }

    /// A field that has to be read as something, when it was given.
    ///
    /// # Errors
    /// `invalid` with this reason when it cannot be.
    pub fn parsed<T: FromStr>(&self, name: &str, reason: &str) -> Result<Option<T>, Error> {
        self.given(name).map(|value| value.parse().map_err(|_| Error::invalid(name, reason))).transpose()
    }

    /// Why this field was refused.
    #[must_use]
    pub fn reason(&self, name: &str) -> Option<String> {
        self.error.as_ref().and_then(|error| error.fields.get(name)).cloned()
    }

    /// Why the whole was refused, where no field is to blame.
    #[must_use]
    pub fn problem(&self) -> Option<String> {
        self.error.as_ref().filter(|error| error.fields.is_empty()).map(|error| error.detail.clone())
    }

    /// Whether it is shown again.
    #[must_use]
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }
}

impl FromRequest<AppState> for Form {
    type Rejection = Error;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Error> {
        let (parts, body) = request.into_parts();
        let bytes = if matches!(parts.method, Method::GET | Method::HEAD) {
            parts.uri.query().unwrap_or_default().as_bytes().to_vec()
        } else {
            axum::body::to_bytes(body, body::MAX_BYTES).await.map_err(|_| Error::new(Code::TooLarge))?.to_vec()
        };
        let fields = urlencoded::fields(&bytes).ok_or_else(|| Error::new(Code::MalformedRequest))?;
        Ok(Self { fields, error: None })
    }
}

/// The `{id}` of the path. Malformed is 404, like unknown.
#[derive(Debug, Clone, Copy)]
pub struct Id<T>(pub T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Error::not_found())?;
        let id = params.iter().find(|(name, _)| *name == "id").and_then(|(_, value)| value.parse().ok());
        id.map(Self).ok_or_else(Error::not_found)
    }
}

/// Why a form was refused as a whole: stands above its fields, and is read out.
#[component]
pub fn Problem<'a>(
    /// The form.
    form: &'a Form,
) -> impl IntoView + use<> {
    form.error().map(|error| {
        view! {
            <p class="field-error" role="alert">
                {error.detail.clone()}
            </p>
        }
    })
}

/// A label, a control of one line, a hint, and the reason when it was refused.
#[component]
pub fn Field<'a>(
    /// Holds the value and the reason.
    form: &'a Form,
    /// The field's name, and the control's id.
    name: &'static str,
    /// Its label.
    label: &'static str,
    /// `text`, `date`, `datetime-local` …
    #[prop(default = "text")]
    kind: &'static str,
    /// What is expected, below the control.
    #[prop(optional)]
    hint: &'static str,
    /// An example, in the empty control.
    #[prop(optional)]
    example: &'static str,
    /// Whether it has to be given.
    #[prop(optional)]
    required: bool,
    /// The most characters.
    #[prop(optional, into)]
    maxlength: Option<usize>,
    /// The id of a list of what is usually written here.
    #[prop(optional)]
    list: &'static str,
) -> impl IntoView + use<> {
    let below = Below::of(form, name, hint);
    let list = (!list.is_empty()).then_some(list);
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <input
                class="field-control"
                id=name
                name=name
                type=kind
                value=form.field(name)
                placeholder=(!example.is_empty()).then_some(example)
                required=required
                maxlength=maxlength
                list=list
                // Firefox shows no list where it is off
                autocomplete=list.is_none().then_some("off")
                aria-invalid=below.invalid()
                aria-describedby=below.described_by()
            />
            {below.view()}
        </div>
    }
}

/// The same for a text of several lines.
#[component]
pub fn TextArea<'a>(
    /// Holds the value and the reason.
    form: &'a Form,
    /// The field's name, and the control's id.
    name: &'static str,
    /// Its label.
    label: &'static str,
    /// What is expected, below the control.
    #[prop(optional)]
    hint: &'static str,
    /// Whether it has to be given.
    #[prop(optional)]
    required: bool,
    /// The most characters.
    #[prop(optional, into)]
    maxlength: Option<usize>,
) -> impl IntoView + use<> {
    let below = Below::of(form, name, hint);
    // HTML drops one line break right after the tag
    let text = format!("\n{}", form.field(name));
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <textarea
                class="field-control"
                id=name
                name=name
                required=required
                maxlength=maxlength
                aria-invalid=below.invalid()
                aria-describedby=below.described_by()
            >
                {text}
            </textarea>
            {below.view()}
        </div>
    }
}

/// One of several values.
#[component]
pub fn Choice<'a>(
    /// Holds the value and the reason.
    form: &'a Form,
    /// The field's name, and the control's id.
    name: &'static str,
    /// Its label.
    label: &'static str,
    /// Values with the words for them, in order.
    options: Vec<(String, String)>,
    /// What is expected, below the control.
    #[prop(optional)]
    hint: &'static str,
) -> impl IntoView + use<> {
    let below = Below::of(form, name, hint);
    let chosen = form.field(name);
    let options = options.into_iter().map(|(value, words)| {
        let selected = value == chosen;
        view! {
            <option value=value selected=selected>
                {words}
            </option>
        }
    });
    view! {
        <div class="field">
            <label for=name>{label}</label>
            <select class="field-control" id=name name=name aria-invalid=below.invalid() aria-describedby=below.described_by()>
                {options.collect_view()}
            </select>
            {below.view()}
        </div>
    }
}

/// What stands below a control: the reason, else the hint.
struct Below {
    id: String,
    reason: Option<String>,
    hint: &'static str,
}

impl Below {
    fn of(form: &Form, name: &str, hint: &'static str) -> Self {
        Self { id: format!("{name}_hint"), reason: form.reason(name), hint }
    }

    fn invalid(&self) -> Option<&'static str> {
        self.reason.is_some().then_some("true")
    }

    fn described_by(&self) -> Option<String> {
        (self.reason.is_some() || !self.hint.is_empty()).then(|| self.id.clone())
    }

    fn view(self) -> Option<AnyView> {
        let Self { id, reason, hint } = self;
        match reason {
            Some(reason) => Some(view! { <p class="field-error" id=id>{reason}</p> }.into_any()),
            None if hint.is_empty() => None,
            None => Some(view! { <p class="field-hint" id=id>{hint}</p> }.into_any()),
        }
    }
}
