//! What was typed and not sent, kept for the life of the tab (`sessionStorage`), so that a reload does not lose it.
//! Where storage is forbidden nothing is kept, and nothing breaks.

use leptos::web_sys::Storage;

/// The text kept under this key.
#[must_use]
pub fn read(key: &str) -> Option<String> {
    storage()?.get_item(key).ok()?
}

/// Keeps a text; an empty one is forgotten.
pub fn write(key: &str, text: &str) {
    if let Some(storage) = storage() {
        // a full or forbidden storage costs the draft after a reload, nothing else
        let _ = if text.is_empty() { storage.remove_item(key) } else { storage.set_item(key, text) };
    }
}

/// Forgets every text whose key begins so.
pub fn forget(prefix: &str) {
    if let Some(storage) = storage() {
        let count = storage.length().unwrap_or_default();
        let keys: Vec<_> = (0..count).filter_map(|n| storage.key(n).ok().flatten()).collect();
        for key in keys.iter().filter(|key| key.starts_with(prefix)) {
            let _ = storage.remove_item(key);
        }
    }
}

fn storage() -> Option<Storage> {
    leptos::web_sys::window()?.session_storage().ok()?
}
