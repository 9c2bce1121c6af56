//! The argument, character by character.

/// A position in the argument.
pub(super) struct Scanner {
    chars: Vec<char>,
    at: usize,
    /// Whether a backslash quotes the next character.
    escapes: bool,
}

impl Scanner {
    pub(super) fn new(text: &str, escapes: bool) -> Self {
        Self { chars: text.chars().collect(), at: 0, escapes }
    }

    /// Reads up to one of `stops` and takes it; `None` as the stop means the end came first.
    pub(super) fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        let mut text = String::new();
        while let Some(c) = self.next() {
            if stops.contains(&c) {
                return (text, Some(c));
            }
            if c == '\\' && self.escapes {
                text.extend(self.next());
            } else {
                text.push(c);
            }
        }
        (text, None)
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.chars.get(self.at).copied()?;
        self.at += 1;
        Some(c)
    }

    pub(super) fn next_if(&mut self, wanted: char) -> bool {
        let found = self.chars.get(self.at) == Some(&wanted);
        self.at += usize::from(found);
        found
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.chars.len()
    }

    /// Skips blanks and one comma; true if nothing else stood there.
    pub(super) fn skip_blank_value(&mut self) -> bool {
        loop {
            match self.chars.get(self.at) {
                None => return true,
                Some(',') => {
                    self.at += 1;
                    return true;
                }
                Some(c) if c.is_whitespace() => self.at += 1,
                Some(_) => return false,
            }
        }
    }

    /// What is left, as text.
    pub(super) fn rest(&self) -> String {
        self.chars[self.at.min(self.chars.len())..].iter().collect()
    }

    /// Skips as many characters as `text` has.
    pub(super) fn skip(&mut self, text: &str) {
        self.at += text.chars().count();
    }
}
