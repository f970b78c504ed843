//! Who else could have put keys where we keep ours.
//!
//! Given a directory or a file of it, it says what is wrong with who owns it and who may write it: who can write a kept
//! key set can sign tokens. Good is what belongs to us or to root and what nobody else may write but a group of ours, as
//! Kubernetes makes volumes (`fsGroup`); in a directory with the sticky bit others may write and replace nothing of ours.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use rustix::process::{Gid, getegid, geteuid, getgroups};

/// What others can do to a path; in the words of an operator, with what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    path: PathBuf,
    flaw: Flaw,
}

impl Exposure {
    /// What is wrong.
    pub fn wrong(&self) -> String {
        let path = self.path.display();
        match self.flaw {
            Flaw::Owner { owner, us } => {
                format!("{path} belongs to the user {owner}, and this process is of the user {us}")
            }
            Flaw::Everybody { mode } => format!("{path} may be written by everybody (mode {mode:04o})"),
            Flaw::Group { group, mode } => {
                format!("{path} may be written by the group {group}, which is not ours (mode {mode:04o})")
            }
            Flaw::NotAFile => format!("{path} is not a regular file"),
        }
    }

    /// Whether that holds for a process of any user, as which of them this one is may not be known.
    pub fn is_for_everybody(&self) -> bool {
        matches!(self.flaw, Flaw::Everybody { .. })
    }

    /// What would be right, where it is not known of which user the gateway will be.
    pub fn right_for_its_user(&self) -> &'static str {
        match self.flaw {
            Flaw::Owner { .. } => {
                "only a gateway of that user takes keys kept there; run `check` as the user of the gateway, or give the directory to that one or to root"
            }
            Flaw::Group { .. } => {
                "only a gateway of that group takes keys kept there; run `check` as the user of the gateway, or take the right away with chmod g-w"
            }
            Flaw::Everybody { .. } | Flaw::NotAFile => self.right(),
        }
    }

    /// What would be right.
    pub fn right(&self) -> &'static str {
        match self.flaw {
            Flaw::Owner { .. } => {
                "who can write it can sign tokens; give it to the user of the gateway or to root"
            }
            Flaw::Everybody { .. } => "who can write it can sign tokens; take that right away with chmod o-w",
            Flaw::Group { .. } => "who can write it can sign tokens; take that right away with chmod g-w",
            Flaw::NotAFile => "remove it",
        }
    }
}

impl fmt::Display for Exposure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}; {}", self.wrong(), self.right())
    }
}

impl std::error::Error for Exposure {}

/// What others can do to the keys kept in this directory; none as well if it cannot be looked at.
pub fn exposure(directory: &Path) -> Option<Exposure> {
    let metadata = fs::metadata(directory).ok()?;
    flaw(&metadata, &Us::now()).map(|flaw| Exposure { path: directory.to_owned(), flaw })
}

/// Opens a file that nobody else could have put or changed there.
pub(super) fn open(path: &Path) -> Result<fs::File, OpenError> {
    let exposed = |flaw| OpenError::Exposed(Exposure { path: path.to_owned(), flaw });
    // A link could lead to a file of ours that is not this one.
    let named = fs::symlink_metadata(path)?;
    if !named.is_file() {
        return Err(exposed(Flaw::NotAFile));
    }
    let file = fs::File::open(path)?;
    let opened = file.metadata()?;
    if (opened.dev(), opened.ino()) != (named.dev(), named.ino()) {
        return Err(exposed(Flaw::NotAFile));
    }
    flaw(&opened, &Us::now()).map_or(Ok(file), |flaw| Err(exposed(flaw)))
}

/// Why a file is not opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Exposed(Exposure),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    Owner { owner: u32, us: u32 },
    Everybody { mode: u32 },
    Group { group: u32, mode: u32 },
    NotAFile,
}

/// Whose process this is.
struct Us {
    user: u32,
    groups: Vec<u32>,
}

impl Us {
    fn now() -> Self {
        let others = getgroups().unwrap_or_default();
        let groups = others.into_iter().chain([getegid()]).map(Gid::as_raw).collect();
        Self { user: geteuid().as_raw(), groups }
    }
}

fn flaw(metadata: &fs::Metadata, us: &Us) -> Option<Flaw> {
    judge(metadata.uid(), metadata.gid(), metadata.mode() & 0o7777, metadata.is_dir(), us)
}

fn judge(owner: u32, group: u32, mode: u32, is_directory: bool, us: &Us) -> Option<Flaw> {
    let is_guarded = is_directory && mode & STICKY != 0;
    if mode & BY_OTHERS != 0 && !is_guarded {
        Some(Flaw::Everybody { mode })
    } else if owner != us.user && owner != ROOT {
        Some(Flaw::Owner { owner, us: us.user })
    } else if mode & BY_GROUP != 0 && !is_guarded && group != ROOT && !us.groups.contains(&group) {
        Some(Flaw::Group { group, mode })
    } else {
        None
    }
}

const BY_GROUP: u32 = 0o020;
const BY_OTHERS: u32 = 0o002;
const ROOT: u32 = 0;
const STICKY: u32 = 0o1000;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn who_may_write_is_judged_as_an_operator_would() {
        let us = Us { user: 65532, groups: vec![65532, 2000] };
        for (owner, group, mode, is_directory, good) in [
            (65532, 65532, 0o700, true, true),
            (65532, 65532, 0o755, true, true),
            (0, 0, 0o755, true, true),
            // a volume with fsGroup 2000, and what it makes of our file
            (0, 2000, 0o2775, true, true),
            (65532, 2000, 0o660, false, true),
            // an arbitrary user of the group of root
            (0, 0, 0o775, true, true),
            // like /tmp
            (0, 0, 0o1777, true, true),
            (0, 1000, 0o1775, true, true),
            (0, 0, 0o777, true, false),
            (65532, 65532, 0o777, true, false),
            (0, 2000, 0o2777, true, false),
            (0, 1000, 0o775, true, false),
            (1000, 65532, 0o700, true, false),
            (1000, 1000, 0o1777, true, false),
            (65532, 65532, 0o600, false, true),
            (1000, 65532, 0o600, false, false),
            (65532, 65532, 0o666, false, false),
            // the sticky bit of a file guards nothing
            (65532, 65532, 0o1666, false, false),
            (65532, 1000, 0o660, false, false),
        ] {
            let flaw = judge(owner, group, mode, is_directory, &us);
            assert_eq!(flaw.is_none(), good, "{owner}:{group} {mode:o}: {flaw:?}");
        }
    }

    #[test]
    fn a_file_is_opened_only_where_it_is_itself_and_ours() {
        let directory = tempfile::tempdir().unwrap();
        let (file, link) = (directory.path().join("file"), directory.path().join("link"));
        fs::write(&file, "x").unwrap();
        symlink(&file, &link).unwrap();
        let mode = |mode: u32| fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        mode(0o600);
        assert!(open(&file).is_ok());
        assert!(matches!(open(&link), Err(OpenError::Exposed(Exposure { flaw: Flaw::NotAFile, .. }))));
        assert!(matches!(open(directory.path()), Err(OpenError::Exposed(_))));
        assert!(matches!(open(&directory.path().join("none")), Err(OpenError::Io(_))));
        mode(0o606);
        let Err(OpenError::Exposed(exposure)) = open(&file) else { panic!("opened") };
        assert!(exposure.to_string().contains("everybody (mode 0606); "), "{exposure}");
        assert_eq!(super::exposure(directory.path()), None);
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(super::exposure(directory.path()).is_some());
    }

    #[test]
    fn an_owner_is_wrong_for_one_user_and_a_mode_for_all() {
        let of = |flaw| Exposure { path: "/kept".into(), flaw };
        let owner = of(Flaw::Owner { owner: 1000, us: 0 });
        assert!(!owner.is_for_everybody() && owner.wrong().contains("the user 1000"), "{owner}");
        assert!(owner.right_for_its_user().starts_with("only a gateway of that user"));
        let group = of(Flaw::Group { group: 1000, mode: 0o770 });
        assert!(group.right_for_its_user().starts_with("only a gateway of that group"));
        let everybody = of(Flaw::Everybody { mode: 0o777 });
        assert!(everybody.is_for_everybody());
        assert_eq!(everybody.right_for_its_user(), everybody.right());
    }
}
