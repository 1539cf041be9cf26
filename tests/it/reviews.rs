//! Reviews: an admin reads other people's conversation only with a reason, a second person and an end, each page is written
//! down before it is read, and the two are told.

mod asking;
mod ending;
mod reading;
mod record;

use crate::support::{
    Office,
    person::{Person, context},
    server::Server,
    settings, state,
};
use cms_messages::{
    domain::{
        ids::{ConversationId, Seq},
        review::{Review, ReviewCategory, ReviewMode, ReviewRequest, ReviewScope},
        time::Timestamp,
        user::Role,
    },
    error::Code,
    server::{
        service::{
            review_reading,
            reviews::{self, Answer as Decision},
        },
        settings::{Audit, Settings},
        state::AppState,
    },
};
use sqlx::{AssertSqlSafe, Executor};

/// What nobody but the two may see without a review.
const CANARY: &str = "the canary sings at noon";

/// asha and bikram write to each other; meera and noor are admins.
struct Scene {
    server: Server,
    asha: Person,
    bikram: Person,
    meera: Person,
    noor: Person,
    conversation: ConversationId,
}

async fn admin(office: &Office, username: &str) -> Person {
    let mut person = office.person_in(username, "Internal Audit").await;
    let sql = AssertSqlSafe(format!("update users set role = 'admin' where username = '{username}'"));
    sqlx::query(sql).execute(&*office.state.pool).await.expect("an admin");
    person.user.role = Role::Admin;
    person.ctx = context(&office.state, &person.user);
    person
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start().await;
        let office = &server.office;
        let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
        let (meera, noor) = (admin(office, "meera").await, admin(office, "noor").await);
        let conversation = asha.open(&bikram).await;
        asha.write(conversation, CANARY).await;
        bikram.write(conversation, "and so does the other one").await;
        Self { server, asha, bikram, meera, noor, conversation }
    }

    fn request(&self) -> ReviewRequest {
        ReviewRequest {
            case_id: "TP-C-118".into(),
            category: ReviewCategory::Complaint,
            reason: "Gate passes were promised outside the tender.".into(),
            scope: ReviewScope::ConversationId(self.conversation),
            from: Timestamp::parse("2020-01-01T00:00:00Z").expect("a moment"),
            until: Timestamp::parse("2100-01-01T00:00:00Z").expect("a moment"),
        }
    }

    /// Asked for by meera.
    async fn requested(&self) -> Review {
        reviews::request(&self.meera.ctx, self.request()).await.expect("asked for")
    }

    /// Asked for by meera, approved by noor.
    async fn approved(&self) -> Review {
        let review = self.requested().await;
        reviews::decide(&self.noor.ctx, review.id, Decision::Approve, Some("Agreed.".into())).await.expect("approved")
    }

    async fn reads(&self, reader: &Person, review: &Review) -> Result<Vec<String>, Code> {
        let page = review_reading::page(&reader.ctx, review.id, self.conversation, Seq(0)).await.map_err(|error| error.code)?;
        Ok(page.items.into_iter().map(|message| message.body).collect())
    }

    /// Another instance, whose settings say this about reviews.
    fn where_policy_is(&self, review: ReviewMode) -> AppState {
        state(with(review), self.server.office.database.pool(2))
    }

    async fn owner_does(&self, sql: &'static str) {
        self.server.office.database.owner().await.execute(sql).await.expect(sql);
    }
}

fn with(review: ReviewMode) -> Settings {
    Settings { audit: Audit { review, ..Audit::default() }, ..settings() }
}
