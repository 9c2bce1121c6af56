//! `.helmignore`: which files of a chart directory are left out.

use crate::{Error, pattern::shell::Shell};

/// The rules of one `.helmignore`, in order.
#[derive(Debug, Clone)]
pub(crate) struct IgnoreRules {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    pattern: Shell,
    negated: bool,
    directories_only: bool,
    /// A rule with a slash looks at the whole path, another at the last element.
    whole_path: bool,
}

impl IgnoreRules {
    /// Reads the file's text and adds Helm's own rule: dot files below `templates/`.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let mut rules = Vec::new();
        for line in text.trim_start_matches('\u{feff}').lines() {
            rules.extend(Rule::parse(line)?);
        }
        rules.extend(Rule::parse("templates/.?*")?);
        Ok(Self { rules })
    }

    /// Whether the file or directory at this path of the chart is left out.
    ///
    /// A negated rule leaves out everything that it does not match: Helm's reading, not Git's.
    pub(crate) fn ignores(&self, path: &str, is_directory: bool) -> bool {
        for rule in &self.rules {
            let wrong_kind = rule.directories_only && !is_directory;
            if rule.negated {
                if wrong_kind || !rule.matches(path) {
                    return true;
                }
            } else if !wrong_kind && rule.matches(path) {
                return true;
            }
        }
        false
    }
}

impl Rule {
    fn parse(line: &str) -> Result<Option<Self>, Error> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(None);
        }
        if line.contains("**") {
            let message =
                format!(".helmignore: {line:?}: double-star (**) syntax is not supported");
            return Err(Error::Chart(message));
        }
        let (negated, body) = line.strip_prefix('!').map_or((false, line), |body| (true, body));
        let (directories_only, body) =
            body.strip_suffix('/').map_or((false, body), |body| (true, body));
        let (rooted, body) = body.strip_prefix('/').map_or((false, body), |body| (true, body));
        let whole_path = rooted || body.contains('/');
        let pattern = Shell::parse(body)
            .map_err(|error| Error::Chart(format!(".helmignore: {line:?}: {error}")))?;
        Ok(Some(Self { pattern, negated, directories_only, whole_path }))
    }

    fn matches(&self, path: &str) -> bool {
        let last = path.rsplit('/').next().unwrap_or(path);
        self.pattern.matches(if self.whole_path { path } else { last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_leave_out_what_helm_leaves_out() {
        for (rule, path, is_directory, expected) in [
            ("helm.txt", "helm.txt", false, true),
            ("helm.*", "sub/helm.txt", false, true),
            ("helm", "rudder.txt", false, false),
            ("cargo", "cargo", true, true),
            ("cargo/", "cargo", true, true),
            ("cargo/", "mast", false, false),
            ("/a.txt", "a.txt", false, true),
            ("/a.txt", "cargo/a.txt", false, false),
            ("cargo/*.txt", "cargo/a.txt", false, true),
            ("cargo/*.txt", "cargo/sub/a.txt", false, false),
            ("# comment", "# comment", false, false),
            ("", "templates/.dotfile", false, true),
            ("", "templates/sub/.dotfile", false, false),
            ("", ".dotfile", false, false),
            ("!keep.txt", "keep.txt", false, false),
            ("!keep.txt", "other.txt", false, true),
            ("!cargo/", "a.txt", false, true),
        ] {
            let rules = IgnoreRules::parse(rule).unwrap();
            assert_eq!(rules.ignores(path, is_directory), expected, "{rule:?} {path:?}");
        }
    }

    #[test]
    fn double_stars_and_broken_patterns_are_refused() {
        for rule in ["a/**/b", "[a-"] {
            let error = IgnoreRules::parse(rule).unwrap_err().to_string();
            assert!(error.contains(rule), "{error}");
        }
    }
}
