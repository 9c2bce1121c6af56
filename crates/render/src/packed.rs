//! A complete render, packed so that many of them fit into memory.

use crate::{Rendered, RenderedObject};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use inhaul_object::{Object, ObjectId};
use serde_json::Value;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{Read, Write};

/// Objects are packed in groups of about this size: small enough that one object is found
/// quickly, large enough to shrink well.
const GROUP_BYTES: usize = 32 * 1024;

/// A complete render, packed. It holds Secrets as they are, so it must stay in memory; it cannot
/// be printed.
pub struct Packed {
    groups: Vec<Box<[u8]>>,
    /// Which group holds an object: a hash of its group, kind and name, and the group's index,
    /// sorted.
    places: Vec<(u64, u32)>,
    warnings: Vec<String>,
}

impl Packed {
    /// Packs a render. `None` if it cannot be packed.
    pub fn of(rendered: &Rendered) -> Option<Self> {
        let (mut groups, mut places) = (Vec::new(), Vec::new());
        let mut text = Vec::with_capacity(GROUP_BYTES * 2);
        for RenderedObject { object, origin } in rendered.objects() {
            let place = u32::try_from(groups.len()).ok()?;
            places.push((hash(object.group(), object.kind(), object.name()), place));
            serde_json::to_writer(&mut text, &(object.as_json(), origin)).ok()?;
            if text.len() >= GROUP_BYTES {
                groups.push(deflate(&text)?);
                text.clear();
            }
        }
        if !text.is_empty() {
            groups.push(deflate(&text)?);
        }
        places.sort_unstable();
        Some(Self { groups, places, warnings: rendered.warnings().to_vec() })
    }

    /// How much memory it takes.
    pub fn bytes(&self) -> usize {
        let groups: usize = self.groups.iter().map(|group| group.len()).sum();
        let warnings: usize = self.warnings.iter().map(String::len).sum();
        groups + warnings + self.places.len() * size_of::<(u64, u32)>()
    }

    /// The render as it was. `None` if it cannot be read, which means that memory is broken.
    pub fn unpack(&self) -> Option<Rendered> {
        let mut objects = Vec::with_capacity(self.places.len());
        for group in &self.groups {
            objects.extend(inflate(group)?);
        }
        Some(Rendered::new(objects, self.warnings.clone()))
    }

    /// The objects with the group, kind and name of one of `ids`. Their namespaces are those of
    /// the render, which an object of a kind without namespaces loses on its way to the cluster.
    pub fn find(&self, ids: &HashSet<ObjectId>) -> Option<Vec<RenderedObject>> {
        let hashes: HashSet<u64> =
            ids.iter().map(|id| hash(&id.group, &id.kind, &id.name)).collect();
        let mut places: Vec<u32> = hashes
            .iter()
            .flat_map(|hash| {
                let first = self.places.partition_point(|(other, _)| other < hash);
                self.places[first..].iter().take_while(move |(other, _)| other == hash)
            })
            .map(|(_, place)| *place)
            .collect();
        places.sort_unstable();
        places.dedup();
        let mut found = Vec::with_capacity(ids.len());
        for place in places {
            let objects = inflate(self.groups.get(place as usize)?)?;
            found.extend(objects.into_iter().filter(|rendered| {
                let object = &rendered.object;
                hashes.contains(&hash(object.group(), object.kind(), object.name()))
            }));
        }
        Some(found)
    }
}

fn hash(group: &str, kind: &str, name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (group, kind, name).hash(&mut hasher);
    hasher.finish()
}

fn deflate(text: &[u8]) -> Option<Box<[u8]>> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(text.len() / 4), Compression::fast());
    encoder.write_all(text).ok()?;
    Some(encoder.finish().ok()?.into_boxed_slice())
}

fn inflate(group: &[u8]) -> Option<Vec<RenderedObject>> {
    let mut text = Vec::with_capacity(GROUP_BYTES * 2);
    DeflateDecoder::new(group).read_to_end(&mut text).ok()?;
    serde_json::Deserializer::from_slice(&text)
        .into_iter::<(Value, Option<String>)>()
        .map(|read| {
            let (object, origin) = read.ok()?;
            Some(RenderedObject { object: Object::from_json(object).ok()?, origin })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn rendered(count: usize) -> Rendered {
        let objects = (0..count).map(|number| {
            let object = json!({
                "apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": format!("a-{number}"), "namespace": "x"},
                "data": {"number": number, "ratio": 0.1 + number as f64, "text": "lorem ".repeat(20)}});
            RenderedObject {
                object: Object::from_json(object).expect("an object"),
                origin: Some(format!("file-{number}.yaml")),
            }
        });
        Rendered::new(objects.collect(), vec!["a warning".to_owned()])
    }

    #[test]
    fn what_was_packed_is_what_is_unpacked_and_smaller() {
        let whole = rendered(1000);
        let packed = Packed::of(&whole).expect("it can be packed");
        assert_eq!(packed.unpack().as_ref(), Some(&whole));
        assert!(packed.bytes() < whole.to_yaml().len() / 3, "{}", packed.bytes());
        let nothing = rendered(0);
        assert_eq!(Packed::of(&nothing).and_then(|packed| packed.unpack()), Some(nothing));
    }

    #[test]
    fn one_object_is_found_without_unpacking_all() {
        let packed = Packed::of(&rendered(1000)).expect("it can be packed");
        let id = |name: &str| ObjectId {
            namespace: "another".into(),
            name: name.into(),
            group: String::new(),
            kind: "ConfigMap".into(),
        };
        let found = packed.find(&HashSet::from([id("a-7"), id("a-901"), id("absent")]));
        let found = found.expect("it can be read");
        let names: Vec<&str> = found.iter().map(|rendered| rendered.object.name()).collect();
        assert_eq!(names, ["a-7", "a-901"]);
        assert_eq!(found[0].origin.as_deref(), Some("file-7.yaml"));
    }
}
