//! The model: what people should see, computed the slow and obvious way from what they did. It shares no code with the
//! product: own structs, own counting, own shortening. A person and a thread are indices; people stand in the order of their ids.

use std::collections::{BTreeMap, HashMap};

/// Everything that has happened.
#[derive(Debug, Default)]
pub struct World {
    pub people: Vec<Somebody>,
    pub threads: Vec<Thread>,
    /// Per person: which thread looked different, in order. Change n is the n-th entry.
    feeds: Vec<Vec<usize>>,
    /// Who used which key for what.
    keys: HashMap<(usize, u32), (usize, usize)>,
    /// How often each state change happened.
    pub history: BTreeMap<&'static str, i64>,
    moment: u64,
}

#[derive(Debug, Clone)]
pub struct Somebody {
    pub name: String,
    pub department: &'static str,
    pub active: bool,
}

/// Sides are 0 and 1: the places in `members`.
#[derive(Debug)]
pub struct Thread {
    pub members: [usize; 2],
    pub texts: Vec<Text>,
    pub got: [usize; 2],
    pub seen: [usize; 2],
    /// When it last moved in each side's inbox; `None` while it does not stand there.
    stirred: [Option<u64>; 2],
}

#[derive(Debug, Clone)]
pub struct Text {
    pub side: usize,
    pub key: u32,
    pub stored: String,
}

/// One line of somebody's inbox.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    pub thread: usize,
    pub peer: usize,
    pub unread: usize,
    pub length: usize,
    /// Who wrote last, what of it is shown, how far it has come.
    pub last: Option<(usize, String, &'static str)>,
    /// Got and seen: mine, the peer's.
    pub pointers: [usize; 4],
    pub change: usize,
    /// The rule that forbids writing.
    pub closed_by: Option<&'static str>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Opening {
    Made(usize),
    Known(usize),
    Nobody,
    Denied(&'static str),
}

#[derive(Debug, PartialEq, Eq)]
pub enum Sending {
    Written(usize),
    Known(usize),
    Conflict,
    NotTheirs,
    Denied(&'static str),
}

#[derive(Debug, PartialEq, Eq)]
pub enum Acknowledging {
    Done,
    NotTheirs,
    Beyond,
}

impl World {
    pub fn arrives(&mut self, name: String) {
        self.people.push(Somebody { name, department: "Planning", active: true });
        self.feeds.push(Vec::new());
    }

    pub fn opens(&mut self, who: usize, whom: usize) -> Opening {
        let between = self.between(who, whom);
        if let Some(thread) = between
            && self.side(who, thread).is_some()
        {
            return Opening::Known(thread);
        }
        if !self.people[whom].active {
            return Opening::Nobody;
        }
        if self.is_closed(who, whom) {
            return Opening::Denied("audit_is_closed");
        }
        let thread = between.unwrap_or_else(|| {
            self.threads.push(Thread { members: [who, whom], texts: vec![], got: [0; 2], seen: [0; 2], stirred: [None; 2] });
            self.threads.len() - 1
        });
        let moment = self.tick();
        let side = usize::from(self.threads[thread].members[1] == who);
        self.threads[thread].stirred[side] = Some(moment);
        self.feeds[who].push(thread);
        self.count(if between.is_none() { "conversation.created" } else { "conversation.opened" });
        if between.is_none() { Opening::Made(thread) } else { Opening::Known(thread) }
    }

    pub fn sends(&mut self, who: usize, thread: usize, key: u32, stored: &str) -> Sending {
        let Some(side) = self.side(who, thread) else { return Sending::NotTheirs };
        if let Some((known_thread, index)) = self.keys.get(&(who, key)).copied() {
            let same = known_thread == thread && self.threads[known_thread].texts[index].stored == stored;
            return if same { Sending::Known(index + 1) } else { Sending::Conflict };
        }
        if let Some(rule) = self.closed_by(thread, side) {
            return Sending::Denied(rule);
        }
        let moment = self.tick();
        let there = &mut self.threads[thread];
        there.texts.push(Text { side, key, stored: stored.to_owned() });
        there.stirred = [Some(moment); 2];
        let seq = there.texts.len();
        self.keys.insert((who, key), (thread, seq - 1));
        self.both(thread);
        self.count("message.sent");
        Sending::Written(seq)
    }

    pub fn acknowledges(&mut self, who: usize, items: &[(usize, usize)], read: bool) -> Acknowledging {
        if items.iter().any(|(thread, _)| self.side(who, *thread).is_none()) {
            return Acknowledging::NotTheirs;
        }
        if items.iter().any(|(thread, up_to)| *up_to > self.threads[*thread].texts.len()) {
            return Acknowledging::Beyond;
        }
        for (thread, up_to) in items.iter().copied() {
            // of several items about one conversation the farthest counts
            if items.iter().any(|(other, farther)| *other == thread && *farther > up_to) {
                continue;
            }
            let side = self.side(who, thread).expect("checked");
            let there = &mut self.threads[thread];
            let known = if read { there.seen[side] } else { there.got[side] };
            if up_to <= known {
                continue;
            }
            if up_to > there.got[side] {
                there.got[side] = up_to;
                self.count("message.delivered");
            }
            if read {
                self.threads[thread].seen[side] = up_to;
                self.count("message.read");
            }
            self.both(thread);
        }
        Acknowledging::Done
    }

    /// A person's name, department or activation changed: each of their conversations looks different for either side
    /// (the name for the peer, the right to write for both), one peer after the other.
    pub fn changes(&mut self, who: usize, change: impl FnOnce(&mut Somebody)) {
        change(&mut self.people[who]);
        for peer in 0..self.people.len() {
            if let Some(thread) = self.between(who, peer) {
                self.both(thread);
            }
        }
    }

    fn between(&self, who: usize, peer: usize) -> Option<usize> {
        self.threads.iter().position(|thread| thread.members == [who, peer] || thread.members == [peer, who])
    }

    /// The inbox, latest activity first.
    pub fn inbox(&self, who: usize) -> Vec<Line> {
        let mut lines: Vec<(u64, Line)> = self.lines(who).collect();
        lines.sort_by_key(|(moment, _)| std::cmp::Reverse(*moment));
        lines.into_iter().map(|(_, line)| line).collect()
    }

    /// What looks different since a change, oldest change first.
    pub fn changed(&self, who: usize, since: usize) -> Vec<Line> {
        let mut lines: Vec<Line> = self.lines(who).map(|(_, line)| line).filter(|line| line.change > since).collect();
        lines.sort_by_key(|line| line.change);
        lines
    }

    pub fn newest_change(&self, who: usize) -> usize {
        self.feeds[who].len()
    }

    /// Unread messages, and the conversations that hold some.
    pub fn unread(&self, who: usize) -> (usize, usize) {
        let counts: Vec<usize> = self.inbox(who).iter().map(|line| line.unread).collect();
        (counts.iter().sum(), counts.iter().filter(|count| **count > 0).count())
    }

    /// The person's side of a thread that stands in their inbox.
    pub fn side(&self, who: usize, thread: usize) -> Option<usize> {
        let there = self.threads.get(thread)?;
        let side = there.members.iter().position(|member| *member == who)?;
        there.stirred[side].map(|_| side)
    }

    /// How far a text has come.
    pub fn status(&self, thread: usize, index: usize) -> &'static str {
        let there = &self.threads[thread];
        let recipient = 1 - there.texts[index].side;
        match (there.got[recipient] > index, there.seen[recipient] > index) {
            (_, true) => "read",
            (true, false) => "delivered",
            (false, false) => "sent",
        }
    }

    /// The keys this person has used, in order.
    pub fn used_keys(&self, who: usize) -> Vec<(u32, usize, String)> {
        let mut used: Vec<_> = (self.keys.iter())
            .filter(|((sender, _), _)| *sender == who)
            .map(|((_, key), (thread, index))| (*key, *thread, self.threads[*thread].texts[*index].stored.clone()))
            .collect();
        used.sort();
        used
    }

    fn lines(&self, who: usize) -> impl Iterator<Item = (u64, Line)> {
        (0..self.threads.len()).filter_map(move |thread| {
            let side = self.side(who, thread)?;
            let there = &self.threads[thread];
            let other = 1 - side;
            let unread = there.texts.iter().skip(there.seen[side]).filter(|text| text.side == other).count();
            let last =
                there.texts.last().map(|text| (there.members[text.side], shown(&text.stored), self.status(thread, there.texts.len() - 1)));
            let line = Line {
                thread,
                peer: there.members[other],
                unread,
                length: there.texts.len(),
                last,
                pointers: [there.got[side], there.seen[side], there.got[other], there.seen[other]],
                change: self.feeds[who].iter().rposition(|changed| *changed == thread)? + 1,
                closed_by: self.closed_by(thread, side),
            };
            Some((there.stirred[side]?, line))
        })
    }

    fn closed_by(&self, thread: usize, side: usize) -> Option<&'static str> {
        let there = &self.threads[thread];
        let (me, peer) = (there.members[side], there.members[1 - side]);
        if !self.people[peer].active {
            return Some("deactivated");
        }
        let was_written_to = there.texts.iter().any(|text| text.side != side);
        (self.is_closed(me, peer) && !was_written_to).then_some("audit_is_closed")
    }

    fn is_closed(&self, from: usize, to: usize) -> bool {
        self.people[to].department == "Audit" && self.people[from].department != "Audit"
    }

    fn both(&mut self, thread: usize) {
        for member in self.threads[thread].members {
            if self.side(member, thread).is_some() {
                self.feeds[member].push(thread);
            }
        }
    }

    fn tick(&mut self) -> u64 {
        self.moment += 1;
        self.moment
    }

    pub fn count(&mut self, what: &'static str) {
        *self.history.entry(what).or_default() += 1;
    }
}

/// At most 140 characters on one line.
fn shown(text: &str) -> String {
    let line: Vec<char> = text.replace('\n', " ").chars().collect();
    if line.len() > 140 { line[..139].iter().collect::<String>() + "…" } else { line.iter().collect() }
}
