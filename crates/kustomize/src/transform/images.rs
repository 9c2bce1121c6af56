//! Image names, tags and digests.

use inhaul_yaml::{Node, NodeKind, Tag};
use regex::Regex;

use crate::collection::Collection;
use crate::error::Result;
use crate::field;
use crate::fieldspec::{self, Create, FieldSpec};
use crate::settings::Image;

/// One entry of `images`, ready to match.
struct Rule<'a> {
    image: &'a Image,
    pattern: Pattern,
}

/// What the name of an entry means.
enum Pattern {
    /// Itself, but for dots, which match any character: the usual case, and much cheaper.
    Literal,
    Regex(Box<Regex>),
    /// No regular expression: such an entry matches nothing.
    Invalid,
}

/// Whether what follows a name is a tag, a digest, both or nothing.
fn is_version(rest: &str) -> bool {
    let valid = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "_.{}-".contains(c));
    let (tag, digest) = match rest.split_once('@') {
        Some((tag, digest)) => (tag, Some(digest)),
        None => (rest, None),
    };
    let is_tag = tag.is_empty() || tag.strip_prefix(':').is_some_and(valid);
    let is_digest = |digest: &str| {
        let Some((algorithm, value)) = digest.split_once(':') else { return false };
        let word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric());
        valid(value) && algorithm.split(['.', '+', '_', '-']).all(word)
    };
    is_tag && digest.is_none_or(is_digest)
}

/// Splits an image into name, tag and digest; what stands before the first slash is never a tag.
fn split(image: &str) -> (&str, &str, &str) {
    let host = image.find('/').unwrap_or(0);
    let find = |mark: char| image[host..].find(mark).map(|at| host + at);
    match (find('@'), find(':')) {
        (None, None) => (image, "", ""),
        (Some(at), colon) if colon.is_none_or(|colon| at < colon) => {
            (&image[..at], "", &image[at + 1..])
        }
        (Some(at), Some(colon)) => (&image[..colon], &image[colon + 1..at], &image[at + 1..]),
        (_, Some(colon)) => (&image[..colon], &image[colon + 1..], ""),
        (Some(at), None) => (&image[..at], "", &image[at + 1..]),
    }
}

impl<'a> Rule<'a> {
    fn new(image: &'a Image) -> Self {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_/:@.".contains(c);
        if image.name.chars().all(plain) {
            return Self { image, pattern: Pattern::Literal };
        }
        let pattern = format!(
            "^{}(:[a-zA-Z0-9_.{{}}-]*)?(@[a-zA-Z0-9]+([.+_-][a-zA-Z0-9]+)*:[a-zA-Z0-9_.{{}}-]*)?$",
            image.name
        );
        let pattern =
            Regex::new(&pattern).map_or(Pattern::Invalid, |r| Pattern::Regex(Box::new(r)));
        Self { image, pattern }
    }

    fn matches(&self, text: &str) -> bool {
        match &self.pattern {
            Pattern::Literal => {
                let name = self.image.name.as_bytes();
                let same = |(own, other): (&u8, &u8)| own == other || *own == b'.';
                text.is_ascii()
                    && text.len() >= name.len()
                    && name.iter().zip(text.as_bytes()).all(same)
                    && is_version(&text[name.len()..])
            }
            Pattern::Regex(pattern) => pattern.is_match(text),
            Pattern::Invalid => false,
        }
    }

    fn set(&self, node: &mut Node) -> Result<()> {
        if node.is_null() {
            return Ok(());
        }
        let NodeKind::Scalar(text) = &node.kind else {
            return Err(field::wrong_kind("ScalarNode", node));
        };
        if !self.matches(text) {
            return Ok(());
        }
        let (name, tag, digest) = split(text);
        let image = self.image;
        let name = if image.new_name.is_empty() { name } else { &image.new_name };
        let with_suffix = format!("{tag}{}", image.tag_suffix);
        let (tag, digest) = match (image.new_tag.as_str(), image.digest.as_str()) {
            ("", "") if image.tag_suffix.is_empty() => (tag, digest),
            ("", "") => (with_suffix.as_str(), ""),
            (new_tag, new_digest) => (new_tag, new_digest),
        };
        let mut result = name.to_owned();
        for (mark, part) in [(':', tag), ('@', digest)] {
            if !part.is_empty() {
                result.push(mark);
                result.push_str(part);
            }
        }
        field::set_scalar(node, &result, Tag::None)
    }

    /// Changes the images of every list of containers, wherever it is.
    fn walk(&self, node: &mut Node) -> Result<()> {
        match &mut node.kind {
            NodeKind::Scalar(_) => Ok(()),
            NodeKind::Sequence(items) => items.iter_mut().try_for_each(|item| self.walk(item)),
            NodeKind::Mapping(entries) => entries.iter_mut().try_for_each(|(key, value)| {
                self.walk(value)?;
                match (key.text(), &mut value.kind) {
                    (Some("containers" | "initContainers"), NodeKind::Sequence(items)) => {
                        items.iter_mut().try_for_each(|item| self.container(item))
                    }
                    _ => Ok(()),
                }
            }),
        }
    }

    fn container(&self, item: &mut Node) -> Result<()> {
        if item.is_null() {
            return Ok(());
        }
        if item.entries().is_none() {
            return Err(field::wrong_kind("MappingNode", item));
        }
        item.get_mut("image").map_or(Ok(()), |image| self.set(image))
    }
}

/// Applies one entry of `images`.
pub(crate) fn transform(
    resources: &mut Collection,
    image: &Image,
    table: &[FieldSpec],
) -> Result<()> {
    let rule = Rule::new(image);
    for resource in resources.contents_mut() {
        if resource.kind() != "CustomResourceDefinition" {
            rule.walk(&mut resource.node)?;
        }
    }
    for resource in resources.contents_mut() {
        if resource.kind() == "CustomResourceDefinition" {
            continue;
        }
        for spec in table {
            fieldspec::apply(resource, spec, Create::Never, &mut |node| rule.set(node))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_split_after_the_host() {
        for (image, parts) in [
            ("nginx", ("nginx", "", "")),
            ("nginx:1", ("nginx", "1", "")),
            ("host:5000/nginx", ("host:5000/nginx", "", "")),
            ("host:5000/nginx:1@sha256:abc", ("host:5000/nginx", "1", "sha256:abc")),
            ("nginx@sha256:abc", ("nginx", "", "sha256:abc")),
        ] {
            assert_eq!(split(image), parts, "{image}");
        }
    }
}
