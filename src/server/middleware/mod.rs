//! What every request passes on its way to a handler, outermost first.
//!
//! ```text
//! request_id -> trace -> security_headers -> problem -> catch_panic      every answer
//!   -> authenticate -> signed_in (401, then 429) -> cross_site (403)     what people and programs use
//!     -> body: content type (415), size (413), JSON object (400)         what carries a body
//! ```

pub mod authenticate;
pub mod body;
pub mod catch_panic;
pub mod client_address;
pub mod cross_site;
pub mod problem;
pub mod request_id;
pub mod security_headers;
pub mod signed_in;
pub mod trace;
