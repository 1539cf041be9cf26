//! The figures beside their goals: rows that the parts of `script/bench` add to one table.

use crate::Failure;
use std::{fs::OpenOptions, io::Write, path::Path};

/// What a figure is held against.
#[derive(Clone, Copy)]
pub enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

/// Adds a row: figure, goal, measured, reached or not. `unit` stands behind goal and figure, `note` behind the row.
pub struct Row<'a> {
    pub figure: &'a str,
    pub goal: Goal,
    pub measured: f64,
    pub unit: &'a str,
    pub note: String,
}

impl Row<'_> {
    /// To the end of the file.
    pub fn add(&self, table: &Path) -> Result<(), Failure> {
        let mut file = OpenOptions::new().create(true).append(true).open(table)?;
        Ok(writeln!(file, "{}", self.line())?)
    }

    fn line(&self) -> String {
        let (sign, goal) = match self.goal {
            Goal::AtLeast(goal) => ("≥", goal),
            Goal::AtMost(goal) => ("≤", goal),
        };
        let verdict = if self.reached() { "reached" } else { "NOT reached" };
        let Self { figure, measured, unit, note, .. } = self;
        format!("{figure}\t{sign} {goal}{unit}\t{}{unit}\t{verdict}\t{note}", digits(*measured))
    }

    /// What could not be measured is not reached.
    fn reached(&self) -> bool {
        match self.goal {
            Goal::AtLeast(goal) => self.measured >= goal,
            Goal::AtMost(goal) => self.measured <= goal,
        }
    }
}

/// Three digits that count; whole numbers are whole.
fn digits(figure: f64) -> String {
    match figure {
        whole if whole.fract() == 0.0 => format!("{whole:.0}"),
        small if small.abs() < 1.0 => format!("{small:.3}"),
        small if small.abs() < 10.0 => format!("{small:.2}"),
        large => format!("{large:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_held_against_its_goal() {
        let row = |goal, measured| Row { figure: "f", goal, measured, unit: " s", note: "n".into() };
        assert_eq!(row(Goal::AtMost(0.18), 0.1799).line(), "f\t≤ 0.18 s\t0.180 s\treached\tn");
        assert!(!row(Goal::AtMost(0.18), 0.1801).reached());
        assert!(row(Goal::AtLeast(1.5), 1.5).reached() && !row(Goal::AtLeast(1.5), 1.49).reached());
        assert!(!row(Goal::AtLeast(1.5), f64::NAN).reached() && !row(Goal::AtMost(1.5), f64::NAN).reached());
        assert_eq!(row(Goal::AtMost(0.0), 0.0).line(), "f\t≤ 0 s\t0 s\treached\tn");
    }
}
