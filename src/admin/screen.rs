//! The frame of every admin screen: the CMS's menu, the tabs, a heading. Renders a view into a whole page, or an error into
//! the same frame under its own status.

use crate::{
    domain::{session::CmsFrame, unread::Unread},
    error::{Code, Error},
    server::{context::Context, service::unread},
    ui::components::{
        document_head::DocumentHead,
        icon::{Icon, Mark},
    },
};
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use leptos::{config::LeptosOptions, prelude::*};

/// No script at all; everything else from here.
const CONTENT_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self' data:; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// The parts of the administration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    /// The audit log.
    Audit,
    /// Reading other people's conversations.
    Reviews,
    /// Who may sign in, as what.
    People,
    /// Who may write to whom.
    Policy,
}

impl Tab {
    /// All of them, in their order.
    const ALL: &'static [Self] = &[Self::Audit, Self::Reviews, Self::People, Self::Policy];

    fn path(self) -> &'static str {
        match self {
            Self::Audit => "/admin/audit",
            Self::Reviews => "/admin/reviews",
            Self::People => "/admin/people",
            Self::Policy => "/admin/policy",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Audit => "Audit log",
            Self::Reviews => "Reviews",
            Self::People => "People",
            Self::Policy => "Policy",
        }
    }
}

/// What a screen shows within its frame.
#[derive(Debug)]
pub struct Sheet {
    /// The heading, and the page's title.
    pub title: String,
    /// One sentence below it.
    pub lead: &'static str,
    /// What can be done with the whole, beside the heading.
    pub action: AnyView,
    /// The rest.
    pub body: AnyView,
    /// 200, or the status of the refusal that the screen tells of.
    pub status: StatusCode,
}

impl Sheet {
    /// A screen that is as it was asked for.
    pub fn new(title: impl Into<String>, lead: &'static str, body: impl IntoView + 'static) -> Self {
        Self { title: title.into(), lead, action: ().into_any(), body: body.into_any(), status: StatusCode::OK }
    }

    /// The same with something to do beside the heading.
    #[must_use]
    pub fn with_action(self, action: impl IntoView + 'static) -> Self {
        Self { action: action.into_any(), ..self }
    }

    /// The same under the status of this refusal, which the screen itself tells of.
    #[must_use]
    pub fn refused(self, error: Option<&Error>) -> Self {
        Self { status: error.map_or(self.status, Error::status), ..self }
    }
}

/// The screen for what a service came to, in its frame; an error in the same frame.
pub async fn show<T: Send>(ctx: &Context, tab: Tab, outcome: Result<T, Error>, sheet: impl FnOnce(T) -> Sheet + Send) -> Response {
    let unread = match unread::count(ctx).await {
        Ok(unread) => unread,
        // not even the frame can be shown
        Err(error) => return error.into_response(),
    };
    let frame = Frame {
        options: ctx.state.leptos.clone(),
        cms: ctx.state.settings.cms.frame(),
        unread,
        tab: (!matches!(outcome, Err(Error { code: Code::Forbidden, .. }))).then_some(tab),
    };
    let retry_after = outcome.as_ref().err().and_then(|error| error.retry_after);
    // its own owner: nothing of a render is left behind, and none finds another's
    let (status, html) = Owner::new().with(|| {
        let sheet = match outcome {
            Ok(value) => sheet(value),
            Err(error) => refusal(error, &ctx.request_id),
        };
        (sheet.status, document(frame, sheet).to_html())
    });
    let mut response = (status, Html(html)).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY);
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// What stands around a sheet.
struct Frame {
    options: LeptosOptions,
    cms: CmsFrame,
    unread: Unread,
    /// None for who may not be here.
    tab: Option<Tab>,
}

fn document(frame: Frame, sheet: Sheet) -> impl IntoView {
    let Frame { options, cms, unread, tab } = frame;
    // `<title>` takes text as it is: no tag in the name of the CMS
    let title = format!("{} · {}", sheet.title, cms.name).replace('<', "‹");
    let tabs = tab.map(|current| {
        let links = Tab::ALL.iter().map(|tab| {
            view! {
                <a href=tab.path() aria-current=(*tab == current).then_some("page")>
                    {tab.word()}
                </a>
            }
        });
        view! {
            <nav class="page-tabs" aria-label="Administration">
                {links.collect_view()}
            </nav>
        }
    });
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <DocumentHead options=options/>
                <title>{title}</title>
            </head>
            <body>
                <div class="app">
                    <a class="skip_link" href="#main">
                        "Skip to content"
                    </a>
                    {menu(cms, unread, tab.is_some())}
                    <main id="main" class="page" tabindex="-1">
                        <div class="page-body">
                            <header class="page-header">
                                <div>
                                    <h1>
                                        <bdi>{sheet.title}</bdi>
                                    </h1>
                                    <p>{sheet.lead}</p>
                                </div>
                                {sheet.action}
                            </header>
                            {tabs}
                            {sheet.body}
                        </div>
                    </main>
                </div>
            </body>
        </html>
    }
}

/// The navigation of the CMS, as the rest of the module has it (`ui/layout.rs`).
fn menu(cms: CmsFrame, unread: Unread, is_admin: bool) -> impl IntoView {
    let links = cms.links.into_iter().enumerate().map(|(index, link)| {
        view! {
            <li>
                <a class="menu-item" href=link.href data-wide=index.gt(&1)>
                    <Icon name=link.icon/>
                    <span>{link.label}</span>
                </a>
            </li>
        }
    });
    let admin = is_admin.then(|| {
        view! {
            <li data-end>
                <a class="menu-item" href="/admin" aria-current="page">
                    <Icon name="audit"/>
                    <span>"Admin"</span>
                </a>
            </li>
        }
    });
    let badge = Unread::badge(unread.messages).map(|count| {
        view! {
            <span class="unread_badge">
                {count} <span class="visually_hidden">" unread messages"</span>
            </span>
        }
    });
    view! {
        <nav class="menu" aria-label="CMS">
            <a class="menu-brand" href="/messages">
                <Mark/>
                <span class="visually_hidden">{cms.name} ", messages"</span>
            </a>
            <ul class="menu-items">
                {links.collect_view()}
                <li>
                    <a class="menu-item" href="/messages">
                        <Icon name="messages"/>
                        <span>"Messages"</span>
                        {badge}
                    </a>
                </li>
                {admin}
                <li data-end=!is_admin>
                    <a class="menu-item" href="/settings">
                        <Icon name="settings"/>
                        <span>"Settings"</span>
                    </a>
                </li>
            </ul>
        </nav>
    }
}

/// What happened, what to do, and the request id to quote. Never a cause.
fn refusal(error: Error, request_id: &str) -> Sheet {
    let (title, advice) = match error.code {
        Code::Forbidden => ("This is for administrators", "Your role has changed, or the link was meant for somebody else."),
        Code::NotFound => ("There is nothing here", "The link may be old, or it was never there."),
        Code::Unavailable | Code::RateLimited => ("This page could not be shown", "Nothing was changed. Try again in a moment."),
        _ => ("This page could not be shown", "Go back, and try again."),
    };
    let status = error.status();
    let body = view! {
        <div class="error_view" role="alert">
            <p>{error.detail}</p>
            <p>{advice}</p>
            <dl>
                <dt>"Request"</dt>
                <dd>
                    <code>{request_id.to_owned()}</code>
                </dd>
            </dl>
            <a class="button" href="/messages">
                "To the messages"
            </a>
        </div>
    };
    Sheet { status, ..Sheet::new(title, "", body) }
}
