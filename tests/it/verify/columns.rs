//! Which columns docs/audit.md says are covered, and which are not: its table is what the mutator of the database works by.

use std::collections::{BTreeMap, BTreeSet};

/// What it says of one table.
#[derive(Debug, Default)]
pub struct Columns {
    pub covered: BTreeSet<String>,
    pub left_out: BTreeSet<String>,
    /// None of its columns is covered, whichever there are.
    pub all: bool,
}

/// By table.
pub fn documented() -> BTreeMap<String, Columns> {
    let page = include_str!("../../../docs/audit.md");
    let (_, rows) = page.split_once("| table | covered | left out |\n|---|---|---|\n").expect("the table of docs/audit.md");
    let mut found = BTreeMap::<String, Columns>::new();
    for row in rows.lines().take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        let [tables, covered, left_out] = cells[..] else { panic!("three cells: {row}") };
        for table in words(tables) {
            let columns = found.entry(table).or_default();
            columns.covered.extend(words(covered));
            columns.left_out.extend(words(left_out));
            columns.all = covered.trim() == "nothing";
        }
    }
    found
}

fn words(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}
