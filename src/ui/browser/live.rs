//! The live stream, once per viewer and browser: the tab that holds the lock listens and tells the others over a channel.
//!
//! What travels is only "something happened": each tab then asks the feed from where it stands itself, so no tab depends
//! on what another one has heard. `domain::live` has the rules: the others ask the leader every two seconds how the stream
//! is; when it does not answer (frozen, stopped: its lock is held for ever), one takes the lock away, and whoever wakes to
//! a lock that was taken closes its stream. Where there are no locks (plain http at a name of the LAN) nobody listens, and
//! the interval alone keeps the tab up to date.
//!
//! An `EventSource`, because it resumes by itself and needs no parser. It hides comments, so the server's keep-alive is
//! also an event (`beat`): without one a half-open connection could not be told from a quiet one.

use super::{
    interval,
    moment::{Alarm, elapsed},
};
use crate::domain::live::{Health, Hearing, LOOK, News, Step, Watch, Word};
use js_sys::{Function, Object, Promise, Reflect};
use serde::Deserialize;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{BroadcastChannel, EventSource, MessageEvent};

const STREAM: &str = "/api/v1/events";
/// A stream that the server refused is tried again after so many milliseconds, and half as much again by chance.
const REFUSED: f64 = 5_000.0;
/// Who is cut off asks within so many milliseconds, by chance: all who listened to one server are cut off in one moment.
const SPREAD: f64 = 1_000.0;

/// Listens until the page goes.
pub fn listen(viewer: &str, on_news: impl Fn(News) + 'static) {
    // of another viewer nothing is heard: their tabs are about to go
    let name = format!("cms_messages.live.{viewer}");
    let Some(locks) = Locks::of_this_browser() else { return };
    let Ok(channel) = BroadcastChannel::new(&name) else { return };
    let tab = Rc::new(Tab {
        name,
        locks,
        channel,
        on_news: Box::new(on_news),
        lead: RefCell::default(),
        watch: RefCell::default(),
        told: Cell::default(),
        queued: Cell::default(),
        terms: Cell::default(),
        rests: Cell::default(),
        question: RefCell::default(),
    });
    TAB.set(Some(tab.clone()));
    tab.hear_the_others();
    tab.follow_the_page();
    tab.stand(false);
    let looking = tab.clone();
    // as long as the page, like the closures
    std::mem::forget(interval::every(LOOK, move || looking.look()));
    tab.look();
}

thread_local! {
    /// The page has one.
    static TAB: RefCell<Option<Rc<Tab>>> = const { RefCell::new(None) };
}

/// Tells the other tabs of this viewer that they part, and listens no more.
pub fn part() {
    TAB.with_borrow(|tab| {
        if let Some(tab) = tab {
            tab.say(Word::News(News::Parted));
            tab.rests.set(true);
            tab.step_down();
        }
    });
}

/// Who parted is still here: listens again.
pub fn stay() {
    TAB.with_borrow(|tab| {
        if let Some(tab) = tab {
            tab.rests.set(false);
            tab.stand(false);
        }
    });
}

/// This tab among those of its viewer.
struct Tab {
    name: String,
    locks: Locks,
    channel: BroadcastChannel,
    on_news: Box<dyn Fn(News)>,
    /// This tab leads.
    lead: RefCell<Option<Lead>>,
    watch: RefCell<Watch>,
    told: Cell<Health>,
    /// It waits for the lock.
    queued: Cell<bool>,
    terms: Cell<u32>,
    /// The browser is about to stop this page, or has done so.
    rests: Cell<bool>,
    /// A stream that ended is a reason to ask.
    question: RefCell<Option<Alarm>>,
}

/// What the leader has; dropped, the stream is closed and the lock is free.
struct Lead {
    term: u32,
    release: Option<Function>,
    source: Option<Source>,
    hearing: Hearing,
    again: Option<Alarm>,
}

impl Drop for Lead {
    fn drop(&mut self) {
        let _ = self.release.take().map(|release| release.call0(&JsValue::UNDEFINED));
    }
}

struct Source {
    events: EventSource,
    _closures: Vec<Closure<dyn FnMut(MessageEvent)>>,
}

impl Drop for Source {
    fn drop(&mut self) {
        self.events.close();
    }
}

#[derive(Deserialize)]
struct Bye {
    retry_ms: u32,
}

impl Tab {
    fn say(&self, word: Word) {
        let _ = self.channel.post_message(&word.as_str().into());
    }

    /// Tells this tab, and as the leader the others, how the stream is.
    fn tell(&self, health: Health, leads: bool) {
        if self.told.replace(health) != health {
            let news = News::Stands(health);
            if leads {
                self.say(Word::News(news));
            }
            (self.on_news)(news);
        }
    }

    fn hear_the_others(self: &Rc<Self>) {
        let tab = self.clone();
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |message: MessageEvent| {
            let word = message.data().as_string().and_then(|text| Word::parse(&text));
            let health = tab.lead.borrow().as_ref().map(|lead| lead.hearing.health(elapsed()));
            match (word, health) {
                (Some(Word::Ask), Some(health)) => tab.say(Word::News(News::Stands(health))),
                (Some(Word::News(News::Stands(health))), None) => {
                    tab.watch.borrow_mut().answer(health);
                    tab.tell(health, false);
                }
                (Some(Word::News(news @ (News::Happened | News::Parted))), _) => (tab.on_news)(news),
                _ => {}
            }
        });
        self.channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        on_message.forget();
    }

    /// A page that the browser stops (freezes, or keeps for "back") hands over while it can, and comes back with a question.
    fn follow_the_page(self: &Rc<Self>) {
        let (window, document) = (leptos::prelude::window(), leptos::prelude::document());
        let (window, document): (&web_sys::EventTarget, &web_sys::EventTarget) = (&window, &document);
        for (target, name, runs) in
            [(document, "freeze", false), (document, "resume", true), (window, "pagehide", false), (window, "pageshow", true)]
        {
            let tab = self.clone();
            let moved = Closure::<dyn FnMut()>::new(move || {
                let rested = tab.rests.replace(!runs);
                if !runs {
                    return tab.step_down();
                }
                tab.stand(false);
                if rested || name == "resume" {
                    (tab.on_news)(News::Happened);
                }
            });
            let _ = target.add_event_listener_with_callback(name, moved.as_ref().unchecked_ref());
            moved.forget();
        }
    }

    /// Once every second.
    fn look(self: &Rc<Self>) {
        if self.rests.get() {
            return;
        }
        let led = self.lead.borrow().as_ref().map(|lead| lead.hearing);
        if let Some(hearing) = led {
            let health = hearing.health(elapsed());
            // it said nothing of having been cut off: what has happened meanwhile, only a question can tell
            if self.told.get() == Health::Healthy && health == Health::Unheard {
                self.ask_soon();
            }
            if hearing.is_dead(elapsed()) {
                self.open();
            }
            self.tell(health, true);
            return;
        }
        let step = self.watch.borrow_mut().look();
        match step {
            Step::Rest => {}
            Step::Ask => self.say(Word::Ask),
            Step::TakeOver => self.stand(true),
        }
        let health = self.watch.borrow().health();
        self.tell(health, false);
    }

    /// Waits for the lock, or takes it away from a leader that is gone; leads while it has it.
    fn stand(self: &Rc<Self>, by_force: bool) {
        if !by_force && (self.lead.borrow().is_some() || self.queued.replace(true)) {
            return;
        }
        let term = Rc::new(Cell::new(None));
        let granted = {
            let (tab, term) = (self.clone(), term.clone());
            move || {
                if !by_force {
                    tab.queued.set(false);
                }
                tab.terms.set(tab.terms.get().wrapping_add(1));
                term.set(Some(tab.terms.get()));
                tab.take_office()
            }
        };
        let held = self.locks.request(&self.name, by_force, granted);
        let tab = self.clone();
        spawn_local(async move {
            // given back, or taken away
            if let Some(held) = held {
                let _ = JsFuture::from(held).await;
            }
            match term.get() {
                Some(term) => {
                    if tab.lead.borrow().as_ref().is_some_and(|lead| lead.term == term) {
                        tab.step_down();
                    }
                    if !tab.rests.get() {
                        tab.stand(false);
                    }
                }
                // it was never given: a next look may try again
                None if !by_force => tab.queued.set(false),
                None => {}
            }
        });
    }

    /// Leads from here on; the lock is held until the promise is kept.
    fn take_office(self: &Rc<Self>) -> Promise {
        let mut release = None;
        let held = Promise::new(&mut |keep, _| release = Some(keep));
        let (term, hearing) = (self.terms.get(), Hearing::opened(elapsed()));
        drop(self.lead.replace(Some(Lead { term, release, source: None, hearing, again: None })));
        if self.rests.get() {
            self.step_down();
        } else {
            self.open();
        }
        held
    }

    fn step_down(&self) {
        let led = self.lead.take().is_some();
        *self.watch.borrow_mut() = Watch::default();
        self.tell(Health::Unheard, led);
    }

    /// Opens the stream, in place of one that may be there.
    fn open(self: &Rc<Self>) {
        let Ok(events) = EventSource::new(STREAM) else { return };
        let listen = |name: &'static str| {
            let tab = self.clone();
            let heard = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| match name {
                "error" => tab.lose(),
                _ => tab.hear(name, &event),
            });
            let _ = events.add_event_listener_with_callback(name, heard.as_ref().unchecked_ref());
            heard
        };
        let closures = ["ready", "change", "policy", "beat", "bye", "error"].map(listen).into();
        let source = Source { events, _closures: closures };
        self.change(|lead| {
            lead.hearing = Hearing::opened(elapsed());
            lead.source = Some(source);
            lead.again = None;
        });
    }

    fn hear(self: &Rc<Self>, name: &str, event: &MessageEvent) {
        let leads = self.change(|lead| lead.hearing.hear(elapsed()));
        if leads.is_none() {
            return;
        }
        if name == "bye" {
            let bye = event.data().as_string().and_then(|text| serde_json::from_str::<Bye>(&text).ok());
            self.reopen(bye.map_or(0.0, |bye| f64::from(bye.retry_ms)));
        }
        self.say_health();
        if matches!(name, "ready" | "change" | "policy") {
            self.say(Word::News(News::Happened));
            (self.on_news)(News::Happened);
        }
    }

    /// The connection broke. The browser opens it again by itself, but not when the server has refused. Why, only a question
    /// can tell: the session may have ended.
    fn lose(self: &Rc<Self>) {
        let Some((spoke, refused)) = self.change(|lead| {
            let spoke = lead.hearing.spoke();
            lead.hearing.lose(elapsed());
            let closed = lead.source.as_ref().is_some_and(|source| source.events.ready_state() == EventSource::CLOSED);
            (spoke, lead.again.is_none() && closed)
        }) else {
            return;
        };
        if refused {
            self.reopen(REFUSED * (1.0 + interval::chance() / 2.0));
        }
        if spoke || refused {
            self.ask_soon();
        }
        self.say_health();
    }

    fn ask_soon(self: &Rc<Self>) {
        let tab = self.clone();
        let ring = move || {
            tab.say(Word::News(News::Happened));
            (tab.on_news)(News::Happened);
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a second")]
        let alarm = Alarm::after((SPREAD * interval::chance()) as u32, ring);
        *self.question.borrow_mut() = Some(alarm);
    }

    /// Closes the stream and opens another one after so many milliseconds.
    fn reopen(self: &Rc<Self>, millis: f64) {
        let tab = self.clone();
        // in a task of its own: an alarm must not be dropped while it rings
        let ring = move || spawn_local(async move { tab.open() });
        self.change(|lead| {
            lead.hearing.lose(elapsed());
            if let Some(source) = &lead.source {
                source.events.close();
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some seconds")]
            let alarm = Alarm::after(millis as u32, ring);
            lead.again = Some(alarm);
        });
    }

    fn say_health(&self) {
        if let Some(health) = self.change(|lead| lead.hearing.health(elapsed())) {
            self.tell(health, true);
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Lead) -> T) -> Option<T> {
        self.lead.borrow_mut().as_mut().map(change)
    }
}

/// `navigator.locks`.
struct Locks {
    locks: JsValue,
    request: Function,
}

impl Locks {
    fn of_this_browser() -> Option<Self> {
        let locks = Reflect::get(&leptos::prelude::window().navigator(), &"locks".into()).ok()?;
        let request = Reflect::get(&locks, &"request".into()).ok()?.dyn_into().ok()?;
        Some(Self { locks, request })
    }

    /// Calls `granted` when the lock is this tab's; what it gives back is settled when the tab has it no longer.
    fn request(&self, name: &str, by_force: bool, granted: impl FnOnce() -> Promise + 'static) -> Option<Promise> {
        let options = Object::new();
        let _ = Reflect::set(&options, &"steal".into(), &by_force.into());
        let granted = Closure::once_into_js(move |_: JsValue| granted());
        self.request.call3(&self.locks, &name.into(), &options, &granted).map(Promise::from).ok()
    }
}
