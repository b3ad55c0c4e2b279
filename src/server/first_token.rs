//! The state directory and the first administrator's token.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tracing::info;

use crate::api::auth;
use crate::engine::io::Request;
use crate::model::ids::TokenId;
use crate::model::roster::Node;
use crate::model::token::{Role, Token};
use crate::model::wall::Wall;
use crate::server::ServerError;
use crate::server::task::seed;

/// Write permission of the group and of all others.
const OTHERS_WRITE: u32 = 0o022;
/// In such a directory nobody can rename or remove another's file.
const STICKY: u32 = 0o1000;

/// Makes a directory that only its owner can enter, if it is not there.
///
/// # Errors
/// It cannot be made, or others may write in it.
pub(super) fn private_directory(path: &Path) -> Result<(), ServerError> {
    let failed = |source| ServerError::Directory {
        path: path.to_path_buf(),
        source,
    };
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(failed)?;
    let found = fs::metadata(path).map_err(failed)?;
    if found.mode() & OTHERS_WRITE != 0 {
        let why = format!(
            "may be written by others than its owner (mode {:04o}), who could put their own \
             ledger or token there: chmod go-w {}",
            found.mode() & 0o7777,
            path.display()
        );
        let path = path.to_path_buf();
        return Err(ServerError::Unsafe { path, why });
    }
    owned(path, found.uid())
}

/// Its owner may do with it as he likes: that is us, or the system.
fn owned(path: &Path, owner: u32) -> Result<(), ServerError> {
    let own = rustix::process::geteuid().as_raw();
    if owner == own || owner == 0 {
        return Ok(());
    }
    let why = format!(
        "belongs to user {owner} and the server runs as user {own}: chown {own} {}",
        path.display()
    );
    let path = path.to_path_buf();
    Err(ServerError::Unsafe { path, why })
}

/// Writes a fresh secret to `path` (mode 0600) and gives back the request that makes its
/// token known. The file is durable before the token is, so that no start can leave a
/// token behind whose secret nobody has.
pub(super) fn make(path: &Path) -> Result<Request, ServerError> {
    let secret = auth::secret(seed()?);
    write(path, &secret)?;
    info!(file = %path.display(), "the first administrator's token is in this file");
    Ok(Request::CreateToken(Token {
        id: TokenId(ulid::Ulid::generate()),
        name: "first administrator".into(),
        role: Role::Admin,
        node: Node::root(),
        hash: auth::hash(&secret),
        created_at: Wall::from(jiff::Timestamp::now()),
    }))
}

/// Writes the secret into a new file and gives it the name `path`: what stood there, or is
/// held open by others, gets nothing of it.
fn write(path: &Path, secret: &str) -> Result<(), ServerError> {
    let failed = |source| ServerError::Directory {
        path: path.to_path_buf(),
        source,
    };
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let directory = fs::metadata(parent).map_err(failed)?;
    if directory.mode() & OTHERS_WRITE != 0 && directory.mode() & STICKY == 0 {
        let why = format!(
            "may be written by others than its owner, who could take the token's place: \
             chmod go-w {}, or name another file in `server.admin_token_file`",
            parent.display()
        );
        let path = parent.to_path_buf();
        return Err(ServerError::Unsafe { path, why });
    }
    replaceable(path)?;
    let fresh = beside(path)?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&fresh)
        .map_err(failed)?;
    // The umask may have taken from the mode above.
    let written = file
        .set_permissions(Permissions::from_mode(0o600))
        .and_then(|()| writeln!(file, "{secret}"))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&fresh, path))
        .and_then(|()| File::open(parent)?.sync_all());
    written.map_err(|error| {
        let _ = fs::remove_file(&fresh);
        failed(error)
    })
}

/// Nothing stands there, or the file of a start that did not come to its end.
fn replaceable(path: &Path) -> Result<(), ServerError> {
    let unsafe_file = |what: &str| ServerError::Unsafe {
        path: path.to_path_buf(),
        why: format!(
            "{what}, and the first administrator's token is written only into a file of its \
             own: remove it, or name another file in `server.admin_token_file`"
        ),
    };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(source) => Err(ServerError::Directory {
            path: path.to_path_buf(),
            source,
        }),
        Ok(found) if found.is_symlink() => Err(unsafe_file("is a symbolic link")),
        Ok(found) if !found.is_file() => Err(unsafe_file("is no regular file")),
        Ok(_) => Ok(()),
    }
}

/// A name in the same directory that nobody can foresee.
fn beside(path: &Path) -> Result<PathBuf, ServerError> {
    let random = hex::encode(seed()?.get(..8).unwrap_or_default());
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(path.with_file_name(format!(".{name}.{random}")))
}
