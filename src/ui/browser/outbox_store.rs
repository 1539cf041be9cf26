//! What is on its way out, kept beyond the tab (IndexedDB): a text under a key, until it is confirmed or thrown away.
//!
//! Whatever changes is written down at once where a reload finds it (`sessionStorage`), and crosses it out there when the
//! database has it. Where there is no database (private windows, full disks) it stays there, and in memory.

use super::{drafts, moment::within};
use idb::{Database, DatabaseEvent, Factory, KeyRange, ObjectStoreParams, Query, TransactionMode};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

const NAME: &str = "cms_messages";
const STORE: &str = "outbox";
const PREFIX: &str = "cms_messages.outbox.";
/// What stands in the notes for a text that is to be forgotten.
const FORGOTTEN: &str = "-";
/// A database that does not open in so many milliseconds is none.
const PATIENCE: u32 = 2_000;

thread_local! {
    static DATABASE: RefCell<Option<Rc<Database>>> = const { RefCell::new(None) };
    /// What the database has not heard of yet.
    static NOTES: RefCell<BTreeMap<String, String>> = const { RefCell::new(BTreeMap::new()) };
    static WRITING: Cell<bool> = const { Cell::new(false) };
}

/// All texts of this owner, by their key.
pub async fn all(owner: &str) -> Vec<String> {
    let prefix = format!("{owner}.");
    let mut all = read(&prefix).await.unwrap_or_default();
    NOTES.with_borrow_mut(|notes| {
        for (key, text) in drafts::all(PREFIX) {
            notes.entry(key).or_insert(text);
        }
        for (key, text) in notes.iter().filter(|(key, _)| key.starts_with(&prefix)) {
            all.insert(key.clone(), text.clone());
        }
    });
    write_down();
    all.into_values().filter(|text| text != FORGOTTEN).collect()
}

/// Whether this text is still kept: another tab may have seen it confirmed or thrown it away. `None` when nobody knows.
pub async fn holds(owner: &str, key: &str) -> Option<bool> {
    let key = format!("{owner}.{key}");
    match NOTES.with_borrow(|notes| notes.get(&key).map(|text| text != FORGOTTEN)) {
        Some(noted) => Some(noted),
        None => Some(read(&key).await.ok()?.contains_key(&key)),
    }
}

/// Keeps a text; `None` forgets it. Safe from a reload when this returns, from the end of the tab a moment later.
pub fn keep(owner: &str, key: &str, text: Option<&str>) {
    let (key, text) = (format!("{owner}.{key}"), text.unwrap_or(FORGOTTEN));
    drafts::write(&format!("{PREFIX}{key}"), text);
    NOTES.with_borrow_mut(|notes| notes.insert(key, text.to_owned()));
    write_down();
}

/// Forgets all texts of this owner. Whether the database has heard of it.
pub async fn forget(owner: &str) -> bool {
    let prefix = format!("{owner}.");
    NOTES.with_borrow_mut(|notes| notes.retain(|key, _| !key.starts_with(&prefix)));
    drafts::forget(&format!("{PREFIX}{prefix}"));
    write(&[], Some(&prefix)).await.is_ok()
}

/// Brings the notes into the database, one transaction after the other.
fn write_down() {
    if WRITING.replace(true) {
        return;
    }
    spawn_local(async {
        loop {
            let notes: Vec<_> = NOTES.with_borrow(|notes| notes.iter().map(|(key, text)| (key.clone(), text.clone())).collect());
            if notes.is_empty() {
                break;
            }
            let written = write(&notes, None).await.is_ok();
            NOTES.with_borrow_mut(|left| {
                for (key, text) in &notes {
                    if left.get(key) == Some(text) && (written || text == FORGOTTEN) {
                        left.remove(key);
                        drafts::write(&format!("{PREFIX}{key}"), "");
                    }
                }
            });
            if !written {
                break;
            }
        }
        WRITING.set(false);
    });
}

/// Texts whose key begins so.
async fn read(prefix: &str) -> Result<BTreeMap<String, String>, idb::Error> {
    let database = open().await?;
    let transaction = begin(&database, TransactionMode::ReadOnly)?;
    let store = transaction.object_store(STORE)?;
    let range = || beginning_with(prefix).map(Query::from).map(Some);
    let (keys, texts) = (store.get_all_keys(range()?, None)?, store.get_all(range()?, None)?);
    let (keys, texts) = (keys.into_future(), texts.into_future());
    let (keys, texts) = (keys.await?, texts.await?);
    Ok(keys.into_iter().zip(texts).filter_map(|(key, text)| Some((key.as_string()?, text.as_string()?))).collect())
}

async fn write(notes: &[(String, String)], forget: Option<&str>) -> Result<(), idb::Error> {
    let database = open().await?;
    let transaction = begin(&database, TransactionMode::ReadWrite)?;
    let store = transaction.object_store(STORE)?;
    if let Some(prefix) = forget {
        store.delete(beginning_with(prefix)?)?;
    }
    for (key, text) in notes {
        let key = JsValue::from_str(key);
        if text == FORGOTTEN {
            store.delete(key)?;
        } else {
            store.put(&JsValue::from_str(text), Some(&key))?;
        }
    }
    match transaction.commit()?.await? {
        idb::TransactionResult::Committed => Ok(()),
        idb::TransactionResult::Aborted => Err(idb::Error::DomExceptionNotFound),
    }
}

/// A browser may close a database that has stood open for long; then it is opened again next time.
fn begin(database: &Database, mode: TransactionMode) -> Result<idb::Transaction, idb::Error> {
    let transaction = database.transaction(&[STORE], mode);
    if transaction.is_err() {
        DATABASE.set(None);
    }
    transaction
}

async fn open() -> Result<Rc<Database>, idb::Error> {
    if let Some(open) = DATABASE.with_borrow(Clone::clone) {
        return Ok(open);
    }
    let mut request = Factory::new()?.open(NAME, Some(1))?;
    request.on_upgrade_needed(|event| {
        // a store that cannot be made is missed by every transaction: then there is no database
        let _ = event.database().map(|database| database.create_object_store(STORE, ObjectStoreParams::new()));
    });
    let mut database = within(PATIENCE, request.into_future()).await.ok_or(idb::Error::DomExceptionNotFound)??;
    // a later version of this page may want another store
    database.on_version_change(|event| {
        DATABASE.set(None);
        let _ = event.database().map(|database| database.close());
    });
    let database = Rc::new(database);
    DATABASE.set(Some(Rc::clone(&database)));
    Ok(database)
}

fn beginning_with(prefix: &str) -> Result<KeyRange, idb::Error> {
    KeyRange::bound(&JsValue::from_str(prefix), &JsValue::from_str(&format!("{prefix}\u{ffff}")), None, None)
}
