//! One file per screen: a page loads, components show.

pub mod conversation;
pub mod inbox;
pub mod new_message;
pub mod not_found;
pub mod password;
pub mod settings;
pub mod sign_in;
