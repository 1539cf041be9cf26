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

/// The texts whose key begins so, by the rest of their key.
#[must_use]
pub fn all(prefix: &str) -> Vec<(String, String)> {
    let Some(storage) = storage() else { return Vec::new() };
    let count = storage.length().unwrap_or_default();
    let keys = (0..count).filter_map(|n| storage.key(n).ok().flatten());
    keys.filter_map(|key| Some((key.strip_prefix(prefix)?.to_owned(), storage.get_item(&key).ok()??))).collect()
}

/// Forgets every text whose key begins so.
pub fn forget(prefix: &str) {
    for (rest, _) in all(prefix) {
        write(&format!("{prefix}{rest}"), "");
    }
}

fn storage() -> Option<Storage> {
    leptos::web_sys::window()?.session_storage().ok()?
}
