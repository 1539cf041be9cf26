//! A form that is posted after its session has ended: what was written comes back, and signing in leads to a page.

use crate::{
    access_matrix::{self, MATRIX},
    support::server::{Answer, Client, Server},
};

const REASON: &str = "Two of them have complained,\r\nand \"<nobody>\" & co. know why.";

/// What a browser reads out of the page that gives a form back: where it goes, and its fields.
fn form_of(page: &Answer) -> (String, Vec<(String, String)>) {
    let read = |text: &str| {
        let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
        text.replace("&amp;", "&")
    };
    let form = page.text.split_once("<form action=\"").and_then(|(_, rest)| rest.split_once("</form>")).expect("a form").0;
    let field = |rest: &str| {
        let (name, rest) = rest.split_once('"').expect("a name");
        let value = match rest.strip_prefix(" value=\"") {
            Some(value) => value.split_once('"'),
            None => rest.split_once(">\n").and_then(|(_, text)| text.split_once("</textarea>")),
        };
        (read(name), read(value.expect("a value").0))
    };
    (read(form.split('"').next().expect("where it goes")), form.split(" name=\"").skip(1).map(field).collect())
}

async fn try_again(client: &Client, kept: &Answer) -> Answer {
    let (path, fields) = form_of(kept);
    client.submit(&path, &fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>()).await
}

#[tokio::test]
async fn what_an_admin_has_written_survives_the_end_of_their_session() {
    let server = Server::start().await;
    let (_, meera) = server.admin("meera").await;
    server.office.person("asha").await;
    let fields = [
        ("person", "asha"),
        ("peer", ""),
        ("from", "2026-01-01"),
        ("until", "2026-02-01"),
        ("case_id", "C-7"),
        ("category", "complaint"),
        ("reason", REASON),
    ];
    let kept = server.stranger().submit("/admin/reviews/new", &fields).await;
    assert_eq!(kept.status, 401);
    let is_shown = kept.text.contains(" readonly>\nTwo of them have complained,");
    assert!(
        is_shown && kept.text.contains("Sign in in another tab") && kept.text.contains("&quot;&lt;nobody&gt;&quot; &amp; co."),
        "{}",
        kept.text
    );
    assert_eq!(server.office.count("select count(*) from reviews").await, 0);
    // signed in again, in another tab
    let asked = try_again(&meera, &kept).await;
    assert_eq!(asked.status, 303, "{}", asked.text);
    assert_eq!(server.office.count("select count(*) from reviews where case_id = 'C-7'").await, 1);
    assert!(meera.get(asked.header("location")).await.text.contains("Two of them have complained,"));
    // of who is no admin nothing is done, and of nothing written there is nothing to keep
    let chen = server.browser(&server.office.person("chen").await).await;
    assert_eq!(try_again(&chen, &kept).await.status, 403);
    assert_eq!(server.stranger().submit("/admin/reviews/new", &[("person", ""), ("reason", "")]).await.status, 303);
}

#[tokio::test]
async fn what_was_not_begun_is_offered_again_and_done_once() {
    let server = Server::start().await;
    let (_, meera) = server.admin("meera").await;
    let fields = [("display_name", "Farhan Zaidi"), ("username", "farhan"), ("role", "member"), ("department", "Yard")];
    server.office.database.close().await;
    let kept = meera.submit("/admin/people/new", &fields).await;
    assert_eq!((kept.status, kept.header("retry-after").is_empty()), (503, false));
    server.office.database.reopen().await;
    let done = try_again(&meera, &kept).await;
    assert_eq!(done.status, 200, "{}", done.text);
    assert_eq!(server.office.count("select count(*) from users where username = 'farhan' and display_name = 'Farhan Zaidi'").await, 1);
}

#[tokio::test]
async fn signing_in_after_a_form_leads_to_a_page() {
    let (scene, [(_, stranger, _), _, _, (_, admin, _)]) = access_matrix::scene().await;
    let mut led = 0;
    for row in MATRIX.iter().filter(|row| row.method == "POST" && !row.path.starts_with("/api/") && !row.path.starts_with("/rpc/")) {
        let answer = stranger.submit(&scene.path(row), &[]).await;
        let Some((_, next)) = answer.header("location").split_once("?next=") else { continue };
        let page = admin.get(&next.replace("%2F", "/")).await;
        // of a conversation of others the page says so; a path that only takes forms says 405
        assert!(matches!(page.status, 200 | 404) && page.text.contains("</nav>"), "{}: {next}: {} {}", row.path, page.status, page.text);
        led += 1;
    }
    assert!(led > 12, "{led} forms lead back");
}
