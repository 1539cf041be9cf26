//! The live stream, once per browser: the tab that holds the lock listens and tells the others over a channel.
//!
//! What travels is only "something happened": each tab then asks the feed from where it stands itself, so no tab depends
//! on what another one has heard. Where there is no lock (plain http at a name of the LAN) nobody listens, and the interval
//! alone keeps the tab up to date.

use super::interval;
use gloo_timers::callback::Timeout;
use js_sys::{Function, Promise, Reflect};
use send_wrapper::SendWrapper;
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{BroadcastChannel, EventSource, MessageEvent};

const STREAM: &str = "/api/v1/events";
/// The lock's and the channel's.
const NAME: &str = "cms_messages.live";
/// A stream that the server refused is tried again after so many milliseconds, and half as much again by chance.
const REFUSED: f64 = 5_000.0;

/// Listens until the page goes.
pub fn listen(on_hint: impl Fn() + 'static) {
    let Ok(channel) = BroadcastChannel::new(NAME) else { return };
    let on_hint: Rc<dyn Fn()> = Rc::new(on_hint);
    let hint = on_hint.clone();
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |_| hint());
    channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // for the life of the page, like the lock
    on_message.forget();
    when_first(move || {
        let tell = {
            let channel = channel.clone();
            move || {
                let _ = channel.post_message(&JsValue::TRUE);
                on_hint();
            }
        };
        let held = Held::default();
        open(Rc::new(tell), held.clone());
        // as long as the page: what the stream calls must not go before it
        std::mem::forget(held);
    });
}

type Held = Rc<RefCell<Option<(EventSource, Vec<Closure<dyn FnMut()>>, Option<SendWrapper<Timeout>>)>>>;

/// Opens the stream; the browser resumes it by itself after an interruption, we after a refusal.
fn open(tell: Rc<dyn Fn()>, held: Held) {
    let Ok(source) = EventSource::new(STREAM) else { return };
    let mut closures = Vec::new();
    for name in ["ready", "change", "policy", "bye"] {
        let tell = tell.clone();
        let heard = Closure::<dyn FnMut()>::new(move || tell());
        let _ = source.add_event_listener_with_callback(name, heard.as_ref().unchecked_ref());
        closures.push(heard);
    }
    let refused = Closure::<dyn FnMut()>::new({
        let (source, held) = (source.clone(), Rc::downgrade(&held));
        move || {
            let Some(held) = held.upgrade().filter(|_| source.ready_state() == EventSource::CLOSED) else { return };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some seconds")]
            let pause = (REFUSED * (1.0 + interval::chance() / 2.0)) as u32;
            let (tell, again) = (tell.clone(), held.clone());
            let timer = Timeout::new(pause, move || open(tell, again));
            if let Some(held) = held.borrow_mut().as_mut() {
                held.2 = Some(SendWrapper::new(timer));
            }
        }
    });
    let _ = source.add_event_listener_with_callback("error", refused.as_ref().unchecked_ref());
    closures.push(refused);
    *held.borrow_mut() = Some((source, closures, None));
}

/// Calls `then` when this tab is the one: at once, or when the one before it has gone.
fn when_first(then: impl FnOnce() + 'static) {
    let navigator = leptos::prelude::window().navigator();
    let Ok(locks) = Reflect::get(&navigator, &"locks".into()) else { return };
    let Some(request) = Reflect::get(&locks, &"request".into()).ok().and_then(|request| request.dyn_into::<Function>().ok()) else {
        return;
    };
    // held as long as its promise is open, which is as long as the page
    let hold = Closure::once_into_js(move |_: JsValue| {
        then();
        Promise::new(&mut |_, _| {})
    });
    let _ = request.call2(&locks, &NAME.into(), &hold);
}
