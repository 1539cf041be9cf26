//! The CSV file of an import: its header, its rows, and the line of whatever is wrong in it.

use super::ImportRow;
use crate::{
    domain::{
        people_import::LineError,
        profile::{Profile, RawProfile},
    },
    server::auth::password::Password,
};
use csv::{ByteRecord, ReaderBuilder};

const HEADER: [&str; 7] = ["username", "display_name", "department", "role", "email", "external_id", "password"];

/// Every row that is right, and everything that is wrong.
pub(super) fn read(bytes: &[u8]) -> (Vec<ImportRow>, Vec<LineError>) {
    let mut found = (Vec::new(), Vec::new());
    if let Err(error) = read_into(bytes, &mut found) {
        found.1.push(error);
    }
    found
}

fn read_into(bytes: &[u8], (rows, errors): &mut (Vec<ImportRow>, Vec<LineError>)) -> Result<(), LineError> {
    // spreadsheets put a mark before the first byte
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(bytes);
    let header = reader.byte_headers().map_err(|error| unreadable(&error))?.clone();
    let places = places(&header).map_err(|reason| LineError { line: 1, reason })?;

    let mut lines = Lines { bytes, counted: 0, line: 1 };
    for record in reader.byte_records() {
        match record {
            Ok(record) => {
                let line = lines.of(&record);
                match row(line, &record, &places) {
                    Ok(row) => rows.push(row),
                    Err(reason) => errors.push(LineError { line, reason }),
                }
            }
            Err(error) => errors.push(unreadable(&error)),
        }
    }
    Ok(())
}

/// Where each column of ours stands; they may come in any order.
fn places(header: &ByteRecord) -> Result<[usize; 7], String> {
    let names: Vec<&[u8]> = header.iter().map(<[u8]>::trim_ascii).collect();
    let mut places = [0; 7];
    let mut missing = Vec::new();
    for (name, place) in HEADER.iter().zip(&mut places) {
        match names.iter().position(|found| *found == name.as_bytes()) {
            Some(found) => *place = found,
            None => missing.push(*name),
        }
    }
    if !missing.is_empty() {
        return Err(format!("the header must be {}; it lacks {}", HEADER.join(","), missing.join(", ")));
    }
    if names.len() > HEADER.len() {
        return Err(format!("the header must be {}; it has {} columns", HEADER.join(","), names.len()));
    }
    Ok(places)
}

fn row(line: u64, record: &ByteRecord, places: &[usize; 7]) -> Result<ImportRow, String> {
    if record.len() != HEADER.len() {
        return Err(format!("it has {} fields instead of {}", record.len(), HEADER.len()));
    }
    let mut cells = [""; 7];
    for (cell, place) in cells.iter_mut().zip(places) {
        *cell = std::str::from_utf8(record.get(*place).unwrap_or_default()).map_err(|_| "it is not UTF-8".to_owned())?;
    }
    let [username, display_name, department, role, email, external_id, password] = cells;
    if department.trim().is_empty() {
        return Err("department: it is empty".into());
    }
    let profile = Profile::parse(RawProfile { username, display_name, department, role, email, external_id })
        .map_err(|refused| format!("{}: {}", refused.field, refused.reason))?;
    let password = match password {
        "" => None,
        typed => Some(Password::parse("password", typed).map_err(|error| format!("password: {}", error.detail))?),
    };
    Ok(ImportRow { line, profile, password })
}

/// The lines of the records, in their order. The reader's own count begins a record before the `\n` of a `\r\n`, and so
/// is one too small in files from Windows.
struct Lines<'a> {
    bytes: &'a [u8],
    counted: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, record: &ByteRecord) -> u64 {
        let begin = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or_default();
        let rest = self.bytes.get(begin..).unwrap_or_default();
        let begin = begin.saturating_add(rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count());
        let passed = self.bytes.get(self.counted..begin).unwrap_or_default();
        self.line = self.line.saturating_add(line_ends(passed));
        self.counted = begin.max(self.counted);
        self.line
    }
}

/// `\n`, `\r\n`, or `\r` alone, as the reader takes them.
fn line_ends(bytes: &[u8]) -> u64 {
    let next = bytes.iter().skip(1).map(Some).chain([None]);
    bytes.iter().zip(next).filter(|(byte, next)| **byte == b'\n' || **byte == b'\r' && *next != Some(&b'\n')).count() as u64
}

fn unreadable(error: &csv::Error) -> LineError {
    LineError { line: error.position().map_or(1, csv::Position::line), reason: "it cannot be read as CSV".into() }
}

#[cfg(test)]
mod tests {
    use super::{ImportRow, LineError};

    fn read(bytes: &[u8]) -> Result<Vec<ImportRow>, Vec<LineError>> {
        let (rows, errors) = super::read(bytes);
        if errors.is_empty() { Ok(rows) } else { Err(errors) }
    }

    const HEAD: &str = "username,display_name,department,role,email,external_id,password\n";

    fn errors(rows: &str) -> Vec<(u64, String)> {
        read(format!("{HEAD}{rows}").as_bytes()).expect_err("refused").into_iter().map(|error| (error.line, error.reason)).collect()
    }

    #[test]
    fn rows_are_read_with_their_lines() {
        let text =
            format!("\u{feff}{HEAD}asha,\"Verma,\nAsha\",Planning,member,,,\r\nbikram,Bikram,Yard,admin,b@x.org,7,demo-password\n\n");
        let error = read(text.as_bytes()).expect_err("a newline is no name");
        assert_eq!(error.first().map(|error| error.line), Some(2));
        let rows = read(text.replace("Verma,\nAsha", "Verma, Asha").as_bytes()).expect("right");
        assert_eq!(rows.iter().map(|row| (row.line, row.password.is_some())).collect::<Vec<_>>(), [(2, false), (3, true)]);
    }

    #[test]
    fn columns_may_come_in_any_order() {
        let rows = read(b"password,external_id,email,role,department,display_name,username\n,,,member,Yard,Asha,asha\n").expect("right");
        assert_eq!(rows.first().map(|row| row.profile.username.as_str()), Some("asha"));
    }

    #[test]
    fn every_error_names_its_line() {
        let wrong = errors("a b,A,Y,member,,,\nb,B,Y,member,,,\nc,C,Y,boss,,,\nd,D,Y,member\ne,E,Y,member,,,short\nf,F,,member,,,\n");
        assert_eq!(wrong.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 4, 5, 6, 7]);
        assert!(
            wrong.iter().zip(["username", "role", "fields", "password", "department"]).all(|((_, reason), word)| reason.contains(word))
        );
        let from_an_old_mac = format!("{HEAD}a,A,Y,member,,,\nb,B,Y,boss,,,\n").replace('\n', "\r");
        assert_eq!(read(from_an_old_mac.as_bytes()).expect_err("role").first().map(|error| error.line), Some(3));
        assert_eq!(read(b"username,name\n").expect_err("header").first().map(|error| error.line), Some(1));
        let latin = [HEAD.as_bytes(), b"g,Ren\xe9,Y,member,,,\n"].concat();
        assert_eq!(read(&latin).expect_err("latin").first().map(|error| (error.line, error.reason.contains("UTF-8"))), Some((2, true)));
    }
}
