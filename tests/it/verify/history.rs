//! A random history of a few people: they open, write, get, read; admins review what they write and take it away; somebody
//! commits late, somebody's transaction is rolled back; two instances seal, sometimes with both keys of a rotation.

use super::random::Random;
use crate::support::{Office, person::Person};
use cms_messages::{
    domain::{
        ids::{ConversationId, Seq, UserId},
        receipt::{Acknowledgement, Evidence, ReceiptKind},
        review::{ReviewCategory, ReviewId, ReviewRequest, ReviewScope},
        time::Timestamp,
    },
    server::{
        jobs::seal::{Round, Sealer},
        proof::verify::Anchor,
        service::{self, review_exports, reviews, reviews::Answer},
    },
};
use sqlx::{Connection, PgConnection};

pub struct History {
    pub office: Office,
    pub people: Vec<Person>,
    /// Who asks for reviews, and who decides.
    pub admins: [Person; 2],
    pub anchors: Vec<Anchor>,
    dice: Random,
    sealers: Vec<Sealer>,
    threads: Vec<(ConversationId, usize, usize)>,
    reviews: Vec<ReviewId>,
    late: Option<PgConnection>,
}

impl History {
    /// Four people, and two who seal.
    pub async fn begin(mut dice: Random) -> Self {
        let office = Office::new().await;
        let mut people = Vec::new();
        for name in ["asha", "bikram", "chandra", "deepa"] {
            people.push(office.person(name).await);
        }
        let admins = [office.person("meera").await.becomes_admin().await, office.person("noor").await.becomes_admin().await];
        let keys = if dice.percent(30) { vec![super::key(1), super::key(2)] } else { vec![super::key(1)] };
        office.state.signs_with(keys.clone());
        let states = [office.state.clone(), office.another_instance()];
        let sealers = states.into_iter().map(|state| Sealer::new(state, keys.clone()).expect("a key")).collect();
        let mut history = Self { office, people, admins, anchors: vec![], dice, sealers, threads: vec![], reviews: vec![], late: None };
        // what was never sealed at all is no history to be verified
        while history.threads.is_empty() {
            history.opens().await;
        }
        history.seals().await;
        history
    }

    /// So many things happen.
    pub async fn goes_on(&mut self, steps: usize) {
        for _ in 0..steps {
            match self.dice.below(100) {
                0..8 => self.opens().await,
                8..55 => self.writes().await,
                55..85 => self.acknowledges().await,
                85..88 => self.begins_late().await,
                88..91 => self.commits_late().await,
                91..93 => self.rolls_back().await,
                93..95 => self.reviews().await,
                _ => self.seals().await,
            }
        }
    }

    /// Everything is committed and sealed.
    pub async fn is_sealed(&mut self) {
        self.commits_late().await;
        for _ in 0..2 {
            self.seals().await;
        }
    }

    /// What a request asks for.
    pub fn review_of(&self, person: UserId) -> ReviewRequest {
        ReviewRequest {
            case_id: "TP-C-118".into(),
            category: ReviewCategory::Complaint,
            reason: "Gate passes were \"promised\" outside the tender.\n\u{1f600}".into(),
            scope: ReviewScope::UserId(person),
            from: Timestamp::parse("2020-01-01T00:00:00Z").expect("a moment"),
            until: Timestamp::parse("2100-01-01T00:00:00Z").expect("a moment"),
        }
    }

    /// One review goes its whole way, with a note at each step, and is taken away; one is refused without a word; one waits.
    pub async fn is_reviewed(&mut self) {
        let [meera, noor] = self.admins.clone();
        let (id, one, _) = self.threads.first().copied().expect("a thread");
        self.people[one].write(id, "what is going to be reviewed").await;
        self.is_sealed().await;
        let request = self.review_of(self.people[one].id());
        let review = reviews::request(&meera.ctx, request.clone()).await.expect("asked for").id;
        reviews::decide(&noor.ctx, review, Answer::Approve, Some("Agreed, and only this.".into())).await.expect("approved");
        let export = review_exports::request(&meera.ctx, review).await.expect("asked for").id;
        review_exports::decide(&noor.ctx, review, export, Answer::Approve, Some("Released to the board.".into())).await.expect("released");
        review_exports::take(&meera.ctx, review, export).await.map(|_| ()).expect("taken");
        let again = review_exports::request(&meera.ctx, review).await.expect("asked for").id;
        review_exports::decide(&noor.ctx, review, again, Answer::Refuse, Some("Once is enough.".into())).await.expect("refused");
        reviews::end(&meera.ctx, review).await.expect("ended");
        let other = reviews::request(&meera.ctx, ReviewRequest { case_id: "TP-C-120".into(), ..request.clone() }).await.expect("asked for");
        reviews::decide(&noor.ctx, other.id, Answer::Refuse, None).await.expect("refused");
        let of_one = ReviewRequest { scope: ReviewScope::ConversationId(id), category: ReviewCategory::LegalDuty, ..request };
        self.reviews.push(reviews::request(&meera.ctx, of_one).await.expect("asked for").id);
    }

    /// One step of some review. What the product refuses is no history.
    async fn reviews(&mut self) {
        let [meera, noor] = self.admins.clone();
        let answer = if self.dice.percent(70) { Answer::Approve } else { Answer::Refuse };
        let note = self.dice.percent(50).then(|| "नहीं, \"not\" like this".to_owned());
        let Some(review) = self.dice.pick(&self.reviews).copied().filter(|_| self.dice.percent(70)) else {
            let who = self.dice.below(self.people.len());
            let asked = reviews::request(&meera.ctx, self.review_of(self.people[who].id())).await.expect("asked for");
            return self.reviews.push(asked.id);
        };
        match self.dice.below(6) {
            0..3 => drop(reviews::decide(&noor.ctx, review, answer, note).await),
            3 => drop(reviews::end(&meera.ctx, review).await),
            _ => {
                let Ok(export) = review_exports::request(&meera.ctx, review).await else { return };
                let decided = review_exports::decide(&noor.ctx, review, export.id, answer, note).await;
                if decided.is_ok() && self.dice.percent(50) {
                    drop(review_exports::take(&meera.ctx, review, export.id).await);
                }
            }
        }
    }

    async fn opens(&mut self) {
        let (one, other) = (self.dice.below(4), self.dice.below(4));
        if one == other {
            return;
        }
        let id = self.people[one].open(&self.people[other]).await;
        if !self.threads.iter().any(|(known, ..)| *known == id) {
            self.threads.push((id, one, other));
        }
    }

    async fn writes(&mut self) {
        let Some((id, one, other)) = self.dice.pick(&self.threads).copied() else { return };
        let who = if self.has_begun(id).await && self.dice.percent(50) { other } else { one };
        let texts = ["hello", "two\nlines, \"quoted\" \\ and more", "\u{1f600} \u{202e}abc", "\u{1}\u{7f}", "नमस्ते"];
        let text = self.dice.pick(&texts).copied().unwrap_or("?");
        // what the product does not take is no history
        let _ = self.people[who].send(id, cms_messages::domain::ids::ClientId(self.dice.key()), text).await;
    }

    async fn has_begun(&self, id: ConversationId) -> bool {
        self.messages(id).await > 0
    }

    async fn messages(&self, id: ConversationId) -> i64 {
        let sql = "select last_seq from conversations where id = $1";
        sqlx::query_scalar(sql).bind(id.0).fetch_one(&*self.office.state.pool).await.expect("a conversation")
    }

    async fn acknowledges(&mut self) {
        let Some((id, one, other)) = self.dice.pick(&self.threads).copied() else { return };
        let up_to = self.dice.below(usize::try_from(self.messages(id).await).unwrap_or(0) + 1);
        let who = if self.dice.percent(50) { one } else { other };
        let kind = if self.dice.percent(50) { ReceiptKind::Read } else { ReceiptKind::Delivered };
        let evidence = if self.dice.percent(50) { Evidence::Form } else { Evidence::Client };
        let item = Acknowledgement { conversation_id: id, up_to_seq: Seq(i64::try_from(up_to).unwrap_or(0)) };
        let _ = service::receipts::acknowledge(&self.people[who].ctx, kind, evidence, vec![item]).await;
    }

    /// An entry gets its number now and is committed who knows when.
    async fn begins_late(&mut self) {
        if self.late.is_some() {
            return;
        }
        let mut late = self.office.database.owner().await;
        for sql in ["begin", "insert into audit_entries (action, object) values ('user.changed', 'late')"] {
            sqlx::query(sql).execute(&mut late).await.expect("written");
        }
        self.late = Some(late);
    }

    async fn commits_late(&mut self) {
        if let Some(mut late) = self.late.take() {
            sqlx::query("commit").execute(&mut late).await.expect("committed");
        }
    }

    async fn rolls_back(&mut self) {
        let mut owner = self.office.database.owner().await;
        let mut gone = owner.begin().await.expect("begun");
        let sql = "insert into audit_entries (action, object) values ('user.changed', 'never')";
        sqlx::query(sql).execute(&mut *gone).await.expect("written");
        gone.rollback().await.expect("rolled back");
    }

    async fn seals(&mut self) {
        let who = self.dice.below(self.sealers.len());
        let round = self.sealers[who].round().await.expect("the database answers");
        assert!(matches!(round, Round::Sealed(_)), "{round:?}");
    }
}
