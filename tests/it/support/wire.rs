//! Between the server and Postgres: counts what really crosses the wire, whatever library sends it.
//!
//! Every frontend message but the first has a type byte and a length. `Execute` and `Query` run a statement;
//! `Sync` and `Query` wait for an answer, so they are the round trips.

use cms_messages::server::db::pool::Pool;
use sqlx::{ConnectOptions, postgres::PgConnectOptions};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream, UnixStream},
};

/// A counting go-between.
pub struct Wire {
    port: u16,
    statements: Arc<AtomicUsize>,
    round_trips: Arc<AtomicUsize>,
    frozen: Arc<AtomicBool>,
}

/// What crossed the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traffic {
    /// Statements that were run.
    pub statements: usize,
    /// Times the server was waited for.
    pub round_trips: usize,
}

impl Wire {
    /// Listens in front of the database of these options.
    pub async fn tap(options: PgConnectOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let wire = Self { port, statements: Arc::default(), round_trips: Arc::default(), frozen: Arc::default() };
        let frozen = wire.frozen.clone();
        let (statements, round_trips) = (wire.statements.clone(), wire.round_trips.clone());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (statements, round_trips) = (statements.clone(), round_trips.clone());
                let (options, frozen) = (options.clone(), frozen.clone());
                tokio::spawn(async move {
                    let (from_client, to_client) = client.into_split();
                    let (from_server, to_server) = connect(&options).await;
                    tokio::spawn(forward(from_server, to_client));
                    let _ = count(from_client, to_server, &statements, &round_trips, &frozen).await;
                });
            }
        });
        wire
    }

    /// How to reach the database through it.
    pub fn options(&self, options: PgConnectOptions) -> PgConnectOptions {
        // by its URL, because host() leaves a socket in place, and the socket goes before the host
        let mut url = options.to_url_lossy();
        url.set_host(Some("127.0.0.1")).expect("a host");
        url.set_port(Some(self.port)).expect("a port");
        PgConnectOptions::from_url(&url).expect("options").ssl_mode(sqlx::postgres::PgSslMode::Disable)
    }

    /// From now on nobody answers, and nobody hangs up: as if the database's host were gone. What was asked while it was so
    /// is never answered; with `false` new connections are.
    pub fn freeze(&self, frozen: bool) {
        self.frozen.store(frozen, SeqCst);
    }

    /// What crossed the wire until this was answered. Begins when all connections are back: sqlx looks at each one that
    /// does not rest with us (a lone Sync) on its way, after the answer that it was taken for.
    pub async fn during<T>(&self, pool: &Pool, work: impl Future<Output = T>) -> (T, Traffic) {
        while pool.idle() < pool.size() as usize {
            tokio::task::yield_now().await;
        }
        let before = (self.statements.load(SeqCst), self.round_trips.load(SeqCst));
        let value = work.await;
        let (statements, round_trips) = (self.statements.load(SeqCst) - before.0, self.round_trips.load(SeqCst) - before.1);
        (value, Traffic { statements, round_trips })
    }
}

type Reader = Box<dyn AsyncRead + Send + Unpin>;
type Writer = Box<dyn AsyncWrite + Send + Unpin>;

async fn connect(options: &PgConnectOptions) -> (Reader, Writer) {
    let directory = match options.get_socket() {
        Some(directory) => Some(directory.clone()),
        None => options.get_host().starts_with('/').then(|| options.get_host().into()),
    };
    if let Some(directory) = directory {
        let socket = directory.join(format!(".s.PGSQL.{}", options.get_port()));
        let (reader, writer) = UnixStream::connect(socket).await.expect("the database's socket answers").into_split();
        return (Box::new(reader), Box::new(writer));
    }
    let (reader, writer) = TcpStream::connect((options.get_host(), options.get_port())).await.expect("the database answers").into_split();
    (Box::new(reader), Box::new(writer))
}

async fn forward(mut from: Reader, mut to: impl AsyncWrite + Unpin) {
    let _ = tokio::io::copy(&mut from, &mut to).await;
    let _ = to.shutdown().await;
}

async fn count(
    mut from: impl AsyncRead + Unpin,
    mut to: Writer,
    statements: &AtomicUsize,
    round_trips: &AtomicUsize,
    frozen: &AtomicBool,
) -> std::io::Result<()> {
    if frozen.load(SeqCst) {
        std::future::pending::<()>().await;
    }
    // the start-up message has no type
    let length = from.read_u32().await?;
    pass(&mut from, &mut to, &length.to_be_bytes(), length).await?;
    loop {
        let kind = from.read_u8().await?;
        let length = from.read_u32().await?;
        if frozen.load(SeqCst) {
            std::future::pending::<()>().await;
        }
        if matches!(kind, b'E' | b'Q') {
            statements.fetch_add(1, SeqCst);
        }
        if matches!(kind, b'S' | b'Q') {
            round_trips.fetch_add(1, SeqCst);
        }
        let [a, b, c, d] = length.to_be_bytes();
        pass(&mut from, &mut to, &[kind, a, b, c, d], length).await?;
    }
}

async fn pass(from: &mut (impl AsyncRead + Unpin), to: &mut Writer, head: &[u8], length: u32) -> std::io::Result<()> {
    let mut body = vec![0; length as usize - 4];
    from.read_exact(&mut body).await?;
    to.write_all(head).await?;
    to.write_all(&body).await?;
    to.flush().await
}
