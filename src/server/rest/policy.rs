//! The policy, for admins and their programs: the rules in force, their history, why a decision falls as it does, what other
//! rules would do.

use super::extract::{Body, Query};
use crate::{
    domain::{
        ids::UserId,
        policy::{
            PolicyAction, Rule,
            report::{DryRun, Explanation, PolicyVersion, PolicyVersions},
        },
    },
    error::Error,
    server::{
        context::Context,
        service::policy::{self, NewPolicy},
    },
};
use axum::Json;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

/// What shall be in force.
#[derive(Deserialize, ToSchema)]
pub struct PutPolicy {
    /// In their order: the first match wins, without a match the answer is yes. 100 at most.
    rules: Vec<Rule>,
    /// Why, for the history: one line, at most 500 characters.
    #[serde(default)]
    note: String,
    /// The version that these rules replace.
    expected_version: i64,
    /// The version whose rules these are again.
    #[serde(default)]
    restored_from: Option<i64>,
}

/// What might be in force.
#[derive(Deserialize, ToSchema)]
pub struct Draft {
    /// In their order.
    rules: Vec<Rule>,
}

/// Which part of the history.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryQuery {
    /// Only older versions than this one.
    before: Option<i64>,
    /// 20 unless given.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i64>,
}

/// About whom.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Case {
    /// Who would act.
    #[param(value_type = uuid::Uuid)]
    from: String,
    /// Towards whom.
    #[param(value_type = uuid::Uuid)]
    to: String,
    /// What.
    action: PolicyAction,
}

/// The policy in force
#[utoipa::path(get, path = "/admin/policy", tag = "policy", operation_id = "get_policy",
    responses((status = 200, description = "The rules, since when, and who applied them.", body = PolicyVersion)),
    extensions(("x-errors" = json!(["forbidden"]))))]
pub async fn current(ctx: Context) -> Result<Json<PolicyVersion>, Error> {
    Ok(Json(policy::current(&ctx).await?))
}

/// Change the policy
///
/// In force with the answer, on every instance. The same rules again make no new version, so this may be repeated.
#[utoipa::path(put, path = "/admin/policy", tag = "policy", operation_id = "put_policy", request_body = PutPolicy,
    responses((status = 200, description = "In force now.", body = PolicyVersion)),
    extensions(("x-errors" = json!(["forbidden", "invalid", "policy_changed"]))))]
pub async fn apply(ctx: Context, Body(body): Body<PutPolicy>) -> Result<Json<PolicyVersion>, Error> {
    ctx.admin()?;
    let PutPolicy { rules, note, expected_version, restored_from } = body?;
    Ok(Json(policy::apply(&ctx, NewPolicy { rules, note, expected_version, restored_from }).await?))
}

/// The policy's history
///
/// The newest version first.
#[utoipa::path(get, path = "/admin/policy/versions", tag = "policy", operation_id = "list_policy_versions", params(HistoryQuery),
    responses((status = 200, description = "A part of the history.", body = PolicyVersions)),
    extensions(("x-errors" = json!(["forbidden", "malformed_request", "invalid"]))))]
pub async fn history(ctx: Context, Query(query): Query<HistoryQuery>) -> Result<Json<PolicyVersions>, Error> {
    ctx.admin()?;
    let HistoryQuery { before, limit } = query?;
    Ok(Json(policy::history(&ctx, before, limit).await?))
}

/// Explain a decision
///
/// Whether somebody may do something to a colleague, and what decides it.
#[utoipa::path(get, path = "/admin/policy/explain", tag = "policy", operation_id = "explain_policy", params(Case),
    responses((status = 200, description = "Yes or no, and why.", body = Explanation)),
    extensions(("x-errors" = json!(["forbidden", "not_found", "malformed_request", "invalid"]))))]
pub async fn explain(ctx: Context, Query(query): Query<Case>) -> Result<Json<Explanation>, Error> {
    ctx.admin()?;
    let Case { from, to, action } = query?;
    let id = |text: String| text.parse::<UserId>().map_err(|_| Error::not_found());
    Ok(Json(policy::explain(&ctx, id(from)?, id(to)?, action).await?))
}

/// Try a policy
///
/// Which pairs of people and which conversations these rules would decide otherwise. Nothing is changed.
#[utoipa::path(post, path = "/admin/policy/dry_run", tag = "policy", operation_id = "dry_run_policy", request_body = Draft,
    responses((status = 200, description = "What would happen.", body = DryRun)),
    extensions(("x-errors" = json!(["forbidden", "invalid"]))))]
pub async fn dry_run(ctx: Context, Body(body): Body<Draft>) -> Result<Json<DryRun>, Error> {
    ctx.admin()?;
    Ok(Json(policy::dry_run(&ctx, body?.rules).await?))
}
