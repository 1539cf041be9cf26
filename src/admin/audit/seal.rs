//! How far the log is sealed, in a sentence, and how anybody can check it without us.

use crate::{
    admin::words::{Moment, number},
    domain::audit_log::SealStatus,
    ui::components::icon::Icon,
};
use leptos::prelude::*;

/// The state of the seal.
#[component]
pub fn Seal(
    /// How far it reaches.
    seal: SealStatus,
) -> impl IntoView {
    let late = seal.is_late();
    let waiting = match seal.waiting {
        0 => "No entry waits for the next seal.".to_owned(),
        1 => "1 newer entry waits for the next seal.".to_owned(),
        SealStatus::MOST_WAITING.. => {
            format!("More than {} newer entries wait for the next seal.", number(SealStatus::MOST_WAITING.saturating_sub(1)))
        }
        newer => format!("{} newer entries wait for the next seal.", number(newer)),
    };
    let waited = late.then(|| format!(" The oldest has waited for {} minutes: no server seals at the moment.", seal.waiting_seconds / 60));
    match seal.checkpoint {
        Some(checkpoint) => view! {
            <section class="proof_status" data-late=late aria-labelledby="proof">
                <Icon name=if late { "alert" } else { "audit" }/>
                <div>
                    <h2 id="proof">{format!("Sealed up to entry {}", number(checkpoint.up_to_entry))}</h2>
                    <p>
                        {format!("{} entries in the tree of ", number(checkpoint.size))} <code>{checkpoint.origin}</code> ", signed "
                        <Moment at=checkpoint.at/> ". " {waiting} {waited}
                    </p>
                </div>
                <details>
                    <summary class="button">"How to check it yourself"</summary>
                    <ol>
                        <li>
                            "Keep this checkpoint where those who run the database do not reach: it says nothing of what was said and done."
                            <pre tabindex="0">{checkpoint.signed_note}</pre>
                            "Programs get it at " <a href="/api/v1/audit/checkpoint">"/api/v1/audit/checkpoint"</a> "."
                        </li>
                        <li>
                            "On a later day have the whole log exported: " <code>"cms-messages audit export > log.jsonl"</code> "."
                        </li>
                        <li>
                            "On a computer of your own, without the database and without a network: "
                            <code>"cms-messages audit verify log.jsonl --checkpoint kept.txt"</code>
                            ". Whatever was changed, removed, inserted or reordered since is named."
                        </li>
                    </ol>
                </details>
            </section>
        }
        .into_any(),
        None => view! {
            <section class="proof_status" data-late=true aria-labelledby="proof">
                <Icon name="alert"/>
                <div>
                    <h2 id="proof">"Not sealed"</h2>
                    <p>
                        "Nothing of this log has been sealed yet: a change of it in the database would not be seen. A server with a key ("
                        <code>"[audit] key_file"</code> ") seals each second. " {waiting}
                    </p>
                </div>
            </section>
        }
        .into_any(),
    }
}
