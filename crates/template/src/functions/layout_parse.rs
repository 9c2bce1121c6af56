//! Times read by a layout.

use jiff::{
    Zoned, civil,
    tz::{Offset, TimeZone},
};

use super::layout::{Chunk, DAYS, MONTHS, next_chunk};
use crate::format::quote;

#[derive(Default)]
struct Fields {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    year_day: Option<i16>,
    hour: i8,
    minute: i8,
    second: i8,
    nanosecond: i32,
    afternoon: Option<bool>,
    offset: Option<i32>,
    zone: Option<String>,
}

/// Reads `value` by `layout`; what the layout does not name is its least. Without a zone of its
/// own the time is in `zone`.
pub(super) fn parse(layout: &str, value: &str, zone: &TimeZone) -> Result<Zoned, String> {
    let fail = |chunk: &str, rest: &str, why: &str| {
        let (layout, value) = (quote(layout), quote(value));
        if why.is_empty() {
            let (rest, chunk) = (quote(rest), quote(chunk));
            format!("parsing time {value} as {layout}: cannot parse {rest} as {chunk}")
        } else {
            format!("parsing time {value}{why}")
        }
    };
    let mut fields = Fields::default();
    let (mut layout_rest, mut rest) = (layout, value);
    while let Some((before, chunk, after)) = next_chunk(layout_rest) {
        rest = skip(rest, before).ok_or_else(|| fail(before, rest, ""))?;
        let name = &layout_rest[before.len()..layout_rest.len() - after.len()];
        rest = match fields.read(chunk, rest, after) {
            Ok(rest) => rest,
            Err(Wrong::Syntax) => return Err(fail(name, rest, "")),
            Err(Wrong::Range(what)) => {
                return Err(fail("", "", &format!(": {what} out of range")));
            }
        };
        layout_rest = after;
    }
    rest = skip(rest, layout_rest).ok_or_else(|| fail(layout_rest, rest, ""))?;
    if !rest.is_empty() {
        return Err(fail("", "", &format!(": extra text: {}", quote(rest))));
    }
    fields.into_time(zone).map_err(|what| fail("", "", &format!(": {what} out of range")))
}

enum Wrong {
    Syntax,
    Range(&'static str),
}

/// The value after a layout's plain text; runs of spaces match each other.
fn skip<'v>(value: &'v str, prefix: &str) -> Option<&'v str> {
    let mut value = value;
    let mut prefix = prefix;
    while !prefix.is_empty() {
        if prefix.starts_with(' ') {
            if !value.is_empty() && !value.starts_with(' ') {
                return None;
            }
            prefix = prefix.trim_start_matches(' ');
            value = value.trim_start_matches(' ');
            continue;
        }
        let next = prefix.chars().next()?;
        value = value.strip_prefix(next)?;
        prefix = &prefix[next.len_utf8()..];
    }
    Some(value)
}

/// One or two digits, or two where `fixed`.
fn small(text: &str, fixed: bool) -> Result<(i16, &str), Wrong> {
    let digits = text.bytes().take(2).take_while(u8::is_ascii_digit).count();
    if digits == 0 || (fixed && digits < 2) {
        return Err(Wrong::Syntax);
    }
    Ok((text[..digits].parse().map_err(|_| Wrong::Syntax)?, &text[digits..]))
}

fn digits(text: &str, count: usize) -> Result<(i32, &str), Wrong> {
    let found = text.get(..count).filter(|found| found.bytes().all(|byte| byte.is_ascii_digit()));
    let number = found.ok_or(Wrong::Syntax)?.parse().map_err(|_| Wrong::Syntax)?;
    Ok((number, &text[count..]))
}

/// The index of the name that `text` begins with, whatever its case.
fn name<'v>(text: &'v str, names: &[&str], short: bool) -> Result<(usize, &'v str), Wrong> {
    for (index, name) in names.iter().enumerate() {
        let name = if short { &name[..3] } else { name };
        if text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)) {
            return Ok((index, &text[name.len()..]));
        }
    }
    Err(Wrong::Syntax)
}

fn within(number: i16, low: i16, high: i16, what: &'static str) -> Result<i8, Wrong> {
    if (low..=high).contains(&number) {
        i8::try_from(number).map_err(|_| Wrong::Range(what))
    } else {
        Err(Wrong::Range(what))
    }
}

impl Fields {
    fn read<'v>(&mut self, chunk: Chunk, text: &'v str, layout: &str) -> Result<&'v str, Wrong> {
        let spaceless = text.strip_prefix(' ').unwrap_or(text);
        Ok(match chunk {
            Chunk::LongMonth | Chunk::Month => {
                let (index, rest) = name(text, &MONTHS, chunk == Chunk::Month)?;
                self.month = i8::try_from(index + 1).ok();
                rest
            }
            Chunk::LongWeekday | Chunk::Weekday => name(text, &DAYS, chunk == Chunk::Weekday)?.1,
            Chunk::NumMonth | Chunk::ZeroMonth => {
                let (number, rest) = small(text, chunk == Chunk::ZeroMonth)?;
                self.month = Some(within(number, 1, 12, "month")?);
                rest
            }
            Chunk::Day | Chunk::UnderDay | Chunk::ZeroDay => {
                let text = if chunk == Chunk::UnderDay { spaceless } else { text };
                let (number, rest) = small(text, chunk == Chunk::ZeroDay)?;
                self.day = Some(within(number, 0, 99, "day")?);
                rest
            }
            Chunk::UnderYearDay | Chunk::ZeroYearDay => {
                let (number, rest) = digits(text, 3)?;
                self.year_day = i16::try_from(number).ok();
                rest
            }
            Chunk::LongYear => {
                let (number, rest) = digits(text, 4)?;
                self.year = i16::try_from(number).ok();
                rest
            }
            Chunk::Year => {
                let (number, rest) = small(text, true)?;
                self.year = Some(if number >= 69 { 1900 + number } else { 2000 + number });
                rest
            }
            Chunk::UpperPm | Chunk::LowerPm => {
                let (half, rest) = text.split_at_checked(2).ok_or(Wrong::Syntax)?;
                let names = if chunk == Chunk::UpperPm { ["AM", "PM"] } else { ["am", "pm"] };
                let index = names.iter().position(|name| *name == half).ok_or(Wrong::Syntax)?;
                self.afternoon = Some(index == 1);
                rest
            }
            Chunk::Zone => self.zone_name(text)?,
            Chunk::Offset { zulu, colon, parts } => self.offset(text, zulu, colon, parts)?,
            Chunk::Fraction { digits: count, zeros, .. } => self.fraction(text, count, zeros)?,
            _ => self.clock(chunk, text, layout)?,
        })
    }

    fn clock<'v>(&mut self, chunk: Chunk, text: &'v str, layout: &str) -> Result<&'v str, Wrong> {
        let fixed = matches!(chunk, Chunk::ZeroHour12 | Chunk::ZeroMinute | Chunk::ZeroSecond);
        let (number, rest) = small(text, fixed)?;
        match chunk {
            Chunk::Hour => self.hour = within(number, 0, 23, "hour")?,
            Chunk::Hour12 | Chunk::ZeroHour12 => self.hour = within(number, 0, 12, "hour")?,
            Chunk::Minute | Chunk::ZeroMinute => self.minute = within(number, 0, 59, "minute")?,
            _ => {
                self.second = within(number, 0, 59, "second")?;
                // A fraction may follow the seconds, whatever the layout says.
                let has_fraction = rest.starts_with(['.', ','])
                    && rest[1..].starts_with(|next: char| next.is_ascii_digit());
                let expected = matches!(next_chunk(layout), Some(("", Chunk::Fraction { .. }, _)));
                if has_fraction && !expected {
                    let count = rest[1..].bytes().take_while(u8::is_ascii_digit).count();
                    return self.fraction(rest, count, true);
                }
            }
        }
        Ok(rest)
    }

    fn fraction<'v>(&mut self, text: &'v str, count: usize, zeros: bool) -> Result<&'v str, Wrong> {
        let Some(body) = text.strip_prefix(['.', ',']) else {
            return if zeros { Err(Wrong::Syntax) } else { Ok(text) };
        };
        let found = body.bytes().take_while(u8::is_ascii_digit).count();
        if zeros && found < count {
            return Err(Wrong::Syntax);
        }
        let taken = if zeros { count } else { found };
        let padded = format!("{:0<9}", &body[..taken.min(9)]);
        self.nanosecond = padded.parse().map_err(|_| Wrong::Syntax)?;
        Ok(&body[taken..])
    }

    fn zone_name<'v>(&mut self, text: &'v str) -> Result<&'v str, Wrong> {
        let letters = text.bytes().take_while(u8::is_ascii_uppercase).count();
        if !(3..=5).contains(&letters) {
            return Err(Wrong::Syntax);
        }
        self.zone = Some(text[..letters].to_owned());
        Ok(&text[letters..])
    }

    fn offset<'v>(
        &mut self,
        text: &'v str,
        zulu: bool,
        colon: bool,
        parts: u8,
    ) -> Result<&'v str, Wrong> {
        if zulu && let Some(rest) = text.strip_prefix('Z') {
            self.offset = Some(0);
            return Ok(rest);
        }
        let (sign, mut rest) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').ok_or(Wrong::Syntax)?),
        };
        let mut seconds = 0;
        for (index, unit) in [3600, 60, 1].into_iter().take(usize::from(parts)).enumerate() {
            if colon && index > 0 {
                rest = rest.strip_prefix(':').ok_or(Wrong::Syntax)?;
            }
            let (number, after) = digits(rest, 2)?;
            seconds += number * unit;
            rest = after;
        }
        self.offset = Some(sign * seconds);
        Ok(rest)
    }

    fn into_time(self, zone: &TimeZone) -> Result<Zoned, &'static str> {
        let hour = match self.afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let year = self.year.unwrap_or(0);
        let date = match self.year_day {
            Some(day) => civil::Date::new(year, 1, 1)
                .and_then(|first| first.checked_add(jiff::Span::new().days(i64::from(day) - 1)))
                .map_err(|_| "day-of-year")?,
            None => civil::Date::new(year, self.month.unwrap_or(1), self.day.unwrap_or(1))
                .map_err(|_| "day")?,
        };
        let time = date.at(hour, self.minute, self.second, self.nanosecond);
        let zone = match (self.offset, self.zone.as_deref()) {
            (Some(0), _) | (None, Some("UTC")) => TimeZone::UTC,
            (Some(seconds), _) => {
                Offset::from_seconds(seconds).map_err(|_| "time zone offset")?.to_time_zone()
            }
            // An abbreviation that the local zone does not know stands for an offset of zero.
            (None, Some(name)) => TimeZone::posix(&format!("{name}0")).map_err(|_| "time zone")?,
            (None, None) => zone.clone(),
        };
        time.to_zoned(zone).map_err(|_| "time")
    }
}
