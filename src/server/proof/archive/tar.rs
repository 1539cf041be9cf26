//! The file around the files: POSIX tar (ustar), every byte of a header fixed by name and length, so that there is nothing to
//! hide anything in. Written by hand, because its bytes belong to what is promised to stay the same.

/// The length of a header, and what a file is filled up to.
pub const BLOCK: usize = 512;

/// What stands after the last file.
pub const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// What stands before a file: a name of at most 100 bytes, and how long the file is.
#[must_use]
pub fn header(name: &str, bytes: u64) -> [u8; BLOCK] {
    let mut header = [0; BLOCK];
    put(&mut header, 0, name.as_bytes());
    put(&mut header, 100, b"0000444\0");
    put(&mut header, 108, b"0000000\0");
    put(&mut header, 116, b"0000000\0");
    put(&mut header, 124, &size(bytes));
    // no time: the same content is the same file
    put(&mut header, 136, b"00000000000\0");
    put(&mut header, 148, b"        ");
    put(&mut header, 156, b"0");
    put(&mut header, 257, b"ustar\x0000");
    let sum: u64 = header.iter().copied().map(u64::from).sum();
    put(&mut header, 148, format!("{sum:06o}\0 ").as_bytes());
    header
}

/// How long the file is that this header says; `None` when it is no header of ours.
#[must_use]
pub fn length(header: &[u8; BLOCK], name: &str) -> Option<u64> {
    let field: &[u8; 12] = header.get(124..136)?.first_chunk()?;
    let bytes = if field.first() == Some(&0x80) {
        u64::from_be_bytes(*field.last_chunk()?)
    } else {
        u64::from_str_radix(std::str::from_utf8(field.first_chunk::<11>()?).ok()?, 8).ok()?
    };
    (self::header(name, bytes) == *header).then_some(bytes)
}

/// Zeros that fill a file of this length up.
#[must_use]
pub fn padding(bytes: u64) -> &'static [u8] {
    let over = usize::try_from(bytes % BLOCK as u64).unwrap_or(0);
    let missing = if over == 0 { 0 } else { BLOCK.saturating_sub(over) };
    END.get(..missing).unwrap_or_default()
}

/// A file of this length with all that is around it.
#[must_use]
pub fn with_frame(bytes: u64) -> u64 {
    bytes.div_ceil(BLOCK as u64).saturating_add(1).saturating_mul(BLOCK as u64)
}

/// In octal; from 8 GiB on as a number of bytes, as everybody has come to read it.
fn size(bytes: u64) -> [u8; 12] {
    let mut field = [0; 12];
    if bytes < 1 << 33 {
        put(&mut field, 0, format!("{bytes:011o}").as_bytes());
    } else {
        put(&mut field, 0, &[0x80]);
        put(&mut field, 4, &bytes.to_be_bytes());
    }
    field
}

fn put(into: &mut [u8], at: usize, bytes: &[u8]) {
    into.iter_mut().skip(at).zip(bytes).for_each(|(place, byte)| *place = *byte);
}
