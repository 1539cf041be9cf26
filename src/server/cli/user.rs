//! `user …`: people, as the operator of the system administers them.

use super::output;
use crate::{
    domain::{
        people_import::{ImportPreview, LineError},
        profile::{Profile, RawProfile},
        user::Role,
        user_record::{UserFilter, UserRecord},
    },
    error::Error,
    server::{
        auth::password::Password,
        failure::Failure,
        operator::Operator,
        service::{
            import::{self, ImportError},
            user_records,
            users::{self, Done, Link},
        },
        settings::{self, Settings},
        start,
    },
};
use clap::{Args, Subcommand};
use std::{
    io::Write,
    path::{Path, PathBuf},
};

/// The most errors of a file that are shown.
const SHOWN: usize = 20;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Add a person. The password is read from stdin; without one, a one-time link to set it is printed.
    Create(Create),
    /// Add and update people from a CSV file: all rows or none.
    ///
    /// The header is username,display_name,department,role,email,external_id,password; the last three may be empty.
    /// Somebody who is known (by external id, else by user name) is updated.
    Import {
        /// The file.
        file: PathBuf,
        /// Only say what it would do: line, user name, field, before, after. Nothing is written.
        #[arg(long)]
        preview: bool,
    },
    /// Print a one-time link (24 h) with which somebody sets a password.
    Link {
        /// The user name.
        username: String,
    },
    /// Make somebody an admin, or a member. The last admin stays one.
    SetRole {
        /// The user name.
        username: String,
        /// member or admin
        role: Role,
    },
    /// Everyone by name: user name, name, department, role, active or deactivated, e-mail, external id.
    List,
    /// End somebody's access: sessions, tokens and links. Their history stays.
    Deactivate {
        /// The user name.
        username: String,
    },
    /// Let somebody in again.
    Activate {
        /// The user name.
        username: String,
    },
    /// End all sessions of somebody, wherever they are signed in. Tokens of programs stay.
    SignOut {
        /// The user name.
        username: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// a-z, 0-9, '.', '_' and '-'
    #[arg(long)]
    username: String,
    /// The name on the screens.
    #[arg(long)]
    name: String,
    /// Their department.
    #[arg(long, default_value = "")]
    department: String,
    /// member or admin
    #[arg(long, default_value = "member")]
    role: String,
    /// Never shown to colleagues.
    #[arg(long, default_value = "")]
    email: String,
    /// How another system knows them.
    #[arg(long, default_value = "")]
    external_id: String,
}

pub(super) async fn run(command: UserCommand, settings: &Settings) -> Result<(), Failure> {
    match command {
        UserCommand::Create(person) => create(&person, settings).await,
        UserCommand::Import { file, preview: true } => preview(&file, settings).await,
        UserCommand::Import { file, preview: false } => import(&file, settings).await,
        UserCommand::Link { username } => print_link(users::link(&operator(settings).await?, username.as_str()).await?, settings),
        UserCommand::SetRole { username, role } => {
            report(users::set_role(&operator(settings).await?, username.as_str(), role).await?, role.as_str());
            Ok(())
        }
        UserCommand::List => list(settings).await,
        UserCommand::Deactivate { username } => {
            report(users::deactivate(&operator(settings).await?, username.as_str()).await?, "deactivated");
            Ok(())
        }
        UserCommand::Activate { username } => {
            report(users::activate(&operator(settings).await?, username.as_str()).await?, "active");
            Ok(())
        }
        UserCommand::SignOut { username } => {
            let ended = user_records::sign_out_everywhere(&operator(settings).await?, username.as_str()).await?;
            output::say(format_args!("{ended} sessions ended."));
            Ok(())
        }
    }
}

async fn operator(settings: &Settings) -> Result<Operator, Failure> {
    start::operator(settings).await
}

async fn create(person: &Create, settings: &Settings) -> Result<(), Failure> {
    let profile = Profile::parse(RawProfile {
        username: &person.username,
        display_name: &person.name,
        department: &person.department,
        role: &person.role,
        email: &person.email,
        external_id: &person.external_id,
    })
    .map_err(Error::from)?;
    let password = output::piped()?.map(|text| Password::parse("password", &text)).transpose()?;
    match users::create(&operator(settings).await?, profile, password).await? {
        (_, Some(link)) => print_link(link, settings),
        (_, None) => {
            output::say("Created.");
            Ok(())
        }
    }
}

async fn import(file: &Path, settings: &Settings) -> Result<(), Failure> {
    let bytes = read(file)?;
    let progress = |done: usize, total: usize| {
        if done.is_multiple_of(100) || done == total {
            output::say(format_args!("Hashed {done} of {total} passwords."));
        }
    };
    match import::import(&operator(settings).await?, &bytes, None, progress).await {
        Ok(done) => {
            output::say(format_args!("{} new, {} changed, {} as they were.", done.created, done.changed, done.unchanged));
            Ok(())
        }
        Err(ImportError::Lines(errors)) => Err(refusal(file, &errors)),
        Err(ImportError::Failed(error)) => Err(error.into()),
    }
}

async fn preview(file: &Path, settings: &Settings) -> Result<(), Failure> {
    let preview = import::preview(&operator(settings).await?, &read(file)?).await?;
    if !preview.errors.is_empty() {
        return Err(refusal(file, &preview.errors));
    }
    output::settled(print_preview(&preview))?;
    let (created, changed) = (preview.created.len(), preview.changed.len());
    output::say(format_args!("Would be: {created} new, {changed} changed, {} as they were. Nothing was imported.", preview.unchanged));
    Ok(())
}

fn print_preview(preview: &ImportPreview) -> std::io::Result<()> {
    let mut rows = output::rows();
    for user in &preview.created {
        output::row(&mut rows, &[&user.line, &user.username, &"new", &"", &user.display_name])?;
    }
    for user in &preview.changed {
        for field in &user.fields {
            output::row(&mut rows, &[&user.line, &user.username, &field.field, &field.from, &field.to])?;
        }
        if user.new_password {
            output::row(&mut rows, &[&user.line, &user.username, &"password", &"", &"another one"])?;
        }
    }
    rows.flush()
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| Failure(format!("{}: {error}", file.display())))
}

fn refusal(file: &Path, errors: &[LineError]) -> Failure {
    let file = file.display();
    let mut lines: Vec<String> = errors.iter().take(SHOWN).map(|error| format!("{file}, line {}: {}", error.line, error.reason)).collect();
    if errors.len() > SHOWN {
        lines.push(format!("{file}: {} more", errors.len().saturating_sub(SHOWN)));
    }
    lines.push("Nothing was imported.".into());
    Failure(lines.join("\n"))
}

async fn list(settings: &Settings) -> Result<(), Failure> {
    let operator = operator(settings).await?;
    let mut cursor = None;
    loop {
        let page = user_records::page(&operator, UserFilter::default(), Some(200), cursor.as_deref()).await?;
        match print(&page.items) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
            printed => printed?,
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

fn print(people: &[UserRecord]) -> std::io::Result<()> {
    let mut rows = output::rows();
    for UserRecord { user, email, external_id, .. } in people {
        let state = if user.active { "active" } else { "deactivated" };
        let (email, external_id) = (email.as_deref().unwrap_or_default(), external_id.as_deref().unwrap_or_default());
        output::row(&mut rows, &[&user.username, &user.display_name, &user.department, &user.role.as_str(), &state, &email, &external_id])?;
    }
    rows.flush()
}

fn print_link(link: Link, settings: &Settings) -> Result<(), Failure> {
    let origin = settings.server.origin(settings::leptos_options()?.site_addr);
    output::say(format_args!("A link to set a password, once, until {}:", link.expires_at));
    Ok(output::line(link.url(&origin))?)
}

fn report(done: Done, state: &str) {
    match done {
        Done::Now => output::say(format_args!("Now {state}.")),
        Done::Already => output::say(format_args!("Was {state} already.")),
    }
}
