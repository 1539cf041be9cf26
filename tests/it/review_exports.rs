//! Taking a review away: asked for by its reader, released by a second person, written down before a text is read, the same
//! bytes each time, and verified by whoever has the file.

#[path = "review_exports/anchors.rs"]
mod anchors;
#[path = "review_exports/archive.rs"]
mod archive;
#[path = "review_exports/contents.rs"]
mod contents;
#[path = "review_exports/file.rs"]
mod file;
#[path = "review_exports/flow.rs"]
mod flow;
#[path = "review_exports/mutate.rs"]
mod mutate;
#[path = "review_exports/rules.rs"]
mod rules;

use crate::{
    support::{
        Office,
        person::{Person, context},
        server::{Answer, Client, Server},
        settings, state,
    },
    verify::random::Random,
};
use archive::{Files, downloaded, files, verified};
use cms_messages::{
    domain::{
        ids::ConversationId,
        review::{Review, ReviewCategory, ReviewMode, ReviewRequest, ReviewScope},
        review_export::{ExportState, ReviewExport},
        time::Timestamp,
        user::Role,
    },
    error::{Code, Error},
    server::{
        jobs::seal::{Round, Sealer},
        proof::{
            note::PrivateKey,
            verify::{Anchor, Trust},
        },
        service::{
            review_exports, review_reading,
            reviews::{self, Answer as Decision},
        },
        settings::{Audit, Settings},
    },
};
use futures_util::{StreamExt, TryStreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Executor};
use std::pin::pin;

/// What nobody but the two may see without a review.
const CANARY: &str = "the canary sings at noon";

fn key(seed: u8) -> PrivateKey {
    PrivateKey::new("messages.example.org", &[seed; 32]).expect("a name")
}

/// asha and bikram write to each other; meera and noor are admins; what they write is sealed.
struct Scene {
    server: Server,
    asha: Person,
    bikram: Person,
    meera: Person,
    noor: Person,
    conversation: ConversationId,
    sealer: Sealer,
}

impl Scene {
    async fn new() -> Self {
        Self::with(settings()).await
    }

    async fn with(settings: Settings) -> Self {
        let server = Server::with(settings).await;
        let office = &server.office;
        office.state.signs_with(vec![key(1)]);
        let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
        let (meera, noor) = (office.person("meera").await.becomes_admin().await, office.person("noor").await.becomes_admin().await);
        let conversation = asha.open(&bikram).await;
        asha.write(conversation, CANARY).await;
        bikram.write(conversation, "=1+1, said \"the other\"\nand more").await;
        bikram.read(conversation, 1).await.expect("read");
        let sealer = Sealer::new(office.state.clone(), vec![key(1)]).expect("a key");
        let mut scene = Self { server, asha, bikram, meera, noor, conversation, sealer };
        scene.is_sealed().await;
        scene
    }

    async fn is_sealed(&mut self) {
        let round = self.sealer.round().await.expect("the database answers");
        assert!(matches!(round, Round::Sealed(_)), "{round:?}");
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

    /// Asked for by meera, approved by noor.
    async fn approved(&self, request: ReviewRequest) -> Review {
        let review = reviews::request(&self.meera.ctx, request).await.expect("asked for");
        reviews::decide(&self.noor.ctx, review.id, Decision::Approve, None).await.expect("approved")
    }

    /// Asked for by meera, released by noor.
    async fn released(&self, review: &Review) -> ReviewExport {
        let export = review_exports::request(&self.meera.ctx, review.id).await.expect("asked for");
        review_exports::decide(&self.noor.ctx, review.id, export.id, Decision::Approve, Some("Agreed.".into())).await.expect("released")
    }

    async fn takes(&self, taker: &Person, export: &ReviewExport) -> Result<Vec<u8>, Error> {
        let archive = review_exports::take(&taker.ctx, export.review_id, export.id).await?;
        let expected = archive.bytes;
        let pieces: Vec<Vec<u8>> = archive.into_stream().try_collect().await?;
        let bytes = pieces.concat();
        assert_eq!(bytes.len() as u64, expected, "the length that was told");
        Ok(bytes)
    }

    async fn refused(&self, taker: &Person, export: &ReviewExport) -> Code {
        self.takes(taker, export).await.expect_err("refused").code
    }

    async fn owner_does(&self, sql: &'static str) {
        self.server.office.database.owner().await.execute(sql).await.expect(sql);
    }

    async fn entries(&self) -> Vec<(String, Value)> {
        sqlx::query_as("select action, details from audit_entries where action like 'export.%' order by id")
            .fetch_all(&*self.server.office.state.pool)
            .await
            .expect("the log")
    }
}

fn with(review: ReviewMode) -> Settings {
    Settings { audit: Audit { review, ..Audit::default() }, ..settings() }
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> Code {
    outcome.expect_err("refused").code
}
