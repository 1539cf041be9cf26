//! When a message counts as read: it stood on the screen for half a second while somebody looked.
//!
//! The open conversation feeds this tracker with what appears and disappears and with the attention of the viewer, and
//! asks how far the unbroken run of displayed messages reaches. No clock in here: moments come in as milliseconds of any
//! clock that never runs backwards. Fetching and rendering do nothing; losing the focus starts every dwell anew.

use super::ids::Seq;
use std::collections::{BTreeMap, BTreeSet};

/// A moment, in milliseconds of a monotonic clock.
pub type Millis = f64;

/// How long a message must stand on the screen.
pub const DWELL: Millis = 500.0;

/// What was displayed of one conversation since it was opened.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    read: Seq,
    attention: bool,
    /// On the screen now, each with the moment since when it stood there and somebody looked.
    shown: BTreeMap<Seq, Millis>,
    /// Stood there long enough, above the pointer.
    displayed: BTreeSet<Seq>,
    /// The viewer's own messages above the pointer: they need no reading.
    own: BTreeSet<Seq>,
}

impl Reading {
    /// The tracker of a conversation that was read up to `read`. Nobody looks yet.
    #[must_use]
    pub fn new(read: Seq) -> Self {
        Self { read, ..Self::default() }
    }

    /// This message is on the screen from now on.
    pub fn shown(&mut self, seq: Seq, at: Millis) {
        if seq > self.read {
            self.shown.entry(seq).or_insert(at);
        }
    }

    /// This message is no longer on the screen.
    pub fn hidden(&mut self, seq: Seq, at: Millis) {
        self.settle(at);
        self.shown.remove(&seq);
    }

    /// The viewer looks at the window, or no longer.
    pub fn attention(&mut self, attention: bool, at: Millis) {
        if attention == self.attention {
            return;
        }
        self.settle(at);
        self.attention = attention;
        self.shown.values_mut().for_each(|since| *since = at);
    }

    /// A message of the viewer's own.
    pub fn own(&mut self, seq: Seq) {
        if seq > self.read {
            self.own.insert(seq);
        }
    }

    /// The pointer stands here, as the server says: perhaps another window was faster.
    pub fn read(&mut self, seq: Seq) {
        if seq > self.read {
            self.read = seq;
            self.shown.retain(|shown, _| *shown > seq);
            self.displayed.retain(|displayed| *displayed > seq);
            self.own.retain(|own| *own > seq);
        }
    }

    /// How far the unbroken run of displayed messages reaches: the last message of the peer in it; `None` when there is
    /// none after the pointer.
    pub fn up_to(&mut self, at: Millis) -> Option<Seq> {
        let run = self.run(at);
        self.displayed.range(..=run).rev().find(|seq| !self.own.contains(seq)).copied()
    }

    /// The end of the unbroken run itself, own messages included; the pointer when there is none.
    pub fn run(&mut self, at: Millis) -> Seq {
        self.settle(at);
        let mut run = self.read;
        while self.counts(run.next()) {
            run = run.next();
        }
        run
    }

    /// When it is worth asking again, if nothing else happens.
    #[must_use]
    pub fn next_moment(&self) -> Option<Millis> {
        let waiting = self.shown.iter().filter(|(seq, _)| self.attention && !self.counts(**seq));
        waiting.map(|(_, since)| since + DWELL).min_by(f64::total_cmp)
    }

    fn counts(&self, seq: Seq) -> bool {
        self.displayed.contains(&seq) || self.own.contains(&seq)
    }

    fn settle(&mut self, at: Millis) {
        if self.attention {
            self.displayed.extend(self.shown.iter().filter(|(_, since)| at - **since >= DWELL).map(|(seq, _)| *seq));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DWELL, Reading, Seq};
    use proptest::prelude::*;

    fn looking(read: i64) -> Reading {
        let mut reading = Reading::new(Seq(read));
        reading.attention(true, 0.0);
        reading
    }

    #[test]
    fn half_a_second_on_the_screen_makes_it_read() {
        let mut reading = looking(0);
        reading.shown(Seq(1), 100.0);
        assert_eq!(reading.up_to(599.0), None);
        assert_eq!(reading.next_moment(), Some(600.0));
        assert_eq!(reading.up_to(600.0), Some(Seq(1)));
        assert_eq!(reading.next_moment(), None);
    }

    #[test]
    fn scrolling_past_does_not() {
        let mut reading = looking(0);
        reading.shown(Seq(1), 0.0);
        reading.hidden(Seq(1), 400.0);
        reading.shown(Seq(1), 500.0);
        assert_eq!(reading.up_to(900.0), None);
        reading.hidden(Seq(1), 1_000.0);
        assert_eq!(reading.up_to(9_000.0), Some(Seq(1)));
    }

    #[test]
    fn nothing_is_read_while_nobody_looks_and_looking_starts_the_dwell() {
        let mut reading = Reading::new(Seq::NONE);
        reading.shown(Seq(1), 0.0);
        assert_eq!(reading.up_to(60_000.0), None);
        assert_eq!(reading.next_moment(), None);
        reading.attention(true, 60_000.0);
        assert_eq!(reading.up_to(60_400.0), None);
        reading.attention(false, 60_400.0);
        reading.attention(true, 70_000.0);
        assert_eq!(reading.up_to(70_499.0), None);
        assert_eq!(reading.up_to(70_500.0), Some(Seq(1)));
    }

    #[test]
    fn what_was_displayed_before_the_focus_went_stays_displayed() {
        let mut reading = looking(0);
        reading.shown(Seq(1), 0.0);
        reading.attention(false, 500.0);
        assert_eq!(reading.up_to(500.0), Some(Seq(1)));
    }

    #[test]
    fn a_gap_ends_the_run_until_it_is_displayed_too() {
        let mut reading = looking(3);
        for seq in [4, 6, 7] {
            reading.shown(Seq(seq), 0.0);
        }
        assert_eq!(reading.up_to(500.0), Some(Seq(4)));
        reading.shown(Seq(5), 1_000.0);
        assert_eq!(reading.up_to(1_500.0), Some(Seq(7)));
    }

    #[test]
    fn own_messages_bridge_the_run_and_are_never_its_end() {
        let mut reading = looking(0);
        reading.own(Seq(1));
        reading.own(Seq(3));
        assert_eq!(reading.up_to(0.0), None);
        reading.shown(Seq(2), 0.0);
        assert_eq!(reading.up_to(500.0), Some(Seq(2)));
        reading.read(Seq(2));
        assert_eq!(reading.up_to(500.0), None);
        reading.shown(Seq(4), 500.0);
        reading.shown(Seq(3), 0.0);
        assert_eq!(reading.up_to(1_000.0), Some(Seq(4)));
        reading.read(Seq(4));
        reading.own(Seq(5));
        reading.shown(Seq(5), 1_000.0);
        assert_eq!(reading.up_to(9_000.0), None, "one's own message on the screen is nothing to acknowledge");
    }

    #[test]
    fn what_another_window_read_is_not_read_again() {
        let mut reading = looking(0);
        reading.shown(Seq(1), 0.0);
        reading.shown(Seq(2), 0.0);
        reading.read(Seq(2));
        reading.shown(Seq(1), 0.0);
        assert_eq!(reading.up_to(1_000.0), None);
        assert_eq!(reading.next_moment(), None);
    }

    #[derive(Debug, Clone)]
    enum Event {
        Shown(i64),
        Hidden(i64),
        Attention(bool),
        Ask,
    }

    fn events() -> impl Strategy<Value = Vec<(Event, u32)>> {
        let event = prop_oneof![
            (1..9_i64).prop_map(Event::Shown),
            (1..9_i64).prop_map(Event::Hidden),
            any::<bool>().prop_map(Event::Attention),
            Just(Event::Ask),
        ];
        prop::collection::vec((event, 0..400_u32), 0..60)
    }

    proptest! {
        /// A second account of the rule, message by message and without any set: what it says must come out.
        #[test]
        fn the_run_is_what_stood_there_long_enough_without_a_gap(events in events(), own in prop::collection::btree_set(1..9_i64, 0..4)) {
            let mut reading = Reading::new(Seq::NONE);
            for seq in &own {
                reading.own(Seq(*seq));
            }
            let (mut now, mut before) = (0.0, None);
            let mut looks = false;
            let mut dwell = [None::<f64>; 10];
            let mut displayed = [false; 10];
            for (event, wait) in events {
                now += f64::from(wait);
                for seq in 1..9 {
                    displayed[seq] |= looks && dwell[seq].is_some_and(|since| now - since >= DWELL);
                }
                match event {
                    Event::Shown(seq) => {
                        reading.shown(Seq(seq), now);
                        dwell[seq as usize].get_or_insert(now);
                    }
                    Event::Hidden(seq) => {
                        reading.hidden(Seq(seq), now);
                        dwell[seq as usize] = None;
                    }
                    Event::Attention(now_looks) => {
                        reading.attention(now_looks, now);
                        if now_looks != looks {
                            dwell.iter_mut().flatten().for_each(|since| *since = now);
                        }
                        looks = now_looks;
                    }
                    Event::Ask => {}
                }
                let run = (1..9).take_while(|seq| displayed[*seq as usize] || own.contains(seq));
                let expected = run.filter(|seq| !own.contains(seq)).max().map(Seq);
                let said = reading.up_to(now);
                prop_assert_eq!(said, expected);
                prop_assert!(said >= before);
                before = said;
            }
        }
    }
}
