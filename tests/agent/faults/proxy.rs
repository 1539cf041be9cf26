//! A wire that can be made bad: between clients and server, and between server and PostgreSQL.
//!
//! What was lost stays lost: a connection whose bytes were swallowed never goes on, it is cut when the weather clears.

use std::{io, net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

/// How the wire is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// As it should be.
    Clear,
    /// A connection breaks after it has carried so many more bytes one way.
    CutAfter(usize),
    /// What the clients say arrives, what is answered does not.
    AnswersLost,
    /// Everything arrives later.
    Slow(Duration),
    /// So many bytes a second.
    Narrow(usize),
    /// Nothing moves, and nothing is lost: it moves on afterwards.
    Stalled,
    /// Half-open: nobody hears anything any more, and nobody is told until it is over.
    HalfOpen,
    /// Half-open for good: the connections of now are never heard of again, nor are they ever closed; new ones work.
    Forgotten,
    /// New connections are closed at once, old ones are cut.
    Refused,
}

/// A listening address in front of another one.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    sky: watch::Sender<Sky>,
    accepting: JoinHandle<()>,
}

/// What every connection looks at.
#[derive(Debug, Clone, Copy)]
struct Sky {
    /// Grows with every change.
    number: u64,
    weather: Weather,
}

impl Proxy {
    /// In front of this address, on a free port.
    pub async fn before(target: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (sky, seen) = watch::channel(Sky { number: 0, weather: Weather::Clear });
        let accepting = tokio::spawn(async move {
            loop {
                let Ok((client, _)) = listener.accept().await else { continue };
                let seen = seen.clone();
                if seen.borrow().weather == Weather::Refused {
                    continue;
                }
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(target).await {
                        carry(client, server, seen).await;
                    }
                });
            }
        });
        Ok(Self { address, sky, accepting })
    }

    /// From now on.
    pub fn weather(&self, weather: Weather) {
        self.sky.send_modify(|sky| *sky = Sky { number: sky.number + 1, weather });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Until one side has gone, or the weather has taken the connection.
async fn carry(client: TcpStream, server: TcpStream, sky: watch::Receiver<Sky>) {
    let (_, _) = (client.set_nodelay(true), server.set_nodelay(true));
    let born = sky.borrow().number;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let pump = |from, to, answers| Pump { from, to, answers, born, sky: sky.clone(), broken: false, left: (0, 0) }.run();
    tokio::select! {
        _ = pump(from_client, to_server, false) => {}
        _ = pump(from_server, to_client, true) => {}
    }
}

/// One direction of a connection.
struct Pump {
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
    answers: bool,
    /// The number of the sky it began under.
    born: u64,
    sky: watch::Receiver<Sky>,
    /// Bytes were swallowed.
    broken: bool,
    /// Under which sky it breaks after how many more bytes.
    left: (u64, usize),
}

impl Pump {
    async fn run(mut self) -> io::Result<()> {
        let mut bytes = vec![0; 16 * 1024];
        loop {
            let Sky { number, weather } = *self.sky.borrow_and_update();
            if weather == Weather::Refused || self.broken && !matches!(weather, Weather::AnswersLost | Weather::HalfOpen) {
                return Ok(());
            }
            let mut room = bytes.len();
            match weather {
                Weather::Forgotten if self.born < number => std::future::pending().await,
                Weather::HalfOpen | Weather::Stalled => {
                    self.broken |= weather == Weather::HalfOpen;
                    self.sky.changed().await.map_err(io::Error::other)?;
                    continue;
                }
                Weather::CutAfter(after) => {
                    if self.left.0 != number {
                        self.left = (number, after);
                    }
                    if self.left.1 == 0 {
                        return Ok(());
                    }
                    room = room.min(self.left.1);
                }
                Weather::Narrow(a_second) => room = room.min((a_second / 20).max(1)),
                _ => {}
            }
            let count = tokio::select! {
                changed = self.sky.changed() => {
                    changed.map_err(io::Error::other)?;
                    continue;
                }
                count = self.from.read(bytes.get_mut(..room).unwrap_or_default()) => count?,
            };
            match weather {
                _ if count == 0 => return Ok(()),
                Weather::AnswersLost if self.answers => {
                    self.broken = true;
                    continue;
                }
                Weather::Slow(later) => sleep(later).await,
                Weather::Narrow(_) => sleep(Duration::from_millis(50)).await,
                Weather::CutAfter(_) => self.left.1 -= count,
                _ => {}
            }
            // a client that does not read must not hold the proxy's task for ever
            timeout(Duration::from_secs(120), self.to.write_all(bytes.get(..count).unwrap_or_default())).await??;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers every byte with the same byte.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (mut from, mut to) = stream.into_split();
                tokio::spawn(async move { tokio::io::copy(&mut from, &mut to).await });
            }
        });
        address
    }

    async fn says(stream: &mut TcpStream, byte: u8) -> Option<u8> {
        stream.write_all(&[byte]).await.ok()?;
        let mut answer = [0];
        timeout(Duration::from_millis(300), stream.read_exact(&mut answer)).await.ok()?.ok()?;
        Some(answer[0])
    }

    #[tokio::test]
    async fn bytes_pass_until_the_weather_takes_the_connection() {
        let proxy = Proxy::before(echo().await).await.unwrap();
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        assert_eq!(says(&mut stream, 1).await, Some(1));
        proxy.weather(Weather::CutAfter(2));
        assert_eq!(says(&mut stream, 2).await, Some(2));
        // the second byte is the last one that gets through; whether its answer does is a matter of haste
        says(&mut stream, 3).await;
        assert_eq!(says(&mut stream, 4).await, None);
    }

    #[tokio::test]
    async fn what_was_swallowed_never_comes_and_its_connection_is_cut() {
        let proxy = Proxy::before(echo().await).await.unwrap();
        for lost in [Weather::AnswersLost, Weather::HalfOpen] {
            let mut stream = TcpStream::connect(proxy.address).await.unwrap();
            assert_eq!(says(&mut stream, 1).await, Some(1));
            proxy.weather(lost);
            assert_eq!(says(&mut stream, 2).await, None);
            proxy.weather(Weather::Clear);
            assert!(matches!(timeout(Duration::from_secs(5), stream.read(&mut [0])).await, Ok(Ok(0) | Err(_))), "{lost:?}");
        }
    }

    #[tokio::test]
    async fn what_was_stalled_moves_on_and_what_was_forgotten_does_not() {
        let proxy = Proxy::before(echo().await).await.unwrap();
        let mut stream = TcpStream::connect(proxy.address).await.unwrap();
        assert_eq!(says(&mut stream, 1).await, Some(1));
        proxy.weather(Weather::Stalled);
        assert_eq!(says(&mut stream, 2).await, None);
        proxy.weather(Weather::Clear);
        assert_eq!(says(&mut stream, 3).await, Some(2));
        proxy.weather(Weather::Forgotten);
        let mut new = TcpStream::connect(proxy.address).await.unwrap();
        assert_eq!((says(&mut stream, 4).await.filter(|byte| *byte == 4), says(&mut new, 5).await), (None, Some(5)));
    }
}
