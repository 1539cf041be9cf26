//! The search for people: whom the policy hides is not found, whom it only closes is found with the reason.

use super::limit;
use crate::{
    domain::{
        policy::{Circumstances, Decision, Effect, Party, Policy, PolicyAction, decide},
        user::{FoundUser, PeopleQuery},
    },
    error::Error,
    server::{
        context::Context,
        db::{
            self,
            people_search::{Depth, Match},
        },
        live,
    },
};

/// At most 20 people, best match first; never the viewer.
///
/// # Errors
/// `invalid` for a `q` without a letter or a limit outside of 1 to 20; `rate_limited`.
pub async fn search(ctx: &Context, q: &str, limit: Option<i64>) -> Result<Vec<FoundUser>, Error> {
    let viewer = ctx.viewer()?;
    let limit = self::limit(limit, 20, 20)?;
    let query = PeopleQuery::parse(q).map_err(|reason| Error::invalid("q", reason))?;
    ctx.state.limits.check_search(viewer.id())?;

    let (user, query) = (&viewer.user, &query);
    let mut rules = ctx.state.policy.current();
    let (rules, found) = loop {
        let depth = if hides_somebody(&rules.policy) { Depth::PerGroup(limit) } else { Depth::All(limit) };
        let found = db::read(&ctx.state.pool, |mut db| async move { db::people_search::search(&mut db, user, query, depth).await }).await?;
        if found.people.is_empty() {
            return Ok(Vec::new());
        }
        let asked = std::mem::replace(&mut rules, live::policy::at(&ctx.state, found.policy_version).await?);
        // how deep to look depends on the rules
        if asked.version == rules.version || hides_somebody(&asked.policy) == hides_somebody(&rules.policy) {
            break (rules, found.people);
        }
    };

    let me = Party::from(user);
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(found.into_iter().filter_map(|found| judge(&rules.policy, &me, found)).take(wanted).collect())
}

fn hides_somebody(policy: &Policy) -> bool {
    policy.rules.iter().any(|rule| rule.effect == Effect::Deny && rule.actions.contains(&PolicyAction::Find))
}

/// `None` when the policy hides them.
fn judge(policy: &Policy, me: &Party, found: Match) -> Option<FoundUser> {
    let them = Party::from(&found.user);
    let asked = Circumstances { recipient_wrote_at: found.wrote_at, now: found.now };
    if !decide(policy, me, &them, PolicyAction::Find, asked).allows() {
        return None;
    }
    // a conversation that is there can be opened whatever the policy says
    let needed: &[PolicyAction] = if found.is_known { &[PolicyAction::Send] } else { &[PolicyAction::Open, PolicyAction::Send] };
    let cannot_write_reason = needed.iter().find_map(|action| match decide(policy, me, &them, *action, asked) {
        Decision::Allow => None,
        Decision::Deny { reason, .. } => Some(reason),
    });
    Some(FoundUser { can_write: cannot_write_reason.is_none(), cannot_write_reason, has_history: found.is_known, user: found.user })
}
