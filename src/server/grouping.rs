//! Combines what many requests ask of the database at the same time into one call.
//!
//! What is asked while nobody else asks goes at once, alone. What comes while a call is on its way waits for it to return,
//! and then goes together: the busier it is, the larger the groups, and nobody waits for company. Another call begins only
//! when a full group waits, because two half groups cost more than a whole one, or when the one before takes long: what hangs
//! stops nobody else. A commit and a round trip are paid once for a group.
//!
//! The work runs in a task of its own: a client that hangs up takes nothing with it. The queue is bounded, and who finds it
//! full is told so at once; who has waited in it for too long is told then, and nothing was begun for either.

use crate::error::{Code, Error};
use futures_util::FutureExt;
use std::{
    collections::{HashSet, VecDeque},
    fmt,
    hash::Hash,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

/// What can be asked for together.
pub trait Groupable: Send + 'static {
    /// What of it may stand in a group only once.
    type Key: Hash + Eq + Copy;
    /// The answer.
    type Answer: Send + 'static;

    /// Two with the same key go one after the other; `None` goes with everybody.
    fn key(&self) -> Option<Self::Key>;

    /// How many rows it is about, roughly; a group is about so many together.
    fn weight(&self) -> usize {
        1
    }
}

/// How much at once.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Calls on their way at the same time, at most.
    pub calls: usize,
    /// Items of one call.
    pub together: usize,
    /// No further item goes along once those of a call weigh as much.
    pub weight: usize,
    /// Items that wait; one more is `unavailable`.
    pub waiting: usize,
}

/// A queue and the calls that empty it.
pub struct Grouped<T: Groupable> {
    bounds: Bounds,
    queue: Mutex<Queue<T>>,
}

struct Queue<T: Groupable> {
    waiting: VecDeque<Asked<T>>,
    calls: usize,
    /// When the youngest call took its group.
    began: Instant,
}

/// An item, and where its answer goes.
pub struct Asked<T: Groupable> {
    /// What was asked.
    pub item: T,
    answer: oneshot::Sender<Result<T::Answer, Error>>,
    since: Instant,
}

/// As long as for a connection: a queue that the database does not empty is no place to wait in.
const PATIENCE: Duration = Duration::from_secs(5);

/// A call that takes so long is not waited for by those who could begin another one.
const LONG: Duration = Duration::from_millis(50);

impl<T: Groupable> fmt::Debug for Grouped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grouped").field("depth", &self.depth()).finish_non_exhaustive()
    }
}

impl<T: Groupable> Asked<T> {
    /// Answers. Nobody may be waiting any more.
    pub fn answer(self, answer: T::Answer) {
        let _ = self.answer.send(Ok(answer));
    }
}

impl<T: Groupable> Grouped<T> {
    /// Nothing waits yet.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, queue: Mutex::new(Queue { waiting: VecDeque::new(), calls: 0, began: Instant::now() }) }
    }

    /// Items that wait.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Asks, together with whoever asks meanwhile. `work` has to answer each item that it is given.
    ///
    /// # Errors
    /// `unavailable` when too many wait: nothing was begun. `unconfirmed` when the work ended without an answer.
    pub async fn ask<W>(
        self: &Arc<Self>,
        tasks: &TaskTracker,
        item: T,
        work: impl Fn(Vec<Asked<T>>) -> W + Clone + Send + 'static,
    ) -> Result<T::Answer, Error>
    where
        W: Future<Output = ()> + Send,
    {
        let (answer, mut answered) = oneshot::channel();
        {
            let mut queue = self.lock();
            if queue.waiting.len() >= self.bounds.waiting {
                return Err(Error { retry_after: Some(1), ..Error::unavailable() });
            }
            queue.waiting.push_back(Asked { item, answer, since: Instant::now() });
        }
        loop {
            if self.another_call() {
                let (grouped, work) = (self.clone(), work.clone());
                tasks.spawn(async move {
                    while let Some(group) = grouped.next_group() {
                        // whoever it was for hears `unconfirmed`; the next group is not to blame
                        let _ = AssertUnwindSafe(work(group)).catch_unwind().await;
                    }
                });
            }
            if let Ok(answer) = tokio::time::timeout(LONG, &mut answered).await {
                return answer.unwrap_or_else(|_| Err(Error::new(Code::Unconfirmed)));
            }
        }
    }

    /// Whether one more call is to begin, which is counted then.
    fn another_call(&self) -> bool {
        let mut queue = self.lock();
        let due = queue.waiting.len() >= self.bounds.together || queue.began.elapsed() >= LONG;
        let another = !queue.waiting.is_empty() && (queue.calls == 0 || queue.calls < self.bounds.calls && due);
        if another {
            queue.calls = queue.calls.saturating_add(1);
            queue.began = Instant::now();
        }
        another
    }

    /// The next group; `None` when there is nothing to do, and then one call fewer is on its way.
    fn next_group(&self) -> Option<Vec<Asked<T>>> {
        let mut queue = self.lock();
        let (mut group, mut later, mut keys) = (Vec::new(), VecDeque::new(), HashSet::new());
        let mut weight = 0_usize;
        while group.len() < self.bounds.together && weight < self.bounds.weight {
            let Some(asked) = queue.waiting.pop_front() else { break };
            if asked.since.elapsed() > PATIENCE {
                let _ = asked.answer.send(Err(Error::unavailable()));
                continue;
            }
            match asked.item.key() {
                Some(key) if !keys.insert(key) => later.push_back(asked),
                _ => {
                    weight = weight.saturating_add(asked.item.weight());
                    group.push(asked);
                }
            }
        }
        // they were first, and stay first
        later.append(&mut queue.waiting);
        queue.waiting = later;
        if group.is_empty() {
            queue.calls = queue.calls.saturating_sub(1);
            return None;
        }
        queue.began = Instant::now();
        Some(group)
    }

    fn lock(&self) -> MutexGuard<'_, Queue<T>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::Semaphore;

    /// Answered with the number of its group's items.
    struct Number(u32);

    impl Groupable for Number {
        type Key = u32;
        type Answer = usize;

        fn key(&self) -> Option<u32> {
            Some(self.0)
        }
    }

    struct Desk {
        grouped: Arc<Grouped<Number>>,
        tasks: TaskTracker,
        open: Arc<Semaphore>,
    }

    impl Desk {
        fn new(bounds: Bounds) -> Self {
            Self { grouped: Arc::new(Grouped::new(bounds)), tasks: TaskTracker::new(), open: Arc::new(Semaphore::new(0)) }
        }

        /// Asks in a task; the work goes on when the desk is opened for it.
        fn ask(&self, number: u32) -> tokio::task::JoinHandle<Result<usize, Error>> {
            let (grouped, tasks, open) = (self.grouped.clone(), self.tasks.clone(), self.open.clone());
            tokio::spawn(async move {
                let work = move |group: Vec<Asked<Number>>| {
                    let open = open.clone();
                    async move {
                        open.acquire().await.expect("open").forget();
                        let together = group.len();
                        assert!(group.iter().all(|asked| asked.item.0 != 13), "unlucky");
                        group.into_iter().for_each(|asked| asked.answer(together));
                    }
                };
                grouped.ask(&tasks, Number(number), work).await
            })
        }

        /// Waits until so many calls are on their way and so many items wait; fails when that takes long.
        async fn until(&self, calls: usize, waiting: usize) {
            let is = || {
                let queue = self.grouped.lock();
                (queue.calls, queue.waiting.len()) == (calls, waiting)
            };
            let there = async {
                while !is() {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(PATIENCE, there).await.expect("it comes to that");
        }
    }

    const ONE: Bounds = Bounds { calls: 1, together: 3, weight: 100, waiting: 5 };

    async fn answer(asked: tokio::task::JoinHandle<Result<usize, Error>>) -> Result<usize, Code> {
        asked.await.expect("no panic").map_err(|error| error.code)
    }

    #[tokio::test]
    async fn who_asks_alone_goes_at_once_and_who_comes_meanwhile_goes_together() {
        let desk = Desk::new(ONE);
        let first = desk.ask(0);
        desk.until(1, 0).await;
        let others: Vec<_> = (1..=4).map(|number| desk.ask(number)).collect();
        desk.until(1, 4).await;
        desk.open.add_permits(10);
        assert_eq!(answer(first).await, Ok(1));
        let mut sizes = Vec::new();
        for other in others {
            sizes.push(answer(other).await.expect("answered"));
        }
        assert_eq!(sizes, [3, 3, 3, 1]);
        assert_eq!(desk.grouped.lock().calls, 0, "nothing is on its way any more");
    }

    #[tokio::test]
    async fn a_second_call_begins_when_a_whole_group_waits_and_not_before() {
        let desk = Desk::new(Bounds { calls: 2, ..ONE });
        let mut asked = vec![desk.ask(0)];
        desk.until(1, 0).await;
        for waiting in 1..=2 {
            // two do not fill a group, and no time has passed
            desk.grouped.lock().began = Instant::now() + Duration::from_secs(3_600);
            asked.push(desk.ask(waiting));
            desk.until(1, usize::try_from(waiting).expect("small")).await;
        }
        asked.push(desk.ask(3));
        desk.until(2, 0).await;
        desk.open.add_permits(10);
        for one in asked {
            assert!(answer(one).await.is_ok());
        }
    }

    #[tokio::test]
    async fn a_call_that_hangs_stops_nobody_else() {
        let desk = Desk::new(Bounds { calls: 2, ..ONE });
        let hangs = desk.ask(0);
        desk.until(1, 0).await;
        let other = desk.ask(1);
        // nobody else comes to ask
        desk.until(2, 0).await;
        desk.open.add_permits(10);
        assert!(answer(hangs).await.is_ok() && answer(other).await.is_ok());
    }

    #[tokio::test]
    async fn what_is_heavy_goes_with_less_company() {
        let desk = Desk::new(Bounds { weight: 2, ..ONE });
        let first = desk.ask(0);
        desk.until(1, 0).await;
        let others: Vec<_> = (1..=3).map(|number| desk.ask(number)).collect();
        desk.until(1, 3).await;
        desk.open.add_permits(10);
        assert_eq!(answer(first).await, Ok(1));
        let mut sizes = Vec::new();
        for other in others {
            sizes.push(answer(other).await.expect("answered"));
        }
        assert_eq!(sizes, [2, 2, 1]);
    }

    #[tokio::test]
    async fn what_must_not_go_together_goes_one_after_the_other_in_its_order() {
        let desk = Desk::new(ONE);
        let first = desk.ask(0);
        desk.until(1, 0).await;
        let mut others = Vec::new();
        for (waiting, number) in [7, 7, 8].into_iter().enumerate() {
            others.push(desk.ask(number));
            desk.until(1, waiting + 1).await;
        }
        desk.open.add_permits(10);
        assert_eq!(answer(first).await, Ok(1));
        let mut sizes = Vec::new();
        for other in others {
            sizes.push(answer(other).await.expect("answered"));
        }
        assert_eq!(sizes, [2, 1, 2], "the second 7 had to wait, the 8 had not");
    }

    #[tokio::test]
    async fn the_queue_is_bounded_and_a_panic_takes_only_its_own_group_along() {
        let desk = Desk::new(ONE);
        let unlucky = desk.ask(13);
        desk.until(1, 0).await;
        let waiting: Vec<_> = (0..5).map(|number| desk.ask(number)).collect();
        desk.until(1, 5).await;
        assert_eq!(answer(desk.ask(6)).await, Err(Code::Unavailable));
        desk.open.add_permits(10);
        assert_eq!(answer(unlucky).await, Err(Code::Unconfirmed));
        for one in waiting {
            assert!(answer(one).await.is_ok());
        }
    }
}
