//! The time that has passed, and waiting.

use crate::domain::reading::Millis;
use gloo_timers::{callback::Timeout, future::TimeoutFuture};
use js_sys::{Date, Function, Reflect};
use send_wrapper::SendWrapper;
use std::{future::poll_fn, pin::pin, task::Poll};
use wasm_bindgen::JsCast;

/// Milliseconds of a clock that never runs backwards.
#[must_use]
pub fn elapsed() -> Millis {
    let performance = Reflect::get(&js_sys::global(), &"performance".into()).unwrap_or_default();
    let now = Reflect::get(&performance, &"now".into()).ok().and_then(|now| now.dyn_into::<Function>().ok());
    now.and_then(|now| now.call0(&performance).ok()?.as_f64()).unwrap_or_else(Date::now)
}

/// At once: only the server renders twice.
pub async fn when_rendered() {}

/// Waits.
pub async fn sleep(millis: u32) {
    TimeoutFuture::new(millis).await;
}

/// What comes of it, if it comes within so many milliseconds.
pub async fn within<T>(millis: u32, what: impl Future<Output = T>) -> Option<T> {
    let (mut what, mut late) = (pin!(what), pin!(sleep(millis)));
    poll_fn(move |context| match what.as_mut().poll(context) {
        Poll::Ready(what) => Poll::Ready(Some(what)),
        Poll::Pending => late.as_mut().poll(context).map(|()| None),
    })
    .await
}

/// A random part of `millis`, half of it at least: so that many clients do not come back at the same moment.
#[must_use]
pub fn jittered(millis: u32) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between half of it and all of it")]
    let part = (f64::from(millis) * (0.5 + js_sys::Math::random() * 0.5)) as u32;
    part
}

/// Something that happens once, later; dropped, it does not.
#[derive(Debug)]
pub struct Alarm(#[expect(dead_code, reason = "held: dropping it cancels it")] SendWrapper<Timeout>);

impl Alarm {
    /// Calls `then` after so many milliseconds.
    pub fn after(millis: u32, then: impl FnOnce() + 'static) -> Self {
        Self(SendWrapper::new(Timeout::new(millis, then)))
    }
}
