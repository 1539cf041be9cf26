//! Messages: a page of them, and sending one.

use super::{groups, limit, of_known};
use crate::{
    domain::{
        ids::{ClientId, ConversationId},
        message::{MessageBody, SentMessage},
        page::{MessagePage, PageAt},
        policy::{Circumstances, Decision, Party, PolicyAction, decide},
    },
    error::{Code, Error},
    server::{
        context::Context,
        db::{
            self,
            send::{NewMessage, Recipient, Sent},
        },
        live,
        state::Rules,
    },
};

/// What somebody wants to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendMessage {
    /// Where.
    pub conversation_id: ConversationId,
    /// The key of this message, the same for every try.
    pub client_id: ClientId,
    /// The text as it was typed.
    pub body: String,
}

/// So often the policy is asked again when the recipient or the policy changes while it thinks.
const TURNS: u8 = 3;

/// A page of messages, ascending by seq.
///
/// # Errors
/// `not_found` when the conversation does not stand in the viewer's inbox; `invalid` for a limit outside of 1 to 200 or
/// a negative seq.
pub async fn page(ctx: &Context, id: ConversationId, at: PageAt, limit: Option<i64>) -> Result<MessagePage, Error> {
    let viewer = ctx.viewer()?.id();
    let limit = of_known(ctx, id, self::limit(limit, 50, 200).and_then(|limit| check(at).map(|()| limit))).await?;
    let page = db::read(&ctx.state.pool, |mut db| async move { db::message::page(&mut db, viewer, id, at, limit).await }).await?;
    page.ok_or_else(Error::not_found)
}

fn check(at: PageAt) -> Result<(), Error> {
    let (field, seq) = match at {
        PageAt::Before(seq) => ("before", seq),
        PageAt::After(seq) => ("after", seq),
        PageAt::Around(seq) => ("around", seq),
        PageAt::Newest | PageAt::At(_) => return Ok(()),
    };
    if seq.0 < 0 { Err(Error::invalid(field, "Messages are numbered from 1.")) } else { Ok(()) }
}

/// Sends a message: one round trip as long as the recipient and the policy are as they were when it was asked last.
/// A retry with the same key and text gives the same message.
///
/// # Errors
/// In this order: `not_found`, `invalid`, `idempotency_conflict`, `policy_denied`, `rate_limited`.
pub async fn send(ctx: &Context, send: SendMessage) -> Result<SentMessage, Error> {
    let viewer = ctx.viewer()?;
    let body = MessageBody::parse(&send.body).map_err(|reason| Error::invalid("body", reason));
    let body = of_known(ctx, send.conversation_id, body).await?;
    let salt = super::salt()?;
    let sender = Party::from(&viewer.user);

    // over the rate nothing new is written, but the database is asked: a replay is answered all the same
    let refused = ctx.state.limits.check_send(viewer.id()).err();
    let mut rules = ctx.state.policy.current();
    let mut recipient_version = match refused {
        Some(_) => None,
        None => rules.permits.version(send.conversation_id, viewer.id(), &sender),
    };
    for _ in 0..TURNS {
        let new = NewMessage {
            sender: viewer.id(),
            conversation_id: send.conversation_id,
            client_id: send.client_id,
            body: body.clone(),
            salt,
            recipient_version,
            policy_version: rules.version,
        };
        match groups::send(&ctx.state, new).await? {
            Sent::Created(message, _) => return Ok(SentMessage { message, replayed: false }),
            Sent::Replayed(message) => return Ok(SentMessage { message, replayed: true }),
            Sent::Conflict => return Err(Error::new(Code::IdempotencyConflict)),
            Sent::NotFound => return Err(Error::not_found()),
            Sent::RecipientChanged(recipient) => {
                rules = live::policy::at(&ctx.state, recipient.policy_version).await?;
                permit(ctx, &rules, send.conversation_id, &sender, &recipient)?;
                if let Some(error) = refused {
                    return Err(error);
                }
                recipient_version = Some(recipient.version);
            }
        }
    }
    Err(Error::unavailable())
}

/// Asks the policy, and remembers a yes that does not end by time alone.
fn permit(ctx: &Context, rules: &Rules, conversation: ConversationId, sender: &Party, recipient: &Recipient) -> Result<(), Error> {
    let viewer = ctx.viewer()?.id();
    let asked = Circumstances { recipient_wrote_at: recipient.wrote_at, now: recipient.now };
    if let Decision::Deny { rule, reason } = decide(&rules.policy, sender, &recipient.party, PolicyAction::Send, asked) {
        return Err(Error::policy_denied(rule, reason));
    }
    let never = Circumstances { recipient_wrote_at: None, ..asked };
    if decide(&rules.policy, sender, &recipient.party, PolicyAction::Send, never).allows() {
        rules.permits.keep(conversation, viewer, sender.clone(), recipient.version);
    }
    Ok(())
}
