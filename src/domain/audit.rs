//! The words of the audit log: which state changes it knows. One entry per change, in the same transaction; never message text.

use serde::{Deserialize, Serialize};

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Action {
            $($(#[$doc])* #[serde(rename = $word)] $name,)*
        }

        impl Action {
            /// All of them, for filters and tests.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The word in the database and in the export.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

actions! {
    /// Somebody signed in.
    SessionCreated = "session.created",
    /// Somebody signed out, or their session was ended for them.
    SessionEnded = "session.ended",
    /// A sign-in failed; at most one entry per account and minute.
    SignInFailed = "session.refused",
    /// Two people's thread began.
    ConversationCreated = "conversation.created",
    /// The other one opened it too.
    ConversationOpened = "conversation.opened",
    /// A message was committed; holds its salted digest.
    MessageSent = "message.sent",
    /// A client acknowledged everything up to a seq.
    MessageDelivered = "message.delivered",
    /// Everything up to a seq was on the screen.
    MessageRead = "message.read",
    /// A person became known.
    UserCreated = "user.created",
    /// A name, role, department or other column changed.
    UserChanged = "user.changed",
    /// A person left.
    UserDeactivated = "user.deactivated",
    /// A person came back.
    UserActivated = "user.activated",
    /// A one-time link was made.
    LinkCreated = "password_link.created",
    /// A password was set or changed.
    PasswordChanged = "password.changed",
    /// A program got access.
    TokenCreated = "token.created",
    /// A program lost access.
    TokenRevoked = "token.revoked",
    /// An admin asked to read other people's conversations.
    ReviewRequested = "review.requested",
    /// A second admin agreed.
    ReviewApproved = "review.approved",
    /// A second admin did not.
    ReviewRefused = "review.refused",
    /// It was ended before its time, or taken back.
    ReviewEnded = "review.ended",
    /// Whom the reviewed person writes with was looked at.
    ReviewListed = "review.listed",
    /// A page of other people's conversation is going to be read.
    ReviewRead = "review.read",
    /// The reader of a review asked to take it away.
    ExportRequested = "export.requested",
    /// It may be taken: a second admin agreed, or none was needed.
    ExportReleased = "export.released",
    /// A second admin did not agree.
    ExportRefused = "export.refused",
    /// It is going to be taken.
    ExportTaken = "export.taken",
    /// What it consists of was made, and is the same from then on; holds its digest.
    ExportMade = "export.made",
    /// Somebody took a part of this log away.
    AuditExported = "audit.exported",
    /// Other rules of who may write to whom; holds their digest.
    PolicyChanged = "policy.changed",
}

#[cfg(test)]
mod tests {
    use super::Action;

    #[test]
    fn every_action_has_its_own_word() {
        let mut words: Vec<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Action::ALL.len());
    }
}
