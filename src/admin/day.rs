//! Days as people type them into a form: whole days in UTC, the last one included. A period ends before a moment, and so
//! before the first of the next day: nothing of the last second is left out.

use super::form::Form;
use crate::{domain::time::Timestamp, error::Error};

const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

/// Which edge of a day is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// Its first moment.
    Begin,
    /// The first moment after it.
    End,
}

impl Form {
    /// This edge of a day, when one was given.
    ///
    /// # Errors
    /// `invalid` when it is no day.
    pub fn day(&self, name: &str, edge: Edge) -> Result<Option<Timestamp>, Error> {
        let Some(day) = self.given(name) else { return Ok(None) };
        let no_day = || Error::invalid(name, "This is no day, like 2026-11-22.");
        let begins = Timestamp::parse(&format!("{day}T00:00:00Z")).map_err(|_| no_day())?;
        let moment = match edge {
            Edge::Begin => Some(begins),
            Edge::End => Timestamp::from_unix_micros(begins.unix_micros().saturating_add(DAY_MICROS)),
        };
        moment.map(Some).ok_or_else(no_day)
    }
}

#[cfg(test)]
mod tests {
    use super::{Edge, Form};

    #[test]
    fn a_day_ends_where_the_next_one_begins() {
        let edge = |day: &str, edge| {
            let form = Form::of([("day", day.to_owned())]);
            form.day("day", edge).map(|moment| moment.map(|moment| moment.to_string())).map_err(|error| error.fields)
        };
        assert_eq!(edge("2026-02-28", Edge::Begin), Ok(Some("2026-02-28T00:00:00.000000Z".into())));
        assert_eq!(edge("2026-02-28", Edge::End), Ok(Some("2026-03-01T00:00:00.000000Z".into())));
        assert_eq!(edge(" ", Edge::End), Ok(None));
        for none in ["yesterday", "2026-02-30", "2026-02-28T10:00:00", "9999-12-31"] {
            assert!(edge(none, Edge::End).is_err_and(|fields| fields.contains_key("day")), "{none}");
        }
    }
}
