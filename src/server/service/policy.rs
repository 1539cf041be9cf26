//! The policy, as admins and operators change it: what is in force, its history, why a decision falls as it does, what other
//! rules would do, and applying them.
//!
//! Applying is one transaction that waits for the sends under way and is seen by those that come later, on every instance:
//! after the answer nothing is written under rules that were replaced.

use super::limit;
use crate::{
    domain::{
        ids::UserId,
        policy::{
            ANSWER_SECONDS, Circumstances, Decision, Ground, Policy, PolicyAction, Rule, ground,
            report::{Because, DryRun, Explanation, PolicyVersion, PolicyVersions},
        },
        time::Timestamp,
    },
    error::{Code, Error},
    server::{
        context::Context,
        db::{self, policy::NewVersion, pool::Pool},
        live,
        operator::Operator,
    },
};
use sqlx::PgConnection;

/// The most characters of a note.
const MAX_NOTE: usize = 500;

/// What an admin wants to be in force.
#[derive(Debug, Clone)]
pub struct NewPolicy {
    /// The rules in their order.
    pub rules: Vec<Rule>,
    /// Why.
    pub note: String,
    /// The version that the admin saw.
    pub expected_version: i64,
    /// The version whose rules these are again.
    pub restored_from: Option<i64>,
}

/// The rules in force.
///
/// # Errors
/// `forbidden` for members.
pub async fn current(ctx: &Context) -> Result<PolicyVersion, Error> {
    ctx.admin()?;
    db::read(&ctx.state.pool, |mut db| async move { in_force(&mut db).await }).await
}

/// Who has changed them when, the newest first; 20 versions unless asked for 1 to 100.
///
/// # Errors
/// `forbidden` for members; `invalid` for a limit out of range.
pub async fn history(ctx: &Context, before: Option<i64>, limit: Option<i64>) -> Result<PolicyVersions, Error> {
    ctx.admin()?;
    let limit = self::limit(limit, 20, 100)?;
    let before = before.unwrap_or(i64::MAX);
    db::read(&ctx.state.pool, |mut db| async move { db::policy::history(&mut db, before, limit).await }).await
}

/// One version.
///
/// # Errors
/// `forbidden` for members; `not_found`.
pub async fn version(ctx: &Context, version: i64) -> Result<PolicyVersion, Error> {
    ctx.admin()?;
    let found = db::read(&ctx.state.pool, |mut db| async move { db::policy::version(&mut db, version).await }).await?;
    found.ok_or_else(Error::not_found)
}

/// Whether `from` may do this to `to`, and what decides it.
///
/// # Errors
/// `forbidden` for members; `not_found` for somebody unknown; `invalid` for one person twice.
pub async fn explain(ctx: &Context, from: UserId, to: UserId, action: PolicyAction) -> Result<Explanation, Error> {
    ctx.admin()?;
    if from == to {
        return Err(Error::invalid("to", "Nobody writes to themself: choose two people."));
    }
    let found = db::read(&ctx.state.pool, |mut db| async move { db::policy_effect::pair(&mut db, from, to).await }).await?;
    let pair = found.ok_or_else(Error::not_found)?;
    let rules = live::policy::at(&ctx.state, pair.policy_version).await?;

    let (sender, recipient) = pair.parties();
    let asked = Circumstances { recipient_wrote_at: pair.wrote_at, now: pair.now };
    let ground = ground(&rules.policy, &sender, &recipient, action, asked);
    let (because, rule) = match ground {
        Ground::Deactivated => (Because::Deactivated, None),
        Ground::Answer => (Because::Answer, None),
        Ground::Rule(rule) => (Because::Rule, Some(rule)),
        Ground::NoRule => (Because::NoRule, None),
    };
    let place = rule.and_then(|rule| rules.policy.rules.iter().position(|one| one.name == rule.name));
    let (allowed, reason) = match ground.decision() {
        Decision::Allow => (true, None),
        Decision::Deny { reason, .. } => (false, Some(reason)),
    };
    Ok(Explanation {
        from: pair.from,
        to: pair.to,
        action,
        allowed,
        because,
        rule: rule.map(|rule| rule.name.clone()),
        place: place.and_then(|place| u32::try_from(place).ok()).map(|place| place.saturating_add(1)),
        reason,
        answer_until: pair.wrote_at.filter(|_| because == Because::Answer).and_then(answer_until),
        policy_version: rules.version,
    })
}

/// The same for people as an admin types them.
///
/// # Errors
/// As [`explain`]; `invalid` for a name that nobody has, with its field.
pub async fn explain_by_name(ctx: &Context, from: &str, to: &str, action: PolicyAction) -> Result<Explanation, Error> {
    ctx.admin()?;
    explain(ctx, known(ctx, "from", from).await?, known(ctx, "to", to).await?, action).await
}

/// A short name for these rules in place of this version: the same only for the same.
#[must_use]
pub fn fingerprint(version: i64, rules: Vec<Rule>) -> String {
    let policy = Policy { rules };
    let digest = db::policy::digest(&policy.clone().checked().unwrap_or(policy));
    digest.iter().take(16).fold(format!("{version}-"), |text, byte| format!("{text}{byte:02x}"))
}

/// What these rules would do, compared with those in force; nothing is changed.
///
/// # Errors
/// `forbidden` for members; `invalid` for rules that could not be applied.
pub async fn dry_run(ctx: &Context, rules: Vec<Rule>) -> Result<DryRun, Error> {
    ctx.admin()?;
    let after = checked(rules)?;
    let before = db::read(&ctx.state.pool, |mut db| async move { in_force(&mut db).await }).await?;
    let (version, before) = (before.version, Policy { rules: before.rules.unwrap_or_default() });
    super::policy_effect::of(&ctx.state.pool, version, &before, &after).await
}

/// Puts these rules in force. Trying again after a lost answer gives the version that the first try has made; rules that are
/// in force already make none.
///
/// # Errors
/// `forbidden` for members; `invalid`; `policy_changed` when another version than the expected one is in force.
pub async fn apply(ctx: &Context, new: NewPolicy) -> Result<PolicyVersion, Error> {
    let admin = ctx.admin()?.id();
    let policy = checked(new.rules)?;
    let note = note(&new.note)?;
    let add = NewVersion { policy, changed_by: Some(admin), note, restored_from: new.restored_from };
    let (pool, expected) = (ctx.state.pool.clone(), new.expected_version);
    let applied = ctx.state.transaction(async move { put_in_force(&pool, &add, Some(expected)).await }).await?;
    // it is in force, whether or not this process can read it just now
    if let Err(error) = live::policy::applied(&ctx.state, applied.version).await {
        tracing::warn!(code = ?error.code, "the new policy is read with the next request");
    }
    Ok(applied)
}

/// The rules in force, for the command line.
///
/// # Errors
/// When the database cannot be asked.
pub async fn show(operator: &Operator) -> Result<PolicyVersion, Error> {
    db::read(&operator.pool, |mut db| async move { in_force(&mut db).await }).await
}

/// Puts rules in force from the command line, whatever was in force before. Servers hear of it within 2 s, and with every
/// request.
///
/// # Errors
/// `invalid` for rules that cannot be applied.
pub async fn import(operator: &Operator, rules: Vec<Rule>, note: &str) -> Result<PolicyVersion, Error> {
    let note = self::note(note)?;
    let add = NewVersion { policy: checked(rules)?, changed_by: None, note, restored_from: None };
    put_in_force(&operator.pool, &add, None).await
}

/// What is in force when a server starts, and whether its configuration says something else. A database without rules takes
/// those of the configuration; afterwards they are not asked any more.
///
/// # Errors
/// `invalid` for rules that cannot be applied, when they are needed.
pub async fn establish(operator: &Operator, configured: Policy) -> Result<(db::policy::Newest, bool), Error> {
    let is_configured = !configured.rules.is_empty();
    let configured = checked(configured.rules);
    let mut transaction = operator.pool.begin().await?;
    db::policy::lock(&mut transaction).await?;
    let newest = db::policy::newest(&mut transaction).await?;
    if let Some(newest) = newest
        && let Some(policy) = &newest.policy
    {
        let differs = is_configured && configured.as_ref() != Ok(policy);
        return Ok((newest, differs));
    }
    let policy = configured?;
    let note = if is_configured { "From the configuration." } else { "" };
    let add = NewVersion { policy: policy.clone(), changed_by: None, note: note.into(), restored_from: None };
    let version = db::policy::add(&mut transaction, &add).await?;
    transaction.commit().await?;
    Ok((db::policy::Newest { version, policy: Some(policy) }, false))
}

async fn put_in_force(pool: &Pool, add: &NewVersion, expected: Option<i64>) -> Result<PolicyVersion, Error> {
    let mut transaction = pool.begin().await?;
    db::policy::lock(&mut transaction).await?;
    let newest = db::policy::newest(&mut transaction).await?;
    let is_same = newest.as_ref().and_then(|newest| newest.policy.as_ref()) == Some(&add.policy);
    let version = newest.map_or(0, |newest| newest.version);
    if is_same {
        // also a try again whose first answer was lost
        return Ok(in_force(&mut transaction).await?);
    }
    if expected.is_some_and(|expected| expected != version) {
        return Err(Error::new(Code::PolicyChanged));
    }
    let version = db::policy::add(&mut transaction, add).await?;
    let applied = db::policy::version(&mut transaction, version).await?.ok_or_else(|| Error::new(Code::Internal))?;
    transaction.commit().await?;
    Ok(applied)
}

/// The newest rules under the newest number; no rules under 0 in a database that has never had any.
async fn in_force(connection: &mut PgConnection) -> Result<PolicyVersion, sqlx::Error> {
    let newest = db::policy::newest(connection).await?.map_or(0, |newest| newest.version);
    let current = db::policy::current(connection).await?;
    Ok(current.map(|current| PolicyVersion { version: newest, ..current }).unwrap_or(PolicyVersion {
        version: newest,
        rules: Some(Vec::new()),
        changed_by: None,
        note: String::new(),
        restored_from: None,
        applied_at: Timestamp::EPOCH,
    }))
}

fn checked(rules: Vec<Rule>) -> Result<Policy, Error> {
    Policy { rules }.checked().map_err(|refused| {
        let detail = refused.first().map(|(field, reason)| format!("{field}: {reason}")).unwrap_or_default();
        Error { detail, fields: refused.into_iter().collect(), ..Error::new(Code::Invalid) }
    })
}

/// Whose user name was typed into this field.
async fn known(ctx: &Context, field: &str, typed: &str) -> Result<UserId, Error> {
    let name = &typed.trim().to_lowercase().replace('\0', " ");
    let user = db::read(&ctx.state.pool, |mut db| async move { db::user::by_username(&mut db, name).await }).await?;
    user.map(|user| user.id).ok_or_else(|| Error::invalid(field, "Nobody has this user name."))
}

fn note(text: &str) -> Result<String, Error> {
    let note = text.trim();
    if note.chars().count() > MAX_NOTE || note.chars().any(char::is_control) {
        return Err(Error::invalid("note", format!("A note is one line of at most {MAX_NOTE} characters.")));
    }
    Ok(note.to_owned())
}

fn answer_until(wrote_at: Timestamp) -> Option<Timestamp> {
    Timestamp::from_unix_micros(wrote_at.unix_micros().checked_add(ANSWER_SECONDS.checked_mul(1_000_000)?)?)
}
