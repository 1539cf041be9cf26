//! The pages: rendered by leptos as a whole (`SsrMode::Async`), with the content policy that their scripts need.
//!
//! A render runs to its end in a task of its own, also when its client has gone: what leptos has begun and nobody drives
//! to its end stays in memory. So abandoned renders are bounded in number and in time, and cost nothing afterwards.

use crate::{
    answer::{Answer, PageFacts},
    app,
    domain::{form::FormFlash, time::Timestamp},
    error::{Code, Error},
    server::{
        context::Context,
        middleware::{authenticate, request_id, signed_in},
        state::AppState,
    },
};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use http::{HeaderValue, StatusCode, header};
use leptos::{
    nonce::use_nonce,
    prelude::{Owner, provide_context, use_context},
};
use leptos_axum::{AxumRouteListing, LeptosRoutes, ResponseOptions};
use std::{
    future::poll_fn,
    pin::pin,
    sync::{Arc, LazyLock, OnceLock},
    time::Duration,
};
use tokio::sync::Semaphore;
use tracing::Instrument;

/// Renders at once; the rest wait for their turn.
static TURNS: Semaphore = Semaphore::const_new(32);

/// Neither the turn nor the render takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// In development the page listens for a finished build on another port.
static RELOADS: LazyLock<bool> = LazyLock::new(|| std::env::var_os("LEPTOS_WATCH").is_some());

/// The application's own table of pages. Made once: while leptos walks through the application for it, nothing loads in the
/// whole process (`leptos_server::SuppressResourceLoad`), and a page that is rendered in that moment never comes to its end.
static LISTING: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| {
    let mut routes = leptos_axum::generate_route_list(app::App);
    routes.retain(|route| route.path() != "/");
    routes
});

/// The pages; the root leads to the inbox.
pub fn router() -> Router<AppState> {
    Router::new().route("/", get(|| async { Redirect::to("/messages") })).leptos_routes_with_handler(LISTING.clone(), page)
}

async fn page(State(state): State<AppState>, request: Request) -> Result<Response, Error> {
    render(&state, request, FormFlash::default()).await
}

/// What no route knows: 404, for who is signed in as a page with the frame around it.
///
/// # Errors
/// `not_found` for strangers, who get no render.
pub async fn not_found(state: &AppState, mut request: Request) -> Result<Response, Error> {
    authenticate::identify(state, &mut request).await?;
    let context = request.extensions().get::<Context>().ok_or_else(Error::not_found)?;
    signed_in::count(context)?;
    context.viewer().map_err(|_| Error::not_found())?;
    let mut response = render(state, request, FormFlash::default()).await?;
    if response.status() == StatusCode::OK {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    Ok(response)
}

/// Renders the page of this path with what a refused form has to say.
///
/// # Errors
/// `unavailable` when there is no turn, or the page does not come to an end, in time.
pub async fn render(state: &AppState, request: Request, flash: FormFlash) -> Result<Response, Error> {
    let turn = tokio::time::timeout(PATIENCE, TURNS.acquire()).await;
    let Ok(Ok(turn)) = turn else { return Err(Error::unavailable()) };
    let provided = state.clone();
    let shell = state.leptos.clone();
    let facts = PageFacts {
        request_id: Some(request_id::of(request.extensions())),
        rendered_at: Some(Timestamp::new(time::OffsetDateTime::now_utc())),
    };
    let root = Arc::new(OnceLock::new());
    let found = root.clone();
    let provide = move || {
        found.get_or_init(|| Owner::current().unwrap_or_default());
        provide_context(provided.clone());
        provide_context(flash.clone());
        if let Some(options) = use_context::<ResponseOptions>() {
            content_policy(&options);
            provide_context(Answer::new(facts.clone(), move |status| options.set_status(status)));
        }
    };
    let handler = leptos_axum::render_app_async_with_context(provide, move || app::shell(shell.clone()));
    let work = async move {
        let _turn = turn;
        let rendered = under(root, async move { whole(handler(request).await).await });
        tokio::time::timeout(PATIENCE, rendered).await.unwrap_or_else(|_| Err(Error::unavailable()))
    };
    // a panic in there is logged by the panic hook and is a 500, like any other
    state.tasks.spawn(work.in_current_span()).await.unwrap_or_else(|_| Err(Error::new(Code::Internal)))
}

/// Polls a render under its own root owner, always. leptos finds signals through the thread, and a thread has several
/// renders in turn: whatever the framework polls without its owner (the title, what comes after an await) would look into
/// the memory of another request, or into none.
async fn under<T>(root: Arc<OnceLock<Owner>>, render: impl Future<Output = T> + Send) -> T {
    let mut render = pin!(render);
    poll_fn(move |context| match root.get() {
        Some(owner) => owner.with(|| render.as_mut().poll(context)),
        None => render.as_mut().poll(context),
    })
    .await
}

/// The body as one piece: nothing of the render is left once it is on its way.
async fn whole(response: Response) -> Result<Response, Error> {
    let (mut parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.map_err(|_| Error::new(Code::Internal))?;
    parts.headers.entry(header::CONTENT_TYPE).or_insert(HeaderValue::from_static("text/html; charset=utf-8"));
    Ok((parts, Body::from(bytes)).into_response())
}

/// What this page may load: our own files, and the inline scripts that carry its nonce.
fn content_policy(options: &ResponseOptions) {
    let Some(nonce) = use_nonce() else { return };
    let reload = if *RELOADS { " ws:" } else { "" };
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'{reload}; font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        options.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}
