//! One random change of an export, of which every value is covered. It knows the file as text; it shares no code with what
//! writes or verifies it.

use super::{
    random::Random,
    rewrite,
    spans::{Scalar, scalars},
};

/// An export with one change.
pub struct Changed {
    pub kind: &'static str,
    pub what: String,
    pub lines: Vec<Vec<u8>>,
    /// It goes together by itself, because whoever made it has the key or has cut everything off.
    pub needs_anchor: bool,
}

/// How many there are.
pub const KINDS: usize = 9;

/// Another export than that of `lines`, wherever the dice fall.
pub fn one(lines: &[String], dice: &mut Random) -> Changed {
    loop {
        let changed = match dice.below(KINDS) {
            0 => value(lines, dice),
            1 => byte(lines, dice),
            2 => delete(lines, dice),
            3 => swap_lines(lines, dice),
            4 => swap_values(lines, dice),
            5 => insert(lines, dice),
            6 => cut(lines, dice),
            7 => rewrite::shorter(lines, dice),
            _ => rewrite::another(lines, dice),
        };
        // nothing there to be changed so, or the same again: no change at all
        if let Some(changed) = changed.filter(|changed| changed.lines != bytes(lines)) {
            return changed;
        }
    }
}

pub fn bytes(lines: &[String]) -> Vec<Vec<u8>> {
    lines.iter().map(|line| line.clone().into_bytes()).collect()
}

fn changed(kind: &'static str, what: String, lines: Vec<String>) -> Option<Changed> {
    Some(Changed { kind, what, lines: lines.into_iter().map(String::into_bytes).collect(), needs_anchor: false })
}

/// Another value of the same kind, everything else as it was.
fn value(lines: &[String], dice: &mut Random) -> Option<Changed> {
    let mut lines = lines.to_vec();
    let place = dice.below(lines.len());
    let scalar = dice.pick(&scalars(&lines[place]))?.clone();
    let old = &lines[place][scalar.at.clone()];
    let new = other(old, dice)?;
    let what = format!("line {}: {} {old} became {new}", place + 1, scalar.key);
    lines[place].replace_range(scalar.at, &new);
    changed("value", what, lines)
}

fn other(old: &str, dice: &mut Random) -> Option<String> {
    match old {
        "null" => Some(dice.pick(&["0", "\"x\"", "\"2026-11-22T09:30:00.000000Z\""])?.to_string()),
        "true" => Some("false".into()),
        _ if !old.starts_with('"') => {
            let old: i64 = old.parse().ok()?;
            let by = 1 + i64::try_from(dice.below(3)).ok()?;
            Some((if dice.percent(50) { old + by } else { old - by }).to_string())
        }
        _ => {
            let letters: Vec<(usize, char)> = old.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()).collect();
            let Some((at, letter)) = dice.pick(&letters).copied() else { return Some("\"y\"".into()) };
            // digits stay digits and a to f stay a to f: what was hexadecimal or a number is so still
            let among: &[char] = match letter {
                '0'..='9' => &['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
                'a'..='f' => &['a', 'b', 'c', 'd', 'e', 'f'],
                _ => &['G', 'H', 'w', 'z'],
            };
            // not what belongs to an escape
            if old[..at].ends_with('\\') || old[..at].contains("\\u") {
                return None;
            }
            let letter = *dice.pick(among)?;
            Some(old.char_indices().map(|(n, c)| if n == at { letter } else { c }).collect())
        }
    }
}

/// A bit is flipped, somewhere.
fn byte(lines: &[String], dice: &mut Random) -> Option<Changed> {
    let mut lines = bytes(lines);
    let line = dice.below(lines.len());
    let at = dice.below(lines[line].len());
    lines[line][at] ^= 1 << dice.below(8);
    Some(Changed { kind: "bit", what: format!("line {}, byte {at}", line + 1), lines, needs_anchor: false })
}

/// A line is gone, and sometimes the last line knows.
fn delete(lines: &[String], dice: &mut Random) -> Option<Changed> {
    let mut lines = lines.to_vec();
    let place = dice.below(lines.len());
    let gone = lines.remove(place);
    // that an older checkpoint is gone takes nothing away: only the count tells
    if place < lines.len() && !gone.starts_with("{\"record\":\"checkpoint\"") && dice.percent(50) {
        counts_again(&mut lines);
    }
    changed("delete", format!("line {}: {gone}", place + 1), lines)
}

pub fn counts_again(lines: &mut Vec<String>) {
    lines.pop();
    let records = lines.iter().filter(|line| line.starts_with("{\"record\":")).count();
    lines.push(format!("{{\"record\":\"end\",\"entries\":{},\"records\":{records}}}", lines.len() - records));
}

fn swap_lines(lines: &[String], dice: &mut Random) -> Option<Changed> {
    let mut lines = lines.to_vec();
    let (one, other) = (dice.below(lines.len()), dice.below(lines.len()));
    lines.swap(one, other);
    changed("swap lines", format!("{} and {}", one + 1, other + 1), lines)
}

/// Two lines exchange what stands under the same key.
fn swap_values(lines: &[String], dice: &mut Random) -> Option<Changed> {
    let mut lines = lines.to_vec();
    let (one, other) = (dice.below(lines.len()), dice.below(lines.len()));
    let first = dice.pick(&scalars(&lines[one]))?.clone();
    let same: Vec<Scalar> = scalars(&lines[other]).into_iter().filter(|scalar| scalar.key == first.key).collect();
    let second = dice.pick(&same)?.clone();
    let (a, b) = (lines[one][first.at.clone()].to_owned(), lines[other][second.at.clone()].to_owned());
    if one == other || a == b {
        return None;
    }
    let what = format!("{} of the lines {} and {}: {a} and {b}", first.key, one + 1, other + 1);
    lines[one].replace_range(first.at, &b);
    lines[other].replace_range(second.at, &a);
    changed("swap values", what, lines)
}

/// A copy of a line, sometimes with one change, sometimes beside it, sometimes counted.
fn insert(lines: &[String], dice: &mut Random) -> Option<Changed> {
    let from = dice.below(lines.len() - 1);
    let mut copy = lines[from].clone();
    if dice.percent(70) {
        let scalar = dice.pick(&scalars(&copy))?.clone();
        let new = other(&copy[scalar.at.clone()], dice)?;
        copy.replace_range(scalar.at, &new);
    }
    let mut lines = lines.to_vec();
    let to = if dice.percent(50) { from + 1 } else { dice.below(lines.len()) };
    lines.insert(to, copy.clone());
    if dice.percent(50) {
        counts_again(&mut lines);
    }
    changed("insert", format!("line {}: {copy}", to + 1), lines)
}

/// The file ends somewhere.
fn cut(lines: &[String], dice: &mut Random) -> Option<Changed> {
    let mut lines = bytes(lines);
    let keep = dice.below(lines.len());
    lines.truncate(keep + 1);
    let length = lines[keep].len();
    lines[keep].truncate(dice.below(length));
    Some(Changed { kind: "cut", what: format!("in line {}", keep + 1), lines, needs_anchor: false })
}
