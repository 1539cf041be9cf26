//! Small settings of this device. A browser that keeps nothing (private windows, full disks) loses them silently.

use leptos::prelude::window;
use web_sys::Storage;

/// What was kept under this name.
#[must_use]
pub fn get(name: &str) -> Option<String> {
    storage()?.get_item(name).ok()?
}

/// Keeps it; `None` forgets it.
pub fn set(name: &str, value: Option<&str>) {
    let Some(storage) = storage() else { return };
    let _ = match value {
        Some(value) => storage.set_item(name, value),
        None => storage.remove_item(name),
    };
}

fn storage() -> Option<Storage> {
    window().local_storage().ok()?
}
