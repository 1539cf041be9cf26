//! What somebody can do who owns the database and has stolen the key: write another history, and seal and sign it so that
//! it goes together. A Merkle tree read aloud from RFC 9162, signatures with the library alone.

use super::{
    mutate::{Changed, bytes, counts_again},
    random::Random,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha256};

type Hash = [u8; 32];

fn sha256(parts: &[&[u8]]) -> Hash {
    parts.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part)).finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// RFC 9162, 2.1.1.
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let mut half = 1;
            while half * 2 < leaves.len() {
                half *= 2;
            }
            sha256(&[&[1], &root(&leaves[..half]), &root(&leaves[half..])])
        }
    }
}

/// The size, then the roots of the full subtrees, the largest first.
fn frontier(leaves: &[Hash]) -> Vec<u8> {
    let mut out = (leaves.len() as u64).to_be_bytes().to_vec();
    let mut rest = leaves;
    while !rest.is_empty() {
        let full = 1 << rest.len().ilog2();
        out.extend(root(&rest[..full]));
        rest = &rest[full..];
    }
    out
}

fn note(size: usize, root: &Hash, seeds: &[u8]) -> String {
    let name = "messages.example.org";
    let text = format!("{name}\n{size}\n{}\n", STANDARD.encode(root));
    let lines = seeds.iter().map(|seed| {
        let key = SigningKey::from_bytes(&[*seed; 32]);
        let id = sha256(&[name.as_bytes(), b"\n\x01", key.verifying_key().as_bytes()]);
        let signature = key.sign(text.as_bytes()).to_bytes();
        format!("\u{2014} {name} {}\n", STANDARD.encode([&id[..4], &signature].concat()))
    });
    lines.fold(format!("{text}\n"), |note, line| note + &line)
}

/// Every entry is sealed anew, and every checkpoint signed anew, with as many keys as before.
fn seal(lines: &mut [String]) {
    let seeds: &[u8] = if lines.iter().filter(|line| line.starts_with("{\"record\":\"key\"")).count() > 1 { &[1, 2] } else { &[1] };
    let mut leaves = Vec::new();
    for line in lines.iter_mut() {
        if let Some((entry, rest)) = line.split_once(",\"leaf\":").filter(|(entry, _)| !entry.starts_with("{\"record\"")) {
            let leaf = sha256(&[&[0], entry.as_bytes(), b"}"]);
            // after the place and the old hash
            let row = rest.split_once("\"leaf_hash\":\"").expect("a hash").1.get(65..).expect("64 digits");
            *line = format!("{entry},\"leaf\":{},\"leaf_hash\":\"{}\"{row}", leaves.len(), hex(&leaf));
            leaves.push(leaf);
        } else if line.starts_with("{\"record\":\"checkpoint\"") {
            let size: usize = line.split(&[':', ','][..]).nth(3).expect("a size").parse().expect("a number");
            let of = &leaves[..size];
            let signed = serde_json::to_string(&note(size, &root(of), seeds)).expect("a text");
            let (root, frontier) = (hex(&root(of)), hex(&frontier(of)));
            *line = format!(
                "{{\"record\":\"checkpoint\",\"size\":{size},\"root\":\"{root}\",\"frontier\":\"{frontier}\",\"signed_note\":{signed}}}"
            );
        }
    }
}

/// Whether a seal as it is made here is the one that is there: then a rewritten one goes together, too.
pub fn seals_alike(lines: &[String]) -> bool {
    let mut again = lines.to_vec();
    seal(&mut again);
    again == lines
}

/// A text, a time or an actor of some sealed entry is another one, and everything agrees.
pub fn another(lines: &[String], dice: &mut Random) -> Option<Changed> {
    let mut lines = lines.to_vec();
    let entries: Vec<usize> = (0..lines.len()).filter(|place| lines[*place].contains(",\"leaf\":")).collect();
    let place = *dice.pick(&entries)?;
    let line = lines[place].clone();
    let what = if let Some((_, rest)) = line.split_once("\"body\":\"").filter(|_| dice.percent(70)) {
        let digest = rest.split_once("\"body_digest\":\"")?.1.get(..64)?.to_owned();
        let salt: Vec<u8> = vec![9; 32];
        let (body, text) = ("what was never said", hex(&sha256(&[&salt, b"what was never said"])));
        let (before, after) = (line.split_once("\"body\":\"")?.0, rest.split_once("\",\"body_salt\":\"")?.1.get(64..)?);
        lines[place] = format!("{before}\"body\":\"{body}\",\"body_salt\":\"{}{after}", hex(&salt)).replace(&digest, &text);
        "another text"
    } else {
        // a word of an entry that nothing else depends on
        let (before, after) = line.split_once("\"object\":\"late\"")?;
        lines[place] = format!("{before}\"object\":\"soon\"{after}");
        "another object"
    };
    seal(&mut lines);
    Some(Changed { kind: "rewrite", what: format!("line {}: {what}", place + 1), lines: bytes(&lines), needs_anchor: true })
}

/// The newest entries were never written, nor what they vouch for, nor the checkpoints over them.
pub fn shorter(lines: &[String], dice: &mut Random) -> Option<Changed> {
    let mut lines = lines.to_vec();
    let sealed = lines.iter().filter(|line| line.contains(",\"leaf\":")).count();
    let keep = 1 + dice.below(sealed - 1);
    lines.drain(keep..sealed);
    let newest = lines.iter().position(|line| line.starts_with("{\"record\":\"checkpoint\""))?;
    lines.retain(|line| {
        let size = line.strip_prefix("{\"record\":\"checkpoint\",\"size\":").and_then(|rest| rest.split(',').next()?.parse().ok());
        size.is_none_or(|size: usize| size <= keep)
    });
    if !lines.iter().any(|line| line.starts_with("{\"record\":\"checkpoint\"")) {
        lines.insert(newest, format!("{{\"record\":\"checkpoint\",\"size\":{keep},"));
    }
    counts_again(&mut lines);
    seal(&mut lines);
    Some(Changed { kind: "shorter", what: format!("{keep} entries are left"), lines: bytes(&lines), needs_anchor: true })
}
