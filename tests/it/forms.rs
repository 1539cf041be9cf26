//! Everything without a script: real links and forms, POST, redirect, GET. A refusal shows the page again, with the reason
//! and what was typed.

use crate::support::{
    audit_is_closed,
    person::Person,
    server::{Answer, Client, Server, form_urlencoded},
    settings,
};
use cms_messages::server::settings::Settings;
use reqwest::{Method, header::CONTENT_TYPE};
use serde_json::json;
use sqlx::Executor;
use tokio::task::JoinSet;
use uuid::Uuid;

const PASSWORD: &str = "correct horse battery";

/// Two people with a conversation, at their screens.
struct Pair {
    server: Server,
    asha: Client,
    bikram: Person,
    id: String,
}

async fn pair() -> Pair {
    pair_with(settings()).await
}

async fn pair_with(settings: Settings) -> Pair {
    let server = Server::with(settings).await;
    let (asha, bikram) = (server.office.person("asha").await, server.office.person("bikram").await);
    let id = asha.open(&bikram).await.to_string();
    bikram.open(&asha).await;
    Pair { asha: server.browser(&asha).await, bikram, id, server }
}

impl Pair {
    fn path(&self) -> String {
        format!("/messages/{}", self.id)
    }

    async fn hears(&self, body: &str) {
        self.bikram.write(self.id.parse().expect("an id"), body).await;
    }

    async fn conversation(&self) -> serde_json::Value {
        self.asha.get(&format!("/api/v1/conversations/{}", self.id)).await.json()
    }

    /// Changes what the server's role may do.
    async fn decree(&self, sql: &'static str) {
        self.server.office.database.owner().await.execute(sql).await.expect("as the owner of the tables");
    }

    async fn messages(&self) -> i64 {
        self.server.office.count("select count(*) from messages").await
    }
}

/// What stands in a page between two pieces of its markup, as a reader sees it.
fn between<'a>(page: &'a Answer, before: &str, after: &str) -> &'a str {
    let rest = page.text.split_once(before).unwrap_or_else(|| panic!("no {before} in {}", page.text)).1;
    rest.split_once(after).unwrap_or_else(|| panic!("no {after} behind {before}")).0
}

fn hidden<'a>(page: &'a Answer, name: &str) -> &'a str {
    let field = between(page, &format!("name=\"{name}\""), ">");
    field
        .split_once("value=\"")
        .unwrap_or_else(|| panic!("{name} has no value: {field}"))
        .1
        .trim_end_matches('"')
        .split('"')
        .next()
        .expect("a value")
}

/// What a browser posts when somebody presses the button of the page that gives their text back.
async fn try_again(client: &Client, kept: &Answer) -> Answer {
    let policy = kept.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"), "a browser refuses the form: {policy}");
    let text = between(kept, " readonly>\n", "</textarea>").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    let fields = ["client_id", "displayed_seq", "action"].map(|name| (name, hidden(kept, name)));
    let fields: Vec<_> = fields.into_iter().chain([("body", text.as_str())]).collect();
    client.submit(between(kept, "<form action=\"", "\""), &fields).await
}

async fn hire(server: &Server, username: &str) -> Person {
    let person = server.office.person(username).await;
    person.has_password(PASSWORD).await;
    person
}

#[tokio::test]
async fn every_page_holds_its_names_and_texts_before_any_script() {
    let pair = pair().await;
    pair.hears("The crane is free at noon").await;
    let inbox = pair.asha.get("/messages").await;
    for text in ["Bikram", "The crane is free at noon", "unread", "New message"] {
        assert!(inbox.text.contains(text), "{text} in the inbox");
    }
    let conversation = pair.asha.get(&pair.path()).await;
    for text in ["Bikram", "The crane is free at noon", "Mark as read", "<textarea", "This is the beginning of the conversation"] {
        assert!(conversation.text.contains(text), "{text} in the conversation");
    }
    let found = pair.asha.get("/messages/new?q=bik").await;
    assert!(found.text.contains("Bikram") && found.text.contains("recipient_id"), "{}", found.text);
    assert!(pair.asha.get("/messages?q=bik").await.text.contains("Bikram"));
    let nothing = pair.asha.get("/messages?q=zz+top").await.text;
    assert!(nothing.contains("No conversation matches") && nothing.contains("/messages/new?q=zz%20top"), "{nothing}");
    assert!(pair.asha.get("/settings").await.text.contains("Asha"));
    assert!(pair.server.stranger().get("/sign_in").await.text.contains("User name"));
    for page in ["/messages", "/messages/new", "/settings", pair.path().as_str()] {
        assert!(!pair.asha.get(page).await.text.contains("Loading"), "{page} waits for a script");
    }
}

#[tokio::test]
async fn a_get_changes_nothing() {
    let pair = pair().await;
    pair.hears("still unread").await;
    for page in ["/messages", "/messages/new?q=b", "/settings", pair.path().as_str(), "/nothing"] {
        pair.asha.get(page).await;
    }
    let conversation = pair.conversation().await;
    assert_eq!((&conversation["read_seq"], &conversation["delivered_seq"]), (&json!(0), &json!(0)));
    assert_eq!(pair.server.office.count("select count(*) from receipts").await, 0);
}

#[tokio::test]
async fn signing_in_leads_back_to_where_one_wanted_to_go() {
    let server = Server::start().await;
    hire(&server, "asha").await;
    let stranger = server.stranger();
    let sent_away = stranger.get("/messages/new?q=b").await;
    assert_eq!((sent_away.status, sent_away.header("location")), (303, "/sign_in?next=%2Fmessages%2Fnew%3Fq%3Db"));
    let door = stranger.get(sent_away.header("location")).await;
    let next = hidden(&door, "next").to_owned();
    assert_eq!(next, "/messages/new?q=b");
    let signed_in = stranger.submit("/sign_in", &[("username", "asha"), ("password", PASSWORD), ("next", &next)]).await;
    assert_eq!((signed_in.status, signed_in.header("location")), (303, "/messages/new?q=b"));
    assert!(signed_in.header("set-cookie").contains("HttpOnly"), "{signed_in:?}");
}

#[tokio::test]
async fn a_refused_sign_in_keeps_the_name_and_never_the_password() {
    let server = Server::start().await;
    hire(&server, "asha").await;
    let fields = [("username", "asha"), ("password", "not the password"), ("next", "/settings")];
    let refused = server.stranger().submit("/sign_in", &fields).await;
    assert_eq!((refused.status, refused.header("set-cookie")), (401, ""));
    assert!(refused.text.contains("User name and password do not match."), "{}", refused.text);
    assert!(refused.text.contains("value=\"asha\"") && hidden(&refused, "next") == "/settings");
    assert!(!refused.text.contains("not the password"));
}

#[tokio::test]
async fn a_message_is_sent_once_however_often_its_form_is() {
    let pair = pair().await;
    let page = pair.asha.get(&pair.path()).await;
    let key = hidden(&page, "client_id").to_owned();
    let fields = [("client_id", key.as_str()), ("displayed_seq", ""), ("body", "Line one\r\nline two <b>&"), ("action", "send")];
    for _ in 0..2 {
        let sent = pair.asha.submit(&pair.path(), &fields).await;
        assert_eq!((sent.status, sent.header("location")), (303, format!("{}#end", pair.path()).as_str()));
    }
    assert_eq!(pair.messages().await, 1);
    let shown = pair.asha.get(&pair.path()).await;
    assert!(shown.text.contains("Line one\nline two &lt;b&gt;&amp;"), "as text, never as markup");
    assert_ne!(hidden(&shown, "client_id"), key, "a page that is shown again has a fresh key");
}

#[tokio::test]
async fn a_refused_text_of_several_lines_comes_back_with_the_reason() {
    let pair = pair().await;
    let text = format!("\nfirst line\r\n</textarea><script>alert(1)</script>\r\n{}", "x".repeat(4_000));
    let fields =
        [("client_id", &Uuid::now_v7().to_string()), ("displayed_seq", &String::new()), ("body", &text), ("action", &"send".into())];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let refused = pair.asha.submit(&pair.path(), &fields).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("4,000"), "the reason");
    let field = between(&refused, "<textarea", "</textarea>");
    assert!(
        field.contains("first line") && field.contains("&lt;/textarea&gt;&lt;script&gt;") && field.contains(&"x".repeat(4_000)),
        "{field}"
    );
    assert!(!refused.text.contains("<script>alert"));
    assert!(refused.text.contains("Bikram"), "on the page that it came from");
    assert_eq!(pair.messages().await, 0);
}

#[tokio::test]
async fn a_reply_reads_what_its_page_displayed_and_no_more() {
    let pair = pair().await;
    pair.hears("displayed").await;
    let page = pair.asha.get(&pair.path()).await;
    let displayed = hidden(&page, "displayed_seq").to_owned();
    assert_eq!(displayed, "1");
    pair.hears("came later").await;
    let key = Uuid::now_v7().to_string();
    let fields = [("client_id", key.as_str()), ("displayed_seq", &displayed), ("body", "Reply"), ("action", "send")];
    assert_eq!(pair.asha.submit(&pair.path(), &fields).await.status, 303);
    let conversation = pair.conversation().await;
    assert_eq!((&conversation["read_seq"], &conversation["unread_count"]), (&json!(1), &json!(1)));
    assert_eq!(pair.server.office.count("select count(*) from receipts where kind = 'read' and evidence <> 'form'").await, 0);
}

#[tokio::test]
async fn the_button_marks_as_read_what_its_page_displayed() {
    let pair = pair().await;
    pair.hears("one").await;
    pair.hears("two").await;
    let page = pair.asha.get(&pair.path()).await;
    let fields = [("displayed_seq", hidden(&page, "displayed_seq")), ("action", "mark_as_read"), ("body", "half a thought")];
    assert_eq!(pair.asha.submit(&pair.path(), &fields).await.status, 303);
    assert_eq!(pair.conversation().await["unread_count"], 0);
    let beyond = [("displayed_seq", "99"), ("action", "mark_as_read"), ("body", "half a thought")];
    let refused = pair.asha.submit(&pair.path(), &beyond).await;
    assert_eq!(refused.status, 422);
    assert!(between(&refused, "<textarea", "</textarea>").contains("half a thought"));
}

#[tokio::test]
async fn a_conversation_is_opened_from_the_search() {
    let server = Server::with(Settings { policy: audit_is_closed(), ..settings() }).await;
    let (asha, bikram) = (server.office.person("asha").await, server.office.person("bikram").await);
    let zoya = server.office.person_in("zoya", "Audit").await;
    let client = server.browser(&asha).await;
    let opened = client.submit("/messages/new", &[("recipient_id", &bikram.id().to_string())]).await;
    assert_eq!(opened.status, 303);
    let page = client.get(opened.header("location")).await;
    assert!(page.text.contains("Bikram"), "{page:?}");
    let closed = client.get("/messages/new?q=zoya").await;
    assert!(closed.text.contains("Internal Audit takes no messages.") && !closed.text.contains("recipient_id"), "{}", closed.text);
    let denied = client.submit("/messages/new", &[("recipient_id", &zoya.id().to_string())]).await;
    assert_eq!(denied.status, 403);
    assert!(denied.text.contains("Internal Audit takes no messages."));
    assert_eq!(client.submit("/messages/new", &[("recipient_id", "nobody")]).await.status, 404);
    // what was written stays readable, and is found
    zoya.write(zoya.open(&asha).await, "One question").await;
    let mut owner = server.office.database.owner().await;
    owner.execute("update participants set last_sent_at = '2020-01-01' where last_sent_at is not null").await.expect("long ago");
    let known = client.get("/messages/new?q=zoya").await;
    assert!(known.text.contains("Internal Audit takes no messages.") && known.text.contains("recipient_id"), "{}", known.text);
}

#[tokio::test]
async fn a_text_survives_the_end_of_its_session() {
    let pair = pair().await;
    let key = Uuid::now_v7().to_string();
    let fields = [("client_id", key.as_str()), ("displayed_seq", ""), ("body", "two\nlines </textarea>"), ("action", "send")];
    let refused = pair.server.stranger().submit(&pair.path(), &fields).await;
    assert_eq!(refused.status, 401);
    assert!(between(&refused, "<textarea", "</textarea>").ends_with("two\nlines &lt;/textarea&gt;"), "{}", refused.text);
    assert_eq!(pair.messages().await, 0);
    // somebody else's conversation: the text comes back, and trying again would not help
    let chen = pair.server.office.person("chen").await;
    let foreign = pair.server.browser(&chen).await.submit(&pair.path(), &fields).await;
    assert_eq!(foreign.status, 404);
    assert!(foreign.text.contains("two\nlines") && !foreign.text.contains("Bikram") && !foreign.text.contains("<form"));
    // signed in again, in another tab
    assert_eq!(try_again(&pair.asha, &refused).await.status, 303);
    assert!(pair.asha.get(&pair.path()).await.text.contains("two\nlines &lt;/textarea&gt;"));
    // without a text there is nothing to keep
    let nothing = pair.server.stranger().submit(&pair.path(), &[("action", "mark_as_read"), ("displayed_seq", "1"), ("body", "")]).await;
    assert_eq!((nothing.status, nothing.header("location").starts_with("/sign_in?next=%2Fmessages%2F")), (303, true), "{nothing:?}");
}

#[tokio::test]
async fn an_outcome_that_nobody_knows_ends_as_one_message() {
    let pair = pair().await;
    let key = hidden(&pair.asha.get(&pair.path()).await, "client_id").to_owned();
    let fields = [("client_id", key.as_str()), ("displayed_seq", ""), ("body", "once <and> for all\r\n& ever"), ("action", "send")];
    // it is written; then suppose that this answer was lost, and that the next try breaks
    assert_eq!(pair.asha.submit(&pair.path(), &fields).await.status, 303);
    pair.decree("revoke execute on function send_messages_v3 from cms_messages_app").await;
    let unknown = pair.asha.submit(&pair.path(), &fields).await;
    assert_eq!(unknown.status, 500);
    pair.decree("grant execute on function send_messages_v3 to cms_messages_app").await;
    let again = try_again(&pair.asha, &unknown).await;
    assert_eq!((again.status, again.header("location")), (303, format!("{}#end", pair.path()).as_str()));
    assert_eq!(pair.messages().await, 1);
}

#[tokio::test]
async fn a_text_survives_a_database_that_is_away() {
    let pair = pair().await;
    let key = Uuid::now_v7().to_string();
    let fields = [("client_id", key.as_str()), ("displayed_seq", ""), ("body", "half a page of thoughts"), ("action", "send")];
    pair.server.office.database.close().await;
    let kept = pair.asha.submit(&pair.path(), &fields).await;
    assert_eq!((kept.status, kept.header("retry-after").is_empty()), (503, false));
    assert!(kept.text.contains("half a page of thoughts"), "{}", kept.text);
    pair.server.office.database.reopen().await;
    assert_eq!(try_again(&pair.asha, &kept).await.status, 303);
    assert_eq!(pair.messages().await, 1);
}

#[tokio::test]
async fn a_text_survives_being_too_fast() {
    let mut settings = settings();
    settings.limits.requests_per_second = 1;
    let pair = pair_with(settings).await;
    let key = Uuid::now_v7().to_string();
    let mut submits = JoinSet::new();
    for _ in 0..20 {
        let (asha, path, key) = (pair.asha.clone(), pair.path(), key.clone());
        submits.spawn(async move {
            let fields = [("client_id", key.as_str()), ("displayed_seq", ""), ("body", "typed at once"), ("action", "send")];
            asha.submit(&path, &fields).await
        });
    }
    let answers = submits.join_all().await;
    let slowed: Vec<_> = answers.iter().filter(|answer| answer.status == 429).collect();
    assert!(!slowed.is_empty(), "{answers:?}");
    for kept in slowed {
        assert!(kept.text.contains("typed at once") && hidden(kept, "client_id") == key, "{}", kept.text);
        assert!(kept.header("retry-after").parse::<u32>().is_ok() && kept.text.contains("Try again"), "{kept:?}");
    }
}

#[tokio::test]
async fn a_text_survives_a_page_that_cannot_be_shown_around_it() {
    let pair = pair().await;
    let (key, text) = (Uuid::now_v7().to_string(), "too long ".repeat(500));
    let fields = [("client_id", key.as_str()), ("displayed_seq", ""), ("body", &text), ("action", "send")];
    let shown = pair.asha.submit(&pair.path(), &fields).await;
    assert!(shown.status == 422 && shown.text.contains(&text), "as long as the page can be shown");
    // the history cannot be read: the page is an error, and no form
    pair.decree("revoke select on messages from cms_messages_app").await;
    let kept = pair.asha.submit(&pair.path(), &fields).await;
    assert_eq!(kept.status, 503, "{}", kept.text);
    assert!(kept.text.contains(&text) && hidden(&kept, "client_id") == key, "{}", kept.text);
}

#[tokio::test]
async fn a_password_is_changed_and_the_other_sessions_end() {
    let server = Server::start().await;
    let asha = hire(&server, "asha").await;
    let (here, elsewhere) = (server.browser(&asha).await, server.browser(&asha).await);
    let wrong = here.submit("/settings", &[("current_password", "guess guess guess"), ("new_password", "another long one")]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text.contains("This is not your current password.") && !wrong.text.contains("another long one"));
    let changed = here.submit("/settings", &[("current_password", PASSWORD), ("new_password", "another long one")]).await;
    assert_eq!((changed.status, changed.header("location")), (303, "/settings?saved=1"));
    assert_eq!((here.get("/settings").await.status, elsewhere.get("/settings").await.status), (200, 303));
}

#[tokio::test]
async fn a_link_sets_a_password_once() {
    let server = Server::start().await;
    let asha = server.office.person("asha").await;
    let token = "a-link-of-asha";
    sqlx::query("insert into password_links (token_sha256, user_id, expires_at) values ($1, $2, now() + interval '1 day')")
        .bind(cms_messages::server::auth::token::digest(token))
        .bind(asha.id().0)
        .execute(&*server.office.state.pool)
        .await
        .expect("a link");
    let (stranger, path) = (server.stranger(), format!("/password/{token}"));
    let page = stranger.get(&path).await;
    assert!(page.status == 200 && page.text.contains("Asha"), "{page:?}");
    let short = stranger.submit(&path, &[("new_password", "short")]).await;
    assert_eq!(short.status, 422, "and the link still works");
    let set = stranger.submit(&path, &[("new_password", PASSWORD)]).await;
    assert_eq!((set.status, set.header("location")), (303, "/sign_in?password=set"));
    assert_eq!(stranger.submit(&path, &[("new_password", PASSWORD)]).await.status, 404);
    assert_eq!(stranger.submit("/sign_in", &[("username", "asha"), ("password", PASSWORD)]).await.status, 303);
}

#[tokio::test]
async fn signing_out_ends_the_session_and_leads_to_the_door_which_hears_whose_words_to_forget() {
    let server = Server::start().await;
    let (asha, bikram) = (hire(&server, "asha").await, hire(&server, "bikram").await);
    let cookies = |answer: &Answer| -> Vec<String> {
        answer.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().expect("a text").to_owned()).collect()
    };
    let client = server.browser(&asha).await;
    let out = client.submit("/sign_out", &[]).await;
    assert_eq!((out.status, out.header("location")), (303, "/sign_in"));
    assert_eq!(client.get("/messages").await.status, 303);
    let parted = format!("cms_parted={}", asha.id());
    let expected =
        ["cms_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax", &format!("{parted}; Path=/; Max-Age=2592000; SameSite=Strict")];
    assert_eq!(cookies(&out), expected);

    // who is back types what is wanted
    for (person, is_back) in [(&bikram, false), (&asha, true)] {
        let form = form_urlencoded(&[("username", &person.user.username), ("password", PASSWORD)]);
        let request = server.stranger().request(Method::POST, "/sign_in").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let signed_in = Answer::of(request.header("cookie", &parted).body(form)).await;
        assert_eq!(signed_in.status, 303);
        let is_forgotten = cookies(&signed_in).contains(&"cms_parted=; Path=/; Max-Age=0; SameSite=Strict".to_owned());
        assert_eq!(is_forgotten, is_back, "{:?}", cookies(&signed_in));
    }
}

#[tokio::test]
async fn what_is_not_a_form_is_refused_before_anything_is_done() {
    let pair = pair().await;
    let post = |content_type: &'static str, body: &'static str| {
        Answer::of(pair.asha.request(Method::POST, &pair.path()).header(CONTENT_TYPE, content_type).body(body))
    };
    let refused = post("application/json", "{\"body\":\"x\"}").await;
    assert_eq!((refused.status, refused.text.contains("<form")), (415, false));
    assert!(refused.header("content-security-policy").contains("form-action 'none'"), "{refused:?}");
    assert_eq!(post("text/plain", "body=x").await.status, 415);
    assert_eq!(post("application/x-www-form-urlencoded", "body=%FF").await.status, 400);
    assert_eq!(pair.messages().await, 0);
}
