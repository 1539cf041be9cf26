//! Who takes part: each is a task with a connection and a token of its own.

use super::{
    pace::Clock,
    recorder::{Phase, Recorder, count},
};
use crate::{
    Failure,
    events::Events,
    http::{Answer, Http},
    load::{office::Line, text},
};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};
use uuid::Uuid;

/// What a sender and a recipient share.
pub struct Talk {
    conversation: Uuid,
    /// Not seen by the recipient yet: number of the text, begin.
    under_way: RefCell<VecDeque<(u64, Instant)>>,
    next: Cell<u64>,
    /// The newest seq that came by the stream, for the one who acknowledges.
    newest: Cell<i64>,
    came: Notify,
}

/// A stream that has said that it is ready.
pub async fn listen(address: &str, line: &Line) -> Result<Events, Failure> {
    let mut events = loop {
        match Events::open(address, &line.recipient_token, None).await? {
            Ok(events) => break events,
            // many who come at once are asked to come again: that is no failure before anything is measured
            Err(Answer { status: 503, retry_after: Some(seconds), .. }) => sleep(Duration::from_secs(seconds)).await,
            Err(refusal) => return Err(format!("a live stream was refused with {}", refusal.status).into()),
        }
    };
    match events.next().await? {
        Some(event) if event.name == "ready" => Ok(events),
        _ => Err("a live stream did not begin with ready".into()),
    }
}

/// Sends until it is over.
pub async fn send(address: Rc<str>, token: String, talks: Vec<Rc<Talk>>, recorder: Rc<Recorder>, mut clock: Clock) -> Result<(), Failure> {
    let mut http = Http::connect(&address, &token).await?;
    for talk in talks.iter().cycle() {
        let begin = clock.begin().await;
        if recorder.phase.get() == Phase::Over {
            return Ok(());
        }
        let number = talk.begin(begin);
        let path = format!("/api/v1/conversations/{}/messages/{}", talk.conversation, Uuid::now_v7());
        let answer = http.request("PUT", &path, Some(format!("{{\"body\":\"{}\"}}", text::of(number)).as_bytes())).await?;
        match answer.status {
            201 if recorder.phase.get() == Phase::Measured => recorder.send.borrow_mut().add(begin.elapsed()),
            201 => {}
            429 | 503 => {
                count(&recorder.refused);
                talk.taken(number);
                sleep(Duration::from_secs(answer.retry_after.unwrap_or(1))).await;
            }
            status => return Err(format!("a send was answered with {status}: {}", String::from_utf8_lossy(&answer.body)).into()),
        }
    }
    Ok(())
}

/// Reads a stream, and looks at every text in it.
pub async fn receive(mut events: Events, talk: Rc<Talk>, recorder: Rc<Recorder>) -> Result<(), Failure> {
    loop {
        let event = events.next().await?.ok_or("the server ended a live stream")?;
        if event.name != "change" {
            continue;
        }
        let now = Instant::now();
        let mut messages = 0;
        for number in text::numbers(event.data) {
            messages += 1;
            match number.map(|number| talk.taken(number)) {
                Some(Some(begin)) if recorder.phase.get() == Phase::Measured => recorder.delivery.borrow_mut().add(now - begin),
                Some(Some(_)) => {}
                Some(None) => count(&recorder.doubled),
                None => count(&recorder.altered),
            }
        }
        // one's own acknowledgement is a change as well, without messages
        if messages > 0 {
            talk.newest.set(text::field(event.data, b"\"last_seq\":").ok_or("a change without last_seq")?);
            talk.came.notify_one();
        }
    }
}

/// Acknowledges what has come, the newest that there is each time.
pub async fn acknowledge(mut http: Http, talk: Rc<Talk>, recorder: Rc<Recorder>) -> Result<(), Failure> {
    let mut read = 0;
    loop {
        while talk.newest.get() == read {
            talk.came.notified().await;
        }
        for (operation, counter) in [("delivered", &recorder.delivered), ("read", &recorder.read)] {
            read = talk.newest.get();
            let path = format!("/api/v1/conversations/{}/{operation}", talk.conversation);
            let answer = http.request("POST", &path, Some(format!("{{\"up_to_seq\":{read}}}").as_bytes())).await?;
            match answer.status {
                204 if recorder.phase.get() == Phase::Measured => count(counter),
                204 => {}
                status => return Err(format!("{operation} was answered with {status}").into()),
            }
        }
    }
}

impl Talk {
    pub fn new(line: &Line) -> Self {
        Self {
            conversation: line.conversation,
            under_way: RefCell::default(),
            next: Cell::new(0),
            newest: Cell::new(0),
            came: Notify::new(),
        }
    }

    fn begin(&self, at: Instant) -> u64 {
        let number = self.next.get();
        self.next.set(number + 1);
        self.under_way.borrow_mut().push_back((number, at));
        number
    }

    /// When this text was begun, once.
    fn taken(&self, number: u64) -> Option<Instant> {
        let mut under_way = self.under_way.borrow_mut();
        let at = under_way.iter().position(|(known, _)| *known == number)?;
        under_way.remove(at).map(|(_, begin)| begin)
    }

    /// How many texts the recipient has not seen.
    pub fn missing(&self) -> usize {
        self.under_way.borrow().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_delivered_once() {
        let talk = Talk::new(&Line { conversation: Uuid::nil(), recipient_token: String::new() });
        let (one, two) = (talk.begin(Instant::now()), talk.begin(Instant::now()));
        assert!(talk.taken(two).is_some() && talk.taken(one).is_some());
        assert!(talk.taken(one).is_none());
    }
}
