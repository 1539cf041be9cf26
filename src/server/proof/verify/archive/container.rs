//! The file around the files: each header, each byte between the files and the end are as they have to be.

use crate::server::proof::archive::{FILES, tar};

/// What is met on the way.
#[derive(Debug)]
pub(super) enum Event<'a> {
    /// The next of [`FILES`].
    Begins { file: &'static str, bytes: u64 },
    /// Some of it.
    Bytes(&'a [u8]),
    /// It is over.
    Ends,
}

#[derive(Debug)]
enum At {
    Header(Vec<u8>),
    Content {
        left: u64,
        bytes: u64,
    },
    Filling(u64),
    End(usize),
    /// Nothing behind this place can be understood.
    Lost(&'static str),
}

#[derive(Debug)]
pub(super) struct Container {
    at: At,
    begun: usize,
}

impl Default for Container {
    fn default() -> Self {
        Self { at: At::Header(Vec::new()), begun: 0 }
    }
}

impl Container {
    /// How many files have begun.
    pub(super) fn files(&self) -> usize {
        self.begun
    }

    /// What is wrong with it, once all bytes are here.
    pub(super) fn wrong(&self) -> Option<String> {
        match &self.at {
            At::End(tar_end) if *tar_end == tar::END.len() => None,
            At::Lost(why) => Some(format!("{why} Nothing behind it was looked at.")),
            _ => Some("The file was cut off.".to_owned()),
        }
    }

    pub(super) fn take(&mut self, mut bytes: &[u8], mut tell: impl FnMut(Event<'_>)) {
        while !bytes.is_empty() {
            let (at, used) = match std::mem::replace(&mut self.at, At::Lost("")) {
                At::Header(header) => self.header(header, bytes, &mut tell),
                At::Content { left, bytes: all } => {
                    let some = first(bytes, left);
                    tell(Event::Bytes(some));
                    let left = left.saturating_sub(some.len() as u64);
                    (if left > 0 { At::Content { left, bytes: all } } else { ended(all, &mut tell, self.begun) }, some.len())
                }
                At::Filling(left) => {
                    let some = first(bytes, left);
                    let left = left.saturating_sub(some.len() as u64);
                    let next = if some.iter().any(|byte| *byte != 0) {
                        At::Lost("There is something between two files.")
                    } else if left > 0 {
                        At::Filling(left)
                    } else {
                        after(self.begun)
                    };
                    (next, some.len())
                }
                At::End(seen) => {
                    let seen = seen.saturating_add(bytes.len());
                    let good = seen <= tar::END.len() && bytes.iter().all(|byte| *byte == 0);
                    (if good { At::End(seen) } else { At::Lost("There is something behind the last file.") }, bytes.len())
                }
                At::Lost(why) => (At::Lost(why), bytes.len()),
            };
            self.at = at;
            bytes = bytes.get(used..).unwrap_or_default();
        }
    }

    fn header(&mut self, mut header: Vec<u8>, bytes: &[u8], tell: &mut impl FnMut(Event<'_>)) -> (At, usize) {
        let some = first(bytes, tar::BLOCK.saturating_sub(header.len()) as u64);
        header.extend(some);
        let Some(whole) = header.first_chunk::<{ tar::BLOCK }>() else { return (At::Header(header), some.len()) };
        let file = FILES.get(self.begun).copied().unwrap_or_default();
        let at = match tar::length(whole, file) {
            None => At::Lost("A file is missing, or does not begin as it has to."),
            Some(length) => {
                self.begun = self.begun.saturating_add(1);
                tell(Event::Begins { file, bytes: length });
                if length > 0 { At::Content { left: length, bytes: length } } else { ended(0, tell, self.begun) }
            }
        };
        (at, some.len())
    }
}

fn ended(bytes: u64, tell: &mut impl FnMut(Event<'_>), begun: usize) -> At {
    tell(Event::Ends);
    match tar::padding(bytes).len() {
        0 => after(begun),
        filling => At::Filling(filling as u64),
    }
}

fn after(begun: usize) -> At {
    if begun < FILES.len() { At::Header(Vec::new()) } else { At::End(0) }
}

fn first(bytes: &[u8], most: u64) -> &[u8] {
    bytes.get(..usize::try_from(most).unwrap_or(usize::MAX)).unwrap_or(bytes)
}
