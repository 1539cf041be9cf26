//! The search for people: what matches, in which order, and whom the policy hides or closes.

use crate::support::{
    Office, audit_is_closed,
    person::{LEAVES, Person, change},
    settings,
};
use cms_messages::{
    domain::policy::{Effect, PartyPattern, Policy, PolicyAction, Rule},
    error::Code,
    server::{
        service::people,
        settings::{LimitSettings, Settings},
    },
};

/// A viewer of "Planning" and these people: (user name, name, department).
async fn company(office: &Office, people: &[(&str, &str, &str)]) -> Person {
    for (username, name, department) in people {
        Person::named(&office.state, username, name, department).await;
    }
    office.person("viewer").await
}

async fn names(viewer: &Person, q: &str) -> Vec<String> {
    viewer.find(q).await.into_iter().map(|found| found.user.username).collect()
}

#[tokio::test]
async fn every_word_begins_some_word_of_name_user_name_or_department() {
    let office = Office::new().await;
    let viewer = company(
        &office,
        &[
            ("emilie", "Émilie Gauthier-Benoît", "Finance"),
            ("dsouza.r", "Rohan D’Souza", "Yard"),
            ("priya", "प्रिया जोशी", "Finance"),
            ("tanaka", "田中 美咲", "Yard"),
        ],
    )
    .await;
    assert_eq!(names(&viewer, "emi ben").await, ["emilie"]);
    assert_eq!(names(&viewer, "EMILIE").await, ["emilie"]);
    assert_eq!(names(&viewer, "D'Souza").await, ["dsouza.r"]);
    assert_eq!(names(&viewer, "dsouza.").await, ["dsouza.r"]);
    assert_eq!(names(&viewer, "प्रि").await, ["priya"]);
    assert_eq!(names(&viewer, "田").await, ["tanaka"]);
    assert_eq!(names(&viewer, "fin").await, ["emilie", "priya"]);
    assert_eq!(names(&viewer, "fin emi").await, ["emilie"]);
    assert_eq!(names(&viewer, "lie").await, Vec::<String>::new(), "the middle of a word is no beginning");
    assert_eq!(names(&viewer, "x_%").await, Vec::<String>::new());
}

#[tokio::test]
async fn exact_comes_before_prefix_before_partners_before_the_own_department() {
    let office = Office::new().await;
    let viewer = company(
        &office,
        &[
            ("u1", "Annabel Zorn", "Yard"),
            ("u2", "Annabel Young", "Planning"),
            ("u3", "Annabel Xu", "Yard"),
            ("u4", "Annabel Weiss", "Yard"),
            ("ann", "Zoe Zimmer", "Yard"),
            ("u5", "Zoe Ann", "Yard"),
            ("u6", "Anne-Marie Able", "Yard"),
        ],
    )
    .await;
    for name in ["u4", "u3"] {
        let found = viewer.find(name).await.swap_remove(0);
        cms_messages::server::service::conversations::open(&viewer.ctx, found.user.id).await.expect("opens");
    }
    assert_eq!(names(&viewer, "ann").await, ["ann", "u5", "u3", "u4", "u2", "u1", "u6"]);
    assert_eq!(names(&viewer, "annabel xu").await[0], "u3");
}

#[tokio::test]
async fn similar_names_only_fill_up() {
    let office = Office::new().await;
    let viewer = company(&office, &[("u1", "Bikram Thapa", "Yard"), ("u2", "Bikrma Gurung", "Yard"), ("u3", "Quentin Ott", "Yard")]).await;
    assert_eq!(names(&viewer, "bikrm").await, ["u2", "u1"], "a prefix first, then what is spelt alike");
    assert_eq!(names(&viewer, "bikran").await, ["u1"]);
    assert_eq!(names(&viewer, "wolfgang").await, Vec::<String>::new());
}

#[tokio::test]
async fn the_viewer_is_never_found_and_leavers_only_by_who_knows_them() {
    let office = Office::new().await;
    let (asha, ashok, bikram) = (office.person("asha").await, office.person("ashok").await, office.person("bikram").await);
    asha.write(asha.open(&ashok).await, "hello").await;
    change(&office.state, &ashok, LEAVES).await;
    let found = asha.find("ash").await;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].user.username.as_str(), found[0].user.active, found[0].can_write), ("ashok", false, false));
    assert!(found[0].cannot_write_reason.is_some());
    assert_eq!(names(&bikram, "ash").await, ["asha"]);
}

#[tokio::test]
async fn at_most_twenty_and_never_an_address() {
    let office = Office::new().await;
    let viewer = office.person("viewer").await;
    for n in 0..30 {
        office.person(&format!("kumar{n:02}")).await;
    }
    assert_eq!(viewer.find("kumar").await.len(), 20);
    assert_eq!(people::search(&viewer.ctx, "kumar", Some(3)).await.expect("found").len(), 3);
    for limit in [0, 21, -1] {
        let error = people::search(&viewer.ctx, "kumar", Some(limit)).await.expect_err("refused");
        assert_eq!((error.code, error.fields.contains_key("limit")), (Code::Invalid, true));
    }
    for q in ["", "   ", "%", &"x".repeat(81)] {
        let error = people::search(&viewer.ctx, q, None).await.expect_err("refused");
        assert_eq!((error.code, error.fields.contains_key("q")), (Code::Invalid, true));
    }
    let json = serde_json::to_value(viewer.find("kumar00").await).expect("json");
    let mut keys: Vec<&String> = json[0].as_object().expect("an object").keys().collect();
    keys.sort();
    assert_eq!(keys, ["active", "can_write", "cannot_write_reason", "department", "display_name", "has_history", "id", "role", "username"]);
}

#[tokio::test]
async fn a_closed_department_is_found_with_the_reason() {
    let office = Office::with_policy(audit_is_closed()).await;
    let viewer = company(&office, &[("omar", "Omar Aziz", "Audit"), ("olga", "Olga Berg", "Yard")]).await;
    let found = viewer.find("o").await;
    let told: Vec<_> = found.iter().map(|f| (f.user.username.as_str(), f.can_write, f.cannot_write_reason.as_deref())).collect();
    assert_eq!(told, [("olga", true, None), ("omar", false, Some("Internal Audit takes no messages."))]);
}

fn board_is_hidden() -> Policy {
    Policy {
        rules: vec![Rule {
            name: "board_is_hidden".into(),
            from: PartyPattern::default(),
            to: PartyPattern { role: None, department: Some("Board".into()) },
            actions: vec![PolicyAction::Find, PolicyAction::Open, PolicyAction::Send],
            effect: Effect::Deny,
            reason: String::new(),
        }],
    }
}

#[tokio::test]
async fn whom_the_policy_hides_takes_nobody_elses_place() {
    let office = Office::with_policy(board_is_hidden()).await;
    let viewer = office.person("viewer").await;
    for n in 0..25 {
        office.person_in(&format!("ada{n:02}"), "Board").await;
        office.person_in(&format!("adb{n:02}"), if n % 2 == 0 { "Yard" } else { "Finance" }).await;
    }
    let found = names(&viewer, "ad").await;
    assert_eq!(found, (0..20).map(|n| format!("adb{n:02}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_hidden_person_who_wrote_can_be_found_to_be_answered() {
    let office = Office::with_policy(board_is_hidden()).await;
    let (viewer, chair) = (office.person("viewer").await, office.person_in("chair", "Board").await);
    assert_eq!(names(&viewer, "chair").await, Vec::<String>::new());
    chair.write(chair.open(&viewer).await, "a question").await;
    let found = viewer.find("chair").await;
    assert_eq!((found.len(), found[0].can_write), (1, true));
}

#[tokio::test]
async fn searching_too_fast_is_refused() {
    let limits = LimitSettings { searches_per_minute: 2, ..settings().limits };
    let office = Office::with(Settings { limits, ..settings() }).await;
    let viewer = office.person("viewer").await;
    viewer.find("a").await;
    viewer.find("a").await;
    let error = people::search(&viewer.ctx, "a", None).await.expect_err("refused");
    assert_eq!((error.code, error.retry_after.is_some()), (Code::RateLimited, true));
}
