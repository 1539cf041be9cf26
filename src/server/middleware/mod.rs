//! What every request passes on its way to a handler, outermost first.
//!
//! ```text
//! request_id -> trace -> security_headers -> problem -> catch_panic      every answer
//!   -> authenticate (503) -> signed_in (429, then 401) -> cross_site     what programs and server functions use
//!   -> cross_site (403) -> forms::kept -> authenticate -> signed_in      what people use: pages and forms
//!     -> body: content type (415), size (413), JSON object (400)         what carries a body
//! ```

pub mod attachment;
pub mod authenticate;
pub mod body;
pub mod catch_panic;
pub mod client_address;
pub mod cross_site;
pub mod deliberate;
pub mod plain_page;
pub mod problem;
pub mod request_id;
pub mod security_headers;
pub mod signed_in;
pub mod trace;
pub mod user_agent;
