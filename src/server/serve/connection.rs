//! One connection. hyper speaks HTTP on it until a request is answered with a live stream; then the socket and the
//! stream are all that is left of it ([ADR 0009](../../../docs/adr/0009-a-live-stream-leaves-http-behind.md)): the buffers, the
//! state machine and the layers of a connection that answers requests are nothing that ten thousand streams need.

use super::{live::Live, patience::Patient};
use crate::server::{live::stream::Handover, middleware::client_address::PeerAddress};
use axum::{Router, body::Body, extract::Request, response::Response};
use http::{HeaderValue, Method, Version, header, response::Parts};
use hyper::{body::Incoming, server::conn::http1::Builder, service::service_fn};
use hyper_util::rt::TokioIo;
use std::{
    convert::Infallible,
    future::{pending, poll_fn},
    net::IpAddr,
    pin::{Pin, pin},
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
    task::Poll,
};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// A live stream that a request was answered with, and the head of that answer.
struct Begun {
    head: Parts,
    version: Version,
    handover: Handover,
}

/// Where the answers of a connection leave it; hyper holds no answer back for longer than its connection lives.
type Desk = Arc<Mutex<Option<Begun>>>;

/// Answers requests, until the connection ends or is a live stream, which is given back to be driven: in a task of its
/// own, which is a small one. `stopping` lets what has begun end.
///
/// # Errors
/// `None` when the connection has ended; a broken one is the client's to notice.
pub(super) async fn answer(
    http: &Builder,
    socket: Patient<TcpStream>,
    (app, peer): (Router, IpAddr),
    stopping: CancellationToken,
) -> Option<Live<Patient<TcpStream>>> {
    let (desk, settled) = (Desk::default(), socket.settled());
    let answers = desk.clone();
    let service = service_fn(move |request| respond(app.clone(), peer, answers.clone(), request));
    let mut connection = http.serve_connection(TokioIo::new(socket), service);
    let mut stopping = pin!(stopping.cancelled());
    let mut stops = false;
    let begun = poll_fn(|cx| {
        if !stops && stopping.as_mut().poll(cx).is_ready() {
            stops = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        if Pin::new(&mut connection).poll(cx).is_ready() {
            return Poll::Ready(None);
        }
        // what hyper has not written yet of an earlier answer would go with it
        if !settled.load(Ordering::Relaxed) {
            return Poll::Pending;
        }
        match desk.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(begun) => Poll::Ready(Some(begun)),
            None => Poll::Pending,
        }
    });
    let Begun { head, version, handover } = begun.await?;
    let frames = handover.take()?;
    // bytes that the client has sent after this request are dropped: it is told that no further answer follows
    let socket = connection.into_parts().io.into_inner();
    Some(Live::new(socket, frames, head, version))
}

/// The application's answer; none for a live stream, which leaves its head at the desk.
async fn respond(app: Router, peer: IpAddr, desk: Desk, request: http::Request<Incoming>) -> Result<Response, Infallible> {
    let (version, is_get) = (request.version(), request.method() == Method::GET);
    let is_last = request.headers().contains_key(header::TRANSFER_ENCODING);
    let mut request: Request = request.map(Body::new);
    request.extensions_mut().insert(PeerAddress(peer));
    let mut response = app.oneshot(request).await?;
    // such a body may have had a length, too, which a proxy may have gone by: what follows is nobody's request (RFC 9112, 6.1)
    if is_last {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    let Some(handover) = response.extensions_mut().remove::<Handover>() else { return Ok(response) };
    // a HEAD is answered with the head alone
    if is_get {
        let (head, _) = response.into_parts();
        *desk.lock().unwrap_or_else(PoisonError::into_inner) = Some(Begun { head, version, handover });
        return pending().await;
    }
    Ok(response)
}
