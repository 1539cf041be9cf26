//! The screens of people, as a browser without a script uses them: what is asked once, what is shown once, and an import
//! that does what its preview has shown.

use crate::support::{
    people_file,
    server::{Answer, Client, Server},
};
use reqwest::{Method, header::CONTENT_TYPE};

/// The form with the file, as browsers send it.
async fn upload(client: &Client, parts: &[(&str, &str)]) -> Answer {
    let mut body = String::new();
    for (name, value) in parts {
        let file = if *name == "file" { "; filename=\"people.csv\"\r\nContent-Type: text/csv" } else { "" };
        body += &format!("--xx\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n{value}\r\n");
    }
    body += "--xx--\r\n";
    let request = client.request(Method::POST, "/admin/people/import").header(CONTENT_TYPE, "multipart/form-data; boundary=xx");
    Answer::of(request.body(body)).await
}

/// What a hidden field carries back.
fn hidden(page: &str, name: &str) -> String {
    let value = page.split(&format!("name=\"{name}\" value=\"")).nth(1).and_then(|rest| rest.split('"').next()).expect("a hidden field");
    value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

#[tokio::test]
async fn an_import_is_shown_agreed_to_and_done_or_shown_again() {
    let server = Server::start().await;
    let (_, meera) = server.admin("meera").await;
    let asha = server.office.person("asha").await;
    let rows = [["asha", "Asha \"A\" Verma", "Yard", "member", "", "", ""], ["zoe", "Zoë <b>", "Yard", "member", "", "", ""]];
    let file = String::from_utf8(people_file(&rows)).expect("UTF-8");
    let preview = upload(&meera, &[("file", &file), ("text", "")]).await;
    assert_eq!(preview.status, 200, "{}", preview.text);
    assert!(preview.text.contains("1 new, 1 changed, 0 as they are") && preview.text.contains("Zoë &lt;b"), "{}", preview.text);
    assert_eq!(server.office.count("select count(*) from users").await, 2, "nothing is written");
    let agreed = |page: &Answer| (hidden(&page.text, "digest"), hidden(&page.text, "text"));

    let (digest, text) = agreed(&preview);
    assert_eq!(text, file);
    let path = format!("/api/v1/admin/users/{}", asha.id());
    meera.patch(&path, serde_json::json!({"role": "admin"})).await;
    let again = upload(&meera, &[("digest", &digest), ("text", &text)]).await;
    assert_eq!(again.status, 409);
    assert!(again.text.contains("changed since the preview") && again.text.contains("admin"), "{}", again.text);
    assert_eq!(server.office.count("select count(*) from users").await, 2);

    let (digest, text) = agreed(&again);
    // browsers send line ends as \r\n
    let done = upload(&meera, &[("digest", &digest), ("text", &text.replace('\n', "\r\n"))]).await;
    assert_eq!((done.status, done.header("location")), (303, "/admin/people/import?created=1&changed=1&unchanged=0"));
    assert!(meera.get(done.header("location")).await.text.contains("Imported: 1 new, 1 changed, 0 as they were."));
    assert_eq!(server.office.count("select count(*) from users where department = 'Yard' and role = 'member'").await, 2);
}

#[tokio::test]
async fn an_import_that_is_not_right_cannot_be_agreed_to() {
    let server = Server::start().await;
    let (_, meera) = server.admin("meera").await;
    let file = String::from_utf8(people_file(&[["asha", "Asha", "Yard", "boss", "", "", ""]])).expect("UTF-8");
    let refused = upload(&meera, &[("text", &file)]).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.text.contains("role: the role is either member or admin") && !refused.text.contains("name=\"digest\""),
        "{}",
        refused.text
    );
    assert!(
        refused.text.contains("Asha&quot;,&quot;Yard") || refused.text.contains("\"Asha\",\"Yard\",\"boss\""),
        "what was sent can be mended: {}",
        refused.text
    );
    let large = upload(&meera, &[("text", &"x".repeat(1024 * 1024 + 1))]).await;
    assert_eq!(large.status, 413);
    assert_eq!(upload(&meera, &[("text", "")]).await.status, 422);
}

#[tokio::test]
async fn a_text_is_measured_without_the_line_ends_of_its_form() {
    let server = Server::start().await;
    let (_, meera) = server.admin("meera").await;
    let mut text = String::from_utf8(people_file(&[["asha", "Asha", "Yard", "member", "", "", ""]])).expect("UTF-8");
    text += &"\r\n".repeat(600 * 1024);
    let preview = upload(&meera, &[("text", &text)]).await;
    assert_eq!((preview.status, preview.text.contains("1 new, 0 changed")), (200, true));
}

#[tokio::test]
async fn what_takes_something_away_is_asked_once_with_its_consequences() {
    let server = Server::start().await;
    let ((meera, hers), (farhan, _)) = (server.admin("meera").await, server.admin("farhan").await);
    let page = |who: &str| format!("/admin/people/{who}");
    let his = page(&farhan.id().to_string());
    let form = [("display_name", "Farhan"), ("department", "Yard"), ("role", "member")];

    let asked = hers.submit(&his, &form).await;
    assert_eq!(asked.status, 200);
    assert!(asked.text.contains("Make Farhan a member?") && asked.text.contains("can no longer administer people"), "{}", asked.text);
    assert_eq!(server.office.count("select count(*) from users where role = 'admin' and active").await, 2, "only asked");
    let confirmed = [form[0], form[1], form[2], ("confirmed", "yes")];
    assert_eq!(hers.submit(&his, &confirmed).await.status, 303);
    let asked = hers.get(&format!("{his}/deactivate")).await.text;
    assert!(asked.contains("Deactivate Farhan?") && asked.contains("within five seconds"), "{asked}");
    assert_eq!(hers.submit(&format!("{his}/deactivate"), &[]).await.status, 303);
    assert_eq!(server.office.count("select count(*) from users where not active and department = 'Yard'").await, 1);

    // the last one is told why not, on the page, before, and when they try all the same
    let own = page(&meera.id().to_string());
    let why_not = "make somebody else an admin first";
    assert!(hers.get(&own).await.text.contains(why_not));
    assert!(hers.get(&format!("{own}/deactivate")).await.text.contains("Make somebody else an admin first"));
    for (path, fields) in
        [(own.clone(), &[("display_name", "Meera"), ("department", ""), ("role", "member")][..]), (format!("{own}/deactivate"), &[])]
    {
        let refused = hers.submit(&path, fields).await;
        assert_eq!(refused.status, 409, "{path}");
        assert!(refused.text.contains(why_not) && refused.text.contains("value=\"Meera\""), "{}", refused.text);
    }
}

#[tokio::test]
async fn an_admin_is_warned_before_they_shut_themself_out() {
    let server = Server::start().await;
    let ((meera, hers), _) = (server.admin("meera").await, server.admin("farhan").await);
    let own = format!("/admin/people/{}", meera.id());
    for path in ["deactivate", "sign_out"] {
        assert!(hers.get(&format!("{own}/{path}")).await.text.contains("This is you"), "{path}");
    }
    let form = [("display_name", "Meera"), ("department", ""), ("role", "member")];
    assert!(hers.submit(&own, &form).await.text.contains("This is you"));
    let confirmed = [form[0], form[1], form[2], ("confirmed", "yes")];
    assert_eq!(hers.submit(&own, &confirmed).await.status, 303);
    assert_eq!(hers.get(&own).await.status, 403);
}

#[tokio::test]
async fn a_link_is_on_the_page_that_made_it_and_on_no_other() {
    let server = Server::start().await;
    let (_, meera) = server.admin("meera").await;
    let made = meera.submit("/admin/people/new", &[("display_name", "Yara"), ("username", "yara"), ("role", "member")]).await;
    assert_eq!((made.status, made.header("cache-control")), (200, "no-store"));
    assert!(made.text.contains("/password/"), "{}", made.text);
    let list = meera.get("/admin/people?q=yara").await.text;
    let path = list.split("href=\"").filter_map(|rest| rest.split('"').next()).find(|href| href.len() == "/admin/people/".len() + 36);
    let page = meera.get(path.expect("her page")).await.text;
    assert!(page.contains("not set yet") && !page.contains("/password/"), "{page}");
    let again = meera.submit("/admin/people/new", &[("display_name", "Yara"), ("username", "yara"), ("role", "member")]).await;
    assert_eq!(again.status, 422);
    assert!(again.text.contains("This user name is taken.") && again.text.contains("value=\"Yara\""), "{}", again.text);
}

/// The user names in the list.
fn listed(page: &Answer) -> Vec<String> {
    let cells = page.text.split("data-label=\"User name\"").skip(1);
    let names = cells.filter_map(|cell| cell.split("<bdi>").nth(1)?.split('<').next());
    names.map(str::to_owned).collect()
}

#[tokio::test]
async fn the_list_is_filtered_and_goes_on_with_its_filters() {
    let server = Server::start().await;
    let (_, meera) = server.admin("meera").await;
    for (username, department) in [("asha", "Planning"), ("bikram", "Yard"), ("chen", "Yard")] {
        server.office.person_in(username, department).await;
    }
    let chen = "update users set active = false, deactivated_at = now() where username = 'chen'";
    sqlx::query(chen).execute(&*server.office.state.pool).await.expect("gone");
    for (query, expected) in [
        ("q=bik", vec!["bikram"]),
        ("role=admin", vec!["meera"]),
        ("role=member&state=active", vec!["asha", "bikram"]),
        ("state=deactivated", vec!["chen"]),
        ("department=Yard", vec!["bikram", "chen"]),
        ("q=&department=&role=&state=", vec!["asha", "bikram", "chen", "meera"]),
    ] {
        assert_eq!(listed(&meera.get(&format!("/admin/people?{query}")).await), expected, "{query}");
    }
    let wrong = meera.get("/admin/people?q=as&state=lost").await;
    assert_eq!((wrong.status, listed(&wrong).len()), (422, 0));
    assert!(wrong.text.contains("value=\"as\"") && wrong.text.contains("Choose active or deactivated."), "{}", wrong.text);

    for number in 10..61 {
        server.office.person_in(&format!("dockhand{number}"), "Quay").await;
    }
    let first = meera.get("/admin/people?department=Quay").await;
    let more = first.text.split("href=\"").filter_map(|rest| rest.split('"').next()).find(|href| href.contains("cursor=")).expect("more");
    assert!(more.contains("department=Quay"), "{more}");
    let second = meera.get(&more.replace("&amp;", "&")).await;
    let all = [listed(&first), listed(&second)].concat();
    assert_eq!((listed(&first).len(), all), (50, (10..61).map(|number| format!("dockhand{number}")).collect()));
}

#[tokio::test]
async fn a_session_is_called_by_its_browser_and_says_in_full_what_it_calls_itself() {
    let server = Server::start().await;
    let (_, meera) = server.admin("meera").await;
    let asha = server.office.person("asha").await;
    server.browser(&asha).await;
    let firefox = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0";
    let page = async |calls_itself: &str| {
        let sql = "update sessions set user_agent = $1 where user_id = $2";
        let done = sqlx::query(sql).bind(calls_itself).bind(asha.id().0).execute(&*server.office.state.pool).await;
        assert_eq!(done.expect("updated").rows_affected(), 1);
        // without the marks that a render leaves between texts
        meera.get(&format!("/admin/people/{}", asha.id())).await.text.replace("<!>", "")
    };
    let shown = page(firefox).await;
    assert!(shown.contains(">Firefox on Windows</bdi>") && shown.contains(&format!(">{firefox}</bdi>")), "{shown}");
    let shown = page(&format!("<script>{}", "x".repeat(190))).await;
    assert!(shown.contains(&format!(">&lt;script&gt;{}</bdi>", "x".repeat(72))) && !shown.contains("<script>"), "{shown}");
    assert!(page("curl/8.9.1").await.contains(">curl/8.9.1</bdi>") && !page("curl/8.9.1").await.contains("It calls itself"));
    assert!(page("").await.contains(">unknown</bdi>"));
}

#[tokio::test]
async fn each_act_says_that_it_was_done_as_long_as_it_is_so() {
    let server = Server::start().await;
    let ((_, meera), (farhan, farhans)) = (server.admin("meera").await, server.admin("farhan").await);
    let page = format!("/admin/people/{}", farhan.id());
    let told = async |path: &str, fields: &[(&str, &str)]| {
        let done = meera.submit(path, fields).await;
        assert_eq!(done.status, 303, "{path}");
        (done.header("location").to_owned(), meera.get(done.header("location")).await.text)
    };
    let saved = told(&page, &[("display_name", "Farhan"), ("department", "Yard"), ("role", "admin")]).await;
    assert!(saved.1.contains("Saved."), "{}", saved.1);
    let signed_out = told(&format!("{page}/sign_out"), &[]).await;
    assert!(signed_out.1.contains("Signed out everywhere."), "{}", signed_out.1);
    drop(farhans);
    let (gone, shown) = told(&format!("{page}/deactivate"), &[]).await;
    assert!(shown.contains("Deactivated. They are signed out everywhere."), "{shown}");
    let (_, shown) = told(&format!("{page}/activate"), &[]).await;
    assert!(shown.contains("They may sign in again."), "{shown}");
    // an address that was kept, or sent by somebody, claims nothing that is not so
    let later = meera.get(&gone).await.text;
    assert!(!later.contains("Deactivated. They are"), "{later}");
    assert!(!meera.get(&format!("{page}?done=promoted")).await.text.contains("done_notice"));
}
