//! Shell patterns with Go's `path/filepath.Match` rules: `*` and `?` stop at `/`, `[a-z]` and
//! `[^a-z]` are classes, a backslash quotes.

/// The pattern cannot be read (an open class, a trailing backslash).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub(crate) struct BadPattern;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Star,
    Any,
    Literal(char),
    Class { negated: bool, ranges: Vec<(char, char)> },
}

/// A pattern ready to be matched.
#[derive(Debug, Clone)]
pub(crate) struct Shell {
    tokens: Vec<Token>,
}

impl Shell {
    /// Reads a pattern.
    pub(crate) fn parse(pattern: &str) -> Result<Self, BadPattern> {
        let mut tokens = Vec::new();
        let mut chars = pattern.chars().peekable();
        while let Some(c) = chars.next() {
            tokens.push(match c {
                '*' => Token::Star,
                '?' => Token::Any,
                '[' => parse_class(&mut chars)?,
                '\\' => Token::Literal(chars.next().ok_or(BadPattern)?),
                other => Token::Literal(other),
            });
        }
        Ok(Self { tokens })
    }

    /// Whether the whole name matches.
    ///
    /// Backtracks to the last star only, so time is at most pattern times name.
    pub(crate) fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let (mut token, mut at) = (0, 0);
        let mut star: Option<(usize, usize)> = None;
        while at < name.len() {
            match self.tokens.get(token) {
                Some(Token::Star) => {
                    star = Some((token, at));
                    token += 1;
                    continue;
                }
                Some(single) if single.accepts(name[at]) => {
                    token += 1;
                    at += 1;
                    continue;
                }
                _ => {}
            }
            let Some((star_token, consumed)) = star.filter(|(_, from)| name[*from] != '/') else {
                return false;
            };
            star = Some((star_token, consumed + 1));
            token = star_token + 1;
            at = consumed + 1;
        }
        self.tokens[token..].iter().all(|rest| *rest == Token::Star)
    }
}

impl Token {
    fn accepts(&self, c: char) -> bool {
        match self {
            Token::Star => false,
            Token::Any => c != '/',
            Token::Literal(literal) => *literal == c,
            Token::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
        }
    }
}

fn parse_class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Token, BadPattern> {
    let negated = chars.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    loop {
        if !ranges.is_empty() && chars.next_if_eq(&']').is_some() {
            return Ok(Token::Class { negated, ranges });
        }
        let low = class_member(chars)?;
        let high = if chars.next_if_eq(&'-').is_some() { class_member(chars)? } else { low };
        ranges.push((low, high));
    }
}

fn class_member(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<char, BadPattern> {
    match chars.next() {
        None | Some('-' | ']') => Err(BadPattern),
        Some('\\') => chars.next().ok_or(BadPattern),
        Some(c) => Ok(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_go_matches_them() {
        for (pattern, name, expected) in [
            ("*", "abc", true),
            ("*", "a/b", false),
            ("a*/b", "abc/b", true),
            ("a*/b", "a/c/b", false),
            ("ab[c-e]", "abd", true),
            ("ab[^c-e]", "abd", false),
            ("a???b", "a☺☻☹b", true),
            ("*x", "xxx", true),
            ("a\\*b", "a*b", true),
            ("templates/.?*", "templates/.hidden", true),
            ("templates/.?*", "templates/.", false),
            ("*.tgz", "a.tgz.bak", false),
            ("a*b*c", "aXbYbZc", true),
            ("", "", true),
            ("**", "ab", true),
        ] {
            let parsed = Shell::parse(pattern).unwrap();
            assert_eq!(parsed.matches(name), expected, "{pattern:?} {name:?}");
        }
    }

    #[test]
    fn broken_patterns_are_refused() {
        for pattern in ["[", "[]a]", "[a-]", "a\\", "[-x]", "[^"] {
            assert_eq!(Shell::parse(pattern).err(), Some(BadPattern), "{pattern:?}");
        }
    }
}
