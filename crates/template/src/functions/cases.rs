//! Upper and lower case, and the naming styles.

use super::{
    argument::{bytes, text},
    registry::{Function, Parameter::String as Str},
    strings::is_go_space,
};
use crate::value::Value;

pub(super) static TABLE: &[Function] = &[
    Function::fixed("upper", &[Str], |_, arguments| {
        Ok(text(arguments, 0).chars().map(upper).collect::<String>().into())
    }),
    Function::fixed("lower", &[Str], |_, arguments| {
        Ok(text(arguments, 0).chars().map(lower).collect::<String>().into())
    }),
    Function::fixed("title", &[Str], |_, arguments| Ok(title(&text(arguments, 0)).into())),
    Function::fixed("untitle", &[Str], |_, arguments| Ok(untitle(&text(arguments, 0)).into())),
    Function::fixed("swapcase", &[Str], |_, arguments| Ok(swap(&text(arguments, 0)).into())),
    Function::fixed("initials", &[Str], |_, arguments| Ok(initials(&text(arguments, 0)).into())),
    Function::fixed(
        "nospace",
        &[Str],
        |_, arguments| Ok(without_space(bytes(arguments, 0)).into()),
    ),
    Function::fixed("snakecase", &[Str], |_, arguments| {
        Ok(Value::from(separated(&text(arguments, 0), '_')))
    }),
    Function::fixed("kebabcase", &[Str], |_, arguments| {
        Ok(Value::from(separated(&text(arguments, 0), '-')))
    }),
    Function::fixed("camelcase", &[Str], |_, arguments| {
        Ok(Value::from(pascal(&text(arguments, 0))))
    }),
];

/// Go maps one character to one character; where the full mapping is longer, it stays.
fn upper(character: char) -> char {
    let mut mapped = character.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => character,
    }
}

fn lower(character: char) -> char {
    if character == '\u{130}' {
        return 'i';
    }
    let mut mapped = character.to_lowercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => character,
    }
}

/// The text without white space. The original looks at bytes: where it removes any, each byte of
/// other characters becomes a character of its own.
fn without_space(bytes: &[u8]) -> Vec<u8> {
    if !bytes.iter().any(|&byte| is_go_space(char::from(byte))) {
        return bytes.to_vec();
    }
    let kept: String =
        bytes.iter().map(|&byte| char::from(byte)).filter(|&c| !is_go_space(c)).collect();
    kept.into_bytes()
}

/// The first letter of each word in upper case. Letters, digits and `_` make up words.
fn title(text: &str) -> String {
    let mut in_word = false;
    text.chars()
        .map(|character| {
            let mapped = if in_word { character } else { upper(character) };
            in_word = if character.is_ascii() {
                character.is_ascii_alphanumeric() || character == '_'
            } else {
                character.is_alphanumeric() || !is_go_space(character)
            };
            mapped
        })
        .collect()
}

/// The first character of each word, by white space, in lower case.
fn untitle(text: &str) -> String {
    let mut at_start = true;
    text.chars()
        .map(|character| {
            let first = at_start && !is_go_space(character);
            at_start = is_go_space(character);
            if first { lower(character) } else { character }
        })
        .collect()
}

fn swap(text: &str) -> String {
    let mut after_space = true;
    text.chars()
        .map(|character| {
            if character.is_uppercase() {
                after_space = false;
                lower(character)
            } else if character.is_lowercase() {
                after_space = false;
                upper(character)
            } else {
                after_space = is_go_space(character);
                character
            }
        })
        .collect()
}

/// The first byte of each word, as a character.
fn initials(text: &str) -> String {
    let mut after_gap = true;
    let mut out = String::new();
    for byte in text.bytes() {
        let character = char::from(byte);
        if is_go_space(character) {
            after_gap = true;
        } else if after_gap {
            out.push(character);
            after_gap = false;
        }
    }
    out
}

fn is_connector(character: char) -> bool {
    character == '-' || character == '_' || is_go_space(character)
}

/// Pascal case: connectors between words go, the character after each is in upper case. Leading
/// connectors stay, and of a run of them all but one.
fn pascal(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars();
    let mut current = '\0';
    let mut first_was_upper = false;
    let mut started = false;
    for character in rest.by_ref() {
        current = character;
        if !is_connector(character) {
            first_was_upper = character.is_uppercase();
            current = upper(character);
            started = true;
            break;
        }
        out.push(character);
    }
    if rest.as_str().is_empty() {
        // A text of connectors alone gets its last one once more.
        if started || !text.is_empty() {
            out.push(current);
        }
        return out;
    }
    for character in rest {
        let previous = std::mem::replace(&mut current, character);
        if is_connector(character) && is_connector(previous) {
            out.push(previous);
            continue;
        }
        if is_connector(previous) {
            first_was_upper = character.is_uppercase();
            current = upper(character);
        } else {
            if first_was_upper {
                if character.is_uppercase() {
                    current = lower(character);
                } else {
                    first_was_upper = false;
                }
            }
            out.push(previous);
        }
    }
    out.push(current);
    out
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    None,
    Number,
    Upper,
    Alphabet,
    Connector,
    Punctuation,
    Other,
}

impl Word {
    fn is_letters(self) -> bool {
        matches!(self, Self::Alphabet | Self::Number)
    }

    /// False for what needs no connector before it.
    fn is_separable(self) -> bool {
        !matches!(self, Self::None | Self::Punctuation | Self::Connector)
    }
}

fn is_alphabet(character: char) -> bool {
    character.is_alphabetic() && (character.is_uppercase() || character.is_lowercase())
}

fn is_punctuation(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_punctuation()
            && !matches!(character, '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~');
    }
    matches!(character,
        '\u{a1}' | '\u{a7}' | '\u{ab}' | '\u{b6}' | '\u{b7}' | '\u{bb}' | '\u{bf}'
        | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{3001}'..='\u{3003}'
        | '\u{3008}'..='\u{3011}' | '\u{3014}'..='\u{301f}')
}

/// The first word of `text`: a run of one kind, where one upper case letter belongs to the lower
/// case ones after it.
fn next_word(text: &str) -> (Word, &str, &str) {
    let Some(first) = text.chars().next() else { return (Word::None, "", "") };
    let run = |belongs: &dyn Fn(char) -> bool| {
        text.find(|character| !belongs(character)).unwrap_or(text.len())
    };
    let (word, length) = if is_connector(first) {
        (Word::Connector, run(&is_connector))
    } else if is_punctuation(first) {
        (Word::Punctuation, run(&is_punctuation))
    } else if first.is_uppercase() {
        upper_word(text, run(&char::is_uppercase))
    } else if is_alphabet(first) {
        (Word::Alphabet, run(&|character| is_alphabet(character) && !character.is_uppercase()))
    } else if first.is_numeric() {
        (Word::Number, run(&char::is_numeric))
    } else {
        let ends = |character: char| {
            is_connector(character)
                || is_alphabet(character)
                || character.is_numeric()
                || is_punctuation(character)
        };
        (Word::Other, run(&|character| !ends(character)))
    };
    let (word_text, rest) = text.split_at(length);
    (word, word_text, rest)
}

fn upper_word(text: &str, length: usize) -> (Word, usize) {
    let (capitals, after) = text.split_at(length);
    let follows_lower = after.chars().next().is_some_and(is_alphabet);
    let count = capitals.chars().count();
    if count > 1 {
        let last = capitals.chars().next_back().map_or(0, char::len_utf8);
        return (Word::Upper, if follows_lower { length - last } else { length });
    }
    let lower = after
        .find(|character: char| !is_alphabet(character) || character.is_uppercase())
        .unwrap_or(after.len());
    (Word::Upper, length + lower)
}

/// Words in lower case with a connector between them.
fn separated(text: &str, connector: char) -> String {
    let mut out = String::new();
    let (mut kind, mut word, mut rest) = next_word(text);
    while !rest.is_empty() {
        if kind != Word::Connector {
            push_word(&mut out, kind, word, connector);
        }
        let previous = (kind, word);
        (kind, word, rest) = next_word(rest);
        match previous.0 {
            Word::Number => {
                while kind.is_letters() {
                    push_word(&mut out, kind, word, connector);
                    (kind, word, rest) = next_word(rest);
                }
                if kind.is_separable() {
                    out.push(connector);
                }
            }
            Word::Connector => push_word(&mut out, previous.0, previous.1, connector),
            Word::Punctuation => {}
            _ => (kind, word, rest) = after_word(&mut out, (kind, word, rest), connector),
        }
    }
    push_word(&mut out, kind, word, connector);
    out
}

/// What follows a word of letters: a number joins the letters after it.
fn after_word<'t>(
    out: &mut String,
    (mut kind, mut word, mut rest): (Word, &'t str, &'t str),
    connector: char,
) -> (Word, &'t str, &'t str) {
    if kind != Word::Number {
        if kind != Word::Connector && kind != Word::Punctuation {
            out.push(connector);
        }
        return (kind, word, rest);
    }
    if rest.is_empty() {
        return (kind, word, rest);
    }
    let number = word;
    (kind, word, rest) = next_word(rest);
    if kind != Word::Alphabet {
        push_word(out, Word::Number, number, connector);
        if kind != Word::Connector && kind != Word::Punctuation {
            out.push(connector);
        }
        return (kind, word, rest);
    }
    out.push(connector);
    push_word(out, Word::Number, number, connector);
    while kind.is_letters() {
        push_word(out, kind, word, connector);
        (kind, word, rest) = next_word(rest);
    }
    if kind.is_separable() {
        out.push(connector);
    }
    (kind, word, rest)
}

fn push_word(out: &mut String, kind: Word, word: &str, connector: char) {
    if kind != Word::Upper && kind != Word::Connector {
        out.push_str(word);
        return;
    }
    out.extend(
        word.chars().map(
            |character| {
                if is_connector(character) { connector } else { lower(character) }
            },
        ),
    );
}
