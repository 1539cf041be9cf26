//! How the browser calls the server functions: as usual, and each call names the viewer whom its page was made for.
//!
//! One browser has one session: who signs in through a second tab changes who the first one speaks as. The server refuses
//! a call that names another viewer than it comes from (`Context::current`), so nothing is ever sent, read or shown as
//! somebody else. A page of an older version names nobody, and is served as before.

use crate::domain::{ids::UserId, session::VIEWER_HEADER};
use leptos::server_fn::{
    Bytes,
    client::{Client, browser::BrowserClient},
    error::FromServerFnError,
    request::browser::BrowserRequest,
    response::browser::BrowserResponse,
};
use std::cell::Cell;

thread_local! {
    static VIEWER: Cell<Option<UserId>> = const { Cell::new(None) };
}

/// From now on this page speaks for this viewer.
pub fn speak_for(viewer: UserId) {
    VIEWER.set(Some(viewer));
}

/// The client of all server functions.
#[derive(Debug)]
pub struct PageClient;

impl<E, I, O> Client<E, I, O> for PageClient
where
    E: FromServerFnError,
    I: FromServerFnError,
    O: FromServerFnError,
{
    type Request = BrowserRequest;
    type Response = BrowserResponse;

    fn send(request: Self::Request) -> impl Future<Output = Result<Self::Response, E>> + Send {
        if let Some(viewer) = VIEWER.get() {
            request.headers().set(VIEWER_HEADER, &viewer.to_string());
        }
        <BrowserClient as Client<E, I, O>>::send(request)
    }

    fn open_websocket(
        path: &str,
    ) -> impl Future<
        Output = Result<
            (impl futures_core::Stream<Item = Result<Bytes, Bytes>> + Send + 'static, impl futures_sink::Sink<Bytes> + Send + 'static),
            E,
        >,
    > + Send {
        <BrowserClient as Client<E, I, O>>::open_websocket(path)
    }

    fn spawn(future: impl Future<Output = ()> + Send + 'static) {
        <BrowserClient as Client<E, I, O>>::spawn(future);
    }
}
