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
