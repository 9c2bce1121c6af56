//! Key and value pairs for generators.

use std::collections::BTreeMap;

use crate::error::{Context, Error, Result};
use crate::load::Loader;
use crate::settings::Generator;

/// Bytes of one generated object; the API server takes one MiB.
const MOST_BYTES: usize = 32 << 20;

/// The pairs of a generator, sorted by key.
pub(super) fn pairs(
    generator: &Generator,
    loader: &Loader<'_>,
) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut pairs = Vec::new();
    for path in &generator.envs {
        env_file(path, loader, &mut pairs)
            .context(|| format!("loading KV pairs: env source files: {:?}", generator.envs))?;
    }
    for literal in &generator.literals {
        pairs.push(parse_literal(literal).context(|| "loading KV pairs: literal sources")?);
    }
    for source in &generator.files {
        let what = || format!("loading KV pairs: file sources: {:?}", generator.files);
        let (key, path) = parse_file(source).context(what)?;
        let bytes = loader.load(path).context(what)?;
        pairs.push((key.to_owned(), bytes.to_vec()));
    }
    let size: usize = pairs.iter().map(|(key, value)| key.len() + value.len()).sum();
    if size > MOST_BYTES {
        let name = &generator.name;
        return Err(Error::new(format!(
            "{name}: {size} bytes of data, more than the limit of {MOST_BYTES}"
        )));
    }
    let mut map = BTreeMap::new();
    for (key, value) in pairs {
        if map.contains_key(&key) {
            let name = &generator.name;
            return Err(Error::new(format!("configmap {name} illegally repeats the key `{key}`")));
        }
        map.insert(key, value);
    }
    Ok(map)
}

type Pairs = Vec<(String, Vec<u8>)>;

fn env_file(path: &str, loader: &Loader<'_>, pairs: &mut Pairs) -> Result<()> {
    let bytes = loader.load(path)?;
    for (at, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let line = std::str::from_utf8(line)
            .map_err(|_| Error::new(format!("{path}: line {} has invalid utf8 bytes", at + 1)))?;
        let line = if at == 0 { line.trim_start_matches('\u{feff}') } else { line };
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        // A name without a value is empty; the environment of the process is never looked at.
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        if !key.is_empty() {
            pairs.push((key.to_owned(), value.as_bytes().to_vec()));
        }
    }
    Ok(())
}

fn parse_literal(source: &str) -> Result<(String, Vec<u8>)> {
    match source.split_once('=') {
        Some((key, value)) if !key.is_empty() => {
            Ok((key.to_owned(), unquote(value).as_bytes().to_vec()))
        }
        _ => Err(Error::new(format!("invalid literal source {source}, expected key=value"))),
    }
}

/// Takes off one pair of equal quotes.
fn unquote(text: &str) -> &str {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(text)
}

fn parse_file(source: &str) -> Result<(&str, &str)> {
    match source.matches('=').count() {
        0 => Ok((source.trim_end_matches('/').rsplit('/').next().unwrap_or(source), source)),
        1 => match source.split_once('=') {
            Some(("", path)) => Err(Error::new(format!(
                "missing key name for file path {path:?} in source {source:?}"
            ))),
            Some((key, "")) => Err(Error::new(format!(
                "missing file path for key name {key:?} in source {source:?}"
            ))),
            Some(pair) => Ok(pair),
            None => Ok((source, source)),
        },
        _ => Err(Error::new(format!("source {source:?} key name or file path contains '='"))),
    }
}
