//! What a commit says about itself.

use gix::ObjectId;

/// Somebody at some time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The name; bytes that are not UTF-8 are replaced.
    pub name: String,
    /// The e-mail address, treated alike.
    pub email: String,
    /// Seconds since 1970; before it, or unreadable, it is what the commit says or 0.
    pub seconds: i64,
}

/// What is shown of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The first line of the message.
    pub summary: String,
    /// Who wrote the change.
    pub author: Person,
    /// Who made the commit, and when it counts as made.
    pub committer: Person,
    pub(crate) tree: ObjectId,
    pub(crate) parents: Vec<ObjectId>,
}

/// Longest first line that is kept.
const MAX_SUMMARY: usize = 500;
const MAX_PARENTS: usize = 1000;

impl Commit {
    /// Reads a commit object. What people write in it (names, times, the message) is taken as it
    /// comes; the tree must be named exactly once, as every Git reads it.
    pub(crate) fn parse(data: &[u8]) -> Result<Self, &'static str> {
        let end = find(data, b"\n\n").unwrap_or(data.len());
        let (headers, message) = data.split_at(end);
        let mut lines = headers.split(|byte| *byte == b'\n');
        let tree = lines
            .next()
            .and_then(|line| line.strip_prefix(b"tree "))
            .and_then(|hex| ObjectId::from_hex(hex).ok())
            .ok_or("the commit does not begin with its tree")?;
        let (mut parents, mut author, mut committer) = (Vec::new(), None, None);
        for line in lines {
            if line.starts_with(b"tree ") {
                return Err("the commit names two trees");
            } else if let Some(hex) = line.strip_prefix(b"parent ") {
                let id = ObjectId::from_hex(hex).map_err(|_| "a parent is not an id")?;
                parents.push(id);
            } else if let Some(person) = line.strip_prefix(b"author ") {
                author.get_or_insert_with(|| Person::parse(person));
            } else if let Some(person) = line.strip_prefix(b"committer ") {
                committer.get_or_insert_with(|| Person::parse(person));
            }
        }
        if parents.len() > MAX_PARENTS {
            return Err("the commit has too many parents");
        }
        let message = message.trim_ascii_start();
        let first = message.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let summary = String::from_utf8_lossy(first).trim().chars().take(MAX_SUMMARY).collect();
        let author = author.unwrap_or_default();
        Ok(Self { summary, author, committer: committer.unwrap_or_default(), tree, parents })
    }
}

impl Person {
    /// Reads `Name <email> seconds zone`.
    fn parse(line: &[u8]) -> Self {
        let text = String::from_utf8_lossy(line);
        let (name, rest) = text.split_once('<').unwrap_or((&text, ""));
        let (email, time) = rest.rsplit_once('>').unwrap_or((rest, ""));
        let seconds = time.split_ascii_whitespace().next().and_then(|digits| digits.parse().ok());
        Self {
            name: name.trim().to_owned(),
            email: email.trim().to_owned(),
            seconds: seconds.unwrap_or(0),
        }
    }
}

fn find(data: &[u8], pattern: &[u8]) -> Option<usize> {
    data.windows(pattern.len()).position(|window| window == pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "tree 0123456789abcdef0123456789abcdef01234567\n";

    fn parse(rest: &[u8]) -> Result<Commit, &'static str> {
        Commit::parse(&[TREE.as_bytes(), rest].concat())
    }

    #[test]
    fn strange_names_and_times_are_shown_as_well_as_possible() {
        let commit = parse(
            b"parent 0123456789abcdef0123456789abcdef01234567\n\
              author J\xf6rg <j@x> -2208988800 +9999\n\
              committer A <a<b>> 4300000000 -1200\n\n  first \xff line\nsecond\n",
        )
        .unwrap();
        assert_eq!(commit.summary, "first \u{fffd} line");
        assert_eq!(commit.author.name, "J\u{fffd}rg");
        assert_eq!(commit.author.seconds, -2_208_988_800);
        assert_eq!(commit.committer.seconds, 4_300_000_000);
        assert_eq!(commit.parents.len(), 1);
        for odd in
            [&b"author\ncommitter x y z\n"[..], b"committer <> 99999999999999999999 +0\n\n", b""]
        {
            assert_eq!(parse(odd).unwrap().committer.seconds, 0);
        }
    }

    #[test]
    fn a_commit_that_could_be_read_in_two_ways_is_refused() {
        let second = format!("{TREE}author a <a> 1 +0\n\nx");
        assert_eq!(parse(second.as_bytes()), Err("the commit names two trees"));
        assert!(Commit::parse(b"author a <a> 1 +0\n").is_err());
        assert!(Commit::parse(b"tree 01\n\nx").is_err());
        let in_message = parse(format!("\n{TREE}").as_bytes()).unwrap();
        assert!(in_message.summary.starts_with("tree "), "a message may say anything");
    }
}
