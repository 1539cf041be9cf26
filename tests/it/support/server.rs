//! The real server in this process, on a free port over a database of its own, and clients that speak HTTP to it.

use super::{Office, database::TestDatabase, leptos_options, person::Person, settings};
use cms_messages::{
    domain::user::Role,
    server::{auth::token, router, serve, settings::Settings, state::AppState},
};
use reqwest::{Method, RequestBuilder, Response, header, redirect::Policy};
use serde_json::Value;
use std::{net::SocketAddr, path::PathBuf, sync::Arc};
use tokio::{net::TcpListener, task::JoinHandle};

/// A running server.
pub struct Server {
    /// Its database, its state, its people.
    pub office: Office,
    /// Where it listens.
    pub address: SocketAddr,
    site: PathBuf,
    running: Option<JoinHandle<()>>,
}

impl Server {
    /// Without limits and without a policy.
    pub async fn start() -> Self {
        Self::with(settings()).await
    }

    /// With these settings.
    pub async fn with(settings: Settings) -> Self {
        Self::on(TestDatabase::new().await, settings).await
    }

    /// On a database that is there already.
    pub async fn on(database: TestDatabase, settings: Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let site = site(address.port());
        let mut files = leptos_options();
        files.site_root = site.to_str().expect("a path").into();
        files.hash_files = true;
        files.hash_file = site.join("hash.txt").to_str().expect("a path").into();
        let office = Office::on(database, settings, files);
        let state = office.state.clone();
        let running = tokio::spawn(async move { serve::serve(listener, router::router(state.clone()), &state).await });
        Self { office, address, site, running: Some(running) }
    }

    /// Nobody is signed in.
    pub fn stranger(&self) -> Client {
        Client::new(self.address, header::HeaderMap::new())
    }

    /// This person's browser, signed in.
    pub async fn browser(&self, person: &Person) -> Client {
        let token = format!("session-of-{}-{}", person.user.username, uuid::Uuid::new_v4().simple());
        sqlx::query("insert into sessions (token_sha256, user_id, expires_at) values ($1, $2, now() + interval '1 hour')")
            .bind(token::digest(&token))
            .bind(person.id().0)
            .execute(&*self.office.state.pool)
            .await
            .expect("a session");
        Client::new(self.address, one_header(header::COOKIE, &format!("cms_session={token}")))
    }

    /// A program of this person, with a bearer token.
    pub async fn program(&self, person: &Person) -> Client {
        Client::new(self.address, one_header(header::AUTHORIZATION, &format!("Bearer {}", self.token(person).await)))
    }

    /// A bearer token of this person.
    pub async fn token(&self, person: &Person) -> String {
        let token = format!("token-of-{}-{}", person.user.username, uuid::Uuid::new_v4().simple());
        sqlx::query("insert into api_tokens (token_sha256, user_id) values ($1, $2)")
            .bind(token::digest(&token))
            .bind(person.id().0)
            .execute(&*self.office.state.pool)
            .await
            .expect("a token");
        token
    }

    /// The same server on another address, within these bounds.
    pub async fn within(&self, bounds: impl FnOnce(&mut serve::Bounds)) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let (address, state) = (listener.local_addr().expect("bound"), self.office.state.clone());
        let mut all = serve::Bounds::of(&state.settings);
        bounds(&mut all);
        tokio::spawn(async move { serve::serve_within(all, listener, router::router(state.clone()), &state).await });
        address
    }

    /// Another instance at the same database, told of nothing by this one; and where it listens.
    pub async fn another_instance(&self) -> (AppState, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let (address, state) = (listener.local_addr().expect("bound"), self.office.another_instance());
        let running = state.clone();
        tokio::spawn(async move { serve::serve(listener, router::router(running.clone()), &running).await });
        (state, address)
    }

    /// An admin's browser.
    pub async fn admin(&self, username: &str) -> (Person, Client) {
        let mut person = self.office.person(username).await;
        sqlx::query("update users set role = 'admin' where id = $1")
            .bind(person.id().0)
            .execute(&*self.office.state.pool)
            .await
            .expect("an admin");
        person.user.role = Role::Admin;
        let browser = self.browser(&person).await;
        (person.at(&self.office.state), browser)
    }

    /// Drains, and waits for the end.
    pub async fn stop(&mut self) {
        self.office.state.shutdown.cancel();
        if let Some(running) = self.running.take() {
            running.await.expect("the server ends without a panic");
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.office.state.shutdown.cancel();
        let _ = std::fs::remove_dir_all(&self.site);
    }
}

/// What cargo-leptos would have built, in small.
fn site(port: u16) -> PathBuf {
    let site = std::env::temp_dir().join(format!("cms-messages-site-{}-{port}", std::process::id()));
    std::fs::create_dir_all(site.join("pkg")).expect("a folder");
    std::fs::write(site.join("pkg/cms-messages.abc.js"), "export {}").expect("a file");
    std::fs::write(site.join("pkg/cms-messages.abc.js.br"), b"not really brotli").expect("a file");
    std::fs::write(site.join("hash.txt"), "js: abc\nwasm: abc\ncss: abc\n").expect("a file");
    std::fs::write(site.join("robots.txt"), "User-agent: *\nDisallow: /\n").expect("a file");
    site
}

fn one_header(name: header::HeaderName, value: &str) -> header::HeaderMap {
    header::HeaderMap::from_iter([(name, value.parse().expect("a header"))])
}

/// Speaks HTTP for somebody; follows no redirect.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Arc<str>,
}

impl Client {
    fn new(address: SocketAddr, headers: header::HeaderMap) -> Self {
        let http = reqwest::Client::builder().default_headers(headers).redirect(Policy::none()).no_proxy().build().expect("a client");
        Self { http, base: format!("http://{address}").into() }
    }

    /// The same browser or program at another instance.
    pub fn at(&self, address: SocketAddr) -> Self {
        Self { http: self.http.clone(), base: format!("http://{address}").into() }
    }

    /// PATCH with a JSON body.
    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::PATCH, path).json(&body)).await
    }

    /// A request to a path of the server.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base))
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::DELETE, path)).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::PUT, path).json(&body)).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::of(self.request(Method::POST, path).json(&body)).await
    }

    /// POST of a plain form.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded(fields);
        let request = self.request(Method::POST, path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        Answer::of(request.body(body)).await
    }
}

/// A form as a browser writes it.
pub fn form_urlencoded(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect::<Vec<_>>().join("&")
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: header::HeaderMap,
    /// The body as text.
    pub text: String,
}

impl Answer {
    /// What this request is answered with.
    pub async fn of(request: RequestBuilder) -> Self {
        let answer: Response = request.send().await.expect("the server answers");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Self { status, headers, text: answer.text().await.expect("a body") }
    }

    /// The same of an answer that does not end: its first bytes.
    pub async fn beginning_of(request: RequestBuilder) -> Self {
        let mut answer: Response = request.send().await.expect("the server answers");
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.chunk().await.expect("a body").unwrap_or_default();
        Self { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The stable code of a problem.
    pub fn code(&self) -> String {
        let json = self.json();
        json["code"].as_str().unwrap_or_else(|| panic!("no code in {self:?}")).to_owned()
    }

    /// A header, empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().expect("a text")).unwrap_or_default()
    }

    /// The same answer with another request's id in it.
    pub fn without_request_id(&self) -> String {
        self.text.replace(self.header("x-request-id"), "…")
    }

    /// Status and code in one, for tables.
    pub fn outcome(&self) -> String {
        match self.text.starts_with('{') && self.status >= 400 {
            true => format!("{} {}", self.status, self.code()),
            false => self.status.to_string(),
        }
    }
}
