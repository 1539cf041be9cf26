//! The screens of the policy, as a browser without script uses them: forms that build a draft, and nothing of it is lost.

use crate::support::server::{Answer, Client, Server};

/// The fields of a draft with one rule.
fn draft<'a>(name: &'a str, version: &'a str, tried: &'a str, step: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("r0_name", name),
        ("r0_effect", "deny"),
        ("r0_from_role", "member"),
        ("r0_from_department", ""),
        ("r0_to_department", "Audit & <Risk>"),
        ("r0_send", "on"),
        ("r0_reason", "Ask \"them\" <later>."),
        ("note", "as agreed"),
        ("expected_version", version),
        ("restored_from", ""),
        ("tried", tried),
        ("step", step),
    ]
}

/// The value of a hidden field.
fn hidden(page: &Answer, name: &str) -> String {
    let after = page.text.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_else(|| panic!("no {name} in {}", page.text));
    after.split('"').next().unwrap_or_default().to_owned()
}

async fn scene() -> (Server, Client, Client) {
    let server = Server::start().await;
    let meera = server.office.person_in("meera", "Board").await.becomes_admin().await;
    let asha = server.office.person("asha").await;
    server.office.person_in("bikram", "Audit & <Risk>").await;
    let (admin, member) = (server.browser(&meera).await, server.browser(&asha).await);
    (server, admin, member)
}

const EDIT: &str = "/admin/policy/edit";

#[tokio::test]
async fn a_draft_is_tried_then_applied_and_stands_in_the_history() {
    let (server, admin, _) = scene().await;
    let tried = admin.submit(EDIT, &draft("closed", "0", "", "try")).await;
    assert_eq!(tried.status, 200);
    assert!(tried.text.contains("1 pair of people could no longer write.") && tried.text.contains("Apply these rules"), "{}", tried.text);
    assert_eq!(server.office.count("select count(*) from policy_versions").await, 0);
    let (version, fingerprint) = (hidden(&tried, "expected_version"), hidden(&tried, "tried"));
    let applied = admin.submit(EDIT, &draft("closed", &version, &fingerprint, "apply")).await;
    assert_eq!((applied.status, applied.header("location")), (303, "/admin/policy?applied=1"));
    let told = "Version 1 is in force";
    assert!(admin.get(applied.header("location")).await.text.contains(told), "it says that it was done");
    assert!(!admin.get("/admin/policy?applied=7").await.text.contains(" is in force, for"), "an address alone says nothing");
    let page = admin.get("/admin/policy?from=asha&to=bikram&action=send").await;
    for told in
        ["Members may not write to people in Audit &amp; &lt;Risk&gt;.", "closed added.", "as agreed", "Meera", "Because of rule 1, closed"]
    {
        assert!(page.text.contains(told), "{told} in {}", page.text);
    }
    let back = admin.get("/admin/policy/edit?version=1").await;
    assert!(back.text.contains("Restore older rules") && back.text.contains("Audit &amp; &lt;Risk&gt;"), "{}", back.text);
}

#[tokio::test]
async fn only_what_was_looked_at_is_applied() {
    let (server, admin, _) = scene().await;
    let tried = admin.submit(EDIT, &draft("closed", "0", "", "try")).await;
    let fingerprint = hidden(&tried, "tried");
    for fields in [draft("closed", "0", "", "apply"), draft("other", "0", &fingerprint, "apply")] {
        let shown = admin.submit(EDIT, &fields).await;
        assert_eq!(shown.status, 200);
        assert!(shown.text.contains("Something has changed since you looked."), "{}", shown.text);
    }
    let quicker = serde_json::json!({"rules": [{"name": "quicker", "effect": "allow"}], "expected_version": 0});
    assert_eq!(admin.put("/api/v1/admin/policy", quicker).await.status, 200);
    let shown = admin.submit(EDIT, &draft("closed", "0", &fingerprint, "apply")).await;
    assert!(shown.text.contains("Something has changed since you looked."), "in place of theirs it was not looked at");
    assert_eq!(hidden(&shown, "expected_version"), "1");
    assert_eq!(server.office.count("select count(*) from policy_versions").await, 1);
}

#[tokio::test]
async fn what_was_typed_comes_back_whatever_was_wrong_with_it() {
    let (_server, admin, _member) = scene().await;
    let refused = admin.submit(EDIT, &draft("Not a name", "0", "", "try")).await;
    assert_eq!(refused.status, 422);
    for kept in ["value=\"Not a name\"", "value=\"as agreed\"", "Ask &quot;them&quot; &lt;later&gt;.", "aria-invalid=\"true\""] {
        assert!(refused.text.contains(kept), "{kept} in {}", refused.text);
    }
    for step in ["add", "up:0", "down:0", "up:99", "nonsense"] {
        let shown = admin.submit(EDIT, &draft("closed", "0", "", step)).await;
        assert!(shown.status == 200 && shown.text.contains("value=\"closed\""), "{step}: {}", shown.text);
    }
    let gone = admin.submit(EDIT, &draft("closed", "0", "", "remove:0")).await;
    assert!(gone.text.contains("No rules: everybody may write to everybody.") && gone.text.contains("value=\"as agreed\""));
    let nobody = admin.get("/admin/policy?from=asha&to=nobody&action=send").await;
    assert!(nobody.status == 422 && nobody.text.contains("Nobody has this user name.") && nobody.text.contains("value=\"asha\""));
    assert_eq!(admin.get("/admin/policy/edit?version=7").await.status, 404);
}

#[tokio::test]
async fn members_see_nothing_of_it_and_change_nothing() {
    let (server, admin, member) = scene().await;
    let fingerprint = hidden(&admin.submit(EDIT, &draft("closed", "0", "", "try")).await, "tried");
    for page in ["/admin/policy", "/admin/policy/edit"] {
        let answer = member.get(page).await;
        assert!(answer.status == 403 && !answer.text.contains("In force"), "{}", answer.text);
    }
    assert_eq!(member.submit(EDIT, &draft("closed", "0", &fingerprint, "apply")).await.status, 403);
    assert_eq!(server.office.count("select count(*) from policy_versions").await, 0);
}
