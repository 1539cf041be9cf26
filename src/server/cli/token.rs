//! `token …`: what programs present instead of a password.

use super::output;
use crate::server::{
    db::api_token::ListedToken,
    failure::Failure,
    service::{tokens, users::Done},
    settings::Settings,
    start,
};
use clap::Subcommand;
use std::io::Write;
use uuid::Uuid;

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token with which a program acts as a user: on stdout, once; its id on stderr.
    Create {
        /// The user name.
        #[arg(long)]
        user: String,
    },
    /// The valid tokens: id, user, created, last used.
    List,
    /// Take a program its access.
    Revoke {
        /// The id, as `token list` shows it.
        id: Uuid,
    },
}

pub(super) async fn run(command: TokenCommand, settings: &Settings) -> Result<(), Failure> {
    let operator = start::operator(settings).await?;
    match command {
        TokenCommand::Create { user } => {
            let (id, token) = tokens::create(&operator, &user).await?;
            output::say(id);
            output::line(token.reveal())?;
        }
        TokenCommand::List => output::settled(print(&tokens::list(&operator).await?))?,
        TokenCommand::Revoke { id } => match tokens::revoke(&operator, id).await? {
            Done::Now => output::say("Revoked."),
            Done::Already => output::say("Was revoked already."),
        },
    }
    Ok(())
}

fn print(tokens: &[ListedToken]) -> std::io::Result<()> {
    let mut rows = output::rows();
    for token in tokens {
        let used = token.last_used_at.map(|at| at.to_string()).unwrap_or_default();
        output::row(&mut rows, &[&token.id, &token.username, &token.created_at, &used])?;
    }
    rows.flush()
}
