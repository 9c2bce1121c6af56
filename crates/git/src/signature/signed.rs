//! Splits an object into what was signed and the signature, as Git does.

use super::{TrustedKeys, Unverified};
use gix::ObjectId;
use std::borrow::Cow;

/// A commit or a tag, with its signature apart.
pub(crate) struct Signed<'a> {
    payload: Cow<'a, [u8]>,
    signature: Option<Vec<u8>>,
}

impl<'a> Signed<'a> {
    /// Takes a commit apart: the signature is in the header `gpgsig`, the payload is everything
    /// else (git-scm.com, gitformat-signature).
    pub(crate) fn commit(raw: &'a [u8]) -> Result<Self, Unverified> {
        let headers = Headers::split(raw)?;
        let mut stage = 0;
        let (mut payload, mut signature) = (Vec::with_capacity(raw.len()), None);
        for header in &headers.list {
            // Who reads the first of two and who reads the last would see different commits.
            stage = match (header.name, stage) {
                (b"tree", 0) | (b"parent", 1) => 1,
                (b"author", 1) => 2,
                (b"committer", 2) => 3,
                (b"tree" | b"parent" | b"author" | b"committer", _) => {
                    return Err(out_of_place("commit", header.name));
                }
                (_, 3) => 3,
                (name, _) => return Err(out_of_place("commit", name)),
            };
            if header.name == b"gpgsig" || header.name == b"gpgsig-sha256" {
                let value = header.value();
                if header.name == b"gpgsig" && signature.replace(value).is_some() {
                    return Err(Unverified::Ambiguous("the commit has two signatures".into()));
                }
            } else {
                payload.extend_from_slice(header.raw);
            }
        }
        if stage != 3 {
            return Err(Unverified::Ambiguous("the commit lacks a header".into()));
        }
        payload.extend_from_slice(headers.rest);
        Ok(Self { payload: Cow::Owned(payload), signature })
    }

    /// Takes a tag apart: the signature is at its end. The tag must name this commit, and itself
    /// as it is called: a signature under another name says nothing about this one.
    pub(crate) fn tag(raw: &'a [u8], name: &str, commit: &ObjectId) -> Result<Self, Unverified> {
        let headers = Headers::split(raw)?;
        let expected = [
            (&b"object"[..], commit.to_string().into_bytes()),
            (b"type", b"commit".to_vec()),
            (b"tag", name.as_bytes().to_vec()),
        ];
        for (index, (key, value)) in expected.iter().enumerate() {
            let Some(header) = headers.list.get(index).filter(|header| header.name == *key) else {
                return Err(out_of_place("tag", key));
            };
            if header.value() != *value {
                let why = format!(
                    "the tag says {} {:?}, not {:?}",
                    String::from_utf8_lossy(key),
                    String::from_utf8_lossy(&header.value()),
                    String::from_utf8_lossy(value)
                );
                return Err(Unverified::Ambiguous(why));
            }
        }
        for header in headers.list.iter().skip(3) {
            if header.name != b"tagger" || headers.list.len() > 4 {
                return Err(out_of_place("tag", header.name));
            }
        }
        let end = raw.len() - headers.rest.len() + signature_start(headers.rest);
        let (payload, signature) = raw.split_at(end);
        let signature = (!signature.is_empty()).then(|| signature.to_vec());
        Ok(Self { payload: Cow::Borrowed(payload), signature })
    }

    /// Which trusted key signed.
    pub(crate) fn verify(&self, keys: &TrustedKeys) -> Result<String, Unverified> {
        let signature = self.signature.as_ref().ok_or(Unverified::Unsigned)?;
        keys.verify(&self.payload, signature)
    }
}

/// Where the last signature of a message begins, as Git finds it.
fn signature_start(message: &[u8]) -> usize {
    let (mut start, mut at) = (message.len(), 0);
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        let begins = [
            &b"-----BEGIN PGP SIGNATURE-----"[..],
            b"-----BEGIN PGP MESSAGE-----",
            b"-----BEGIN SIGNED MESSAGE-----",
            b"-----BEGIN SSH SIGNATURE-----",
        ];
        if begins.iter().any(|begin| line.starts_with(begin)) {
            start = at;
        }
        at += line.len();
    }
    start
}

fn out_of_place(kind: &str, name: &[u8]) -> Unverified {
    let name: String = String::from_utf8_lossy(name).chars().take(40).collect();
    Unverified::Ambiguous(format!(
        "the {kind}'s header {name:?} is missing, doubled or out of place"
    ))
}

struct Header<'a> {
    name: &'a [u8],
    /// With its continuation lines and line ends.
    raw: &'a [u8],
}

impl Header<'_> {
    /// The text after the name; continuation lines lose the space that marks them.
    fn value(&self) -> Vec<u8> {
        let text = self.raw.get(self.name.len() + 1..).unwrap_or_default();
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        let mut value = Vec::with_capacity(text.len());
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            if index > 0 {
                value.push(b'\n');
                value.extend_from_slice(line.strip_prefix(b" ").unwrap_or(line));
            } else {
                value.extend_from_slice(line);
            }
        }
        value
    }
}

struct Headers<'a> {
    list: Vec<Header<'a>>,
    /// From the empty line on.
    rest: &'a [u8],
}

impl<'a> Headers<'a> {
    fn split(raw: &'a [u8]) -> Result<Self, Unverified> {
        let ambiguous = |why: &str| Unverified::Ambiguous(why.to_owned());
        let (mut list, mut at): (Vec<Header<'a>>, usize) = (Vec::new(), 0);
        while at < raw.len() && raw[at] != b'\n' {
            let mut end = line_end(raw, at);
            while end < raw.len() && raw[end] == b' ' {
                end = line_end(raw, end);
            }
            let whole = &raw[at..end];
            if whole.contains(&0) {
                return Err(ambiguous("a header holds a NUL"));
            }
            let name = whole.split(|byte| matches!(byte, b' ' | b'\n')).next().unwrap_or_default();
            if name.is_empty() || whole.get(name.len()) != Some(&b' ') || !whole.ends_with(b"\n") {
                return Err(ambiguous("a header cannot be read"));
            }
            list.push(Header { name, raw: whole });
            at = end;
        }
        Ok(Self { list, rest: &raw[at..] })
    }
}

/// The position after the line that begins at `at`.
fn line_end(raw: &[u8], at: usize) -> usize {
    raw[at..].iter().position(|byte| *byte == b'\n').map_or(raw.len(), |length| at + length + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "tree 0123456789abcdef0123456789abcdef01234567\n";
    const PEOPLE: &str = "author a <a> 1 +0000\ncommitter a <a> 1 +0000\n";
    const SIGNATURE: &str = "gpgsig -----BEGIN X-----\n \n ab\n -----END X-----\n";

    fn commit(text: &str) -> Result<(String, Option<String>), Unverified> {
        Signed::commit(text.as_bytes()).map(|signed| {
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            (text(&signed.payload), signed.signature.as_deref().map(text))
        })
    }

    #[test]
    fn the_payload_is_the_commit_without_its_signature() {
        let whole = format!("{HEAD}{PEOPLE}{SIGNATURE}encoding x\n\nmessage\n\nwith gpgsig x\n");
        let (payload, signature) = commit(&whole).unwrap();
        assert_eq!(payload, format!("{HEAD}{PEOPLE}encoding x\n\nmessage\n\nwith gpgsig x\n"));
        assert_eq!(signature.unwrap(), "-----BEGIN X-----\n\nab\n-----END X-----");
        assert_eq!(commit(&format!("{HEAD}{PEOPLE}\n")).unwrap().1, None);
    }

    #[test]
    fn a_commit_that_can_be_read_in_two_ways_is_refused() {
        for text in [
            format!("{HEAD}{HEAD}{PEOPLE}\nx"),
            format!("{HEAD}{PEOPLE}{HEAD}\nx"),
            format!("{HEAD}{PEOPLE}{SIGNATURE}{HEAD}\nx"),
            format!(
                "{HEAD}{PEOPLE}{SIGNATURE}parent 0123456789abcdef0123456789abcdef01234567\n\nx"
            ),
            format!("{HEAD}{PEOPLE}{SIGNATURE}{SIGNATURE}\nx"),
            format!("{HEAD}{PEOPLE}author b <b> 1 +0000\n\nx"),
            format!("{SIGNATURE}{HEAD}{PEOPLE}\nx"),
            format!("{HEAD}author a\0 <a> 1 +0000\ncommitter a <a> 1 +0000\n\nx"),
            format!("{PEOPLE}\nx"),
            format!("{HEAD}\nx"),
            format!("{HEAD}{PEOPLE}nospace\n\nx"),
            String::new(),
        ] {
            assert!(matches!(commit(&text), Err(Unverified::Ambiguous(_))), "{text:?}");
        }
    }

    #[test]
    fn a_tag_speaks_for_its_own_name_and_commit_only() {
        let id = ObjectId::from_hex(b"0123456789abcdef0123456789abcdef01234567").unwrap();
        let tag = |name: &str, object: &str, more: &str| {
            format!(
                "object {object}\ntype commit\ntag {name}\n{more}\nmessage\n-----BEGIN SSH SIGNATURE-----\nx\n"
            )
        };
        let good = tag("v1", &id.to_string(), "tagger a <a> 1 +0000\n");
        let signed = Signed::tag(good.as_bytes(), "v1", &id).unwrap();
        assert!(signed.signature.is_some());
        assert!(signed.payload.ends_with(b"\nmessage\n"));
        for bad in [
            tag("v2", &id.to_string(), ""),
            tag("v1", "1123456789abcdef0123456789abcdef01234567", ""),
            tag("v1", &id.to_string(), "object 1123456789abcdef0123456789abcdef01234567\n"),
            tag("v1", &id.to_string(), "tagger a\ntagger b\n"),
        ] {
            let refused = Signed::tag(bad.as_bytes(), "v1", &id);
            assert!(matches!(refused, Err(Unverified::Ambiguous(_))), "{bad}");
        }
    }
}
