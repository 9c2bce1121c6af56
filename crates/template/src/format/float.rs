//! Go's `strconv.FormatFloat`.

/// The shortest decimal digits that read back as `number` (finite, not negative), and where the
/// decimal point stands: `0.digits * 10^point`.
pub(crate) fn shortest(number: f64) -> (String, i32) {
    split_exponent(&format!("{number:e}"))
}

/// `1.25e-3` to (`125`, -2).
fn split_exponent(text: &str) -> (String, i32) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let mut digits = mantissa.replace('.', "");
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if digits.bytes().all(|digit| digit == b'0') {
        digits.truncate(1);
        return (digits, 0);
    }
    (digits, exponent + 1)
}

/// Formats as `e`, `E`, `f`, `F`, `g`, `G`, `b` or `x`/`X`; without a precision, with the fewest
/// digits that read back the same.
pub(crate) fn format_float(number: f64, verb: char, precision: Option<usize>) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let magnitude = number.abs();
    if magnitude.is_infinite() {
        return if sign.is_empty() { "+Inf".to_owned() } else { "-Inf".to_owned() };
    }
    let body = match verb {
        'e' | 'E' => exponent_form(magnitude, precision, verb),
        'g' | 'G' => general_form(magnitude, precision, verb),
        'b' => binary_form(magnitude),
        'x' | 'X' => hex_form(magnitude, precision, verb),
        _ => fixed_form(magnitude, precision),
    };
    format!("{sign}{body}")
}

fn fixed_form(number: f64, precision: Option<usize>) -> String {
    match precision {
        Some(places) => format!("{number:.places$}"),
        None => format!("{number}"),
    }
}

fn exponent_form(number: f64, precision: Option<usize>, verb: char) -> String {
    let text = match precision {
        Some(places) => format!("{number:.places$e}"),
        None => format!("{number:e}"),
    };
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    with_exponent(mantissa, exponent.parse().unwrap_or(0), verb)
}

/// At least two digits of exponent, and its sign.
fn with_exponent(mantissa: &str, exponent: i32, verb: char) -> String {
    let letter = if verb.is_uppercase() { 'E' } else { 'e' };
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}{letter}{sign}{:02}", exponent.unsigned_abs())
}

fn general_form(number: f64, precision: Option<usize>, verb: char) -> String {
    let (digits, point) = match precision {
        None => shortest(number),
        Some(wanted) => {
            let places = wanted.max(1) - 1;
            let (digits, point) = split_exponent(&format!("{number:.places$e}"));
            let kept = digits.trim_end_matches('0');
            (if kept.is_empty() { "0".to_owned() } else { kept.to_owned() }, point)
        }
    };
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let mut limit = match precision {
        None => 6,
        Some(wanted) => i32::try_from(wanted.max(1)).unwrap_or(i32::MAX),
    };
    if precision.is_some() && limit > count && count >= point {
        limit = count;
    }
    // Without a precision Go takes 6 for this decision, or the digits up to 21 of them.
    if precision.is_none() {
        limit = 6;
    }
    let exponent = if number == 0.0 { 0 } else { point - 1 };
    if exponent < -4 || exponent >= limit {
        let mut mantissa = digits[..1].to_owned();
        if digits.len() > 1 {
            mantissa.push('.');
            mantissa.push_str(&digits[1..]);
        }
        return with_exponent(&mantissa, exponent, verb);
    }
    plain(&digits, if number == 0.0 { 1 } else { point })
}

/// Digits with the decimal point at `point`.
fn plain(digits: &str, point: i32) -> String {
    if point <= 0 {
        let zeros = "0".repeat(point.unsigned_abs() as usize);
        return format!("0.{zeros}{digits}");
    }
    let point = point.unsigned_abs() as usize;
    if point >= digits.len() {
        return format!("{digits}{}", "0".repeat(point - digits.len()));
    }
    format!("{}.{}", &digits[..point], &digits[point..])
}

/// Mantissa and power of two, both decimal.
fn binary_form(number: f64) -> String {
    let bits = number.to_bits();
    let stored = i32::try_from((bits >> 52) & 0x7ff).unwrap_or(0);
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) =
        if stored == 0 { (fraction, -1074) } else { (fraction | 1 << 52, stored - 1075) };
    format!("{mantissa}p{exponent:+}")
}

/// Mantissa in hexadecimal, power of two in decimal.
fn hex_form(number: f64, precision: Option<usize>, verb: char) -> String {
    let bits = number.to_bits();
    let mut exponent = i32::try_from((bits >> 52) & 0x7ff).unwrap_or(0) - 1023;
    let mut mantissa = bits & ((1 << 52) - 1);
    if exponent == -1023 {
        exponent = if mantissa == 0 { 0 } else { -1022 };
        while mantissa != 0 && mantissa & (1 << 52) == 0 {
            mantissa <<= 1;
            exponent -= 1;
        }
    } else {
        mantissa |= 1 << 52;
    }
    if let Some(places) = precision.filter(|&places| places < 13) {
        let drop = 52 - places * 4;
        let half = 1u64 << (drop - 1);
        let rest = mantissa & ((1 << drop) - 1);
        mantissa >>= drop;
        if rest > half || (rest == half && mantissa & 1 == 1) {
            mantissa += 1;
        }
        mantissa <<= drop;
        if mantissa & (1 << 53) != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let all = format!("{:013x}", mantissa & ((1 << 52) - 1));
    let digits = match precision {
        Some(places) => format!("{all:0<places$}")[..places].to_owned(),
        None => all.trim_end_matches('0').to_owned(),
    };
    let dot = if digits.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    let text = format!("0x{}{dot}{digits}p{sign}{:02}", mantissa >> 52, exponent.unsigned_abs());
    if verb == 'X' { text.to_uppercase() } else { text }
}
