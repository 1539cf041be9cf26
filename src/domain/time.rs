//! A moment, always UTC, always shown to the microsecond on the wire (`2026-11-22T09:30:00.123456Z`, RFC 3339).
//!
//! Moments come from the database's clock and never decide an order; screens show the viewer's local time.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::fmt;
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

/// A moment in UTC with microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema), schema(value_type = String, format = "date-time"))]
pub struct Timestamp(OffsetDateTime);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(OffsetDateTime::UNIX_EPOCH);

    /// Keeps the microseconds, drops what is finer, turns every offset into UTC.
    #[must_use]
    pub fn new(at: OffsetDateTime) -> Self {
        // only within a day of the calendar's ends is there no such moment in UTC
        let at = at.checked_to_offset(UtcOffset::UTC).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let micros = at.nanosecond().saturating_sub(at.nanosecond() % 1_000);
        Self(at.replace_nanosecond(micros).unwrap_or(at))
    }

    /// RFC 3339, any offset, any precision.
    ///
    /// # Errors
    /// When the text is no RFC 3339 moment of the years 1 to 9999 in UTC.
    pub fn parse(text: &str) -> Result<Self, time::error::Parse> {
        let at = OffsetDateTime::parse(text, &Rfc3339)?;
        match at.checked_to_offset(UtcOffset::UTC) {
            Some(at) if at.year() >= 1 => Ok(Self::new(at)),
            _ => Err(time::error::Parse::ParseFromDescription(time::error::ParseFromDescription::InvalidComponent("year"))),
        }
    }

    /// The same moment for the database's driver.
    #[must_use]
    pub fn into_inner(self) -> OffsetDateTime {
        self.0
    }

    /// Microseconds since 1970, for cursors and for differences.
    #[must_use]
    pub fn unix_micros(self) -> i64 {
        i64::try_from(self.0.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
    }

    /// The moment that many microseconds after 1970; `None` where no calendar reaches.
    #[must_use]
    pub fn from_unix_micros(micros: i64) -> Option<Self> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros).saturating_mul(1_000)).ok().map(Self)
    }

    /// Whole seconds from `earlier` to this moment; negative when this one is the earlier.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).whole_seconds()
    }

    /// The UTC day, `2026-11-22`.
    #[must_use]
    pub fn date(self) -> String {
        let date = self.0.date();
        format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day())
    }

    /// The UTC time of day, `09:30`.
    #[must_use]
    pub fn clock(self) -> String {
        format!("{:02}:{:02}", self.0.hour(), self.0.minute())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.0;
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            at.microsecond()
        )
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(at: OffsetDateTime) -> Self {
        Self::new(at)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::Timestamp;

    #[test]
    fn a_moment_is_written_in_utc_with_six_digits() {
        let at = Timestamp::parse("2026-11-22T15:00:00.1234567+05:30").expect("valid");
        assert_eq!(at.to_string(), "2026-11-22T09:30:00.123456Z");
        assert_eq!(serde_json::to_string(&at).expect("json"), "\"2026-11-22T09:30:00.123456Z\"");
        assert_eq!(Timestamp::from_unix_micros(at.unix_micros()), Some(at));
    }
}
