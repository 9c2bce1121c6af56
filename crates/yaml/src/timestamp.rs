//! The timestamps that go-yaml recognises, and their RFC 3339 form.

/// Reads what is left of a text.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn byte(&mut self, allowed: &[u8]) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        if !allowed.contains(&first) {
            return None;
        }
        self.0 = rest;
        Some(first)
    }

    /// A number of `least` to `most` digits.
    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let count = self.0.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
        if count < least {
            return None;
        }
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        Some(digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')))
    }

    /// A fraction of a second, without the zeros at its end; empty where there is none.
    fn fraction(&mut self) -> String {
        if !matches!(self.0, [b'.' | b',', digit, ..] if digit.is_ascii_digit()) {
            return String::new();
        }
        let count = self.0[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let digits: String =
            self.0[1..].iter().take(count.min(9)).map(|&b| char::from(b)).collect();
        self.0 = &self.0[1 + count..];
        digits.trim_end_matches('0').to_owned()
    }

    /// `Z` or a signed offset, as RFC 3339 prints it.
    fn zone(&mut self) -> Option<String> {
        let sign = self.byte(b"Z+-")?;
        if sign == b'Z' {
            return Some("Z".to_owned());
        }
        let hours = self.number(2, 2)?;
        self.byte(b":")?;
        let minutes = self.number(2, 2)?;
        if hours > 24 || minutes > 60 {
            return None;
        }
        if hours == 0 && minutes == 0 {
            return Some("Z".to_owned());
        }
        Some(format!("{}{hours:02}:{minutes:02}", char::from(sign)))
    }
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The RFC 3339 text of a timestamp, or `None` where the text is none.
///
/// The four shapes and their leniency (one-digit months, a comma before the fraction) are those of
/// go-yaml's `parseTimestamp` over Go's `time.Parse`.
pub(crate) fn rfc3339(text: &str) -> Option<String> {
    let mut reader = Reader(text.as_bytes());
    let year = reader.number(4, 4)?;
    reader.byte(b"-")?;
    let month = reader.number(1, 2)?;
    reader.byte(b"-")?;
    let day = reader.number(1, 2)?;
    if !(1..=12).contains(&month) || day == 0 || day > days(year, month) {
        return None;
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    if reader.0.is_empty() {
        return Some(format!("{date}T00:00:00Z"));
    }
    let separator = reader.byte(b"Tt ")?;
    let hour = reader.number(2, 2)?;
    reader.byte(b":")?;
    let minute = reader.number(1, 2)?;
    reader.byte(b":")?;
    let second = reader.number(1, 2)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let fraction = reader.fraction();
    let zone = if separator == b' ' { "Z".to_owned() } else { reader.zone()? };
    if !reader.0.is_empty() {
        return None;
    }
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{date}T{hour:02}:{minute:02}:{second:02}{point}{fraction}{zone}"))
}
