//! Go's time layouts: the reference time `Mon Jan 2 15:04:05 MST 2006`, written as one wants it.

use jiff::Zoned;

/// A piece of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperPm,
    LowerPm,
    Zone,
    /// A numeric offset: `Z` for UTC, colons, and how many of hours, minutes, seconds.
    Offset {
        zulu: bool,
        colon: bool,
        parts: u8,
    },
    /// Fractions of a second: the separator, digits, and whether zeros are kept.
    Fraction {
        comma: bool,
        digits: usize,
        zeros: bool,
    },
}

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// What may begin at a place; the longer of two that share a beginning first.
const WORDS: &[(&str, Chunk)] = &[
    ("January", Chunk::LongMonth),
    ("Jan", Chunk::Month),
    ("Monday", Chunk::LongWeekday),
    ("Mon", Chunk::Weekday),
    ("MST", Chunk::Zone),
    ("2006", Chunk::LongYear),
    ("002", Chunk::ZeroYearDay),
    ("01", Chunk::ZeroMonth),
    ("02", Chunk::ZeroDay),
    ("03", Chunk::ZeroHour12),
    ("04", Chunk::ZeroMinute),
    ("05", Chunk::ZeroSecond),
    ("06", Chunk::Year),
    ("15", Chunk::Hour),
    ("1", Chunk::NumMonth),
    ("__2", Chunk::UnderYearDay),
    ("_2", Chunk::UnderDay),
    ("2", Chunk::Day),
    ("3", Chunk::Hour12),
    ("4", Chunk::Minute),
    ("5", Chunk::Second),
    ("PM", Chunk::UpperPm),
    ("pm", Chunk::LowerPm),
    ("-07:00:00", Chunk::Offset { zulu: false, colon: true, parts: 3 }),
    ("-07:00", Chunk::Offset { zulu: false, colon: true, parts: 2 }),
    ("-070000", Chunk::Offset { zulu: false, colon: false, parts: 3 }),
    ("-0700", Chunk::Offset { zulu: false, colon: false, parts: 2 }),
    ("-07", Chunk::Offset { zulu: false, colon: false, parts: 1 }),
    ("Z07:00:00", Chunk::Offset { zulu: true, colon: true, parts: 3 }),
    ("Z07:00", Chunk::Offset { zulu: true, colon: true, parts: 2 }),
    ("Z070000", Chunk::Offset { zulu: true, colon: false, parts: 3 }),
    ("Z0700", Chunk::Offset { zulu: true, colon: false, parts: 2 }),
    ("Z07", Chunk::Offset { zulu: true, colon: false, parts: 1 }),
];

/// The first chunk of a layout: the text before it, it, and the layout after it.
pub(super) fn next_chunk(layout: &str) -> Option<(&str, Chunk, &str)> {
    for (at, _) in layout.char_indices() {
        let rest = &layout[at..];
        if let Some((chunk, length)) = chunk_at(rest) {
            return Some((&layout[..at], chunk, &rest[length..]));
        }
    }
    None
}

fn chunk_at(rest: &str) -> Option<(Chunk, usize)> {
    if rest.starts_with(['.', ',']) {
        return fraction_at(rest);
    }
    // `_2006` is an underscore and a year.
    if rest.starts_with("_2006") {
        return None;
    }
    let (word, chunk) = WORDS.iter().find(|(word, _)| rest.starts_with(word))?;
    let follows_letter = rest[word.len()..].starts_with(|next: char| next.is_ascii_lowercase());
    // `Janitor` has no month in it, `Monkey` no day.
    if follows_letter && matches!(chunk, Chunk::Month | Chunk::Weekday) {
        return None;
    }
    Some((*chunk, word.len()))
}

/// `.000` or `.999`, not followed by another digit.
fn fraction_at(rest: &str) -> Option<(Chunk, usize)> {
    let digit = rest[1..].chars().next().filter(|digit| matches!(digit, '0' | '9'))?;
    let digits = rest[1..].chars().take_while(|&other| other == digit).count();
    if rest[1 + digits..].starts_with(|next: char| next.is_ascii_digit()) {
        return None;
    }
    let chunk = Chunk::Fraction { comma: rest.starts_with(','), digits, zeros: digit == '0' };
    Some((chunk, 1 + digits))
}

/// Formats a time.
pub(super) fn format(layout: &str, time: &Zoned) -> String {
    let mut out = String::with_capacity(layout.len() + 8);
    let mut rest = layout;
    while let Some((before, chunk, after)) = next_chunk(rest) {
        out.push_str(before);
        out.push_str(&format_chunk(chunk, time));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn format_chunk(chunk: Chunk, time: &Zoned) -> String {
    let hour12 = match time.hour() % 12 {
        0 => 12,
        hour => hour,
    };
    let month = MONTHS[usize::from(time.month().unsigned_abs() - 1) % 12];
    let weekday = DAYS[usize::try_from(time.weekday().to_sunday_zero_offset()).unwrap_or(0) % 7];
    match chunk {
        Chunk::LongMonth => month.to_owned(),
        Chunk::Month => month[..3].to_owned(),
        Chunk::NumMonth => time.month().to_string(),
        Chunk::ZeroMonth => format!("{:02}", time.month()),
        Chunk::LongWeekday => weekday.to_owned(),
        Chunk::Weekday => weekday[..3].to_owned(),
        Chunk::Day => time.day().to_string(),
        Chunk::UnderDay => format!("{:2}", time.day()),
        Chunk::ZeroDay => format!("{:02}", time.day()),
        Chunk::UnderYearDay => format!("{:3}", time.day_of_year()),
        Chunk::ZeroYearDay => format!("{:03}", time.day_of_year()),
        Chunk::Hour => format!("{:02}", time.hour()),
        Chunk::Hour12 => hour12.to_string(),
        Chunk::ZeroHour12 => format!("{hour12:02}"),
        Chunk::Minute => time.minute().to_string(),
        Chunk::ZeroMinute => format!("{:02}", time.minute()),
        Chunk::Second => time.second().to_string(),
        Chunk::ZeroSecond => format!("{:02}", time.second()),
        Chunk::LongYear if time.year() < 0 => format!("-{:04}", time.year().unsigned_abs()),
        Chunk::LongYear => format!("{:04}", time.year()),
        Chunk::Year => format!("{:02}", time.year().rem_euclid(100)),
        Chunk::UpperPm => if time.hour() >= 12 { "PM" } else { "AM" }.to_owned(),
        Chunk::LowerPm => if time.hour() >= 12 { "pm" } else { "am" }.to_owned(),
        Chunk::Zone => zone_name(time),
        Chunk::Offset { zulu, colon, parts } => format_offset(time, zulu, colon, parts),
        Chunk::Fraction { comma, digits, zeros } => {
            let all = format!("{:09}", time.subsec_nanosecond());
            let kept = &all[..digits.min(9)];
            let kept = if zeros { kept } else { kept.trim_end_matches('0') };
            if kept.is_empty() {
                return String::new();
            }
            format!("{}{kept}", if comma { ',' } else { '.' })
        }
    }
}

/// The zone's abbreviation, or its offset where it has none.
pub(super) fn zone_name(time: &Zoned) -> String {
    let info = time.time_zone().to_offset_info(time.timestamp());
    let name = info.abbreviation();
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return name.to_owned();
    }
    let seconds = info.offset().seconds();
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.unsigned_abs() / 60;
    format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
}

fn format_offset(time: &Zoned, zulu: bool, colon: bool, parts: u8) -> String {
    let seconds = time.offset().seconds();
    if zulu && seconds == 0 {
        return "Z".to_owned();
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.unsigned_abs();
    let colon = if colon { ":" } else { "" };
    let mut out = format!("{sign}{:02}", seconds / 3600);
    if parts > 1 {
        out.push_str(&format!("{colon}{:02}", seconds / 60 % 60));
    }
    if parts > 2 {
        out.push_str(&format!("{colon}{:02}", seconds % 60));
    }
    out
}
