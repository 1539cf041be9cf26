//! What the server's role may not do: change or remove what was said and done.

use crate::support::Office;
use sqlx::Executor;

#[tokio::test]
async fn the_server_cannot_change_or_remove_messages_receipts_and_audit_entries() {
    let office = Office::new().await;
    let (asha, bikram) = (office.person("asha").await, office.person("bikram").await);
    let conversation = asha.open(&bikram).await;
    asha.write(conversation, "hello").await;
    bikram.read(conversation, 1).await.expect("read");
    let forbidden = [
        "update messages set body = 'other'",
        "delete from messages",
        "truncate messages",
        "update receipts set at = now()",
        "delete from receipts",
        "truncate receipts",
        "update audit_entries set details = '{}'",
        "delete from audit_entries",
        "truncate audit_entries",
        "update audit_leaves set hash = hash",
        "delete from audit_leaves",
        "update audit_checkpoints set root = root",
        "delete from audit_checkpoints",
        "delete from audit_keys",
        "update policy_versions set rules = '[]'",
        "delete from policy_versions",
        "truncate policy_versions",
        "delete from users",
        "delete from conversations",
        "delete from participants",
        "alter table messages disable trigger all",
        "drop table messages",
        "create table public.mine (id int)",
    ];
    for sql in forbidden {
        let error = office.state.pool.execute(sql).await.expect_err(sql);
        let state = error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned();
        assert_eq!(state, "42501", "{sql}: {error}");
    }
    let role: (String, bool) = sqlx::query_as("select current_user::text, rolsuper from pg_roles where rolname = current_user")
        .fetch_one(&*office.state.pool)
        .await
        .expect("the role");
    assert_eq!(role, ("cms_messages_app".into(), false));
}

/// What the server's role may change or remove, table by table; everything else it can only add to, or read.
const CHANGED: &[(&str, &str)] = &[
    ("api_tokens", "UPDATE"),
    ("conversations", "UPDATE"),
    ("participants", "UPDATE"),
    ("password_links", "DELETE"),
    ("password_links", "UPDATE"),
    ("sessions", "DELETE"),
    ("sessions", "UPDATE"),
    ("sign_in_failures", "DELETE"),
    ("unread_verification", "UPDATE"),
    ("user_fanouts", "DELETE"),
    ("user_fanouts", "UPDATE"),
    ("user_feeds", "UPDATE"),
    ("users", "UPDATE"),
];

/// Of these, only some columns: a decision is written beside what was asked for, and changes nothing of it.
const CHANGED_IN_PART: &[(&str, &[&str])] = &[
    ("review_exports", &["decided_at", "decided_by", "decision", "decision_note", "manifest", "note_salt", "signature", "tree_size"]),
    ("reviews", &["decided_at", "decided_by", "decision", "decision_note", "ended_at", "ended_by", "expires_at", "note_salt"]),
];

#[tokio::test]
async fn what_the_server_can_change_is_listed_here_and_a_new_table_has_to_be_thought_of() {
    let office = Office::new().await;
    let found: Vec<(String, String)> = sqlx::query_as(
        "select table_name::text, privilege_type::text from information_schema.role_table_grants
         where table_schema = 'public' and grantee in ('cms_messages_app', 'PUBLIC') and privilege_type not in ('SELECT', 'INSERT') order by 1, 2",
    )
    .fetch_all(&*office.state.pool)
    .await
    .expect("the catalogue");
    let found: Vec<(&str, &str)> = found.iter().map(|(table, privilege)| (table.as_str(), privilege.as_str())).collect();
    assert_eq!(found, CHANGED);
    let columns: Vec<(String, Vec<String>)> = sqlx::query_as(
        "select c.table_name::text, array_agg(c.column_name::text order by c.column_name::text)
         from information_schema.role_column_grants c
         where c.table_schema = 'public' and c.grantee in ('cms_messages_app', 'PUBLIC') and c.privilege_type = 'UPDATE'
           and not exists (select from information_schema.role_table_grants t
                           where t.table_name = c.table_name and t.grantee = c.grantee and t.privilege_type = 'UPDATE')
         group by 1 order by 1",
    )
    .fetch_all(&*office.state.pool)
    .await
    .expect("the catalogue");
    let columns: Vec<(&str, Vec<&str>)> =
        columns.iter().map(|(table, names)| (table.as_str(), names.iter().map(String::as_str).collect())).collect();
    assert_eq!(columns, CHANGED_IN_PART.iter().map(|(table, names)| (*table, names.to_vec())).collect::<Vec<_>>());
    // nothing runs with the owner's rights, so no function does what the role itself may not
    assert_eq!(office.count("select count(*) from pg_proc where prosecdef and pronamespace = 'public'::regnamespace").await, 0);
    let can = "select count(*) from pg_roles where rolname = current_user and (rolsuper or rolcreaterole or rolcreatedb or rolbypassrls or rolreplication or rolcanlogin)";
    assert_eq!(office.count(can).await, 0);
}

/// Of our own, without triggers. Of two versions of one, the older stays for the program of the release before, and no longer.
#[tokio::test]
async fn what_the_server_can_call_is_listed_here_and_nothing_is_left_over() {
    let office = Office::new().await;
    let found: Vec<String> = sqlx::query_scalar(
        "select p.proname::text from pg_proc p
         where p.pronamespace = 'public'::regnamespace and p.prorettype <> 'trigger'::regtype
           and has_function_privilege('cms_messages_app', p.oid, 'execute')
           and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
         order by 1",
    )
    .fetch_all(&*office.state.pool)
    .await
    .expect("the catalogue");
    let known = [
        "acknowledge_v2",
        "fan_out_user_v1",
        "open_conversation_v1",
        "policy_in_force_v1",
        "salted_digest_v1",
        "send_messages_v2",
        "send_messages_v3",
    ];
    assert_eq!(found, known);
}
