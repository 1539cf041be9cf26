//! What is printed: a line for each fault as it is over, one for each invariant, the figures without which a run has
//! tested nothing, and the sum.

use super::{
    Faults,
    checker::{Check, Evidence, Struck},
    history::Outcome,
};
use crate::Failure;
use std::{collections::HashMap, io::Write, time::Duration};

/// What the server counts and a run must have seen at least once.
const COUNTERS: [(&str, &str); 2] =
    [("resyncs", "cms_messages_resyncs_total"), ("groups of sends larger than one", "cms_messages_send_groups_larger_than_one_total")];
/// The most that is shown of one check.
const SHOWN: usize = 5;

/// So many times as long as in calm, or this long at least, others may wait while somebody is slow or hostile.
const NOTICEABLE: (u32, Duration) = (10, Duration::from_secs(1));

fn say(line: &str) -> Result<(), Failure> {
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}

/// One fault.
pub fn fault(fault: &Struck) -> Result<(), Failure> {
    let held = (fault.until - fault.from).as_secs_f64();
    match &fault.agreed {
        Ok(took) => say(&format!("ok      {:<48} {held:5.1} s, all agreed {:.2} s later", fault.name, took.as_secs_f64())),
        Err(why) => say(&format!("FAILED  {:<48} {held:5.1} s: {why}", fault.name)),
    }
}

/// What others noticed of the slow and the hostile (I13): their p99 beside that of calm.
pub fn noticed(evidence: &Evidence) -> Vec<String> {
    let times = |within: &dyn Fn(Duration) -> bool| {
        let accepted = evidence.done.tries.iter().filter(|one| matches!(one.outcome, Outcome::Accepted { .. }) && within(one.begin));
        let mut times: Vec<Duration> = accepted.map(|one| one.end - one.begin).collect();
        times.sort();
        times.get(times.len().saturating_sub(1) * 99 / 100).copied()
    };
    let first = evidence.struck.first().map_or(Duration::ZERO, |fault| fault.from);
    let Some(calm) = times(&|begin| begin < first) else { return Vec::new() };
    let is_hostile = |fault: &&Struck| fault.name == "slow readers" || fault.name.starts_with("flood");
    let slow = evidence.struck.iter().filter(is_hostile).filter_map(|fault| {
        let then = times(&|begin| (fault.from..fault.until).contains(&begin))?;
        let is_noticed = then > NOTICEABLE.1.max(calm * NOTICEABLE.0);
        is_noticed.then(|| format!("during {} a send took {then:.1?} (p99), in calm {calm:.1?}", fault.name))
    });
    slow.collect()
}

/// The verdict; an error when there is anything to complain of.
pub fn report(evidence: &Evidence, checks: Vec<Check>, counters: &HashMap<String, f64>, seed: u64, faults: &Faults) -> Result<(), Failure> {
    let is_part = !faults.only.is_empty();
    let mut passed = evidence.struck.iter().filter(|fault| fault.agreed.is_ok()).count();
    let mut failed = evidence.struck.len() - passed;
    let mut line = |is_good: bool, text: String| {
        if is_good {
            passed += 1
        } else {
            failed += 1
        }
        say(&format!("{}  {text}", if is_good { "ok    " } else { "FAILED" }))
    };
    for check in &checks {
        // a part of a run may have had no occasion, a whole one must have
        let is_good = check.wrong.is_empty() && (check.looked_at > 0 || is_part);
        line(is_good, format!("{:<4} {} ({} looked at)", check.invariant, check.promise, check.looked_at))?;
        for wrong in check.wrong.iter().take(SHOWN) {
            say(&format!("          {wrong}"))?;
        }
        if check.wrong.len() > SHOWN {
            say(&format!("          … and {} more", check.wrong.len() - SHOWN))?;
        }
    }
    if faults.previous.is_some() {
        let beside = evidence.struck.iter().filter(|fault| fault.name.starts_with("the previous program")).collect::<Vec<_>>();
        let is_good = !beside.is_empty() && beside.iter().all(|fault| fault.agreed.is_ok());
        line(is_good, format!("I17  the previous program works on this schema ({} times beside this one)", beside.len()))?;
    } else {
        say("        I17  the previous program was not given: not looked at")?;
    }

    let count = |holds: &dyn Fn(&Outcome) -> bool| evidence.done.tries.iter().filter(|one| holds(&one.outcome)).count();
    let unknown = count(&|outcome| *outcome == Outcome::Unknown);
    let replays = count(&|outcome| matches!(outcome, Outcome::Accepted { created: false, .. }));
    for (name, number) in [("unknown outcomes", unknown), ("replays", replays)] {
        line(number > 0, format!("the run had {number} {name}"))?;
    }
    for (name, counter) in COUNTERS {
        let number = counters.get(counter).copied().unwrap_or(0.0);
        line(number > 0.0, format!("the run had {number} {name}"))?;
    }
    figures(evidence, counters)?;
    say(&format!("agent: {passed} passed, {failed} failed (seed {seed})"))?;
    if failed > 0 { Err(format!("{failed} found").into()) } else { Ok(()) }
}

fn figures(evidence: &Evidence, counters: &HashMap<String, f64>) -> Result<(), Failure> {
    let tries = &evidence.done.tries;
    let accepted = tries.iter().filter(|one| matches!(one.outcome, Outcome::Accepted { .. })).count();
    let refused = tries.iter().filter(|one| matches!(one.outcome, Outcome::Refused { .. })).count();
    say(&format!(
        "        {} tries to send ({accepted} accepted, {refused} refused), {} acknowledgements, {} messages, {} faults, {} answers \"later\"",
        tries.len(),
        evidence.done.acknowledged.len(),
        evidence.rows.messages.len(),
        evidence.struck.len(),
        evidence.done.later.len(),
    ))?;
    for (name, number) in &evidence.done.counted {
        say(&format!("        {number} {name}"))?;
    }
    let (sent, groups) = (counters.get("cms_messages_sent_total"), counters.get("cms_messages_send_groups_total"));
    if let (Some(sent), Some(groups)) = (sent, groups) {
        say(&format!("        {:.2} sends a group", sent / groups.max(1.0)))?;
    }
    Ok(())
}
