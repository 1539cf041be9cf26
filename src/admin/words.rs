//! Moments and numbers as the screens of admins write them. There is no script that could know the reader's clock, so all
//! times are UTC and say so.

use crate::domain::time::Timestamp;
use leptos::prelude::*;

/// A moment to the second, `2026-11-22 09:30:00 UTC`.
#[component]
pub fn Moment(
    /// Which.
    at: Timestamp,
) -> impl IntoView {
    view! {
        <time class="moment" datetime=at.to_string()>
            {in_utc(at)}
        </time>
    }
}

/// `2026-11-22 09:30:00 UTC`
#[must_use]
pub fn in_utc(at: Timestamp) -> String {
    at.to_string().replace('T', " ").split('.').next().unwrap_or_default().to_owned() + " UTC"
}

/// A number with its thousands apart, `10,482`.
#[must_use]
pub fn number(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut written = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && digits.len().saturating_sub(place).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    if number < 0 { format!("-{written}") } else { written }
}

#[cfg(test)]
mod tests {
    use super::{in_utc, number};
    use crate::domain::time::Timestamp;

    #[test]
    fn numbers_and_moments_are_written_to_be_read() {
        assert_eq!(number(0), "0");
        assert_eq!(number(999), "999");
        assert_eq!(number(10_482), "10,482");
        assert_eq!(number(-1_000_000), "-1,000,000");
        assert_eq!(in_utc(Timestamp::EPOCH), "1970-01-01 00:00:00 UTC");
    }
}
