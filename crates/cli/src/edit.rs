//! `inhaul edit`: changes the kustomization of the working directory, keeping its comments and
//! order.

use crate::files;
use inhaul_kustomize::edit::{ImageChange, add_resource, set_image, set_namespace};
use std::path::{Path, PathBuf};

/// The names that a kustomization file may have.
const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// `inhaul edit set`, `inhaul edit add`
#[derive(clap::Args)]
pub struct Edit {
    /// The directory of the kustomization
    #[arg(long, default_value = ".", value_name = "DIR", global = true)]
    directory: PathBuf,
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Set a field
    #[command(subcommand)]
    Set(Set),
    /// Add to a list
    #[command(subcommand)]
    Add(Add),
}

#[derive(clap::Subcommand)]
enum Set {
    /// Set the name, tag or digest of images
    Image {
        /// NAME=NEW_NAME:TAG@DIGEST; only what is to change need be there
        #[arg(required = true, value_name = "IMAGE")]
        images: Vec<String>,
    },
    /// Set the namespace of everything
    Namespace {
        /// The namespace
        namespace: String,
    },
}

#[derive(clap::Subcommand)]
enum Add {
    /// Add files or directories to the resources
    Resource {
        /// Paths, as seen from the kustomization
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<String>,
    },
}

impl Edit {
    /// Changes the file, and returns what is to be printed on stdout: nothing.
    pub(crate) fn run(&self) -> Result<String, String> {
        let path = find(&self.directory)?;
        let failed = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
        let before = files::read_text(&path).map_err(|error| failed(&error))?;
        let after = self.changed(&before).map_err(|error| failed(&error))?;
        if after != before {
            files::write(&path, after.as_bytes(), false).map_err(|error| failed(&error))?;
        }
        Ok(String::new())
    }

    fn changed(&self, text: &str) -> Result<String, String> {
        let mut text = text.to_owned();
        match &self.what {
            What::Set(Set::Image { images }) => {
                for image in images {
                    let change = ImageChange::parse(image).map_err(|error| error.to_string())?;
                    text = set_image(&text, &change).map_err(|error| error.to_string())?;
                }
            }
            What::Set(Set::Namespace { namespace }) => {
                text = set_namespace(&text, namespace).map_err(|error| error.to_string())?;
            }
            What::Add(Add::Resource { paths }) => {
                for path in paths {
                    text = self.added(&text, path)?;
                }
            }
        }
        Ok(text)
    }

    /// What is not there is a mistake, as for kustomize.
    fn added(&self, text: &str, path: &str) -> Result<String, String> {
        let is_remote = path.contains("://");
        if !is_remote && !self.directory.join(path).exists() {
            return Err(format!("resource {path}: no such file or directory"));
        }
        add_resource(text, path).map_err(|error| error.to_string())
    }
}

fn find(directory: &Path) -> Result<PathBuf, String> {
    let found: Vec<PathBuf> =
        NAMES.iter().map(|name| directory.join(name)).filter(|path| path.is_file()).collect();
    match found.as_slice() {
        [path] => Ok(path.clone()),
        [] => Err(format!("{}: no {} there", directory.display(), NAMES.join(", "))),
        _ => Err(format!("{}: more than one kustomization file", directory.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(clap::Parser)]
    struct Program {
        #[command(flatten)]
        edit: Edit,
    }

    fn edit(directory: &Path, arguments: &[&str]) -> Result<String, String> {
        let directory = directory.to_str().expect("a path of text");
        let all = [&["edit", "--directory", directory], arguments].concat();
        Program::try_parse_from(all).map_err(|error| error.to_string())?.edit.run()
    }

    #[test]
    fn an_edit_changes_its_line_and_keeps_the_rest() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("kustomization.yaml");
        let before =
            "# the shop\nresources:\n- web.yaml # first\nimages:\n- name: web\n  newTag: \"1\"\n";
        std::fs::write(&file, before).expect("written");
        std::fs::write(directory.path().join("worker.yaml"), "").expect("written");
        edit(directory.path(), &["set", "image", "web=registry.example.com/web:2"]).expect("edits");
        edit(directory.path(), &["add", "resource", "worker.yaml"]).expect("edits");
        edit(directory.path(), &["set", "namespace", "shop"]).expect("edits");
        let after = std::fs::read_to_string(&file).expect("read");
        assert!(after.starts_with("# the shop\nresources:\n- web.yaml # first\n- worker.yaml\n"));
        for line in ["newName: registry.example.com/web", "newTag: \"2\"", "namespace: shop"] {
            assert!(after.contains(line), "{line} is missing in\n{after}");
        }
        let error = edit(directory.path(), &["add", "resource", "none.yaml"]).expect_err("refused");
        assert!(error.contains("none.yaml: no such file"), "{error}");
    }
}
