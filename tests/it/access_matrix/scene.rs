//! A conversation of two, a request to read it, and who asks about both: what the matrix is tried on.

use super::{CANARY, MAILBOX, PEOPLE, Row};
use crate::support::server::{Answer, Client, Server};
use reqwest::{Method, RequestBuilder, header::CONTENT_TYPE};
use serde_json::{Value, json};
use uuid::Uuid;

/// Where everybody asks about.
pub struct Scene {
    /// Serves it.
    pub server: Server,
    /// Of asha and bikram.
    pub conversation: Uuid,
    /// One of the two.
    pub bikram: Uuid,
    chen: Uuid,
    /// The admin has asked to read the conversation, and nobody has agreed.
    review: Uuid,
}

impl Scene {
    /// One request to an endpoint, about the conversation of asha and bikram.
    pub async fn ask(&self, client: &Client, row: &Row) -> Answer {
        let request = self.request(client, row);
        if row.path == "/api/v1/events" { Answer::beginning_of(request).await } else { Answer::of(request).await }
    }

    /// Its path with the ids of this scene in it.
    pub fn path(&self, row: &Row) -> String {
        let id = match row.path {
            path if path.contains("/admin/reviews/{id}") => self.review,
            path if path.contains("/admin/users/{id}") || path.contains("/admin/people/{id}") => self.bikram,
            _ => self.conversation,
        };
        let path = row.path.replace("{id}", &id.to_string()).replace("{client_id}", &Uuid::now_v7().to_string());
        let path = path.replace("{conversation_id}", &self.conversation.to_string()).replace("{session_id}", "0123456789abcdef");
        let path = path.replace("{export_id}", &Uuid::now_v7().to_string());
        path.replace("{token}", "no-such-link")
    }

    /// The request itself.
    pub fn request(&self, client: &Client, row: &Row) -> RequestBuilder {
        let path = self.path(row);
        let query = match row.path {
            "/api/v1/users" => "?q=b".into(),
            "/api/v1/changes" => "?since=0".into(),
            "/api/v1/admin/policy/explain" => format!("?from={}&to={}&action=send", self.bikram, self.chen),
            _ => String::new(),
        };
        let method: Method = row.method.parse().expect("a method");
        let request = client.request(method.clone(), &format!("{path}{query}"));
        let for_programs = row.path.starts_with("/api/") || row.path.starts_with("/rpc/");
        match for_programs {
            _ if method == Method::GET || method == Method::DELETE => request,
            _ if row.path == "/admin/people/import" => request.header(CONTENT_TYPE, "multipart/form-data; boundary=x").body("--x--\r\n"),
            _ if row.path.ends_with("/import") => request.header(CONTENT_TYPE, "text/csv").body(PEOPLE),
            true => request.json(&self.body(row.path)),
            false => request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(self.form(row.path)),
        }
    }

    /// What a program sends there.
    pub fn body(&self, path: &str) -> Value {
        let id = self.conversation;
        match path {
            "/api/v1/admin/users" => json!({"username": "farhan", "display_name": "Farhan"}),
            "/api/v1/session" => json!({"username": "nobody", "password": "x"}),
            "/api/v1/conversations" | "/rpc/create_conversation" => json!({"recipient_id": self.bikram}),
            "/api/v1/conversations/{id}/messages/{client_id}" => json!({"body": "from outside"}),
            "/api/v1/conversations/{id}/delivered" | "/api/v1/conversations/{id}/read" => json!({"up_to_seq": 1}),
            "/api/v1/delivered" | "/rpc/mark_delivered" => json!({"items": [{"conversation_id": id, "up_to_seq": 1}]}),
            "/api/v1/admin/policy" => json!({"rules": [], "expected_version": 0}),
            "/api/v1/admin/policy/dry_run" => json!({"rules": []}),
            "/rpc/change_password" => json!({"current": "wrong", "new": "a new pass phrase"}),
            "/rpc/end_own_session" => json!({"session_id": "0123456789abcdef"}),
            "/rpc/get_password_link" => json!({"token": "no-such-link"}),
            "/rpc/search_users" => json!({"q": "b"}),
            "/rpc/get_conversation" => json!({"id": id}),
            "/api/v1/admin/reviews" => json!({
                "case_id": "C-1", "category": "complaint", "reason": "somebody has complained about this",
                "scope": {"conversation_id": id}, "from": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z",
            }),
            "/rpc/get_conversation_reviews" => json!({"conversation_id": id}),
            "/rpc/get_messages" => json!({"conversation_id": id, "at": "newest"}),
            "/rpc/send_message" => json!({"conversation_id": id, "client_id": Uuid::now_v7(), "body": "from outside"}),
            "/rpc/mark_read" => json!({"conversation_id": id, "up_to_seq": 1}),
            "/rpc/get_changes" => json!({"since": 0}),
            _ => json!({}),
        }
    }

    /// What a form sends there.
    pub fn form(&self, path: &str) -> String {
        match path {
            "/admin/people/new" => "display_name=Farhan&username=farhan&role=member".into(),
            "/admin/people/{id}" => "display_name=Bikram&department=Planning&role=member".into(),
            "/admin/reviews/{id}/decide" => "decision=approve&note=".into(),
            "/admin/reviews/{id}/exports/{export_id}/decide" => "decision=release&export_note=".into(),
            "/sign_in" => "username=nobody&password=x&next=".into(),
            "/messages/new" => format!("recipient_id={}", self.bikram),
            "/messages/{id}" => format!("action=send&body=from+outside&displayed_seq=&client_id={}", Uuid::now_v7()),
            "/settings" => "current_password=wrong&new_password=a+new+pass+phrase".into(),
            "/password/{token}" => "new_password=a+new+pass+phrase".into(),
            _ => String::new(),
        }
    }
}

/// A conversation of asha and bikram, and who asks about it.
pub async fn scene() -> (Scene, [(&'static str, Client, usize); 4]) {
    let server = Server::start().await;
    let [asha, bikram, chen, meera] = [
        server.office.person("asha").await,
        server.office.person("bikram").await,
        server.office.person("chen").await,
        server.office.person("meera").await,
    ];
    sqlx::query("update users set role = 'admin' where id = $1")
        .bind(meera.id().0)
        .execute(&*server.office.state.pool)
        .await
        .expect("an admin");
    sqlx::query("update users set email = $2 where id = $1")
        .bind(bikram.id().0)
        .bind(MAILBOX)
        .execute(&*server.office.state.pool)
        .await
        .expect("an address");
    let conversation = asha.open(&bikram).await;
    bikram.open(&asha).await;
    bikram.write(conversation, CANARY).await;
    let review = sqlx::query_scalar(
        "insert into reviews (case_id, category, reason, conversation_id, user_low, user_high, from_at, until_at, mode, requested_by)
         select 'C-1', 'complaint', 'somebody has complained about this', id, user_low, user_high, '2020-01-01', '2100-01-01', 'dual', $2
         from conversations where id = $1 returning id",
    )
    .bind(conversation.0)
    .bind(meera.id().0)
    .fetch_one(&*server.office.state.pool)
    .await
    .expect("a request");
    let askers = [
        ("stranger", server.stranger(), 0),
        ("participant", server.browser(&asha).await, 1),
        ("colleague", server.browser(&chen).await, 2),
        ("admin", server.browser(&meera).await, 3),
    ];
    (Scene { server, conversation: conversation.0, bikram: bikram.id().0, chen: chen.id().0, review }, askers)
}
