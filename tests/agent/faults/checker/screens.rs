//! I7: a screen that was kept by changes is the screen that is loaded anew, and everybody was shown every message.

use super::{Check, Evidence};
use cms_messages::domain::{conversation::Conversation, unread::Unread};
use std::collections::HashMap;
use uuid::Uuid;

/// One reader's last screen, and what a fresh one shows.
pub struct FinalScreen {
    /// Whose, and how they looked.
    pub name: String,
    /// Kept by changes.
    pub kept: Vec<Conversation>,
    /// Loaded anew.
    pub fresh: Vec<Conversation>,
    /// What `/unread` says.
    pub unread: Unread,
    /// What was shown of each conversation, as numbers.
    pub shown: Vec<(Uuid, Vec<u64>)>,
}

/// I7
pub fn snapshot_and_changes(evidence: &Evidence) -> Check {
    let mut check = Check::new("I7", "a snapshot and its changes are a fresh snapshot");
    for screen in &evidence.screens {
        check.look(screen.kept.len() == screen.fresh.len(), || {
            format!("{} keeps {} of {}", screen.name, screen.kept.len(), screen.fresh.len())
        });
        for (kept, fresh) in screen.kept.iter().zip(&screen.fresh) {
            check.look(kept == fresh, || format!("{} keeps {kept:?}, which is {fresh:?}", screen.name));
        }
    }
    check.and_seen(&evidence.done)
}

/// I7
pub fn everybody_was_shown_everything(evidence: &Evidence) -> Check {
    let mut check = Check::new("I7", "every reader was shown every message, in order, as it is stored");
    let mut stored: HashMap<Uuid, Vec<u64>> = HashMap::new();
    for row in &evidence.rows.messages {
        stored.entry(row.conversation_id).or_default().push(super::super::screen::digest(row.client_id, &row.body));
    }
    for screen in &evidence.screens {
        let shown: HashMap<Uuid, &Vec<u64>> = screen.shown.iter().map(|(conversation, shown)| (*conversation, shown)).collect();
        for row in &screen.fresh {
            let nothing = Vec::new();
            let (shown, stored) = (shown.get(&row.id.0).copied().unwrap_or(&nothing), stored.get(&row.id.0).unwrap_or(&nothing));
            check.look(shown == stored, || format!("{} was shown {} of {} messages of {}", screen.name, shown.len(), stored.len(), row.id));
        }
    }
    check
}

#[cfg(test)]
mod tests {
    use super::super::specimen::finds;
    use super::*;

    #[test]
    fn a_screen_that_is_not_as_it_would_be_loaded_is_found() {
        finds(snapshot_and_changes, |evidence| evidence.screens[0].kept[0].unread_count = 2);
        finds(snapshot_and_changes, |evidence| drop(evidence.screens[0].kept.remove(0)));
    }

    #[test]
    fn a_message_that_was_not_shown_or_shown_otherwise_is_found() {
        finds(everybody_was_shown_everything, |evidence| {
            evidence.screens[0].shown[0].1.pop();
        });
        finds(everybody_was_shown_everything, |evidence| evidence.screens[0].shown[0].1.swap(0, 1));
        finds(everybody_was_shown_everything, |evidence| evidence.rows.messages[0].body = "another".into());
    }
}
