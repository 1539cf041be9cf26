//! A signed-in person, and what they do: the services, called as the transports call them.

use cms_messages::{
    domain::{
        change::Changes,
        conversation::Conversation,
        ids::{ClientId, ConversationId, Seq, UserId},
        inbox::Inbox,
        message::{Message, SentMessage},
        page::{MessagePage, PageAt},
        receipt::{Acknowledgement, Evidence, ReceiptKind},
        unread::Unread,
        user::{FoundUser, Role, User, search_text},
    },
    error::Error,
    server::{
        auth::password::{self, Password},
        context::{Context, Credential, Viewer},
        service::{self, messages::SendMessage},
        state::AppState,
    },
};
use uuid::Uuid;

/// Somebody in front of a screen.
#[derive(Clone)]
pub struct Person {
    /// As they were when they signed in.
    pub user: User,
    /// Their requests.
    pub ctx: Context,
}

impl Person {
    /// A new active member; the display name is the user name with a capital, unless it is set later.
    pub async fn new(state: &AppState, username: &str, department: &str) -> Self {
        let mut letters = username.chars();
        let name: String = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
        Self::named(state, username, &name, department).await
    }

    /// A new active member with this name.
    pub async fn named(state: &AppState, username: &str, display_name: &str, department: &str) -> Self {
        let id: Uuid = sqlx::query_scalar(
            "with made as (
                 insert into users (username, display_name, search_text, department) values ($1, $2, $3, $4) returning id
             )
             insert into user_feeds (user_id) select id from made returning user_id",
        )
        .bind(username)
        .bind(display_name)
        .bind(search_text(display_name, username, department))
        .bind(department)
        .fetch_one(&*state.pool)
        .await
        .expect("a user can be made");
        let user = User {
            id: UserId(id),
            username: username.into(),
            display_name: display_name.into(),
            department: department.into(),
            role: Role::Member,
            active: true,
        };
        Self { ctx: context(state, &user), user }
    }

    /// From now on an admin, also for the requests that they make here.
    pub async fn becomes_admin(mut self) -> Self {
        sqlx::query("update users set role = 'admin', version = version + 1 where id = $1")
            .bind(self.id().0)
            .execute(&*self.ctx.state.pool)
            .await
            .expect("an admin");
        self.user.role = Role::Admin;
        self.ctx = context(&self.ctx.state, &self.user);
        self
    }

    /// Gives them this password; signing in with it is for the test to do.
    pub async fn has_password(&self, password: &str) {
        self.has_password_hash(&hash_of(password).await).await;
    }

    /// The same with a hash that is at hand: making one takes a while.
    pub async fn has_password_hash(&self, hash: &str) {
        sqlx::query("update users set password_hash = $1 where id = $2")
            .bind(hash)
            .bind(self.id().0)
            .execute(&*self.ctx.state.pool)
            .await
            .expect("a password");
    }

    /// The same person at another instance of the server.
    pub fn at(&self, state: &AppState) -> Self {
        Self { user: self.user.clone(), ctx: context(state, &self.user) }
    }

    /// Their id.
    pub fn id(&self) -> UserId {
        self.user.id
    }

    /// Opens the conversation with somebody.
    pub async fn open(&self, peer: &Self) -> ConversationId {
        service::conversations::open(&self.ctx, peer.id()).await.expect("it opens").conversation.id
    }

    /// Sends a text under a fresh key.
    pub async fn write(&self, conversation: ConversationId, body: &str) -> Message {
        self.send(conversation, ClientId::generate(), body).await.expect("it is sent").message
    }

    /// Sends a text under this key.
    pub async fn send(&self, conversation_id: ConversationId, client_id: ClientId, body: &str) -> Result<SentMessage, Error> {
        service::messages::send(&self.ctx, SendMessage { conversation_id, client_id, body: body.into() }).await
    }

    /// Acknowledges everything up to this seq.
    pub async fn deliver(&self, conversation_id: ConversationId, up_to: i64) -> Result<(), Error> {
        self.acknowledge(ReceiptKind::Delivered, conversation_id, up_to).await
    }

    /// Has read everything up to this seq.
    pub async fn read(&self, conversation_id: ConversationId, up_to: i64) -> Result<(), Error> {
        self.acknowledge(ReceiptKind::Read, conversation_id, up_to).await
    }

    /// Moves one pointer.
    pub async fn acknowledge(&self, kind: ReceiptKind, conversation_id: ConversationId, up_to: i64) -> Result<(), Error> {
        let item = Acknowledgement { conversation_id, up_to_seq: Seq(up_to) };
        service::receipts::acknowledge(&self.ctx, kind, Evidence::Client, vec![item]).await
    }

    /// One conversation as they see it.
    pub async fn sees(&self, conversation: ConversationId) -> Conversation {
        service::conversations::get(&self.ctx, conversation).await.expect("they see it")
    }

    /// Their whole inbox, page by page.
    pub async fn inbox(&self, page: i64) -> Inbox {
        let mut inbox = Inbox::new(service::conversations::list(&self.ctx, None, Some(page), None).await.expect("the inbox"));
        while let Some(cursor) = inbox.next_cursor.clone() {
            inbox.append(service::conversations::list(&self.ctx, None, Some(page), Some(&cursor)).await.expect("the next page"));
        }
        inbox
    }

    /// The totals over their whole inbox.
    pub async fn unread_in_inbox(&self) -> Unread {
        let inbox = self.inbox(100).await;
        let unread = inbox.conversations().iter().map(|row| row.unread_count).filter(|count| *count > 0);
        unread.fold(Unread::default(), |sum, count| Unread { messages: sum.messages + count, conversations: sum.conversations + 1 })
    }

    /// What changed after this number.
    pub async fn changes(&self, since: i64, limit: i64) -> Changes {
        service::changes::since(&self.ctx, since, Some(limit)).await.expect("the changes")
    }

    /// Brings an inbox up to date, page by page.
    pub async fn catch_up(&self, inbox: &mut Inbox, limit: i64) {
        loop {
            let changes = self.changes(inbox.change_no.0, limit).await;
            inbox.apply(&changes);
            if !changes.more {
                return;
            }
        }
    }

    /// Messages of a conversation.
    pub async fn page(&self, conversation: ConversationId, at: PageAt, limit: i64) -> MessagePage {
        service::messages::page(&self.ctx, conversation, at, Some(limit)).await.expect("the messages")
    }

    /// Up to 200 messages from the beginning.
    pub async fn history(&self, conversation: ConversationId) -> Vec<Message> {
        self.page(conversation, PageAt::After(Seq(0)), 200).await.items
    }

    /// What stands on their badge.
    pub async fn unread(&self) -> Unread {
        service::unread::count(&self.ctx).await.expect("the totals")
    }

    /// Finds people.
    pub async fn find(&self, q: &str) -> Vec<FoundUser> {
        service::people::search(&self.ctx, q, None).await.expect("the search")
    }
}

/// The hash of a password.
pub async fn hash_of(password: &str) -> String {
    password::hash(Password::parse("password", password).expect("long enough")).await.expect("hashed")
}

/// Changes a person as an administrator would, and tells their peers: the version grows, the fan-out follows.
pub async fn change(state: &AppState, person: &Person, what: &str) {
    let id = person.id().0;
    let statement = sqlx::AssertSqlSafe(format!("update users set version = version + 1, {what} where id = $1"));
    sqlx::query(statement).bind(id).execute(&*state.pool).await.expect("the person changes");
    let mut after = Some(Uuid::nil());
    while let Some(peer) = after {
        // two at a time, so that the fan-out has to go on
        after =
            sqlx::query_scalar("select fan_out_user_v1($1, $2, 2)").bind(id).bind(peer).fetch_one(&*state.pool).await.expect("a fan-out");
    }
}

/// They leave.
pub const LEAVES: &str = "active = false, deactivated_at = clock_timestamp()";
/// They come back.
pub const RETURNS: &str = "active = true, deactivated_at = null";

/// The requests of this user.
pub fn context(state: &AppState, user: &User) -> Context {
    Context {
        state: state.clone(),
        caller: Some(Viewer { user: user.clone(), credential: Credential::Token { id: Uuid::nil() } }),
        address: std::net::Ipv4Addr::LOCALHOST.into(),
        request_id: "test".into(),
    }
}
