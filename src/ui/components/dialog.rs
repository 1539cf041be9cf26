//! A native modal `<dialog>`: it brings the focus trap, Escape, and the inert page behind it.

use super::icon::Icon;
use leptos::{html, prelude::*};

/// Open while `open` says so; closing it by any means sets `open` to false. The children exist only while it is open.
#[component]
pub fn Dialog(
    /// Whether it is open.
    open: RwSignal<bool>,
    /// Names its parts; unique in the page.
    id: &'static str,
    /// Its heading.
    title: &'static str,
    /// What it holds.
    children: ChildrenFn,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    let title_id = format!("{id}_title");
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        if open.get() && !dialog.open() {
            let _ = dialog.show_modal();
        } else if !open.get() && dialog.open() {
            dialog.close();
        }
    });
    let on_click = move |click: leptos::ev::MouseEvent| {
        // the element itself is hit only beside the box: everything in the box is a child
        let beside = dialog
            .get()
            .is_some_and(|dialog| click.target().is_some_and(|target| target == *AsRef::<leptos::web_sys::EventTarget>::as_ref(&dialog)));
        if beside {
            open.set(false);
        }
    };
    view! {
        <dialog class="dialog" id=id node_ref=dialog aria-labelledby=title_id.clone() on:close=move |_| open.set(false) on:click=on_click>
            <div class="dialog-header">
                <h2 id=title_id.clone()>{title}</h2>
                <form method="dialog">
                    <button class="button" data-kind="quiet" data-icon>
                        <Icon name="close"/>
                        <span class="visually_hidden">"Close"</span>
                    </button>
                </form>
            </div>
            {move || open.get().then(|| children())}
        </dialog>
    }
}
