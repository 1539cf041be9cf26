//! The audit log as admins look through it, and take a part of it away. Taking a part away is itself an entry.

use super::{limit, meant};
use crate::{
    domain::{
        audit::Action,
        audit_log::{AuditCursor, AuditEntry, AuditFilter, AuditPage},
        ids::{ConversationId, UserId},
        time::Timestamp,
    },
    error::{Code, Error},
    server::{context::Context, db},
};
use futures_util::{Stream, TryStreamExt, stream};
use std::collections::BTreeSet;
use uuid::Uuid;

/// As many people as one name may mean.
const MOST_PEOPLE: i64 = 50;

/// Entries that are read at once for an export.
const CHUNK: i64 = 1_000;

/// What is looked for, as it was asked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// An id or a user name, which mean one person alone, or the beginnings of names: done by them, or to them.
    pub person: Option<String>,
    /// What was done.
    pub action: Option<Action>,
    /// Not before.
    pub from: Option<Timestamp>,
    /// Before, and not at this moment itself.
    pub until: Option<Timestamp>,
    /// Where.
    pub conversation: Option<ConversationId>,
}

/// A page of the log, newest first.
///
/// # Errors
/// `forbidden` for who is no admin; `invalid` for a person whom nobody knows, a name of too many, a limit outside of 1 to 200, a foreign cursor.
pub async fn page(ctx: &Context, asked: Asked, limit: Option<i64>, cursor: Option<&str>) -> Result<AuditPage, Error> {
    ctx.admin()?;
    let limit = self::limit(limit, 50, 200)?;
    let below = match cursor {
        None => None,
        Some(cursor) => Some(AuditCursor::parse(cursor).ok_or_else(|| Error::invalid("cursor", "This is no cursor of ours."))?),
    };
    let filter = filter(ctx, asked).await?;
    let state = ctx.state.clone();
    ctx.state
        .transaction(async move {
            let mut transaction = state.pool.begin().await?;
            db::audit_search::plan_for_parameters(&mut transaction).await?;
            // one more than asked for tells whether there is another page
            let mut items = db::audit_search::page(&mut transaction, &filter, below, limit.saturating_add(1)).await?;
            let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
            let more = items.len() > wanted;
            items.truncate(wanted);
            let names = db::audit_search::names(&mut transaction, &people_in(&items)).await?;
            let seal = db::audit_search::seal_status(&mut transaction).await?;
            let next_cursor = items.last().filter(|_| more).map(|last| AuditCursor { at: last.at, id: last.id }.encode());
            Ok(AuditPage { items, names, next_cursor, seal })
        })
        .await
}

/// All entries that match, newest first, and none that came after the export itself was written down.
///
/// # Errors
/// As [`page`]; later ones end the stream.
pub async fn export(ctx: &Context, asked: Asked) -> Result<impl Stream<Item = Result<Vec<AuditEntry>, Error>> + use<>, Error> {
    let viewer = ctx.admin()?.id();
    let filter = filter(ctx, asked).await?;
    let state = ctx.state.clone();
    let recorded = filter.clone();
    let below = ctx
        .state
        .transaction(async move {
            let mut transaction = state.pool.begin().await?;
            let entry = db::audit::append_export(&mut transaction, viewer, &recorded).await?;
            transaction.commit().await?;
            Ok(entry)
        })
        .await?;
    let state = ctx.state.clone();
    Ok(stream::try_unfold(Some(below), move |below| {
        let (state, filter) = (state.clone(), filter.clone());
        async move {
            let Some(below) = below else { return Ok(None) };
            let of_state = state.clone();
            let entries = state
                .transaction(async move {
                    let mut transaction = of_state.pool.begin().await?;
                    // taking everything away takes a while: who loses the role meanwhile gets no more (I12)
                    if !db::audit_search::is_admin(&mut transaction, viewer).await? {
                        return Err(Error::new(Code::Forbidden));
                    }
                    db::audit_search::plan_for_parameters(&mut transaction).await?;
                    Ok(db::audit_search::page(&mut transaction, &filter, Some(below), CHUNK).await?)
                })
                .await?;
            let next = entries.last().map(|last| AuditCursor { at: last.at, id: last.id });
            Ok(next.map(|next| (entries, Some(next))))
        }
    })
    .try_filter(|entries| std::future::ready(!entries.is_empty())))
}

/// The people who are meant.
async fn filter(ctx: &Context, asked: Asked) -> Result<AuditFilter, Error> {
    let Asked { person, action, from, until, conversation } = asked;
    let people = match person.as_deref().map(str::trim).filter(|person| !person.is_empty()) {
        None => None,
        Some(person) => {
            let found = meant::people(ctx, "person", person, MOST_PEOPLE).await?;
            if i64::try_from(found.len()).is_ok_and(|number| number > MOST_PEOPLE) {
                return Err(Error::invalid("person", format!("More than {MOST_PEOPLE} people are called that: be more exact.")));
            }
            Some(found.into_iter().map(|user| user.id).collect())
        }
    };
    Ok(AuditFilter { people, action, from, until, conversation })
}

/// Everybody who is named in these entries, as far as one can tell from what looks like an id.
fn people_in(entries: &[AuditEntry]) -> Vec<Uuid> {
    let mut found = BTreeSet::new();
    for entry in entries {
        found.extend(entry.actor_id.map(|UserId(id)| id));
        found.extend(entry.object.as_deref().and_then(|object| object.parse::<Uuid>().ok()));
        let details = entry.details.as_object().into_iter().flat_map(|details| details.values());
        found.extend(details.filter_map(|value| value.as_str()?.parse::<Uuid>().ok()));
    }
    found.into_iter().collect()
}
