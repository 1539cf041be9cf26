//! One random change of what was taken away of a review, anywhere in it. It knows the file as bytes, as files, as lines; it
//! shares no code with what writes or verifies it. The last kinds make everything fit that needs no key.

use super::archive::places;
use crate::verify::random::Random;
use sha2::{Digest, Sha256};
use std::ops::Range;

/// The file with one change.
pub struct Changed {
    pub kind: &'static str,
    pub what: String,
    pub bytes: Vec<u8>,
}

/// How many there are.
pub const KINDS: usize = 9;

/// Another file, wherever the dice fall.
pub fn one(bytes: &[u8], dice: &mut Random) -> Changed {
    loop {
        let changed = match dice.below(KINDS) {
            0 => bit(bytes, dice),
            1 => letter(bytes, dice),
            2 => cut(bytes, dice),
            3 => remove(bytes, dice),
            4 => insert(bytes, dice),
            5 => within(bytes, dice, "line gone", |lines, dice| drop(lines.remove(dice.below(lines.len())))),
            6 => within(bytes, dice, "line twice", |lines, dice| {
                let at = dice.below(lines.len());
                lines.insert(at, lines[at].clone());
            }),
            7 => within(bytes, dice, "lines swapped", |lines, dice| {
                let (one, other) = (dice.below(lines.len()), dice.below(lines.len()));
                lines.swap(one, other);
            }),
            _ => within(bytes, dice, "value", |lines, dice| {
                let at = dice.below(lines.len());
                let letters: Vec<usize> = (0..lines[at].len()).filter(|n| lines[at][*n].is_ascii_alphanumeric()).collect();
                if let Some(place) = dice.pick(&letters) {
                    lines[at][*place] = *dice.pick(b"0123456789abcdefXYZ").expect("letters");
                }
            }),
        };
        if let Some(changed) = changed.filter(|changed| changed.bytes != bytes) {
            return changed;
        }
    }
}

/// In any file with the same chance, its header and what fills it up as well.
fn place(bytes: &[u8], dice: &mut Random) -> usize {
    let files = places(bytes);
    let around = |at: &Range<usize>| at.start - 512..at.start + at.len().div_ceil(512) * 512;
    let mut parts: Vec<Range<usize>> = files.iter().map(|(_, at)| around(at)).collect();
    parts.push(bytes.len() - 1024..bytes.len());
    let part = dice.pick(&parts).expect("files").clone();
    part.start + dice.below(part.len())
}

fn bit(bytes: &[u8], dice: &mut Random) -> Option<Changed> {
    let (mut bytes, at) = (bytes.to_vec(), place(bytes, dice));
    bytes[at] ^= 1 << dice.below(8);
    Some(Changed { kind: "bit", what: format!("at {at}"), bytes })
}

fn letter(bytes: &[u8], dice: &mut Random) -> Option<Changed> {
    let (mut bytes, at) = (bytes.to_vec(), place(bytes, dice));
    bytes[at] = *dice.pick(b"0149afX\n\" ")?;
    Some(Changed { kind: "letter", what: format!("at {at}"), bytes })
}

fn cut(bytes: &[u8], dice: &mut Random) -> Option<Changed> {
    let at = place(bytes, dice);
    Some(Changed { kind: "cut", what: format!("at {at}"), bytes: bytes[..at].to_vec() })
}

fn remove(bytes: &[u8], dice: &mut Random) -> Option<Changed> {
    let (mut bytes, at) = (bytes.to_vec(), place(bytes, dice));
    let length = *dice.pick(&[1, 2, 512, 1024])?;
    bytes.drain(at..bytes.len().min(at + length));
    Some(Changed { kind: "remove", what: format!("{length} at {at}"), bytes })
}

fn insert(bytes: &[u8], dice: &mut Random) -> Option<Changed> {
    let (mut bytes, at) = (bytes.to_vec(), place(bytes, dice));
    let length = *dice.pick(&[1, 2, 512, 1024])?;
    let copy: Vec<u8> = bytes[at..bytes.len().min(at + length)].to_vec();
    bytes.splice(at..at, copy);
    Some(Changed { kind: "insert", what: format!("{length} at {at}"), bytes })
}

/// A change of the lines of one file; sometimes its header, and its length and hash in the manifest, are made to fit.
fn within(bytes: &[u8], dice: &mut Random, kind: &'static str, change: impl FnOnce(&mut Vec<Vec<u8>>, &mut Random)) -> Option<Changed> {
    let mut files: Vec<(String, Vec<u8>)> = places(bytes).into_iter().map(|(name, at)| (name, bytes[at].to_vec())).collect();
    let nth = dice.below(files.len());
    let (name, old) = files[nth].clone();
    let mut lines: Vec<Vec<u8>> = old.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    change(&mut lines, dice);
    files[nth].1 = lines.concat();
    let fits = dice.percent(50);
    if fits {
        let told = |content: &[u8]| {
            format!("{{\"bytes\":{},\"name\":\"{name}\",\"sha256\":\"{}\"}}", content.len(), hex(&Sha256::digest(content)))
        };
        let manifest = String::from_utf8(files[1].1.clone()).ok()?.replace(&told(&old), &told(&lines.concat()));
        files[1].1 = manifest.into_bytes();
    }
    Some(Changed { kind, what: format!("in {name}, made to fit: {fits}"), bytes: framed(&files) })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The same files with headers of their lengths.
fn framed(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, content) in files {
        let mut header = [0_u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..124].copy_from_slice(b"0000444\x000000000\x000000000\0");
        header[124..148].copy_from_slice(format!("{:011o}\x0000000000000\0", content.len()).as_bytes());
        header[148..157].copy_from_slice(b"        0");
        header[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        out.extend(header);
        out.extend(content);
        out.resize(out.len().div_ceil(512) * 512, 0);
    }
    out.extend([0; 1024]);
    out
}

#[test]
fn files_are_framed_as_the_product_frames_them() {
    let framed = framed(&[("README.txt".into(), b"x".to_vec())]);
    assert_eq!(framed[..512], cms_messages::server::proof::archive::tar::header("README.txt", 1));
}
