//! I13 to I15: who is slow or hostile costs others nothing, after a fault all agree soon, and "later" says when.

use super::{Check, Evidence};
use std::time::Duration;

/// I14
pub const SOON: Duration = Duration::from_secs(10);

/// I13
pub fn others_do_not_notice(evidence: &Evidence) -> Check {
    let mut check = Check::new("I13", "slow and hostile clients are bounded, and others do not notice");
    check.looked_at = evidence.hostile;
    check.wrong.clone_from(&evidence.costs);
    check.and_seen(&evidence.done)
}

/// I14
pub fn soon_all_agree(evidence: &Evidence) -> Check {
    let mut check = Check::new("I14", "10 s after a fault ends, every screen agrees with the database");
    for fault in &evidence.struck {
        let agreed = fault.agreed.as_ref().is_ok_and(|took| *took <= SOON);
        check.look(agreed, || format!("after {}: {}", fault.name, fault.agreed.as_ref().err().map_or("too late", String::as_str)));
    }
    check.and_seen(&evidence.done)
}

/// I15
pub fn later_says_when(evidence: &Evidence) -> Check {
    let mut check = Check::new("I15", "overload is answered with 429 or 503 and a time to come again");
    for later in &evidence.done.later {
        check.look(later.says_when, || format!("an answer {} without Retry-After", later.status));
    }
    check.and_seen(&evidence.done)
}

#[cfg(test)]
mod tests {
    use super::super::specimen::finds;
    use super::*;
    use crate::faults::history::Later;

    #[test]
    fn who_notices_who_is_late_and_who_is_not_told_when_is_found() {
        finds(others_do_not_notice, |evidence| evidence.costs.push("grew".into()));
        finds(soon_all_agree, |evidence| evidence.struck[0].agreed = Ok(SOON * 2));
        finds(soon_all_agree, |evidence| evidence.struck[0].agreed = Err("one is behind".into()));
        finds(later_says_when, |evidence| evidence.done.later.push(Later { status: 503, says_when: false }));
    }
}
