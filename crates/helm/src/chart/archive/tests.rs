use std::io::Write;

use super::*;

fn packed(entries: &[(&str, tar::EntryType, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, kind, data) in entries {
        let mut header = tar::Header::new_ustar();
        // The builder's own setters refuse hostile names; archives do not.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, *data).unwrap();
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&builder.into_inner().unwrap()).unwrap();
    gzip.finish().unwrap()
}

fn load(entries: &[(&str, tar::EntryType, &[u8])]) -> Result<Chart, String> {
    Chart::from_archive(&packed(entries), Limits::default()).map_err(|error| error.to_string())
}

const FILE: tar::EntryType = tar::EntryType::Regular;
const CHART: &[u8] = b"\xef\xbb\xbfapiVersion: v2\nname: top\nversion: 1.0.0";

#[test]
fn an_archive_is_a_chart_and_may_hold_others() {
    let child = packed(&[("child/Chart.yaml", FILE, b"name: child\nversion: 0.1.0")]);
    let chart = load(&[
        ("top/", tar::EntryType::Directory, b""),
        ("top/Chart.yaml", FILE, CHART),
        ("top/templates/./a.yaml", FILE, b"a"),
        ("top/charts/child-0.1.0.tgz", FILE, &child),
    ])
    .unwrap();
    assert_eq!(chart.metadata.name, "top");
    assert_eq!(chart.templates[0].name, "templates/a.yaml");
    assert_eq!(chart.dependencies[0].metadata.name, "child");
}

#[test]
fn hostile_names_and_kinds_are_refused() {
    let symlink = tar::EntryType::Symlink;
    for (name, kind, expected) in [
        ("top//etc/passwd", FILE, "chart illegally contains absolute paths"),
        ("top/../../x", FILE, "chart illegally references parent directory"),
        ("top/a/../../x", FILE, "chart illegally references parent directory"),
        ("../top", FILE, ""),
        ("top/.", FILE, "chart illegally contains content outside the base directory"),
        ("x.yaml", FILE, "chart illegally contains content outside the base directory"),
        ("top/c:/foo", FILE, "chart contains illegally named files"),
        ("top\\..\\..\\x", FILE, "chart illegally references parent directory"),
        ("Chart.yaml/x", FILE, "chart yaml not in base directory"),
        ("top/link", symlink, "chart holds \"top/link\", which is no regular file"),
        ("top/link", tar::EntryType::Link, "chart holds \"top/link\", which is no regular file"),
        ("top/tty", tar::EntryType::Char, "chart holds \"top/tty\", which is no regular file"),
    ] {
        let got = load(&[("top/Chart.yaml", FILE, CHART), (name, kind, b"x")]);
        match got {
            Ok(_) => assert_eq!(expected, "", "{name} was accepted"),
            Err(error) => {
                assert!(!expected.is_empty() && error.starts_with(expected), "{name}: {error}")
            }
        }
    }
}

#[test]
fn too_much_is_refused() {
    let archive = packed(&[("top/Chart.yaml", FILE, CHART), ("top/x", FILE, &[0; 4096])]);
    for limits in [Limits { bytes: 4096, files: 10 }, Limits { bytes: 1 << 20, files: 1 }] {
        let error = Chart::from_archive(&archive, limits).unwrap_err().to_string();
        assert!(error.contains("more than") || error.contains("larger than"), "{error}");
    }
    // Helm asks for something left over; a chart of exactly the limit is refused too.
    let inner = packed(&[("c/Chart.yaml", FILE, CHART), ("c/x", FILE, &[0; 4096])]);
    let outer = packed(&[("top/Chart.yaml", FILE, CHART), ("top/charts/c.tgz", FILE, &inner)]);
    let limits = Limits { bytes: 4200, files: 10 };
    assert!(Chart::from_archive(&outer, limits).is_err(), "nested archives share one budget");
}

#[test]
fn what_is_no_archive_is_named() {
    for bytes in [&b""[..], b"name: x", &packed(&[])] {
        assert!(Chart::from_archive(bytes, Limits::default()).is_err());
    }
    let mut cut = packed(&[("top/Chart.yaml", FILE, CHART)]);
    cut.truncate(cut.len() / 2);
    let error = Chart::from_archive(&cut, Limits::default()).unwrap_err().to_string();
    assert!(error.starts_with("broken chart archive: "), "{error}");
}
