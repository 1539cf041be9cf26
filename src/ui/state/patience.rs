//! How long an answer is waited for. A connection can be dead without anybody saying so: then a question would hang for
//! ever, and six of them would leave the browser none to ask by.

use crate::{
    browser::moment::within,
    error::{Code, Error},
};

/// Long enough for a slow answer, in milliseconds; short enough that screens agree soon after a fault.
pub const PATIENCE: u32 = 8_000;

/// The answer to a call that may be repeated; one that does not come in so many milliseconds is lost, and its connection
/// is closed.
///
/// # Errors
/// What the call answers; `unconfirmed` when it does not.
pub async fn in_time<T>(millis: u32, call: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    within(millis, call).await.unwrap_or_else(|| Err(Error::new(Code::Unconfirmed)))
}
