//! Desktop notifications. Permission is asked for on a click only, never on load; on plain http there are none.

use js_sys::Reflect;
use leptos::prelude::window;
use std::{cell::RefCell, collections::HashMap};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Notification, NotificationOptions, NotificationPermission};

/// What the viewer has said to this browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// This browser, or this address, has none.
    Unsupported,
    /// Not asked yet.
    Open,
    /// Yes.
    Granted,
    /// No; only the browser's own settings can change that.
    Denied,
}

/// What was said so far.
#[must_use]
pub fn permission() -> Permission {
    if !window().is_secure_context() || !Reflect::has(&window(), &JsValue::from_str("Notification")).unwrap_or(false) {
        return Permission::Unsupported;
    }
    match Notification::permission() {
        NotificationPermission::Granted => Permission::Granted,
        NotificationPermission::Denied => Permission::Denied,
        _ => Permission::Open,
    }
}

thread_local! {
    // by tag: a handler must live as long as the browser shows its notification, and there is no event for that end that all
    // browsers send; but who takes its place ends it
    static SHOWN: RefCell<HashMap<String, Shown>> = RefCell::default();
}

struct Shown {
    notification: Notification,
    _on_click: Closure<dyn FnMut()>,
}

impl Drop for Shown {
    fn drop(&mut self) {
        self.notification.set_onclick(None);
    }
}

/// Asks; call it in the handler of a click.
pub fn ask(then: impl FnOnce(Permission) + 'static) {
    if permission() == Permission::Unsupported {
        return then(Permission::Unsupported);
    }
    let Ok(asked) = Notification::request_permission() else { return then(permission()) };
    spawn_local(async move {
        let _ = JsFuture::from(asked).await;
        then(permission());
    });
}

/// Shows one; a later one with the same tag takes its place, also from another tab.
pub fn show(title: &str, body: &str, tag: &str, on_click: impl Fn() + 'static) {
    if permission() != Permission::Granted {
        return;
    }
    let options = NotificationOptions::new();
    options.set_body(body);
    options.set_tag(tag);
    options.set_icon("/favicon.svg");
    // Android's Chrome has the constructor and refuses it: there the badge and the title have to do
    let Ok(notification) = Notification::new_with_options(title, &options) else { return };
    let clicked = {
        let notification = notification.clone();
        Closure::<dyn FnMut()>::new(move || {
            let _ = window().focus();
            notification.close();
            on_click();
        })
    };
    notification.set_onclick(Some(clicked.as_ref().unchecked_ref()));
    SHOWN.with_borrow_mut(|shown| shown.insert(tag.to_owned(), Shown { notification, _on_click: clicked }));
}
