//! Acknowledges what this tab holds: whatever comes into the store, by page, by change or by answer, in batches.
//!
//! Rendering on the server is no delivery; this runs in the hydrated page only. Pointers only grow, so two tabs that
//! acknowledge the same do no harm.

use super::{
    inbox_store::InboxStore,
    patience::{PATIENCE, in_time},
};
use crate::{
    domain::{
        arrival::undelivered,
        ids::{ConversationId, Seq},
        receipt::{Acknowledgement, MAX_ACKNOWLEDGEMENTS},
    },
    server_fns::receipts::mark_delivered,
};
use leptos::{prelude::*, task::spawn_local};
use std::{collections::HashMap, time::Duration};

const RETRY: Duration = Duration::from_secs(5);

/// Starts acknowledging what the store holds.
pub fn start(store: InboxStore) {
    let said = StoredValue::new(HashMap::<ConversationId, Seq>::new());
    let retry = Trigger::new();
    Effect::new(move |_| {
        retry.track();
        let due: Vec<_> = store.inbox.with(|inbox| {
            said.with_value(|said| {
                let open = |item: &Acknowledgement| said.get(&item.conversation_id).is_none_or(|seq| *seq < item.up_to_seq);
                inbox.conversations().iter().filter_map(undelivered).filter(open).collect()
            })
        });
        for batch in due.chunks(MAX_ACKNOWLEDGEMENTS) {
            said.update_value(|said| said.extend(batch.iter().map(|item| (item.conversation_id, item.up_to_seq))));
            spawn_local(say(batch.to_vec(), said, retry));
        }
    });
}

async fn say(batch: Vec<Acknowledgement>, said: StoredValue<HashMap<ConversationId, Seq>>, retry: Trigger) {
    let Err(error) = in_time(PATIENCE, mark_delivered(batch.clone())).await else { return };
    if error.is_transient() {
        said.try_update_value(|said| said.retain(|id, _| batch.iter().all(|item| item.conversation_id != *id)));
        let _ = set_timeout(move || retry.notify(), RETRY);
    } else if batch.len() > 1 {
        // all or none: one that is gone must not hold up the others
        for item in batch {
            let _ = mark_delivered(vec![item]).await;
        }
    }
}
