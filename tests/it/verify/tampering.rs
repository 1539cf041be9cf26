//! Somebody who owns the database changes one thing in it: which tables and columns there are, they learn from
//! `information_schema`; which of them are covered, from docs/audit.md. All constraints and triggers are gone first: an
//! owner can do that.

use super::{columns, random::Random};
use crate::support::Office;
use sqlx::{AssertSqlSafe, Executor, PgConnection, raw_sql};

/// The owner, a copy of each table to restore from, and what there is to change.
pub struct Owner {
    db: PgConnection,
    columns: Vec<Column>,
    changed: Option<String>,
}

#[derive(Debug, Clone, sqlx::FromRow)]
struct Column {
    table: String,
    column: String,
    data_type: String,
    nullable: bool,
}

impl Owner {
    pub async fn new(office: &Office) -> Self {
        let mut db = office.database.owner().await;
        let sql = "select table_name::text as \"table\", column_name::text as \"column\", data_type::text, is_nullable = 'YES' as nullable
                   from information_schema.columns where table_schema = 'public' order by 1, 2";
        let there: Vec<Column> = sqlx::query_as(sql).fetch_all(&mut db).await.expect("columns");
        let covered = columns::documented();
        let columns: Vec<Column> =
            there.into_iter().filter(|there| covered.get(&there.table).is_some_and(|row| row.covered.contains(&there.column))).collect();
        assert!(columns.len() > 40, "{columns:?}");
        db.execute(raw_sql(
            "do $$ declare c record; begin
                 for c in select conrelid::regclass as t, conname from pg_constraint
                          where connamespace = 'public'::regnamespace and conrelid <> 0 order by contype = 'p', contype = 'u' loop
                     execute format('alter table %s drop constraint %I cascade', c.t, c.conname);
                 end loop;
             end $$;
             do $$ declare c record; begin
                 for c in select oid::regclass as t from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' loop
                     execute format('alter table %s disable trigger user', c.t);
                 end loop;
             end $$;
             alter table participants alter unread drop expression;
             alter table audit_entries alter id drop identity",
        ))
        .await
        .expect("nothing is checked any more");
        let mut owner = Self { db, columns, changed: None };
        let mut tables: Vec<String> = owner.columns.iter().map(|column| column.table.clone()).collect();
        tables.dedup();
        for table in tables {
            let kept = owner.run(format!("create table kept_{table} as table {table}")).await;
            assert!(kept > 0, "there is something to change in {table}");
        }
        owner
    }

    async fn run(&mut self, sql: String) -> u64 {
        let done = self.db.execute(raw_sql(AssertSqlSafe(sql.clone()))).await;
        done.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected()
    }

    /// One change; what it was.
    pub async fn changes_something(&mut self, dice: &mut Random) -> String {
        loop {
            let Column { table, column, data_type, nullable } = dice.pick(&self.columns).expect("columns").clone();
            let row = format!("(select ctid from {table} order by md5(ctid::text || '{}') limit 1)", dice.next());
            let new = if nullable && dice.percent(30) { "null".to_owned() } else { other(&column, &data_type, dice) };
            let (kind, sql) = match dice.below(4) {
                0 => ("update", format!("update {table} set {column} = {new} where ctid = {row} and {column} is distinct from {new}")),
                1 if table == "audit_checkpoints" => {
                    ("delete", format!("delete from {table} where size = (select max(size) from {table})"))
                }
                1 => ("delete", format!("delete from {table} where ctid = {row}")),
                2 => (
                    "insert",
                    format!(
                        "create temporary table one on commit drop as select * from {table} where ctid = {row};
                         update one set {column} = {new};
                         insert into {table} overriding system value select * from one where {column} is distinct from (select {column} from {table} where ctid = {row})"
                    ),
                ),
                _ => (
                    "swap",
                    format!(
                        "with one as (select ctid as place, {column} as value from {table} where ctid = {row}),
                         other as (select t.ctid as place, t.{column} as value from {table} t, one where t.{column} is distinct from one.value
                                   order by md5(t.ctid::text || '{}') limit 1),
                         both_ways as (select one.place, other.value from one, other union all select other.place, one.value from one, other)
                         update {table} t set {column} = b.value from both_ways b where t.ctid = b.place",
                        dice.next()
                    ),
                ),
            };
            self.changed = Some(table.clone());
            if self.differs(&table, sql.clone()).await {
                return format!("{kind} {table}.{column}: {sql}");
            }
            self.restores().await;
        }
    }

    /// Whether what is covered of the table is something else now: two rows that have exchanged all of it are the same rows.
    async fn differs(&mut self, table: &str, sql: String) -> bool {
        self.run(format!("begin; {sql}; commit")).await;
        let covered: Vec<&str> = self.columns.iter().filter(|column| column.table == table).map(|column| column.column.as_str()).collect();
        let of = |table: &str| format!("select {} from {table}", covered.join(", "));
        let (now, before) = (of(table), of(&format!("kept_{table}")));
        let differs = format!("select exists ({now} except all {before}) or exists ({before} except all {now})");
        sqlx::query_scalar(AssertSqlSafe(differs)).fetch_one(&mut self.db).await.expect("compared")
    }

    /// All is as it was.
    pub async fn restores(&mut self) {
        if let Some(table) = self.changed.take() {
            self.run(format!("truncate {table}; insert into {table} overriding system value table kept_{table}")).await;
        }
    }
}

/// An expression for another value of the column.
fn other(column: &str, data_type: &str, dice: &mut Random) -> String {
    let by = 1 + dice.below(3);
    match data_type {
        "bigint" if dice.percent(50) => format!("{column} - {by}"),
        "bigint" => format!("{column} + {by}"),
        "uuid" => "gen_random_uuid()".into(),
        "text" => format!("coalesce({column}, '') || 'x'"),
        "bytea" => format!("coalesce(set_byte({column}, {by}, get_byte({column}, {by}) # 1), '\\x01')"),
        "timestamp with time zone" => format!("coalesce({column}, now()) + interval '{by} microseconds'"),
        "jsonb" => format!("case jsonb_typeof({column}) when 'object' then {column} || '{{\"x\": {by}}}' else '{{}}' end"),
        other => panic!("a value of the type {other} for {column}"),
    }
}
