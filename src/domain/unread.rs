//! The unread totals: what stands on the badge, in the tab's title and in `GET /unread`.

use serde::{Deserialize, Serialize};

/// Unread messages, and the conversations that hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct Unread {
    /// Messages of peers after the viewer's read pointers.
    pub messages: i64,
    /// Conversations with at least one of them.
    pub conversations: i64,
}

impl Unread {
    /// The number on a badge: `99+` from a hundred on, nothing at zero.
    #[must_use]
    pub fn badge(count: i64) -> Option<String> {
        match count {
            i64::MIN..=0 => None,
            1..=99 => Some(count.to_string()),
            _ => Some("99+".to_owned()),
        }
    }

    /// The tab's title: `(3) Messages · CMS`.
    #[must_use]
    pub fn title(self, page: &str) -> String {
        match Self::badge(self.messages) {
            Some(count) => format!("({count}) {page}"),
            None => page.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Unread;

    #[test]
    fn the_badge_is_capped_and_silent_at_zero() {
        assert_eq!(Unread::badge(0), None);
        assert_eq!(Unread::badge(99).as_deref(), Some("99"));
        assert_eq!(Unread::badge(100).as_deref(), Some("99+"));
        assert_eq!(Unread { messages: 3, conversations: 1 }.title("Messages"), "(3) Messages");
    }
}
