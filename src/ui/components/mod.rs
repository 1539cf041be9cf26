//! What pages are made of: a page loads, a component shows; events go up by `Callback`.

pub mod avatar;
pub mod composer;
pub mod connection_state;
pub mod conversation_list;
pub mod conversation_row;
pub mod dialog;
pub mod document_head;
pub mod empty_state;
pub mod error_view;
pub mod icon;
pub mod keys;
pub mod message_bubble;
pub mod message_details;
pub mod message_list;
pub mod no_script;
pub mod review_notices;
pub mod status_ticks;
pub mod timestamp;
pub mod toast;
pub mod unread_badge;
pub mod user_search;
