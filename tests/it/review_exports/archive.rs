//! What was taken away, as others look at it: by a tar reader of a few lines, by the system's own, by the verifier.

use cms_messages::server::proof::verify::{ArchiveReport, ArchiveVerifier, Trust};
use reqwest::{RequestBuilder, header};
use std::{
    collections::BTreeMap,
    io::Write,
    process::{Command, Stdio},
};

/// The files in it.
pub struct Files {
    pub order: Vec<String>,
    pub content: BTreeMap<String, String>,
}

/// Where each file's header and content are.
pub fn places(bytes: &[u8]) -> Vec<(String, std::ops::Range<usize>)> {
    let (mut at, mut found) = (0, Vec::new());
    while bytes.get(at).is_some_and(|byte| *byte != 0) {
        let name = String::from_utf8_lossy(&bytes[at..at + 100]).trim_end_matches('\0').to_owned();
        let octal = std::str::from_utf8(&bytes[at + 124..at + 135]).expect("digits");
        let length = usize::from_str_radix(octal, 8).expect("octal");
        found.push((name, at + 512..at + 512 + length));
        at += 512 + length.div_ceil(512) * 512;
    }
    found
}

pub fn files(bytes: &[u8]) -> Files {
    let places = places(bytes);
    let content = places.iter().map(|(name, at)| (name.clone(), String::from_utf8(bytes[at.clone()].to_vec()).expect("UTF-8"))).collect();
    Files { order: places.into_iter().map(|(name, _)| name).collect(), content }
}

pub fn listed_by_tar(bytes: &[u8]) -> Vec<String> {
    let mut tar = Command::new("tar").args(["-t", "-f", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("tar");
    tar.stdin.take().expect("piped").write_all(bytes).expect("read");
    let output = tar.wait_with_output().expect("an end");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect()
}

pub fn verified(bytes: &[u8], trust: &Trust) -> ArchiveReport {
    let mut verifier = ArchiveVerifier::new();
    bytes.chunks(4_096).for_each(|some| verifier.take(some));
    verifier.finish(trust).expect("an export of a review")
}

/// As the program decides it: a file that does not even begin like one is no good either.
pub fn is_good(bytes: &[u8], trust: &Trust) -> bool {
    let mut verifier = ArchiveVerifier::new();
    verifier.take(bytes);
    ArchiveVerifier::is_one(bytes) && verifier.finish(trust).is_some_and(|report| report.is_good())
}

/// An answer that is a file.
pub struct Downloaded {
    pub status: u16,
    pub media_type: String,
    pub disposition: String,
    pub encoding: String,
    pub cache: String,
    pub length: Option<u64>,
    pub bytes: Vec<u8>,
}

/// What is answered to who takes it, and would have it compressed.
pub async fn downloaded(request: RequestBuilder, api: bool) -> Downloaded {
    let request = request.header(header::ACCEPT_ENCODING, "gzip, br");
    let request = if api { request } else { request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body("") };
    let answer = request.send().await.expect("an answer");
    let text =
        |name| answer.headers().get(name).map(|value: &header::HeaderValue| value.to_str().expect("a text").to_owned()).unwrap_or_default();
    Downloaded {
        status: answer.status().as_u16(),
        media_type: text(header::CONTENT_TYPE),
        disposition: text(header::CONTENT_DISPOSITION),
        encoding: text(header::CONTENT_ENCODING),
        cache: text(header::CACHE_CONTROL),
        length: text(header::CONTENT_LENGTH).parse().ok(),
        bytes: answer.bytes().await.expect("a body").to_vec(),
    }
}
