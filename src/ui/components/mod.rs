//! What pages are made of. Events go up by `Callback`; nothing here fetches but the search for people.
