//! Services ask for an admin themselves, whoever calls them: what a handler or a screen forgets opens nothing.

use crate::{
    policy::deny,
    support::{Office, people_file},
};
use cms_messages::{
    domain::{
        policy::PolicyAction,
        profile::{Profile, RawProfile},
        user_record::{UserChange, UserFilter},
    },
    error::{Code, Error},
    server::service::{
        import::{self, ImportError},
        policy::{self, NewPolicy},
        user_records, users,
    },
};

#[track_caller]
fn refused<T>(what: &str, outcome: Result<T, Error>) {
    assert_eq!(outcome.err().map(|error| error.code), Some(Code::Forbidden), "{what}");
}

#[tokio::test]
async fn a_member_gets_nothing_of_the_policy_from_its_service() {
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let (ctx, send) = (&asha.ctx, PolicyAction::Send);
    let rules = || vec![deny("closed", "*", "Audit", &[send])];
    refused("current", policy::current(ctx).await);
    refused("history", policy::history(ctx, None, None).await);
    refused("version", policy::version(ctx, 1).await);
    refused("explain", policy::explain(ctx, asha.id(), bikram.id(), send).await);
    refused("explain by name", policy::explain_by_name(ctx, "asha", "bikram", send).await);
    refused("explain by a name that nobody has", policy::explain_by_name(ctx, "asha", "nobody", send).await);
    refused("dry run", policy::dry_run(ctx, rules()).await);
    refused("dry run of what could not be applied", policy::dry_run(ctx, vec![deny("Not a name", "*", "*", &[])]).await);
    let new = NewPolicy { rules: rules(), note: String::new(), expected_version: 0, restored_from: None };
    refused("apply", policy::apply(ctx, new).await);
    assert_eq!(office.count("select count(*) from policy_versions").await, 0);
}

#[tokio::test]
async fn a_member_gets_nothing_of_people_from_their_services() {
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let (ctx, whom) = (&asha.ctx, bikram.id());
    refused("list", user_records::page(ctx, UserFilter::default(), None, None).await);
    refused("departments", user_records::departments(ctx).await);
    refused("one", user_records::get(ctx, whom).await);
    refused("sessions", user_records::sessions(ctx, whom).await);
    refused("sign out everywhere", user_records::sign_out_everywhere(ctx, whom).await);
    refused("their own, too", user_records::sign_out_everywhere(ctx, asha.id()).await);
    refused("end a session", user_records::end_session(ctx, whom, "0123456789abcdef".into()).await);
    let raw = RawProfile { username: "x", display_name: "X", department: "", role: "admin", email: "", external_id: "" };
    refused("create", users::create(ctx, Profile::parse(raw).expect("valid"), None).await);
    refused("link", users::link(ctx, whom).await);
    refused("change", users::change(ctx, whom, UserChange { active: Some(false), ..UserChange::default() }).await);
    let file = people_file(&[["bikram", "Bikram", "Yard", "admin", "", "", ""]]);
    refused("preview", import::preview(ctx, &file).await);
    refused("preview of nonsense", import::preview(ctx, b"nonsense").await);
    match import::import(ctx, &file, None, |_, _| ()).await {
        Err(ImportError::Failed(error)) => assert_eq!(error.code, Code::Forbidden),
        other => panic!("{other:?}"),
    }
    assert_eq!(office.count("select count(*) from audit_entries").await, 0, "nothing was done");
    assert_eq!(office.count("select count(*) from users where role = 'admin' or not active").await, 0);
}
