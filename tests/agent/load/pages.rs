//! Reading, and one send, in a small and in a large history: two servers on two databases, asked in turns, so that what slows
//! the machine down slows both.

use super::{
    latency::{Latencies, Summary, milliseconds},
    office, print,
    table::{Goal, Row},
    text,
};
use crate::{Failure, http::Http};
use sqlx::{Connection, Executor, PgConnection};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// Inbox, history and one send at 10,000 and at 1,000,000 messages (script/lib/busy.sql made them).
#[derive(clap::Args)]
pub struct Pages {
    /// The server on the small database.
    #[arg(long)]
    small_address: String,
    /// As the owner of the tables.
    #[arg(long, hide_env_values = true)]
    small_database_url: String,
    /// The server on the large database.
    #[arg(long)]
    large_address: String,
    /// As the owner of the tables.
    #[arg(long, hide_env_values = true)]
    large_database_url: String,
    /// How often everything is asked.
    #[arg(long, default_value_t = 1_000)]
    times: usize,
    /// A file that gets the rows of the table.
    #[arg(long)]
    table: PathBuf,
}

/// The busy person of script/lib/busy.sql, and the longest of their conversations.
const PERSON: Uuid = Uuid::from_u128(0x0000_0001_0000_7000_8000_0000_0000_0001);
const CONVERSATION: Uuid = Uuid::from_u128(0x0000_0002_0000_7000_8000_0000_0000_0001);

/// One database, the server on it, and what was measured there.
struct Side {
    http: Http,
    database: PgConnection,
    middle: i64,
    inbox: Latencies,
    inbox_sql: Latencies,
    newest: Latencies,
    halfway: Latencies,
    send: Latencies,
}

/// The middles of the same.
struct Middles {
    inbox: Duration,
    inbox_sql: Duration,
    newest: Duration,
    halfway: Duration,
    send: Duration,
}

impl Pages {
    /// Measures, and adds the rows.
    pub async fn run(self) -> Result<(), Failure> {
        let mut small = Side::new(&self.small_address, &self.small_database_url).await?;
        let mut large = Side::new(&self.large_address, &self.large_database_url).await?;
        // the first ones fill caches and make plans
        for number in 0..self.times / 10 {
            small.ask(number).await?;
            large.ask(number).await?;
        }
        (small, large) = (small.anew(), large.anew());
        for number in 0..self.times {
            small.ask(number).await?;
            large.ask(number).await?;
        }
        let (small, large) = (small.middles(), large.middles());
        print(&format!("  at 10,000: {}\nat 1,000,000: {}", small.describe(), large.describe()))?;
        let row = |figure: &str, goal, (over, under): (Duration, Duration)| {
            let note = format!("{} ÷ {}", milliseconds(over), milliseconds(under));
            Row { figure, goal: Goal::AtMost(goal), measured: over.as_secs_f64() / under.as_secs_f64(), unit: "", note }.add(&self.table)
        };
        row("inbox, first 50 of 1,000, p50 ÷ its SQL alone", 2.0, (large.inbox, large.inbox_sql))?;
        row("history, 50 of 1,000,000, middle ÷ newest", 1.2, (large.halfway, large.newest))?;
        row("one send at 1,000,000 ÷ at 10,000 messages", 1.3, (large.send, small.send))?;
        row("inbox at 1,000,000 ÷ at 10,000", 1.3, (large.inbox, small.inbox))?;
        row("history, newest, at 1,000,000 ÷ at 10,000", 1.3, (large.newest, small.newest))?;
        row("history, middle, at 1,000,000 ÷ at 10,000", 1.3, (large.halfway, small.halfway))
    }
}

impl Side {
    async fn new(address: &str, url: &str) -> Result<Self, Failure> {
        let mut database = PgConnection::connect(url).await?;
        office::durable(&mut database).await?;
        let token = office::tokens(&mut database, &[PERSON]).await?.pop().ok_or("a token")?;
        let last_seq: i64 =
            sqlx::query_scalar("select last_seq from conversations where id = $1").bind(CONVERSATION).fetch_one(&mut database).await?;
        // as the server's connections are
        database.execute("set role cms_messages_app; set jit = off").await?;
        Ok(Self::of(Http::connect(address, &token).await?, database, last_seq / 2))
    }

    fn of(http: Http, database: PgConnection, middle: i64) -> Self {
        let [inbox, inbox_sql, newest, halfway, send] = std::array::from_fn(|_| Latencies::default());
        Self { http, database, middle, inbox, inbox_sql, newest, halfway, send }
    }

    fn anew(self) -> Self {
        Self::of(self.http, self.database, self.middle)
    }

    async fn ask(&mut self, number: usize) -> Result<(), Failure> {
        let took = timed(&mut self.http, "GET", "/api/v1/conversations?limit=50", None).await?;
        self.inbox.add(took);
        let took = self.inbox_alone().await?;
        self.inbox_sql.add(took);
        let history = format!("/api/v1/conversations/{CONVERSATION}/messages");
        let took = timed(&mut self.http, "GET", &format!("{history}?limit=50"), None).await?;
        self.newest.add(took);
        // other pages each time, all of them near the middle
        let before = self.middle + i64::try_from(number * 50 % 1_000)?;
        let took = timed(&mut self.http, "GET", &format!("{history}?limit=50&before={before}"), None).await?;
        self.halfway.add(took);
        let body = format!("{{\"body\":\"{}\"}}", text::of(number as u64));
        let took = timed(&mut self.http, "PUT", &format!("{history}/{}", Uuid::now_v7()), Some(body.as_bytes())).await?;
        self.send.add(took);
        Ok(())
    }

    /// The inbox's statement, prepared, with what the server gives it for the first 50.
    async fn inbox_alone(&mut self) -> Result<Duration, Failure> {
        let began = Instant::now();
        let rows = sqlx::query(include_str!("../../../src/server/db/sql/inbox_page.sql"))
            .bind(PERSON)
            .bind(None::<time::OffsetDateTime>)
            .bind(None::<Uuid>)
            .bind(Vec::<String>::new())
            .bind(51_i64)
            .fetch_all(&mut self.database)
            .await?;
        let took = began.elapsed();
        if rows.len() == 51 { Ok(took) } else { Err("the inbox is smaller than it should be".into()) }
    }

    fn middles(self) -> Middles {
        let [inbox, inbox_sql, newest, halfway, send] = [self.inbox, self.inbox_sql, self.newest, self.halfway, self.send].map(|times| {
            let Summary { p50, .. } = times.summary();
            p50
        });
        Middles { inbox, inbox_sql, newest, halfway, send }
    }
}

impl Middles {
    fn describe(&self) -> String {
        let [inbox, alone, newest, halfway, send] = [self.inbox, self.inbox_sql, self.newest, self.halfway, self.send].map(milliseconds);
        format!("inbox {inbox} (its SQL {alone}), history newest {newest} middle {halfway}, one send {send}")
    }
}

async fn timed(http: &mut Http, method: &str, path: &str, body: Option<&[u8]>) -> Result<Duration, Failure> {
    let began = Instant::now();
    let answer = http.request(method, path, body).await?;
    let took = began.elapsed();
    match answer.status {
        200 | 201 => Ok(took),
        status => Err(format!("{method} was answered with {status}: {}", String::from_utf8_lossy(&answer.body)).into()),
    }
}
