//! From a list of files to a chart.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;

use super::{Chart, File, Limits, Lock, Metadata, archive};
use crate::{Error, values::load};

/// How deep charts may be inside charts.
const MAX_DEPTH: usize = 32;

/// Sorts the files of a chart into their places and loads the charts inside it.
///
/// `limits` counts down over everything unpacked on the way, so archives inside archives cannot
/// multiply.
pub(super) fn chart(files: Vec<File<Bytes>>, limits: &mut Limits) -> Result<Chart, Error> {
    nested(files, limits, 0)
}

fn nested(files: Vec<File<Bytes>>, limits: &mut Limits, depth: usize) -> Result<Chart, Error> {
    if depth > MAX_DEPTH {
        return Err(Error::Chart(format!("charts are nested more than {MAX_DEPTH} deep")));
    }
    let mut chart = Chart { metadata: metadata(&files)?, ..Chart::default() };
    let mut inner: BTreeMap<String, Vec<File<Bytes>>> = BTreeMap::new();
    for file in files {
        place(&mut chart, &mut inner, file)?;
    }
    chart.metadata.validate()?;
    for (name, files) in inner {
        if name.starts_with(['_', '.']) {
            continue;
        }
        let child = subchart(&name, files, limits, depth + 1).map_err(|error| {
            error.within(&format!("error unpacking subchart {name} in {}", chart.metadata.name))
        })?;
        chart.dependencies.push(child);
    }
    Ok(chart)
}

fn metadata(files: &[File<Bytes>]) -> Result<Metadata, Error> {
    let Some(file) = files.iter().rfind(|file| file.name == "Chart.yaml") else {
        return Err(Error::Chart("Chart.yaml file is missing".to_owned()));
    };
    Metadata::parse(&file.data).map_err(|error| error.within("cannot load Chart.yaml"))
}

fn place(
    chart: &mut Chart,
    inner: &mut BTreeMap<String, Vec<File<Bytes>>>,
    file: File<Bytes>,
) -> Result<(), Error> {
    let context = format!("cannot load {}", file.name);
    let is_v1 = chart.metadata.api_version == "v1";
    match file.name.as_str() {
        "Chart.yaml" => {}
        "Chart.lock" => {
            chart.lock = Some(Lock::parse(&file.data).map_err(|e| e.within(&context))?);
        }
        "values.yaml" => {
            let table = load::values(&file.data)
                .map_err(|error| Error::Values(format!("{context}: {error}")))?;
            chart.values = table.into();
            chart.values_text = Some(file.data);
        }
        "values.schema.json" => chart.schema = Some(file.data),
        "requirements.yaml" => {
            chart.metadata.apply_requirements(&file.data).map_err(|e| e.within(&context))?;
            chart.files.extend(is_v1.then(|| shared(file)));
        }
        "requirements.lock" => {
            chart.lock = Some(Lock::parse(&file.data).map_err(|e| e.within(&context))?);
            chart.files.extend(is_v1.then(|| shared(file)));
        }
        name if name.starts_with("templates/") => chart.templates.push(file),
        name => match name.strip_prefix("charts/") {
            Some(path) if !name.ends_with(".prov") => {
                let (child, _) = path.split_once('/').unwrap_or((path, ""));
                let file = File { name: path.to_owned(), data: file.data };
                inner.entry(child.to_owned()).or_default().push(file);
            }
            _ => chart.files.push(shared(file)),
        },
    }
    Ok(())
}

fn shared(file: File<Bytes>) -> File {
    File { name: file.name, data: Arc::from(&file.data[..]) }
}

fn subchart(
    name: &str,
    files: Vec<File<Bytes>>,
    limits: &mut Limits,
    depth: usize,
) -> Result<Chart, Error> {
    if name.ends_with(".tgz") {
        let archive = files.into_iter().next().filter(|file| file.name == name);
        let bytes = archive.map(|file| file.data);
        return nested(
            archive::files(bytes.as_deref().unwrap_or_default(), limits)?,
            limits,
            depth,
        );
    }
    // A file right below charts/ belongs to no chart; the missing Chart.yaml is the error.
    let files = files.into_iter().filter_map(|file| {
        let (_, rest) = file.name.split_once('/')?;
        Some(File { name: rest.to_owned(), data: file.data })
    });
    nested(files.collect(), limits, depth)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(files: &[(&str, &str)]) -> Result<Chart, String> {
        let files = files.iter().map(|(name, text)| File {
            name: (*name).to_owned(),
            data: text.as_bytes().to_vec().into(),
        });
        chart(files.collect(), &mut Limits::default()).map_err(|error| error.to_string())
    }

    const TOP: (&str, &str) = ("Chart.yaml", "apiVersion: v2\nname: top\nversion: 1.0.0");

    #[test]
    fn files_find_their_places() {
        let chart = load(&[
            ("templates/a.yaml", "a"),
            ("values.yaml", "x: 1"),
            ("crds/c.yaml", "c"),
            ("crds/readme.md", "r"),
            ("README.md", "r"),
            TOP,
            ("charts/child/Chart.yaml", "name: child\nversion: 0.1.0"),
            ("charts/child/crds/d.YML", "d"),
            ("charts/_ignored/x", "not a chart"),
            ("charts/.hidden/x", "not a chart"),
            ("charts/child-0.1.0.tgz.prov", "signature"),
        ])
        .unwrap();
        let names = |files: &[File]| files.iter().map(|f| f.name.clone()).collect::<Vec<_>>();
        assert_eq!(chart.templates.len(), 1);
        assert_eq!(chart.templates[0].name, "templates/a.yaml");
        assert_eq!(
            names(&chart.files),
            ["crds/c.yaml", "crds/readme.md", "README.md", "charts/child-0.1.0.tgz.prov"]
        );
        assert_eq!(chart.dependencies.len(), 1);
        assert_eq!(chart.dependencies[0].metadata.api_version, "v1");
        assert_eq!(names(&chart.crds()), ["top/crds/c.yaml", "top/charts/child/crds/d.YML"]);
    }

    #[test]
    fn version_one_charts_keep_their_requirements_file() {
        let requirements = ("requirements.yaml", "dependencies: [{name: a, version: '1'}]");
        let v1 = load(&[("Chart.yaml", "name: top\nversion: 1.0.0"), requirements]).unwrap();
        assert_eq!(v1.files.len(), 1);
        assert_eq!(v1.metadata.dependencies.unwrap()[0].name, "a");
    }

    #[test]
    fn errors_name_the_file() {
        for (files, expected) in [
            (vec![("values.yaml", "")], "Chart.yaml file is missing"),
            (vec![TOP, ("values.yaml", "- a")], "cannot load values.yaml: cannot unmarshal yaml"),
            (vec![("Chart.yaml", "a: [")], "cannot load Chart.yaml: error converting YAML"),
            (
                vec![TOP, ("charts/x/values.yaml", "")],
                "error unpacking subchart x in top: Chart.yaml file is missing",
            ),
            (vec![TOP, ("charts/x.tgz", "junk")], "error unpacking subchart x.tgz in top: "),
        ] {
            let error = load(&files).unwrap_err();
            assert!(error.starts_with(expected), "{error}");
        }
    }
}
