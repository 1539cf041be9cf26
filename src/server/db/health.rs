//! Whether this process may serve: what its database role could do, and whether the schema is there.

use super::migrate;
use sqlx::PgConnection;

/// What the database says about our place in it.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Grants do not bind it.
    pub is_superuser: bool,
    /// It could change what is append-only.
    pub owns_tables: bool,
    /// The schema is older than this program.
    pub lacks_migrations: bool,
}

/// The role in effect, and the migrations.
pub async fn standing(connection: &mut PgConnection) -> Result<Standing, sqlx::Error> {
    let role = sqlx::query!(
        r#"select r.rolsuper as "is_superuser!",
                  exists (select 1 from pg_class c where c.relowner = r.oid and c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')) as "owns_tables!"
           from pg_roles r where r.rolname = current_user"#
    )
    .fetch_one(&mut *connection)
    .await?;
    let lacks_migrations = migrate::missing(connection).await? > 0;
    Ok(Standing { is_superuser: role.is_superuser, owns_tables: role.owns_tables, lacks_migrations })
}
