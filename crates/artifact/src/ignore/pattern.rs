//! One pattern with the rules of go-git, which Flux uses. They are close to those of Git, but a
//! file can be taken back from a directory that is left out, and `**` counts only as a whole
//! element.

use inhaul_tree::TreePath;

/// What a pattern says of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Nothing,
    Exclude,
    Include,
}

#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// The directory whose file held the pattern.
    directory: Vec<String>,
    inclusion: bool,
    directories_only: bool,
    /// Split at slashes; one element alone is a name that is looked for at any depth.
    elements: Vec<String>,
    anchored: bool,
}

impl Pattern {
    pub(super) fn parse(line: &str, directory: &TreePath) -> Self {
        let (inclusion, line) = match line.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        let line = if line.ends_with("\\ ") { line } else { line.trim_end_matches(' ') };
        let (directories_only, line) = match line.strip_suffix('/') {
            Some(rest) => (true, rest),
            None => (false, line),
        };
        Self {
            directory: directory.elements().map(str::to_owned).collect(),
            inclusion,
            directories_only,
            elements: line.split('/').map(str::to_owned).collect(),
            anchored: line.contains('/'),
        }
    }

    pub(super) fn is_inclusion(&self) -> bool {
        self.inclusion
    }

    pub(super) fn judge(&self, path: &[&str], is_directory: bool) -> Verdict {
        let Some((above, below)) = path.split_at_checked(self.directory.len()) else {
            return Verdict::Nothing;
        };
        if below.is_empty() || above != self.directory {
            return Verdict::Nothing;
        }
        let matches = if self.anchored {
            self.matches_path(below, is_directory)
        } else {
            self.matches_name(below, is_directory)
        };
        match (matches, self.inclusion) {
            (false, _) => Verdict::Nothing,
            (true, false) => Verdict::Exclude,
            (true, true) => Verdict::Include,
        }
    }

    fn matches_name(&self, path: &[&str], is_directory: bool) -> bool {
        let Some(pattern) = self.elements.first() else { return false };
        for (position, name) in path.iter().enumerate() {
            match matches_element(pattern, name) {
                None => return false,
                Some(false) => {}
                Some(true) => {
                    let is_last = position + 1 == path.len();
                    return !(self.directories_only && is_last && !is_directory);
                }
            }
        }
        false
    }

    /// Matches element by element from the start; what the pattern does not reach is below what
    /// it matched.
    fn matches_path(&self, mut path: &[&str], is_directory: bool) -> bool {
        let (mut matched, mut any_depth) = (false, false);
        for (position, pattern) in self.elements.iter().enumerate() {
            if pattern.is_empty() {
                any_depth = false;
                continue;
            }
            if pattern == "**" {
                if position + 1 == self.elements.len() {
                    break;
                }
                any_depth = true;
                continue;
            }
            if pattern.contains("**") {
                return false;
            }
            let Some((first, rest)) = path.split_first() else { return false };
            if any_depth {
                any_depth = false;
                matched = false;
                while let Some((name, rest)) = path.split_first() {
                    path = rest;
                    match matches_element(pattern, name) {
                        None => return false,
                        Some(true) => {
                            matched = true;
                            break;
                        }
                        Some(false) => {}
                    }
                }
            } else if matches_element(pattern, first) == Some(true) {
                matched = true;
                path = rest;
            } else {
                return false;
            }
        }
        matched && !(self.directories_only && path.is_empty() && !is_directory)
    }
}

/// Go's `filepath.Match` on one element: `*`, `?`, `[a-z]`, `[^a]`, and `\` before a character
/// that is meant. `None` for a pattern that is broken where it was looked at.
fn matches_element(pattern: &str, name: &str) -> Option<bool> {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    matches_chars(&pattern, &name)
}

fn matches_chars(mut pattern: &[char], mut name: &[char]) -> Option<bool> {
    // The last star, to which matching returns, and how much of the name it took.
    let mut star: Option<(&[char], &[char])> = None;
    loop {
        if let [first, rest @ ..] = pattern
            && *first == '*'
        {
            star = Some((rest, name));
            pattern = rest;
            continue;
        }
        if pattern.is_empty() && name.is_empty() {
            return Some(true);
        }
        if let Some((rest, true)) = step(pattern, name.first().copied())? {
            pattern = rest;
            name = name.get(1..)?;
            continue;
        }
        // A star takes one more character, if there is one.
        let Some((after_star, [_, taken @ ..])) = star else {
            return is_sound(pattern).then_some(false);
        };
        star = Some((after_star, taken));
        pattern = after_star;
        name = taken;
    }
}

/// Matches the first character of the name: the rest of the pattern and whether it matched, or
/// `None` inside for the end of either. The outer `None` is a broken pattern.
#[expect(clippy::option_option, reason = "a broken pattern is not the same as no match")]
fn step(pattern: &[char], next: Option<char>) -> Option<Option<(&[char], bool)>> {
    let Some(next) = next else { return Some(None) };
    match pattern {
        [] => Some(None),
        ['?', rest @ ..] => Some(Some((rest, true))),
        ['[', rest @ ..] => class(rest, next).map(Some),
        ['\\', literal, rest @ ..] => Some(Some((rest, *literal == next))),
        ['\\'] => None,
        [literal, rest @ ..] => Some(Some((rest, *literal == next))),
    }
}

/// A class after its `[`: what follows it, and whether `next` is in it.
fn class(pattern: &[char], next: char) -> Option<(&[char], bool)> {
    let (negated, mut rest) = match pattern {
        ['^', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let (mut found, mut count) = (false, 0);
    loop {
        if let [']', after @ ..] = rest
            && count > 0
        {
            return Some((after, found != negated));
        }
        let (low, after) = class_char(rest)?;
        let (high, after) = match after {
            ['-', after @ ..] => class_char(after)?,
            _ => (low, after),
        };
        rest = after;
        found |= (low..=high).contains(&next);
        count += 1;
    }
}

fn class_char(pattern: &[char]) -> Option<(char, &[char])> {
    let (character, rest) = match pattern {
        [] | ['-' | ']', ..] | ['\\'] => return None,
        ['\\', escaped, rest @ ..] => (*escaped, rest),
        [plain, rest @ ..] => (*plain, rest),
    };
    // Go wants something after each character of a class.
    if rest.is_empty() { None } else { Some((character, rest)) }
}

/// Whether the rest of a pattern could be read. Go looks at all of it before it says "no match".
fn is_sound(mut pattern: &[char]) -> bool {
    while let Some((first, rest)) = pattern.split_first() {
        pattern = match first {
            '[' => match class(rest, '\0') {
                Some((after, _)) => after,
                None => return false,
            },
            '\\' => match rest.split_first() {
                Some((_, after)) => after,
                None => return false,
            },
            _ => rest,
        };
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers of go-git v5 to `directory|pattern|path|kind`: 0 nothing, 1 exclude, 2 include.
    const ORACLE: &str = include_str!("oracle.txt");

    #[test]
    fn patterns_mean_what_they_mean_to_go_git() {
        let mut wrong = Vec::new();
        for line in ORACLE.lines() {
            let mut fields = line.split('|');
            let mut field = || fields.next().unwrap();
            let (directory, pattern, path, kind, expected) =
                (field(), field(), field(), field(), field());
            let pattern = Pattern::parse(pattern, &TreePath::parse(directory).unwrap());
            let elements: Vec<&str> = path.split('/').collect();
            let found = match pattern.judge(&elements, kind == "d") {
                Verdict::Nothing => "0",
                Verdict::Exclude => "1",
                Verdict::Include => "2",
            };
            if found != expected {
                wrong.push(format!("{line} but {found}"));
            }
        }
        assert!(
            wrong.is_empty(),
            "{} of {}:\n{}",
            wrong.len(),
            ORACLE.lines().count(),
            wrong.join("\n")
        );
        assert!(ORACLE.lines().count() > 500);
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = "*a".repeat(50);
        let name = "a".repeat(5000) + "b";
        assert_eq!(matches_element(&pattern, &name), Some(false));
    }
}
